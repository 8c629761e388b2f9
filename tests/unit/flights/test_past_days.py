"""How a number did on earlier days."""

import random
from datetime import UTC, date, datetime, timedelta

import msgspec

from tests.unit.flights.building import at, schedule, tell
from tests.unit.wording.generated import random_moments
from windsock.flights import Arrival, Departure, Flight, FlightKey
from windsock.flights.past_days import DAYS, past_days
from windsock.wording.past_days import outcome_words, summary

TODAY = tell(schedule()).record.flight
NOW = at("12:00")


def earlier(days: int, late: int | None = 0, **changes: object) -> Flight:
    day = TODAY.date - timedelta(days=days)
    key = FlightKey("DL", 1865, None, day, "ATL")
    leaves = at("13:55") - timedelta(days=days)
    departure = Departure(scheduled=leaves)
    arrival = Arrival(scheduled=leaves + timedelta(minutes=90))
    if late is not None:
        departure = Departure(scheduled=leaves, actual=leaves, delay_minutes=0)
        arrival = Arrival(scheduled=arrival.scheduled, actual=arrival.scheduled, delay_minutes=late)
    made = msgspec.structs.replace(TODAY, id=str(key), date=day, departure=departure, arrival=arrival)
    return msgspec.structs.replace(made, **changes)


def test_figures_are_those_of_the_days() -> None:
    flights = [earlier(1, 20), earlier(2, -5), earlier(3, 5), earlier(4, None, cancelled=True)]
    flights.append(earlier(5, None, diverted_to="TPA"))
    past = past_days(TODAY, flights, NOW)
    assert [day.outcome for day in past.days] == ["diverted", "cancelled", "flown", "flown", "flown"]
    assert (past.median, past.late, past.flown, past.cancelled, past.late_percent) == (5, 1, 3, 1, 33)
    assert summary(past, 15) == [
        "mostly 5 min late (median)",
        "1 of 3 at least 15 min late (33 %)",
        "1 cancelled",
    ]
    assert [outcome_words(day) for day in past.days[:3]] == ["diverted", "cancelled", "5 min late"]


def test_what_is_unknown_or_of_another_flight_does_not_count() -> None:
    others = [
        earlier(0),
        earlier(-1),
        earlier(DAYS + 1),
        earlier(1, None),
        earlier(2, origin="JFK"),
        earlier(3, designator="DL18"),
        TODAY,
    ]
    past = past_days(TODAY, others, NOW)
    assert past.days == ()
    assert (past.median, past.late_percent, summary(past, 15)) == (None, None, [])


def test_laws_hold_for_any_flights() -> None:
    luck = random.Random(3)
    now = datetime(2015, 1, 3, tzinfo=UTC)
    for _ in range(40):
        flights = []
        for flight, _moment in random_moments(12, seed=luck.randrange(10_000)):
            day = date(2015, 1, 2) - timedelta(days=luck.randrange(0, 35))
            flights.append(msgspec.structs.replace(flight, date=day, id=str(luck.random())))
        past = past_days(msgspec.structs.replace(TODAY, date=date(2015, 1, 2)), flights, now)
        dates = [day.date for day in past.days]
        assert dates == sorted(set(dates))
        assert all(0 < (date(2015, 1, 2) - each).days <= DAYS for each in dates)
        minutes = [day.minutes for day in past.days if day.minutes is not None]
        assert all((day.minutes is not None) == (day.outcome == "flown") for day in past.days)
        assert past.flown + past.cancelled <= len(past.days)
        assert past.late <= past.flown
        if minutes:
            assert past.median is not None
            assert min(minutes) <= past.median <= max(minutes)

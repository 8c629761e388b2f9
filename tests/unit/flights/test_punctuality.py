"""How punctual a day is: what counts, and laws that hold for any flights."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from windsock.flights.punctuality import Count, DayFlight, Punctuality, day_start, median, punctuality

NOW = datetime(2013, 7, 1, 21, 40, tzinfo=UTC)  # 17:40 in New York
NEW_YORK, LOS_ANGELES = ZoneInfo("America/New_York"), ZoneInfo("America/Los_Angeles")
ZONES = {"JFK": NEW_YORK, "LAX": LOS_ANGELES, "LHR": ZoneInfo("Europe/London")}


def flight(
    number: int = 1,
    *,
    origin: str = "JFK",
    destination: str | None = "LAX",
    minutes: int = -60,
    delay: int | None = None,
    cancelled: bool = False,
    diverted: bool = False,
) -> DayFlight:
    departs = NOW + timedelta(minutes=minutes)
    return DayFlight(
        id=f"DL{number}",
        designator=f"DL{number}",
        carrier="DL",
        origin=origin,
        destination=destination,
        cancelled=cancelled,
        diverted=diverted,
        departs=departs,
        departure_delay=delay,
        arrives=departs + timedelta(hours=5),
        arrival_delay=delay,
    )


def counted(*flights: DayFlight) -> Punctuality:
    return punctuality(flights, NOW, ZONES, 15)


def test_only_flights_that_are_due_and_known_have_a_share() -> None:
    tally = counted(
        flight(1, delay=20), flight(2, delay=14), flight(3), flight(4, minutes=60, delay=90)
    ).places["JFK", "departures"]

    assert (tally.day.planned, tally.day.known, tally.day.late) == (4, 2, 1)
    assert tally.day.late_share == 0.5


def test_cancelled_and_diverted_flights_count_as_soon_as_they_are_known() -> None:
    tally = counted(flight(1, minutes=200, cancelled=True), flight(2, minutes=200, diverted=True)).total

    assert (tally.day.cancelled, tally.day.diverted, tally.day.known) == (1, 1, 0)
    assert tally.median_delay is None


def test_a_night_belongs_to_the_day_before() -> None:
    assert day_start(datetime(2013, 7, 2, 6, 30, tzinfo=UTC), NEW_YORK) == datetime(2013, 7, 1, 7, tzinfo=UTC)
    assert day_start(datetime(2013, 7, 2, 7, 0, tzinfo=UTC), NEW_YORK) == datetime(2013, 7, 2, 7, tzinfo=UTC)


def test_each_airport_has_its_own_day() -> None:
    yesterday = flight(1, minutes=-16 * 60)  # 1:40 in New York, whose day began at 3:00
    assert ("JFK", "departures") not in counted(yesterday).places
    assert ("LHR", "departures") in counted(flight(1, origin="LHR", minutes=-16 * 60)).places


def test_an_airport_is_in_trouble_by_its_last_hours_and_not_by_one_flight() -> None:
    late = [flight(number, delay=60) for number in range(4)]
    morning = [flight(number, minutes=-8 * 60, delay=60) for number in range(4)]

    assert counted(*late).places["JFK", "departures"].in_trouble
    assert not counted(late[0]).places["JFK", "departures"].in_trouble
    assert not counted(*morning).places["JFK", "departures"].in_trouble


def test_a_flight_at_an_unknown_airport_is_left_out() -> None:
    assert counted(flight(1, origin="QQQ", destination=None)).places == {}


flights = st.lists(
    st.builds(
        flight,
        st.integers(1, 9999),
        origin=st.sampled_from(["JFK", "LAX", "LHR", "QQQ"]),
        destination=st.sampled_from(["JFK", "LAX", "LHR", None]),
        minutes=st.integers(-40 * 60, 40 * 60),
        delay=st.none() | st.integers(-60, 600),
        cancelled=st.booleans(),
        diverted=st.booleans(),
    ),
    max_size=30,
)


@given(flights)
def test_the_parts_add_up_to_the_whole(given_flights: list[DayFlight]) -> None:
    day = counted(*given_flights)
    departures = [tally for (_, way), tally in day.places.items() if way == "departures"]

    assert sum((tally.day for tally in departures), Count()) == day.total.day
    assert sum((tally.day for tally in day.carriers.values()), Count()) == day.total.day
    for tally in (*day.places.values(), *day.carriers.values(), day.total):
        assert sum(tally.hours, Count()) == tally.day
        assert 0 <= tally.day.late <= tally.day.known <= tally.day.planned - tally.day.cancelled
        assert 0 <= tally.day.disrupted_share <= 1
        assert (tally.median_delay is None) == (tally.day.known == 0)


@given(flights, st.randoms(use_true_random=False))
def test_the_order_of_flights_does_not_matter(given_flights: list[DayFlight], luck) -> None:  # type: ignore[no-untyped-def]
    shuffled = given_flights.copy()
    luck.shuffle(shuffled)

    assert counted(*shuffled) == counted(*given_flights)


@given(st.lists(st.integers(0, 500), min_size=1))
def test_the_median_is_the_middle_of_the_sorted_values(values: list[int]) -> None:
    assert median(Counter(values)) == sorted(values)[(len(values) - 1) // 2]

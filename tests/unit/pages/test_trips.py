"""My flights: which flights make a trip, how long its connections are, and in what order the cards come."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windsock.pages.mine.trips import SHORT_MINUTES, Leg, Trip, connection, is_past, trips, urgency
from windsock.wording.times import ShownEnd

NOW = datetime(2015, 1, 2, 12, tzinfo=UTC)
PLACES = {"JFK": "New York", "ATL": "Atlanta", "MCO": "Orlando", "CLT": "Charlotte"}


def end(planned: int | None, at: int | None = None, kind: Any = "expected") -> ShownEnd:
    moment = None if planned is None else NOW + timedelta(minutes=planned)
    if at is None:
        return ShownEnd(planned=moment, at=moment, kind="planned")
    expected = NOW + timedelta(minutes=at)
    late = None if moment is None else at - (planned or 0)
    return ShownEnd(planned=moment, struck=True, at=expected, kind=kind, delay_minutes=late)


def leg(
    number: str,
    way: str,
    departs: int,
    arrives: int,
    *,
    out: int | None = None,
    on: int | None = None,
    **more: Any,
) -> Leg:
    """A leg with its planned times, and the expected ones (`out`, `on`), all in minutes from now."""
    origin, destination = way.split("-")
    departure, arrival = (
        end(departs, out, more.pop("out_kind", "expected")),
        end(arrives, on, more.pop("kind", "expected")),
    )
    given = {
        "id": number, "number": number, "origin": origin, "destination": destination, "diverted_to": "",
        "cancelled": False, "boarding": False, "gone": False, "down": False,
        "late": (departure.delay_minutes or 0) >= 15, "departure": departure, "arrival": arrival,
        "planned_departure": departure.planned, "planned_arrival": arrival.planned, **more,
    }  # fmt: skip
    return Leg(**given)


def grouped(*legs: Leg) -> list[list[str]]:
    return [[one.id for one in trip.legs] for trip in trips(legs, NOW, PLACES)]


def test_the_most_urgent_comes_first() -> None:
    cancelled = leg("cancelled", "JFK-ATL", 600, 700, cancelled=True)
    diverted = leg("diverted", "JFK-ATL", -60, 700, diverted_to="CLT", gone=True)
    soon = leg("late and soon", "JFK-ATL", 30, 200, out=70)
    boarding = leg("boarding", "JFK-ATL", 20, 200, boarding=True)
    flying = leg("in flight", "JFK-ATL", -60, 40, gone=True)
    later = leg("next", "JFK-ATL", 90, 200)
    late_tomorrow = leg("late, not soon", "JFK-ATL", 300, 400, out=400)
    landed = leg("landed", "JFK-ATL", -200, -20, gone=True, down=True)
    before = leg("landed before", "JFK-ATL", -300, -90, gone=True, down=True)
    expected = [cancelled, diverted, soon, boarding, flying, later, late_tomorrow, landed, before]
    shuffled = [before, soon, later, landed, late_tomorrow, diverted, flying, boarding, cancelled]

    assert sorted(shuffled, key=lambda one: urgency(one, NOW)) == expected


@given(st.permutations(range(6)))
def test_the_order_of_the_list_does_not_matter(order: list[int]) -> None:
    legs = [
        leg("A", "JFK-ATL", 60, 180),
        leg("B", "ATL-MCO", 240, 330),
        leg("C", "MCO-JFK", 2000, 2100),
        leg("D", "JFK-CLT", 30, 100, cancelled=True),
        leg("E", "CLT-JFK", 200, 300),
        leg("F", "ATL-MCO", 250, 340),
    ]

    assert grouped(*(legs[index] for index in order)) == [["D", "E"], ["A", "B"], ["F"], ["C"]]


@pytest.mark.parametrize(
    ("after", "connects"),
    [
        (leg("B", "ATL-MCO", 180, 300), True),
        (leg("B", "ATL-MCO", 180 + 24 * 60, 1800), True),
        (leg("B", "ATL-MCO", 181 + 24 * 60, 1800), False),
        (leg("B", "ATL-MCO", 179, 300), False),
        (leg("B", "CLT-MCO", 240, 300), False),
    ],
)
def test_flights_connect_within_a_day_where_the_first_arrives(after: Leg, connects: bool) -> None:
    assert grouped(leg("A", "JFK-ATL", 60, 180), after) == ([["A", "B"]] if connects else [["A"], ["B"]])


def test_a_delay_does_not_take_a_trip_apart() -> None:
    assert grouped(leg("A", "JFK-ATL", 60, 180, out=400, on=520), leg("B", "ATL-MCO", 240, 330)) == [
        ["A", "B"]
    ]


@pytest.mark.parametrize(
    ("before", "after", "words", "trouble"),
    [
        ({}, {}, "Connection in Atlanta: 1 h 40 min", ""),
        ({"on": 203}, {}, "Connection in Atlanta: 1 h 17 min, was 1 h 40 min", ""),
        ({"on": 183}, {}, "Connection in Atlanta: 1 h 37 min", ""),
        ({"on": 240}, {}, "Connection in Atlanta: 40 min, was 1 h 40 min", "short"),
        (
            {"on": 240, "kind": "at_least"},
            {},
            "Connection in Atlanta: at most 40 min, was 1 h 40 min",
            "short",
        ),
        ({"on": 290}, {}, "Connection missed by 10 min, as it stands", "missed"),
        ({"on": 290}, {"gone": True}, "Connection missed by 10 min", "missed"),
        ({"on": 290}, {"out": 400}, "Connection in Atlanta: 1 h 50 min, was 1 h 40 min", ""),
        (
            {},
            {"out": 290, "out_kind": "at_least"},
            "Connection in Atlanta: at least 1 h 50 min, was 1 h 40 min",
            "",
        ),
        ({"on": 300}, {"out": 290, "out_kind": "at_least"}, "Connection at risk: B is overdue", "short"),
        (
            {"on": 200, "kind": "at_least"},
            {"out": 290, "out_kind": "at_least"},
            "Connection in Atlanta: time not known",
            "",
        ),
        ({"down": True, "gone": True}, {"gone": True}, "Connected in Atlanta", ""),
        ({"cancelled": True}, {}, "Connection lost: A is cancelled", "lost"),
        ({}, {"cancelled": True}, "Connection lost: B is cancelled", "lost"),
        ({"diverted_to": "CLT"}, {}, "Connection at risk: A is diverted to Charlotte", "lost"),
    ],
)
def test_a_connection_is_said_as_it_stands(
    before: dict[str, Any], after: dict[str, Any], words: str, trouble: str
) -> None:
    found = connection(leg("A", "JFK-ATL", 60, 180, **before), leg("B", "ATL-MCO", 280, 370, **after), PLACES)

    assert (found.words, found.trouble) == (words, trouble)


@given(st.integers(-600, 2000), st.integers(-600, 2000), st.booleans())
def test_no_connection_is_ever_said_to_take_negative_time(on: int, out: int, gone: bool) -> None:
    found = connection(
        leg("A", "JFK-ATL", 60, 180, on=on), leg("B", "ATL-MCO", 280, 370, out=out, gone=gone), PLACES
    )

    assert "-" not in found.words and "−" not in found.words
    assert ("missed" in found.words) == (out < on)
    assert (found.trouble == "short") == (not gone and 0 <= out - on < SHORT_MINUTES)


def test_a_flight_is_past_a_day_after_it_ended() -> None:
    assert not is_past(leg("A", "JFK-ATL", -1600, -1440), NOW)
    assert is_past(leg("A", "JFK-ATL", -1600, -1441), NOW)
    assert not is_past(leg("A", "JFK-ATL", -1600, -1500, on=-100), NOW)


def test_each_leg_is_in_exactly_one_trip_and_each_gap_has_a_connection() -> None:
    legs = [leg(str(n), "JFK-ATL" if n % 2 else "ATL-JFK", n * 200, n * 200 + 100) for n in range(9)]
    found: list[Trip] = trips(legs, NOW, PLACES)

    assert sorted(one.id for trip in found for one in trip.legs) == sorted(one.id for one in legs)
    assert all(len(trip.connections) == len(trip.legs) - 1 for trip in found)

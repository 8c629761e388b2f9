"""What the aircraft's previous flight says about this one: never more than can be inferred."""

from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.flights.building import at, said, schedule, tell
from windsock.flights import Arrival, Departure, Flight, FlightKey
from windsock.flights.turnaround import (
    MIN_TURNAROUND,
    OVER,
    TURNAROUND,
    needed_time,
    previous_flight,
    turnaround,
)

minutes = st.integers(-600, 600).map(lambda number: at("13:55") + timedelta(minutes=number))


def leg(number: int, origin: str, destination: str, out: str, into: str, tail: str = "N1") -> Flight:
    flight = tell(schedule(), said("10:00", registration=tail)).record.flight
    key = FlightKey("DL", number, None, flight.date, origin)
    return msgspec.structs.replace(
        flight,
        id=str(key),
        designator=str(key.designator),
        number=number,
        origin=origin,
        destination=destination,
        departure=Departure(scheduled=at(out)),
        arrival=Arrival(scheduled=at(into)),
    )


MINE = leg(1865, "ATL", "MCO", "13:55", "15:25")
BEFORE = leg(20, "BOS", "ATL", "09:00", "12:40")


def test_the_flight_before_is_the_last_one_that_ends_here() -> None:
    earlier = leg(19, "ATL", "BOS", "06:00", "08:10")
    later = leg(21, "MCO", "ATL", "16:30", "18:00")
    assert previous_flight(MINE, [earlier, MINE, later, BEFORE]) == BEFORE
    assert previous_flight(MINE, [earlier, MINE, later]) is None, "that one ended in Boston"
    assert previous_flight(MINE, []) is None
    assert previous_flight(msgspec.structs.replace(MINE, registration=None), [BEFORE]) is None


def test_a_night_on_the_ground_or_an_impossible_plan_connects_no_flights() -> None:
    assert previous_flight(MINE, [leg(20, "BOS", "ATL", "00:05", "01:30")]) is None
    assert previous_flight(MINE, [leg(20, "BOS", "ATL", "09:00", "14:00")]) is None


def test_a_late_aircraft_makes_the_flight_late() -> None:
    turn = turnaround(MINE, BEFORE, at("14:05"), at("13:55"), at("13:00"))
    assert turn is not None
    assert (turn.ready, turn.binding) == (at("14:50"), True)


@pytest.mark.parametrize(
    ("arrives", "departs", "needed"),
    [
        ("12:40", "13:55", TURNAROUND),
        ("13:20", "13:55", timedelta(minutes=35)),
        ("13:50", "13:55", MIN_TURNAROUND),
        (None, "13:55", TURNAROUND),
    ],
)
def test_an_airline_that_plans_less_needs_less(
    arrives: str | None, departs: str | None, needed: timedelta
) -> None:
    assert needed_time(at(arrives) if arrives else None, at(departs) if departs else None) == needed


@pytest.mark.parametrize(
    "changes",
    [
        {"cancelled": True},
        {"departure": Departure(scheduled=at("13:55"), actual=at("13:58"))},
    ],
)
def test_nothing_is_inferred_for_a_flight_that_left_or_does_not_fly(changes: dict[str, object]) -> None:
    flight = msgspec.structs.replace(MINE, **changes)
    assert turnaround(flight, BEFORE, at("14:05"), at("13:55"), at("13:00")) is None


def test_nothing_is_inferred_from_a_flight_that_does_not_come() -> None:
    for changes in ({"cancelled": True}, {"diverted_to": "TPA"}):
        previous = msgspec.structs.replace(BEFORE, **changes)
        assert turnaround(MINE, previous, at("14:05"), at("13:55"), at("13:00")) is None
    assert turnaround(MINE, BEFORE, None, at("13:55"), at("13:00")) is None


@given(arrives=minutes, departs=st.none() | minutes, now=minutes)
def test_no_inference_is_earlier_than_what_is_known(
    arrives: datetime, departs: datetime | None, now: datetime
) -> None:
    turn = turnaround(MINE, BEFORE, arrives, departs, now)
    if turn is None:
        assert now - arrives >= OVER
        return
    assert turn.ready == arrives + turn.needed
    assert MIN_TURNAROUND <= turn.needed <= TURNAROUND
    assert now - turn.ready < OVER
    if turn.binding:
        assert turn.ready > now
        assert turn.ready > at("13:55")
        assert departs is None or turn.ready > departs

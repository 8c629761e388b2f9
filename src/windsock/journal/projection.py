"""Compute the times by which a flight is searched. Pure, and shared by every backend, so that all agree."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from windsock.flights import Flight

# A flight in one of these has no milestone left to wait for.
_DONE = frozenset({"arrived", "cancelled", "diverted"})
_GONE = frozenset({"out", "airborne", "landed"})

Milestone = Literal["departure", "arrival"]


@dataclass(frozen=True, slots=True)
class Projection:
    """The times by which boards, snapshots and the overdue watch find a flight; all UTC."""

    departs_at: datetime | None
    arrives_at: datetime | None
    matters_until: datetime | None
    due_at: datetime | None


def expected(flight: Flight) -> tuple[Milestone, datetime] | None:
    """Return the next milestone and when it is expected (estimated, else scheduled); None if there is none.

    Once a flight has landed, nobody waits for its arrival, even if no source ever reports when it parked.
    """
    if flight.status in _DONE or flight.status == "landed" or flight.arrival.actual or flight.landing.actual:
        return None
    gone = flight.status in _GONE or flight.departure.actual or flight.takeoff.actual
    milestone: Milestone = "arrival" if gone else "departure"
    end = flight.arrival if gone else flight.departure
    time = (_carried_over(flight) if gone else None) or end.estimated or end.scheduled
    return (milestone, time) if time else None


def _carried_over(flight: Flight) -> datetime | None:
    """Return when the arrival is expected because of the late departure, if no source has reported it."""
    end = flight.arrival
    if (
        end.delay_basis != "inferred"
        or end.overdue_minutes
        or end.delay_minutes is None
        or end.scheduled is None
    ):
        return None
    return end.scheduled + timedelta(minutes=end.delay_minutes)


def project(flight: Flight) -> Projection:
    """Return the times by which the flight is searched."""
    departure, arrival = flight.departure, flight.arrival
    takeoff, landing = flight.takeoff.actual, flight.landing.actual
    departs_at = departure.actual or departure.estimated or takeoff or departure.scheduled
    arrives_at = arrival.actual or arrival.estimated or landing or _carried_over(flight) or arrival.scheduled
    # A loop, since every report comes through here: max() with a generator takes twice as long.
    matters_until = flight.updated_at
    for time in (arrives_at, departs_at, arrival.scheduled, departure.scheduled, takeoff, landing):
        if time is not None and (matters_until is None or time > matters_until):
            matters_until = time
    due_at = None
    if (waiting := expected(flight)) is not None:
        milestone, due_at = waiting
        end = departure if milestone == "departure" else arrival
        if end.overdue_minutes and end.scheduled is not None:
            due_at = max(due_at, end.scheduled + timedelta(minutes=end.overdue_minutes))
    return Projection(departs_at, arrives_at, matters_until, due_at)

"""What the aircraft's previous flight says about when it can leave again. Pure.

An inference, never a report: it only ever makes a departure later than what is known, and says nothing where the
previous flight does not end at this airport or is over long ago.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from windsock.flights.state import Flight

TURNAROUND = timedelta(minutes=45)
"""From the gate in to the gate out: what a narrow-body aircraft needs for passengers, cleaning, fuel and bags. Airlines
plan 30 to 60 minutes."""

MIN_TURNAROUND = timedelta(minutes=20)
"""The shortest turnaround that is planned anywhere, for small aircraft. A plan that leaves less than this between two
flights of an aircraft is a mistake in the plan or about the aircraft."""

MAX_GROUND_TIME = timedelta(hours=12)
"""An aircraft that is planned to stand for longer has waited overnight: its previous flight says nothing."""

OVER = timedelta(hours=2)
"""A previous flight that arrived this much before the turnaround ends says nothing new: the aircraft is there."""


class Turnaround(NamedTuple):
    """The aircraft comes in at `arrives`, needs `needed`, and so cannot leave before `ready`.

    `binding` is whether that is later than any departure known: if not, the aircraft comes in time.
    """

    arrives: datetime
    needed: timedelta
    ready: datetime
    binding: bool


def previous_flight(flight: Flight, of_aircraft: Iterable[Flight]) -> Flight | None:
    """Return the flight that the same aircraft flies before this one, to its origin; None if that is not known.

    `of_aircraft` are flights with this registration. The one before must end here: if it ends elsewhere, the aircraft
    was changed, or a flight between them is missing.
    """
    leaves = _planned(flight)
    if flight.registration is None or leaves is None:
        return None
    before = [
        (planned, other)
        for other in of_aircraft
        if other.id != flight.id
        and flight.id not in other.former_ids
        and (planned := _planned(other)) is not None
        and planned < leaves
    ]
    if not before:
        return None
    _, previous = max(before, key=lambda each: (each[0], each[1].id))
    if flight.origin not in (previous.destination, previous.diverted_to):
        return None
    arrives = previous.arrival.scheduled
    if arrives is not None and (arrives >= leaves or leaves - arrives > MAX_GROUND_TIME):
        return None
    return previous


def turnaround(
    flight: Flight, previous: Flight, arrives: datetime | None, departs: datetime | None, now: datetime
) -> Turnaround | None:
    """Return what the previous flight's best known arrival at the gate means for this one; None for nothing.

    `departs` is the best departure known: announced by a source, or planned. Nothing is inferred for a flight that has
    left or is cancelled, from one that is cancelled or went elsewhere, or when the aircraft is there long enough.
    """
    if arrives is None or flight.cancelled or flight.departure.actual or flight.takeoff.actual:
        return None
    if previous.cancelled or (previous.diverted_to is not None and previous.diverted_to != flight.origin):
        return None
    needed = needed_time(previous.arrival.scheduled, flight.departure.scheduled)
    ready = arrives + needed
    if now - ready >= OVER:
        return None
    known = max((time for time in (departs, flight.departure.scheduled) if time is not None), default=None)
    return Turnaround(arrives, needed, ready, known is not None and ready > known and ready > now)


def needed_time(arrives: datetime | None, departs: datetime | None) -> timedelta:
    """Return how long the aircraft needs: the planned time on the ground where that is less than TURNAROUND."""
    if arrives is None or departs is None:
        return TURNAROUND
    return max(MIN_TURNAROUND, min(TURNAROUND, departs - arrives))


def _planned(flight: Flight) -> datetime | None:
    return flight.departure.scheduled or flight.departure.estimated or flight.departure.actual

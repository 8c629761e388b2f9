"""Status and flags: what follows from the rest of the flight alone, so that nobody can disagree about it."""

from datetime import datetime

import msgspec

from windsock.flights.delay import basis_of, minutes_between
from windsock.flights.rules import DEFAULT_RULES, MergeRules
from windsock.flights.state import Arrival, Departure, Flight, Milestone, Runway, Status

DOWN = frozenset({"landed", "arrived"})
_BACKWARDS: tuple[Milestone, ...] = ("arrived", "landed", "airborne", "out")

ACTUALS = ("departure.actual", "takeoff.actual", "landing.actual", "arrival.actual")
"""What happens to a flight, in this order: OUT, OFF, ON, IN."""


def status_of(
    departure: Departure,
    takeoff: Runway,
    landing: Runway,
    arrival: Arrival,
    *,
    cancelled: bool,
    diverted: bool,
    boarding: bool,
    stated: Milestone | None,
) -> Status:
    """Return the furthest known progress of the flight; a cancellation or diversion outweighs any milestone."""
    if cancelled:
        return "cancelled"
    if diverted:
        return "diverted"
    if stated is not None:
        return stated  # which is further than any time known
    if arrival.actual is not None:
        return "arrived"
    if landing.actual is not None:
        return "landed"
    if takeoff.actual is not None:
        return "airborne"
    if departure.actual is not None:
        return "out"
    if boarding:
        return "boarding"
    for side in (departure, arrival):
        if side.scheduled is not None or side.estimated is not None:
            return "scheduled"
    return "scheduled" if takeoff.estimated is not None or landing.estimated is not None else "unknown"


def flags_of(
    departure: Departure,
    takeoff: Runway,
    landing: Runway,
    arrival: Arrival,
    *,
    returned_to_gate: datetime | None,
    air_return: datetime | None,
    stated: Milestone | None,
    conflicts: tuple[str, ...],
    silent: bool,
    rules: MergeRules,
) -> tuple[str, ...]:
    """Return the flags of the flight, sorted."""
    flags = []
    back = latest(returned_to_gate, air_return)
    left = stated or departure.actual or takeoff.actual or landing.actual or arrival.actual
    if back is not None and not left:
        flags.append("air_return" if back == air_return else "returned_to_gate")
    if conflicts:
        flags.append("conflict")
    late = rules.late_minutes
    for side in (departure, arrival):
        minutes = side.delay_minutes
        if minutes is not None and minutes >= late:
            flags.append("delayed")
        moved = side.delay_from_first_minutes
        if (minutes is not None and minutes <= -late) or (moved is not None and moved <= -late):
            flags.append("early")
        if side.scheduled != side.first_scheduled:
            flags.append("retimed")
    overdue = departure.overdue_minutes or arrival.overdue_minutes
    if overdue:
        flags.append("overdue")
        if overdue >= rules.stale_minutes:
            flags.append("stale")
    if silent:
        flags.append("stale")
    return tuple(sorted(set(flags))) if len(flags) > 1 else tuple(flags)


def latest(*times: datetime | None) -> datetime | None:
    """Return the latest of the known times."""
    return max((time for time in times if time is not None), default=None)


def under_way(flight: Flight) -> bool:
    """Return whether any milestone is known: it has left its gate, whatever was said of boarding."""
    return (
        flight.stated_status
        or flight.departure.actual
        or flight.takeoff.actual
        or flight.landing.actual
        or flight.arrival.actual
    ) is not None


def moved_on(flight: Flight, side: str) -> bool:
    """Whether the flight has left (side "departure") or landed (side "arrival"), or never will: no longer due."""
    stated = flight.stated_status
    down = stated in DOWN or (flight.landing.actual or flight.arrival.actual) is not None
    if side == "arrival":
        return down or flight.cancelled or flight.diverted
    left = stated or flight.departure.actual or flight.takeoff.actual
    return down or flight.cancelled or left is not None


def beyond_times(
    stated: str | None, out: datetime | None, off: datetime | None, on: datetime | None, in_: datetime | None
) -> Milestone | None:
    """Return the stated milestone, if no time of it or of a later one is known."""
    if stated is None:
        return None
    for milestone, time in zip(_BACKWARDS, (in_, on, off, out), strict=True):
        if time is not None:
            return None
        if stated == milestone:
            return milestone
    return None  # "scheduled"


def from_first(delay: int | None, scheduled: datetime | None, first: datetime | None) -> int | None:
    """Return the delay against the schedule as first published, from the delay against the current schedule.

    Of a retimed flight whose delay is not known (yet): how far its schedule was moved.
    """
    if scheduled is None or first is None or first == scheduled:
        return delay
    return (delay or 0) + minutes_between(first, scheduled)


def settle(flight: Flight, rules: MergeRules = DEFAULT_RULES) -> Flight:
    """Return the flight with everything recomputed that follows from the rest: status, flags, basis, first delay."""
    departure, arrival = flight.departure, flight.arrival
    if flight.stated_status is not None:
        stated = beyond_times(
            flight.stated_status,
            departure.actual,
            flight.takeoff.actual,
            flight.landing.actual,
            arrival.actual,
        )
        flight = msgspec.structs.replace(flight, stated_status=stated)
    takeoff, landing = flight.takeoff, flight.landing
    # What has happened is expected no more.
    if departure.actual is not None:
        departure = msgspec.structs.replace(departure, estimated=None)
    if takeoff.actual is not None:
        takeoff = msgspec.structs.replace(takeoff, estimated=None)
    if landing.actual is not None:
        landing = msgspec.structs.replace(landing, estimated=None)
    if arrival.actual is not None:
        arrival = msgspec.structs.replace(arrival, estimated=None)
    boarding = flight.boarding and not under_way(flight)
    if moved_on(flight, "departure"):
        departure = msgspec.structs.replace(departure, overdue_minutes=None)
    if moved_on(flight, "arrival"):
        arrival = msgspec.structs.replace(arrival, overdue_minutes=None)
    departure = msgspec.structs.replace(
        departure,
        delay_from_first_minutes=from_first(
            departure.delay_minutes, departure.scheduled, departure.first_scheduled
        ),
        delay_basis=basis_of(
            delay_minutes=departure.delay_minutes,
            overdue_minutes=departure.overdue_minutes,
            scheduled=departure.scheduled,
            estimated=departure.estimated,
            actual=departure.actual,
            runway=takeoff,
        ),
    )
    arrival = msgspec.structs.replace(
        arrival,
        delay_from_first_minutes=from_first(
            arrival.delay_minutes, arrival.scheduled, arrival.first_scheduled
        ),
        delay_basis=basis_of(
            delay_minutes=arrival.delay_minutes,
            overdue_minutes=arrival.overdue_minutes,
            scheduled=arrival.scheduled,
            estimated=arrival.estimated,
            actual=arrival.actual,
            runway=landing,
        ),
    )
    return msgspec.structs.replace(
        flight,
        departure=departure,
        takeoff=takeoff,
        landing=landing,
        arrival=arrival,
        boarding=boarding,
        status=status_of(
            departure, takeoff, landing, arrival,
            cancelled=flight.cancelled, diverted=flight.diverted, boarding=boarding, stated=flight.stated_status,
        ),
        flags=flags_of(
            departure, takeoff, landing, arrival,
            returned_to_gate=flight.returned_to_gate, air_return=flight.air_return, stated=flight.stated_status,
            conflicts=flight.conflicts, silent=flight.silent_source is not None, rules=rules,
        ),
    )  # fmt: skip

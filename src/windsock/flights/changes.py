"""What a report made different: typed changes, and the law that applying them gives the new flight."""

from typing import Any, Literal

import msgspec

from windsock.flights.state import Flight

Kind = Literal[
    "flight.added",
    "schedule.retimed",
    "estimate.changed",
    "delay.raised",
    "delay.changed",
    "delay.cleared",
    "early.raised",
    "overdue.raised",
    "flight.boarding",
    "flight.out",
    "flight.off",
    "flight.on",
    "flight.in",
    "flight.returned_to_gate",
    "flight.air_return",
    "flight.cancelled",
    "flight.reinstated",
    "flight.diverted",
    "gate.changed",
    "terminal.changed",
    "stand.changed",
    "belt.changed",
    "aircraft.changed",
    "reason.changed",
    "data.stale",
    "data.conflict",
    "flight.corrected",
]


class Change(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """One typed difference. `field` is the dotted path in the flight, or None for the flight as a whole (added)."""

    kind: Kind
    field: str | None = None
    from_: Any = None
    to: Any = None


def diff(before: Flight | None, after: Flight, late_minutes: int = 15) -> tuple[Change, ...]:
    """The changes from `before` to `after`; empty if only version and updated_at differ."""
    raise NotImplementedError


def apply_changes(before: Flight | None, changes: tuple[Change, ...], late_minutes: int = 15) -> Flight:
    """The flight that `before` becomes by these changes; equals the later flight but for version and updated_at."""
    raise NotImplementedError

"""What is believed of a flight: the struct that is also its wire form."""

from datetime import date as Day
from datetime import datetime
from typing import Literal

import msgspec

from windsock.flights.identity import FlightKey
from windsock.flights.report import Reason

# gc=False throughout: these hold no cycles, and a hundred thousand flights in memory must not slow the collector down.

Status = Literal[
    "scheduled", "boarding", "out", "airborne", "landed", "arrived", "cancelled", "diverted", "unknown"
]
Milestone = Literal["out", "airborne", "landed", "arrived"]
Basis = Literal["actual", "estimated", "runway", "inferred", "predicted"]


class Carrier(msgspec.Struct, frozen=True, gc=False):
    """The operating carrier's codes on the flight's date; None where it has none, or we know none."""

    iata: str | None
    icao: str | None


class Departure(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The gate at the origin. `scheduled` is the schedule as now, `first_scheduled` as first published.

    `delay_minutes` is signed (early is negative) against `scheduled`; `delay_from_first_minutes` against
    `first_scheduled`. `delay_basis` says on what grounds: an actual or estimated gate time, the runway where only that
    is known (taxi time included), or "inferred": at least this many minutes have passed without a report, which is then
    also in `overdue_minutes`.
    """

    scheduled: datetime | None = None
    estimated: datetime | None = None
    actual: datetime | None = None
    delay_minutes: int | None = None
    terminal: str | None = None
    gate: str | None = None
    stand: str | None = None
    checkin_desk: str | None = None
    first_scheduled: datetime | None = None
    delay_from_first_minutes: int | None = None
    delay_basis: Basis | None = None
    overdue_minutes: int | None = None


class Runway(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Take-off, or landing. `scheduled` is the runway's own plan: the gate's, with the taxi time in it."""

    scheduled: datetime | None = None
    estimated: datetime | None = None
    actual: datetime | None = None


class Arrival(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The gate at the destination; see Departure."""

    scheduled: datetime | None = None
    estimated: datetime | None = None
    actual: datetime | None = None
    delay_minutes: int | None = None
    terminal: str | None = None
    gate: str | None = None
    stand: str | None = None
    belt: str | None = None
    first_bag: datetime | None = None
    first_scheduled: datetime | None = None
    delay_from_first_minutes: int | None = None
    delay_basis: Basis | None = None
    overdue_minutes: int | None = None


class Flight(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """All we believe of one flight leg; encoding it gives the wire form.

    Flags, sorted: "air_return", "conflict", "delayed", "early", "overdue", "retimed", "returned_to_gate", "stale".
    "stale" also while `silent_source` names the feed that fell silent and nobody has spoken of the flight since.
    `former_ids` are the ids of flights that turned out to be this one, which it answers to as well.
    "delayed" and "early" start at the late minutes (15); "early" also counts against the first schedule, because a
    flight moved 14 hours forward leaves on time and yet without its passengers.

    `updated_at` is when the last event happened, `reported_at` when the last one that a source's report made, which
    leaves out what Windsock infers itself; None in flights stored before it was kept.

    `stated_status` is how far it is said to have come where that is further than any time known: the milestone that
    `status` shows and whose time no source has reported.
    """

    id: str
    designator: str
    carrier: Carrier
    number: int
    suffix: str | None
    date: Day
    origin: str
    destination: str | None = None
    diverted_to: str | None = None
    codeshares: tuple[str, ...] = ()
    registration: str | None = None
    aircraft_type: str | None = None
    status: Status = "unknown"
    flags: tuple[str, ...] = ()
    departure: Departure = Departure()
    takeoff: Runway = Runway()
    landing: Runway = Runway()
    arrival: Arrival = Arrival()
    delay_reasons: tuple[Reason, ...] = ()
    cancelled: bool = False
    diverted: bool = False
    boarding: bool = False
    stated_status: Milestone | None = None
    returned_to_gate: datetime | None = None
    air_return: datetime | None = None
    recovery_of: str | None = None
    recovered_by: str | None = None
    conflicts: tuple[str, ...] = ()
    silent_source: str | None = None
    former_ids: tuple[str, ...] = ()
    version: int = 0
    updated_at: datetime | None = None
    reported_at: datetime | None = None

    @property
    def key(self) -> FlightKey:
        """Its identity."""
        # Cut off the designator rather than parsed: the tables of carriers may change, the key of a flight never.
        carrier = self.designator.removesuffix(f"{self.number}{self.suffix or ''}")
        return FlightKey(carrier, self.number, self.suffix, self.date, self.origin)

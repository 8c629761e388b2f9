"""What one source said about one flight: the report's shape. Absent (UNSET) says nothing, None erases."""

from datetime import date as Day
from datetime import datetime
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from windsock.flights.identity import Designator

Time = datetime | UnsetType | None
Text = str | UnsetType | None
Number = int | UnsetType | None
Truth = bool | UnsetType | None
Stated = Literal["scheduled", "out", "airborne", "landed", "arrived"] | UnsetType | None


class DepartureReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The off-block side at the origin."""

    scheduled: Time = UNSET
    estimated: Time = UNSET
    actual: Time = UNSET
    terminal: Text = UNSET
    gate: Text = UNSET
    stand: Text = UNSET
    checkin_desk: Text = UNSET


class RunwayReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Take-off at the origin, or landing. `scheduled` is the runway's own plan, if a source gives it."""

    scheduled: Time = UNSET
    estimated: Time = UNSET
    actual: Time = UNSET


class ArrivalReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The in-block side at the destination."""

    scheduled: Time = UNSET
    estimated: Time = UNSET
    actual: Time = UNSET
    terminal: Text = UNSET
    gate: Text = UNSET
    stand: Text = UNSET
    belt: Text = UNSET
    first_bag: Time = UNSET


class Reason(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Why a flight is late or cancelled: the source's own code and its scheme, kept raw; `text` is for people.

    Schemes: "ahm730" (numeric or alpha), "ahm732" (three letters), "bts" (bucket, or cancellation code A to D), "text".
    """

    scheme: str
    code: str
    text: str | None = None
    minutes: int | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What `source` said about one flight, and when it observed it. Wire shape as in the protocol.

    Codes are canonical and times are aware UTC: `parse_report` sees to it for what comes from outside. Without
    `observed_at` the time of receipt counts. `date` and `origin` may be missing where the flight is clear without.

    `stated_status` is for milestones whose time the source does not know: how far the flight has come ("out",
    "airborne", "landed", "arrived"), or "scheduled" to deny what a source of lower rank stated.
    """

    flight: str
    date: Day | UnsetType = UNSET
    origin: str | UnsetType = UNSET
    destination: Text = UNSET
    source: str = "unknown"
    observed_at: datetime | UnsetType = UNSET
    departure: DepartureReport | UnsetType = UNSET
    takeoff: RunwayReport | UnsetType = UNSET
    landing: RunwayReport | UnsetType = UNSET
    arrival: ArrivalReport | UnsetType = UNSET
    departure_delay_minutes: Number = UNSET
    arrival_delay_minutes: Number = UNSET
    registration: Text = UNSET
    aircraft_type: Text = UNSET
    codeshares: tuple[str, ...] | UnsetType | None = UNSET
    cancelled: Truth = UNSET
    diverted: Truth = UNSET
    diverted_to: Text = UNSET
    boarding: Truth = UNSET
    stated_status: Stated = UNSET
    returned_to_gate: Time = UNSET
    air_return: Time = UNSET
    delay_reasons: tuple[Reason, ...] | UnsetType | None = UNSET
    recovery_of: Text = UNSET
    recovered_by: Text = UNSET
    departure_overdue_minutes: Number = UNSET
    arrival_overdue_minutes: Number = UNSET
    silent_source: Text = UNSET

    @property
    def designator(self) -> Designator:
        """The flight number it speaks of, perhaps a codeshare's."""
        return Designator.parse(self.flight, None if self.date is UNSET else self.date)

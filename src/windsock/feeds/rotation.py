"""The next flight of an aircraft. A report has no field for it, so feeds return it separately."""

from dataclasses import dataclass
from datetime import date as Day


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One leg as its source names it: `flight` is a designator, `date` the flight date.

    `utc_day` is the operating day in UTC (perhaps that of an earlier leg of the flight), for sources that give no date.
    """

    flight: str
    origin: str | None = None
    destination: str | None = None
    date: Day | None = None
    utc_day: Day | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """The same aircraft (`registration`, where it is said) flies `inbound`, and then `outbound`.

    `outbound` leaves `layover_days` days after the arrival, where the source counts them.
    """

    inbound: Leg
    outbound: Leg
    registration: str | None = None
    layover_days: int | None = None

"""Which flight an aircraft flies next, as schedules and telexes say it."""

from dataclasses import dataclass
from datetime import date as Day


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """After `inbound` (of `date`, from `origin`, to `station`) the aircraft flies `onward_carrier` `onward_number`.

    `inbound` is a designator, `date` its flight date. `layover_days` is how many days the aircraft stays, 0 where the
    source does not say; the onward flight leaves `station` that many days after the arrival.
    """

    inbound: str
    date: Day
    origin: str
    station: str
    onward_carrier: str
    onward_number: int
    onward_suffix: str | None = None
    layover_days: int = 0

    @property
    def onward(self) -> str:
        """The onward flight's designator."""
        return f"{self.onward_carrier}{self.onward_number}{self.onward_suffix or ''}"

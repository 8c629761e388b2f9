"""One object of a JSON body: typed access to its fields, whose faults name the place.

Each reader of a field returns the value, or None if it is absent or null; a value of another type than the feed's
format says is a fault and counts as absent.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from datetime import date as Day
from typing import Any, Self
from zoneinfo import ZoneInfo

from windsock.errors import InvalidReport, ReportError
from windsock.feeds.json.bodies import excerpt, without_secrets
from windsock.feeds.parsing import Gathering
from windsock.flights.localtime import NoSuchTime, TwiceThatDay, resolve
from windsock.flights.values import ValueReader, shown, utc

MAX_RECORDS = 10_000
"""Several times what the busiest airport has in a day; what follows is one fault, not a million."""

MAX_ENTRIES = 1000
"""More codeshares or changes than any flight has; what follows is one fault, for the same reason."""

MAX_FAULTS = 20_000
"""Faults of one body, at most: nobody reads more, and eight megabytes could hold millions."""


@dataclass(frozen=True, slots=True)
class JsonObject:
    """One object of a body, and its path."""

    fields: Mapping[str, Any]
    path: str
    gathering: Gathering
    raw: str = ""

    @classmethod
    def record(cls, value: object, path: str, gathering: Gathering) -> Self | None:
        """Return the record `value`; None, with a fault, if it is not an object."""
        raw = excerpt(value)
        if isinstance(value, dict):
            return cls(value, path, gathering, raw)
        gathering.fault(f"{shown(value)} is in place of a flight; it must be an object.", path=path, raw=raw)
        return None

    def fault(self, message: str, name: str | None = None, value: object = None) -> None:
        """Add a fault at this place, or at its field `name`; up to MAX_FAULTS per body."""
        if len(self.gathering.faults) >= MAX_FAULTS:
            return
        text = (
            None
            if value is None
            else without_secrets(str(value)[:200] if isinstance(value, str) else shown(value))
        )
        self.gathering.fault(message, path=self.at(name), raw=self.raw, column=name, value=text)

    def at(self, name: str | None) -> str:
        """Return the path of a field."""
        return self.path if name is None else f"{self.path}.{name}" if self.path else name

    def wrong(self, name: str, needed: str) -> None:
        """Add a fault for a value of another type than the format's."""
        value = self.fields[name]
        self.fault(f"{name} is {shown(value)}; it must be {needed}, so it is left out.", name, value)

    def text(self, name: str) -> str | None:
        """Return text; numbers become their digits, since gates and flight numbers come as both. Blank is None."""
        value = self.fields.get(name)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
            return str(value)
        if not isinstance(value, str):
            self.wrong(name, "text")
            return None
        return value.strip() or None

    def truth(self, name: str) -> bool | None:
        """Return true or false, also from text (pushes send "true")."""
        value = self.fields.get(name)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str) and value.strip().lower() in ("true", "false"):
            return value.strip().lower() == "true"
        self.wrong(name, "true or false")
        return None

    def number(self, name: str) -> float | None:
        """Return a number, also from text."""
        value = self.fields.get(name)
        if value is None or (
            isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e9
        ):
            return value
        if isinstance(value, str) and len(value) < 12 and re.fullmatch(r"[+-]?\d+", value.strip(), re.ASCII):
            return int(value)
        self.wrong(name, "a number")
        return None

    def inner(self, name: str) -> Self:
        """Return the object of that name; an empty one if it is absent."""
        value = self.fields.get(name)
        if value not in (None, "") and not isinstance(value, dict):
            self.wrong(name, "an object")
        return type(self)(value if isinstance(value, dict) else {}, self.at(name), self.gathering, self.raw)

    def entries(self, name: str, wrapped: str | None = None) -> list[Any]:
        """Return the list of that name. `wrapped`: it may be an object with the list or a sole entry."""
        value = self.fields.get(name)
        if wrapped is not None and isinstance(value, dict):
            value = value.get(wrapped)
            value = [value] if isinstance(value, dict) else value
        if value is None or value == "":
            return []
        if not isinstance(value, list):
            self.wrong(name, "a list")
            return []
        if len(value) > MAX_ENTRIES:
            self.fault(f"{name} has {len(value)} entries; only the first {MAX_ENTRIES} were read.", name)
        return value[:MAX_ENTRIES]

    def objects(self, name: str, wrapped: str | None = None) -> list[Self]:
        """Return the objects of a list."""
        found = []
        for index, value in enumerate(self.entries(name, wrapped)):
            if isinstance(value, dict):
                found.append(type(self)(value, f"{self.at(name)}[{index}]", self.gathering, self.raw))
            else:
                self.fault(f"{name}[{index}] is {shown(value)}; it must be an object.", name, value)
        return found

    def texts(self, name: str) -> list[str]:
        """Return the texts of a list, numbers as their digits, without blank ones; one fault for all other entries."""
        found, wrong = [], []
        for value in self.entries(name):
            if isinstance(value, str):
                found.append(value.strip())
            elif isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
                found.append(str(value))
            else:
                wrong.append(value)
        if wrong:
            what = shown(wrong[0]) if len(wrong) == 1 else f"{shown(wrong[0])} and {len(wrong) - 1} more"
            self.fault(f"{name} has entries that are not text, {what}; they are left out.", name, wrong[0])
        return [text for text in found if text]

    def time(self, name: str, *, tz: ZoneInfo | None = None, ignore_utc: bool = False) -> datetime | None:
        """Return a time in UTC. One without offset is read in `tz`; with `ignore_utc` an offset of zero is ignored."""
        value = self.fields.get(name)
        if value is None or value == "":
            return None
        try:
            time, aware = ValueReader(self.gathering.received_at).clock(name, value)
            # The validator's plausible years; also keeps away from where arithmetic with zones overflows.
            if not 1930 <= time.year <= 2199:
                raise InvalidReport(f"{name} is {shown(value)}, not a plausible year for a flight.")
            if ignore_utc and str(value).endswith(("Z", "z", "+00:00", "+0000")):
                aware = False
            if aware:
                return time.astimezone(UTC)
            if tz is None:
                raise InvalidReport(
                    f"{name} is {shown(value)}, a local time at an airport whose zone is not known."
                )
            return resolve(time.replace(tzinfo=None), tz)
        except NoSuchTime:
            message = f"{name} is {shown(value)}, which the clocks of {tz} skipped that day; it is left out."
        except TwiceThatDay:
            message = (
                f"{name} is {shown(value)}, which the clocks of {tz} showed twice that day; it is left out."
            )
        except ReportError as error:
            message = error.message
        self.fault(message, name, value)
        return None

    def past(self, name: str, time: datetime | None) -> datetime | None:
        """Return `time` (of the field `name`) if it has passed; None, with a fault, if it is in the future."""
        if time is None or time <= self.gathering.received_at:
            return time
        now = utc(self.gathering.received_at)
        self.fault(
            f"{name} is {utc(time)}, reported as past, but it came at {now}; it is left out.", name, utc(time)
        )
        return None

    def tell(
        self,
        data: Mapping[str, Any],
        *,
        utc_day: Day | None = None,
        callsign: str | None = None,
        about: datetime | None = None,
        names: tuple[str, ...] = (),
    ) -> bool:
        """Add the report `data` without its invalid fields, a fault for each. Return False if nothing was added."""
        return self.gathering.tell_what_holds(
            data,
            path=self.path,
            raw=self.raw,
            utc_day=utc_day,
            callsign=callsign,
            about=about,
            names=names,
        )


def records(values: Any, path: str, gathering: Gathering) -> Iterator[JsonObject]:
    """Yield the flights of the list at `path` of a body, each with its own path; none if it is absent."""
    if values is None:
        return
    if not isinstance(values, list):
        gathering.fault(f"{path} is {shown(values)}; it must be a list of flights.", path=path)
        return
    if len(values) > MAX_RECORDS:
        gathering.fault(
            f"{len(values)} flights came; only the first {MAX_RECORDS} were read. Ask for less at a time.",
            path=f"{path}[{MAX_RECORDS}]",
        )
    for index, value in enumerate(values[:MAX_RECORDS]):
        place = JsonObject.record(value, f"{path}[{index}]", gathering)
        if place is not None:
            yield place

"""JSON bodies of feeds, read carefully: a decoder with caps, and typed access whose faults name the place.

`decode` gives the body or FeedError. A `Place` is one object of it: each reader of a field gives the value, or None
where it is absent or null; where it has another type than the feed's format says, that is a fault and counts as absent.
"""

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from datetime import date as Day
from functools import partial
from typing import Any, Self
from zoneinfo import ZoneInfo

import msgspec

from windsock.errors import FeedError, InvalidReport, ReportError
from windsock.feeds.parsing import MAX_RAW, Gathering
from windsock.flights import airports
from windsock.flights.localtime import NoSuchTime, TwiceThatDay, resolve
from windsock.flights.values import ValueReader, shown, utc

MAX_BYTES = 8 * 1024 * 1024
"""The largest bodies (a hundred flights a page, or a big airport's half day) have about 1 MB."""

MAX_DEPTH = 32
"""The deepest of the formats nests nine levels."""

MAX_RECORDS = 10_000
"""More flights than any page has; what is behind them is one fault, so that rubbish gives no million of faults."""

MAX_ENTRIES = 1000
"""More codeshares or changes than any flight has; what is behind them is one fault, for the same reason."""

MAX_FAULTS = 20_000
"""Nobody reads more, and eight megabytes could hold millions."""

# A report has about forty fields; each may have to go once.
_MOST_DROPPED = 64
_SECRET = re.compile(
    r'((?:access[_-]?key|api[_-]?key|app[_-]?key|app[_-]?id|token|secret|password)"?\s?[=:]\s?"?)[^"&\s,}]+',
    re.IGNORECASE,
)
_SECRET_WORDS = ("key", "app", "token", "secret", "password")
"""One of these stands in whatever _SECRET finds."""

_ZONE = re.compile(r"[A-Za-z_]{2,20}(?:/[A-Za-z0-9_+\-]{1,30}){1,2}|UTC", re.ASCII)


def decode(data: bytes, *, name: str) -> Any:
    """The JSON value of a body of the feed `name`; FeedError where it is none, or too large or too deep."""
    if len(data) > MAX_BYTES:
        raise FeedError(
            f"The body has {len(data)} bytes; {name} is read up to {MAX_BYTES}. Ask for smaller pages."
        )
    try:
        value = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except RecursionError:
        raise FeedError(f"The body nests too deep for {name}; at most {MAX_DEPTH} levels are read.") from None
    except (msgspec.MsgspecError, ValueError, OverflowError) as error:
        start = without_secrets(data[:80].decode("utf-8", "replace"))
        raise FeedError(f"The body is no JSON, which {name} sends ({error}); it begins {start!r}.") from None
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inside(outer) if isinstance(inner, (dict, list))]
        if not level:
            return value
    raise FeedError(f"The body nests too deep for {name}; at most {MAX_DEPTH} levels are read.")


def _inside(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def without_secrets(text: str) -> str:
    """The text with what looks like an API key taken out: some providers repeat the request in their answer."""
    # Nearly no text names any, and looking for the words alone takes a tenth of the time.
    folded = text.casefold()
    return _SECRET.sub(r"\1…", text) if any(word in folded for word in _SECRET_WORDS) else text


def refusal(name: str, *words: object) -> FeedError:
    """The error for a body that is the provider's own error, in the provider's words."""
    said = ": ".join(str(word) for word in words if isinstance(word, (str, int)) and word != "")
    return FeedError(
        f"{name} answered with an error: {without_secrets(said[:1000])[:500] or 'without a word'}"
    )


def zone(code: str | None, name: object = None) -> ZoneInfo | None:
    """The zone of the airport `code`, else the IANA zone `name` if it is one; None where neither is known."""
    place = airports.airport(code) if code else None
    if place is not None:
        return place.tz
    if not isinstance(name, str) or _ZONE.fullmatch(name) is None:
        return None
    try:
        return airports.zone(name)
    except (KeyError, ValueError, OSError):  # no such zone, or a folder of zones
        return None


@dataclass(frozen=True, slots=True)
class Place:
    """One object of a body, and where it stands."""

    fields: Mapping[str, Any]
    path: str
    gathering: Gathering
    raw: str = ""

    @classmethod
    def record(cls, value: object, path: str, gathering: Gathering) -> Self | None:
        """The record `value`; a fault and None if it is no object."""
        raw = without_secrets(json.dumps(value, ensure_ascii=False)[: 2 * MAX_RAW])[:MAX_RAW]
        if isinstance(value, dict):
            return cls(value, path, gathering, raw)
        gathering.fault(
            f"{shown(value)} stands where a flight should; an object is needed.", path=path, raw=raw
        )
        return None

    def fault(self, message: str, name: str | None = None, value: object = None) -> None:
        """A fault at this place, or at its field `name`; beyond MAX_FAULTS of a body, none."""
        if len(self.gathering.faults) >= MAX_FAULTS:
            return
        text = (
            None
            if value is None
            else without_secrets(str(value)[:200] if isinstance(value, str) else shown(value))
        )
        self.gathering.fault(message, path=self.at(name), raw=self.raw, column=name, value=text)

    def at(self, name: str | None) -> str:
        """The path of a field."""
        return self.path if name is None else f"{self.path}.{name}" if self.path else name

    def wrong(self, name: str, needed: str) -> None:
        """The fault of another type than the format's."""
        value = self.fields[name]
        self.fault(f"{name} is {shown(value)}; {needed} is needed, so it is left out.", name, value)

    def text(self, name: str) -> str | None:
        """Text; numbers are taken as their digits, since gates and flight numbers come as both. Blank is None."""
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
        """True or false, also as text (pushes send "true")."""
        value = self.fields.get(name)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str) and value.strip().lower() in ("true", "false"):
            return value.strip().lower() == "true"
        self.wrong(name, "true or false")
        return None

    def number(self, name: str) -> float | None:
        """A number, also as text."""
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
        """The object of that name; an empty one where it is absent."""
        value = self.fields.get(name)
        if value is not None and not isinstance(value, dict):
            self.wrong(name, "an object")
        return type(self)(value if isinstance(value, dict) else {}, self.at(name), self.gathering, self.raw)

    def entries(self, name: str, wrapped: str | None = None) -> list[Any]:
        """The list of that name. `wrapped`: it may be an object that holds the list, or a sole entry, under that."""
        value = self.fields.get(name)
        if wrapped is not None and isinstance(value, dict):
            value = value.get(wrapped)
            value = [value] if isinstance(value, dict) else value
        if value is None:
            return []
        if not isinstance(value, list):
            self.wrong(name, "a list")
            return []
        if len(value) > MAX_ENTRIES:
            self.fault(f"{name} has {len(value)} entries; only the first {MAX_ENTRIES} were read.", name)
        return value[:MAX_ENTRIES]

    def objects(self, name: str, wrapped: str | None = None) -> list[Self]:
        """The objects of a list."""
        found = []
        for index, value in enumerate(self.entries(name, wrapped)):
            if isinstance(value, dict):
                found.append(type(self)(value, f"{self.at(name)}[{index}]", self.gathering, self.raw))
            else:
                self.fault(f"{name}[{index}] is {shown(value)}; an object is needed.", name, value)
        return found

    def texts(self, name: str) -> list[str]:
        """The texts of a list."""
        found = []
        for index, value in enumerate(self.entries(name)):
            if isinstance(value, str) and value.strip():
                found.append(value.strip())
            else:
                self.fault(f"{name}[{index}] is {shown(value)}; text is needed.", name, value)
        return found

    def time(self, name: str, *, tz: ZoneInfo | None = None, ignore_utc: bool = False) -> datetime | None:
        """A time in UTC. One without offset is read in `tz`; with `ignore_utc` an offset of zero counts as none."""
        value = self.fields.get(name)
        if value is None or value == "":
            return None
        try:
            time, aware = ValueReader(self.gathering.received_at).clock(name, value)
            # The validator's plausible years; also keeps away from where arithmetic with zones overflows.
            if not 1930 <= time.year <= 2199:
                raise InvalidReport(f"{name} is {shown(value)}, no year for a flight.")
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
        """`time` (of the field `name`) as that of something that happened; one still to come is a fault and None."""
        if time is None or time <= self.gathering.received_at:
            return time
        now = utc(self.gathering.received_at)
        self.fault(
            f"{name} is {utc(time)}, told as happened, but it came at {now}; it is left out.", name, utc(time)
        )
        return None

    def observed(self, time: datetime | None) -> str | None:
        """`time` as `observed_at`; None where it is later than the receipt, since clocks differ."""
        return utc(time) if time is not None and time <= self.gathering.received_at else None

    def tell(
        self, data: Mapping[str, Any], *, utc_day: Day | None = None, callsign: str | None = None
    ) -> bool:
        """Tells the report `data` without its invalid fields, a fault for each. False: nothing was told."""
        tell = partial(self.gathering.tell, path=self.path, raw=self.raw, utc_day=utc_day, callsign=callsign)
        if tell(data):
            return True
        left = deepcopy(dict(data))
        for _ in range(_MOST_DROPPED):
            wrong = self.gathering.faults[-1].column
            if wrong is None or wrong == "flight" or not _drop(left, wrong):
                return False
            if tell(left):
                return True
        return False


def records(body: Mapping[str, Any] | list[Any], name: str | None, gathering: Gathering) -> Iterator[Place]:
    """The flights of a list in the body (or of the body, where that is a list), each with its path."""
    values = body if isinstance(body, list) else body.get(name or "")
    if values is None:
        return
    if not isinstance(values, list):
        gathering.fault(f"{name} is {shown(values)}; a list of flights is needed.", path=name)
        return
    for index, value in enumerate(values[:MAX_RECORDS]):
        place = Place.record(value, f"{name or ''}[{index}]", gathering)
        if place is not None:
            yield place
    if len(values) > MAX_RECORDS:
        gathering.fault(
            f"The list has {len(values)} flights; only the first {MAX_RECORDS} were read. Ask for smaller pages.",
            path=name or "[]",
        )


def said(**fields: Any) -> dict[str, Any]:
    """The fields that say something: times as text, and no None (which would erase) and nothing empty."""
    return {
        name: utc(value) if isinstance(value, datetime) else value
        for name, value in fields.items()
        if value is not None and value not in ({}, [])
    }


def _drop(data: dict[str, Any], field: str) -> bool:
    """Takes a field like `arrival.gate` or `codeshares[2]` out of a report; False if it is not there."""
    name, _, rest = field.partition(".")
    name, _, index = name.partition("[")
    value = data.get(name)
    if index and isinstance(value, list) and index[:-1].isdecimal() and int(index[:-1]) < len(value):
        del value[int(index[:-1])]
    elif rest and isinstance(value, dict) and rest in value:
        del value[rest]
    elif name in data:
        del data[name]
        return True
    else:
        return False
    if not value:
        del data[name]
    return True

"""What the feeds of airports' boards share: JSON from somebody else, and statements told without what is wrong in them.

Nothing here raises anything but FeedError, and that only where it says so.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from datetime import date as Day
from typing import Any

from windsock.errors import FeedError, InvalidReport
from windsock.feeds.jsonbody import without_secrets
from windsock.feeds.parsing import MAX_RAW, Gathering
from windsock.feeds.underway import under_way
from windsock.flights import airports
from windsock.flights.values import ValueReader

MAX_RECORDS = 10_000
"""Several times what the busiest airport has in a day, so that rubbish gives no million of faults."""

_MAX_ENTRIES = 200
"""More codeshares, belts, airports or states than any flight has."""

_MAX_DROPPED = 60
"""More than a report has fields and codeshares together, so that the end never depends on the input."""

_REFUSALS = ("message", "problemMessage", "error", "error_description", "detail", "title", "errors")
"""Where the gateways in front of airports' interfaces say why they gave no flights."""


_READER = ValueReader(datetime(2000, 1, 1, tzinfo=UTC))
"""Reads times only; what now is matters to none of them."""


def document(data: bytes, *, feed: str, max_bytes: int) -> Any:
    """The decoded JSON of an answer; raises FeedError that says what came instead."""
    if len(data) > max_bytes:
        raise FeedError(
            f"{feed}: {len(data)} bytes came; at most {max_bytes} are read. Ask for less at a time."
        )
    start = data[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        raise FeedError(f"{feed}: nothing came; JSON was expected. Ask again later.")
    if start.startswith(b"<"):
        kind = "an HTML page" if b"html" in start.lower() else "a document in angle brackets"
        raise FeedError(
            f"{feed}: {kind} came instead of JSON, beginning {_brief(start)}. Check the address and the key; "
            "a proxy or a page about maintenance may have answered."
        )
    try:
        return json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise FeedError(
            f"{feed}: byte {error.start} is not UTF-8, as JSON must be. Was it cut off?"
        ) from error
    except (ValueError, RecursionError) as error:
        raise FeedError(
            f"{feed}: what came is not whole JSON ({str(error)[:100]}), beginning {_brief(start)}. Was it cut off?"
        ) from error


def first(records: list[Any], path: str, gathering: Gathering) -> list[Any]:
    """So many of the records as are read; one fault for all others together."""
    if len(records) > MAX_RECORDS:
        gathering.fault(
            f"{len(records)} records came; only the first {MAX_RECORDS} were read. Ask for less at a time.",
            path=f"{path}[{MAX_RECORDS}]",
        )
    return records[:MAX_RECORDS]


def list_in(found: Any, name: str, *, feed: str) -> list[Any]:
    """The list under `name` in a decoded answer; raises FeedError with the sender's own words if it sent a refusal."""
    if isinstance(found, Mapping) and isinstance(found.get(name), list):
        return list(found[name])
    raise not_flights(found, feed=feed, expected=f"an object with a list of {name!r}")


def not_flights(found: Any, *, feed: str, expected: str) -> FeedError:
    """The error for a decoded answer of another shape: the sender's refusal, or what it is made of."""
    if isinstance(found, Mapping):
        said = next((found[name] for name in _REFUSALS if found.get(name) not in (None, "", [], {})), None)
        number = next((found[name] for name in ("problemNo", "statusCode", "code") if name in found), None)
        if said is not None or number is not None:
            # Some gateways repeat the request, key and all, in their refusal.
            what = "" if said is None else f": {without_secrets(excerpt(said))[:200]}"
            return FeedError(
                f"{feed}: the sender refused{'' if number is None else f' ({excerpt(number)[:40]})'}{what}. "
                "Check the key, the address and how often it is asked."
            )
        names = ", ".join(repr(str(name)[:30]) for name in list(found)[:8]) or "no fields"
        came = f"an object with {names}"
    else:
        came = {list: "a list", str: "a text", type(None): "null"}.get(type(found), "a single value")
    return FeedError(f"{feed}: {came} came; {expected} was expected. The sender may have changed its format.")


def tell(
    gathering: Gathering,
    report: dict[str, Any],
    *,
    path: str,
    raw: str = "",
    utc_day: Day | None = None,
    callsign: str | None = None,
) -> bool:
    """Tells `report`; a field that is wrong becomes a fault and is left out, and the rest is told.

    False if nothing is left, or if it does not name its flight.
    """
    faults = len(gathering.faults)
    for _ in range(_MAX_DROPPED):
        if gathering.tell(report, path=path, raw=raw, utc_day=utc_day, callsign=callsign):
            return True
        wrong = gathering.faults[-1].column
        if wrong is None:
            if len(gathering.faults) - faults > 1:
                gathering.faults.pop()  # "says nothing" only repeats that its fields were wrong
            return False
        if wrong == "flight" or not _dropped(report, wrong):
            return False
    return False


def _dropped(report: dict[str, Any], field: str) -> bool:
    """Takes the field with this dotted name (perhaps an entry of a list) out; False if it is not there."""
    name, _, leaf = field.partition(".")
    name, _, index = name.partition("[")
    if index:
        # Of all entries only the wrong one goes.
        entries = report.get(name)
        at = index.rstrip("]")
        if not isinstance(entries, list) or not at.isdecimal() or int(at) >= len(entries):
            return False
        del entries[int(at)]
        if not entries:
            del report[name]
        return True
    if not leaf:
        return report.pop(name, report) is not report
    part = report.get(name)
    if not isinstance(part, dict) or part.pop(leaf, part) is part:
        return False
    if not part:
        del report[name]
    return True


class Record:
    """One flight's object in a board's JSON, read field by field; what has the wrong shape becomes a fault."""

    def __init__(self, values: Mapping[str, Any], gathering: Gathering, path: str) -> None:
        self.values, self.gathering, self.path = values, gathering, path
        self.raw = excerpt(values)
        self._told: set[tuple[str, str, str]] = set()

    def text(self, *names: str) -> str | None:
        """The text at the end of a path of names; None if missing, null or empty. Small numbers count as text."""
        value = self._at(names)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**9:
            return str(value)
        if value is None:
            return None
        if not isinstance(value, str):
            self.fault("text is needed", names, value)
            return None
        return value.strip() or None

    def texts(self, *names: str) -> list[str]:
        """The texts in the list at the end of a path of names, without empty ones; [] if missing or null."""
        value = self._at(names)
        if value is None or value == "":
            return []
        if not isinstance(value, list):
            self.fault("a list of texts is needed", names, value)
            return []
        if len(value) > _MAX_ENTRIES:
            self.fault(f"it has {len(value)} entries; only {_MAX_ENTRIES} are read", names, None)
        found = []
        for one in value[:_MAX_ENTRIES]:
            if isinstance(one, int) and not isinstance(one, bool) and abs(one) < 10**9:
                found.append(str(one))
            elif not isinstance(one, str):
                self.fault("its entries must be texts", names, one)
            elif one.strip():
                found.append(one.strip())
        return found

    def time(self, *names: str) -> datetime | None:
        """The time, in UTC, at the end of a path of names; None if missing or not a time with its offset."""
        value = self.text(*names)
        if value is None:
            return None
        try:
            return time_of(value)
        except ValueError as error:
            self.fault(str(error), names, value)
            return None

    def fault(self, message: str, names: tuple[str, ...], value: Any) -> None:
        """Adds a fault about the field, once; the rest of the record is still told."""
        column = ".".join(names)
        given = excerpt(value)[:200]
        if (column, message, given) in self._told:
            return  # a part of the wrong shape is met at each of its fields
        self._told.add((column, message, given))
        self.gathering.fault(f"{column}: {message}", path=self.path, raw=self.raw, column=column, value=given)

    def _at(self, names: tuple[str, ...]) -> Any:
        value: Any = self.values
        for depth, name in enumerate(names):
            if value is None or value == "":
                return None
            if not isinstance(value, Mapping):
                self.fault("an object is needed", names[:depth], value)
                return None
            value = value.get(name)
        return value


def time_of(text: str) -> datetime:
    """The moment, in UTC, that a text with an offset spells; raises ValueError that says what is wrong."""
    try:
        time, aware = _READER.clock("it", text)
    except InvalidReport as error:
        raise ValueError(error.message) from None
    if not aware:
        raise ValueError(f"it is {text[:40]!r}, a time without an offset")
    return time


def spelt(time: datetime | None) -> str | None:
    """A moment as reports spell it."""
    return None if time is None else time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def observed(time: datetime | None, received_at: datetime) -> dict[str, str]:
    """`observed_at` for a report; nothing if it is not known, or after what came had come."""
    return {} if time is None or time > received_at else {"observed_at": spelt(time) or ""}


def flight_day(departure: datetime, origin: str | None) -> dict[str, str]:
    """`date` for a report: the day at the origin when the flight is to leave; nothing if its clocks are not known."""
    place = airports.airport(origin) if origin else None
    if place is None:
        return {}
    try:
        return {"date": departure.astimezone(place.tz).date().isoformat()}
    except OverflowError:
        return {}


def day_it_left(arrival: datetime, origin: str | None, here: str, otherwise: timedelta) -> Day | None:
    """The UTC day on which a flight arriving then probably left: as long before as flights from there take.

    `otherwise` is how long where the origin is not known. None before the calendar began.
    """
    long = under_way(origin, here) if origin else None
    try:
        return (arrival.astimezone(UTC) - (long or otherwise)).date()
    except OverflowError:
        return None


def said(**values: Any) -> dict[str, Any]:
    """The values without those that are None or empty: absent says nothing."""
    return {name: value for name, value in values.items() if value is not None and value not in ("", [], {})}


def excerpt(value: Any) -> str:
    """A decoded value as JSON, short enough to be shown, in characters that any UTF-8 can hold."""
    try:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = f"a very large {type(value).__name__}"
    return text[:MAX_RAW].encode("utf-8", "replace").decode()


def _brief(data: bytes) -> str:
    return repr(data[:60].decode("utf-8", "replace"))

"""The FAA's NAS status: the programmes of US airports (ground stops and delays, closures), read from its XML.

A document is the whole list: an absent section means that none is active, and one with nothing but its time is normal.
It is written for people. Durations are English, the end of a ground stop is a local time of day with a zone word, and a
closure's dates have no year; the NOTAM in its reason does.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element

from windsock.errors import FeedError
from windsock.feeds import polling
from windsock.feeds.faa.notams import notam_of, only_for
from windsock.feeds.faa.times import clock_time, minutes_of, nearest_day, update_time
from windsock.feeds.parsing import MAX_RAW, Fault, Parsed
from windsock.feeds.xml import children, root_of, text
from windsock.flights.airports import Airport, airport
from windsock.flights.programmes import Programme, ProgrammeList, Trend

ADDRESS = "https://nasstatus.faa.gov/api/airport-status-information"

MAX_BYTES = 2_000_000
"""The worst days of the system are some 30 kB."""
MAX_PROGRAMMES = 5000
"""The US have some 500 airports with flights, and each has few programmes at a time."""

_ROOT = "AIRPORT_STATUS_INFORMATION"
_ASIDE = frozenset({"Name", "listLength"})
_TRENDS: dict[str, Trend] = {
    "increasing": "increasing",
    "decreasing": "decreasing",
    "steady": "steady",
    "stable": "steady",
    "no change": "steady",
}


def parse(data: bytes, *, received_at: datetime, source: str = "faa") -> Parsed:
    """Return all programmes of the document, in its order, and faults for what could not be read; no reports.

    Times without a date are taken as near the document's own time, which is also `observed_at` (never after
    `received_at`). Raise FeedError if this is not the FAA's document, and nothing else.
    """
    root = root_of(data, max_bytes=MAX_BYTES)
    if root.tag != _ROOT:
        raise FeedError(f"This is XML, but <{root.tag[:60]}>, not the FAA's <{_ROOT}>. Check the address.")
    reading = _Reading(source, received_at)
    reading.document(root)
    listed = ProgrammeList(source=source, observed_at=reading.now, programmes=tuple(reading.programmes))
    return Parsed((), tuple(reading.faults), listed)


@dataclass(slots=True)
class _Reading:
    """One document being read."""

    source: str
    now: datetime
    programmes: list[Programme] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    path: str = ""

    def document(self, root: Element) -> None:
        told = text(root, "Update_Time")
        if told is not None:
            try:
                self.now = min(self.now, update_time(told))
            except (ValueError, OverflowError):
                self.path = "Update_Time"
                self.fault(
                    "This is not a time like 'Fri Oct 2 11:46:31 2026 GMT'; the time of receipt counts.",
                    told,
                    None,
                )
        for section in children(root, "Delay_type"):
            for entries in section:
                # The names of sections are worded differently from time to time; their lists are not.
                name = entries.tag
                if name in _ASIDE:
                    continue
                if name not in _LISTS:
                    self.path = name
                    self.fault(f"No list of this kind is known; known are {', '.join(_LISTS)}.", None, None)
                    continue
                wanted, read = _LISTS[name]
                for index, entry in enumerate(children(entries, wanted)):
                    self.path = f"{name}.{wanted}[{index}]"
                    self.entry(entry, read)

    def entry(self, entry: Element, read: "_Read") -> None:
        code = text(entry, "ARPT")
        place = None if code is None else airport_of(code)
        if place is None:
            self.fault(
                "No airport is known by this FAA code." if code else "It does not say which airport.",
                code,
                "ARPT",
            )
            return
        if len(self.programmes) >= MAX_PROGRAMMES:
            raise FeedError(
                f"The document lists more than {MAX_PROGRAMMES} programmes; that is not believable."
            )
        common: dict[str, Any] = {"airport": place.code, "source": self.source, "observed_at": self.now}
        for fields in read(self, entry, place):
            self.programmes.append(Programme(**common, **fields))

    def fault(self, message: str, value: str | None, column: str | None) -> None:
        shown = None if value is None else value[:200]
        self.faults.append(Fault(None, message, (value or "")[:MAX_RAW], column, shown, self.path))

    # The four lists

    def ground_stop(self, entry: Element, place: Airport) -> Iterator[dict[str, Any]]:
        yield {"kind": "ground_stop", "reason": reason(entry), "ends_at": self.end(entry, place)}

    def ground_delay(self, entry: Element, place: Airport) -> Iterator[dict[str, Any]]:
        yield {
            "kind": "ground_delay",
            "reason": reason(entry),
            "ends_at": self.end(entry, place),
            "average_minutes": self.minutes(entry, "Avg"),
            "maximum_minutes": self.minutes(entry, "Max"),
        }

    def delay(self, entry: Element, place: Airport) -> Iterator[dict[str, Any]]:
        for side in children(entry, "Arrival_Departure"):
            which = side.get("Type", "").strip().lower()
            if which not in ("arrival", "departure"):
                self.fault("The delay is neither of arrivals nor of departures.", side.get("Type"), "Type")
                continue
            trend = text(side, "Trend")
            if trend is not None and trend.lower() not in _TRENDS:
                self.fault(f"This trend is not known; known are {', '.join(_TRENDS)}.", trend, "Trend")
            yield {
                "kind": f"{which}_delay",
                "reason": reason(entry),
                "minimum_minutes": self.minutes(side, "Min"),
                "maximum_minutes": self.minutes(side, "Max"),
                "trend": _TRENDS.get((trend or "").lower()),
            }

    def closure(self, entry: Element, place: Airport) -> Iterator[dict[str, Any]]:
        why = reason(entry)
        notam = None
        try:
            notam = notam_of(why or "")
        except ValueError as error:
            self.fault(f"The NOTAM's period is not valid ({error}).", why, "Reason")
        begins_at = self.day(entry, "Start", notam.begins_at if notam else None, self.now)
        ends_at = self.day(entry, "Reopen", notam.ends_at if notam else None, begins_at or self.now)
        if begins_at and ends_at and ends_at <= begins_at:
            self.fault(
                "It would reopen before it is closed; the end is left out.", text(entry, "Reopen"), "Reopen"
            )
            ends_at = None
        yield {
            "kind": "closure",
            "reason": why,
            "begins_at": begins_at,
            "ends_at": ends_at,
            "only_for": only_for(why or ""),
        }

    # Single values

    def minutes(self, entry: Element, name: str) -> int | None:
        told = text(entry, name)
        if told is None:
            return None
        try:
            return minutes_of(told)
        except ValueError:
            self.fault("This is not a duration like '1 hour and 5 minutes'.", told, name)
            return None

    def end(self, entry: Element, place: Airport) -> datetime | None:
        told = text(entry, "End_Time")
        if told is None:
            return None
        try:
            return clock_time(told, place, self.now)
        except (ValueError, OverflowError):
            self.fault(f"This is not a time at {place.code} like '9:00 pm EDT'.", told, "End_Time")
            return None

    def day(self, entry: Element, name: str, exact: datetime | None, near: datetime) -> datetime | None:
        """Return the moment of an element without a year, which the NOTAM has if there is one."""
        told = text(entry, name)
        if exact is not None or told is None:
            return exact
        try:
            return nearest_day(told, near)
        except (ValueError, OverflowError):
            self.fault("This is not a time like 'May 27 at 18:26 UTC'.", told, name)
            return None


_Read = Callable[[_Reading, Element, Airport], Iterator[dict[str, Any]]]

_LISTS: dict[str, tuple[str, _Read]] = {
    "Ground_Stop_List": ("Program", _Reading.ground_stop),
    "Ground_Delay_List": ("Ground_Delay", _Reading.ground_delay),
    "Arrival_Departure_Delay_List": ("Delay", _Reading.delay),
    "Airport_Closure_List": ("Airport", _Reading.closure),
}


def airport_of(code: str) -> Airport | None:
    """Return the airport with this FAA identifier: its ICAO code without the K, or its IATA code (Honolulu: HNL)."""
    code = code.strip().upper()
    found = airport(f"K{code}") if len(code) == 3 else None
    return found or airport(code)


def reason(entry: Element) -> str | None:
    """Return the reason, on one line and short enough to be shown."""
    told = " ".join((text(entry, "Reason") or "").split())
    return "".join(letter for letter in told if letter.isprintable())[:1000] or None


class Poller(polling.Poller):
    """Ask for the whole list. No limit is published; once a minute is the fastest seen in use."""

    every = 60.0

    def requests(self, cursor: str, now: datetime) -> Sequence[polling.Request]:
        """Return the one request there is."""
        return (polling.Request(url=self.url or ADDRESS),)

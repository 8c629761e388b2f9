"""Avinor's flight feed (all airports of Norway): what one airport's board says about its departures and arrivals.

One record is one side of a flight, seen from the airport the document names. Without a status a flight is as scheduled:
then an earlier estimate or cancellation of this source is erased. A record's absence says nothing, least of all after
`lastUpdate`, when only what changed is sent.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree.ElementTree import Element, tostring

from windsock.errors import ConfigError, FeedError
from windsock.feeds import xml
from windsock.feeds.format import Format
from windsock.feeds.parsing import Gathering, Parsed
from windsock.feeds.polling import Poller as BasePoller
from windsock.feeds.polling import Request
from windsock.feeds.reports import flight_date, moment_of, observed, said
from windsock.flights import airports
from windsock.flights.block_times import when_it_left
from windsock.flights.values import utc

NAME = "avinor"
ATTRIBUTION = "Flight data from Avinor"

MAX_BYTES = 8 * 1024 * 1024
"""Oslo's busiest four days are about 1 MB."""

MAX_RECORDS = 10_000
"""Several times what the busiest airport has in four days; what follows is one fault."""

UNDER_WAY = {"D": timedelta(hours=1), "S": timedelta(hours=2), "I": timedelta(hours=4)}
"""About how long a domestic, Schengen or other flight takes if its route is not known. Arrivals do not say when they
left; that day is guessed, and can only be wrong for a flight that left around midnight UTC."""

_DIRECTIONS = {"A": "arrival", "D": "departure"}
_STATED = {"A": "landed", "D": "out"}
"""The milestone of a status without a time; in Norwegian A reads "Landet"."""


def parse(data: bytes, *, received_at: datetime, source: str = NAME) -> Parsed:
    """Return what the document says; raise FeedError if it is not Avinor's, or names an unknown airport."""
    root, flights = _flights(data)
    name = (root.get("name") or "").strip().upper()
    here = airports.airport(name)
    if here is None:
        raise FeedError(
            f"Avinor: the document is about the airport {name[:20]!r}, which is not known. Ask with airport=OSL or the "
            "like; Avinor silently ignores a misspelt parameter."
        )
    gathering = Gathering(received_at, source)
    updated = observed(_updated(flights), received_at)
    for index, element in enumerate(xml.children(flights, "flight")):
        if index == MAX_RECORDS:
            gathering.fault(f"Only the first {MAX_RECORDS} records were read.", path=f"flight[{index}]")
            break
        _Flight(element, f"flight[{index}]", here.code, gathering).tell(updated)
    return gathering.parsed()


def last_update(data: bytes) -> datetime | None:
    """Return the moment to send as `lastUpdate` next time, in UTC; None if the document has none.

    Raise FeedError as `parse` does.
    """
    return _updated(_flights(data)[1])


class Poller(BasePoller):
    """Ask for the board of one airport, both directions: first from some hours ago, then for changes."""

    every = 180.0  # Avinor: every three minutes is enough
    address = "https://asrv.avinor.no/XmlFeed/v1.0"

    def requests(self, cursor: str, now: datetime) -> Sequence[Request]:
        """Return one request. Names are spelt as Avinor spells them: it silently ignores a misspelt one."""
        params = {"airport": str(self.options["airport"]).upper(), "TimeFrom": "6", "TimeTo": "24"}
        if cursor:
            params["lastUpdate"] = cursor
        return [Request(url=self.url or self.address, params=params)]

    def cursor(self, bodies: Sequence[bytes], cursor: str, now: datetime) -> str:
        """Return the document's own time: the provider's clock counts, not ours."""
        updated = last_update(bodies[-1]) if bodies else None
        return cursor if updated is None else f"{updated.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def prepared(options: Mapping[str, Any]) -> dict[str, Any]:
    """Check the feed's own keys; raise ConfigError for an unknown airport."""
    airport = options.get("airport")
    if airport is not None and (not isinstance(airport, str) or airports.airport(airport) is None):
        raise ConfigError(f"avinor: airport is {airport!r}; use a Norwegian airport's code such as 'OSL'.")
    return {}


def _flights(data: bytes) -> tuple[Element, Element]:
    root = xml.root_of(data, max_bytes=MAX_BYTES)
    flights = xml.child(root, "flights")
    if root.tag != "airport" or flights is None:
        words = " ".join("".join(root.itertext()).split())[:200]
        raise FeedError(
            f"Avinor: <{root.tag[:40]}> came ({words!r}); <airport> with <flights> was expected. Check the "
            "address: its path and its parameters heed upper and lower case."
        )
    return root, flights


def _updated(flights: Element) -> datetime | None:
    try:
        return moment_of((flights.get("lastUpdate") or "").strip())
    except ValueError:
        return None


class _Flight:
    """One record, read into one report."""

    def __init__(self, element: Element, path: str, here: str, gathering: Gathering) -> None:
        self.element, self.path, self.here, self.gathering = element, path, here, gathering
        self.raw = tostring(element, encoding="unicode").strip()[:2000]

    def tell(self, observed_at: datetime | None) -> None:
        number, direction = xml.text(self.element, "flight_id"), xml.text(self.element, "arr_dep")
        side = _DIRECTIONS.get(direction or "")
        if number is None or side is None:
            what = "flight_id is missing" if number is None else "arr_dep is neither A nor D"
            self.fault(
                f"{what}; the record is skipped", "flight_id" if number is None else "arr_dep", direction
            )
            return
        scheduled = self.time(xml.text(self.element, "schedule_time"), "schedule_time")
        other = xml.text(self.element, "airport")
        part: dict[str, Any] = said(
            scheduled=scheduled,
            gate=xml.text(self.element, "gate"),
            checkin_desk=xml.text(self.element, "check_in") if side == "departure" else None,
            belt=xml.text(self.element, "belt") if side == "arrival" else None,
        )
        report: dict[str, Any] = {**said(flight=number, observed_at=observed_at), side: part}
        about = None
        if side == "departure":
            report |= said(origin=self.here, destination=other, date=flight_date(scheduled, self.here))
        else:
            report |= said(origin=other, destination=self.here)
            if scheduled is not None:
                kind = xml.text(self.element, "dom_int") or ""
                about = when_it_left(scheduled, other, self.here, UNDER_WAY.get(kind, UNDER_WAY["S"]))
        self.status(report, part, side)
        self.gathering.tell_what_holds(report, path=self.path, raw=self.raw, about=about)

    def status(self, report: dict[str, Any], part: dict[str, Any], side: str) -> None:
        """Add what the status says. No status erases an earlier one; an unknown status says nothing."""
        element = xml.child(self.element, "status")
        code = None if element is None else (element.get("code") or "").strip()
        if element is None or not code:
            report["cancelled"] = part["estimated"] = None
        elif code == "C":
            report["cancelled"] = True
        elif code == "N":
            report["cancelled"] = (
                None  # news of another kind, such as a gate: the flight is no longer cancelled
            )
        elif code == "E" or code == side[0].upper():
            report["cancelled"] = False
            time = self.time((element.get("time") or "").strip() or None, "status.time")
            if time is not None:
                if code == "A":
                    report["landing"] = {"actual": utc(time)}  # "Landet" in Avinor's own words, not in block
                else:
                    part["estimated" if code == "E" else "actual"] = utc(time)
            elif code != "E" and element.get("time") is None:
                report["stated_status"] = _STATED[code]
            elif element.get("time") is None:
                self.fault(f"the status {code} has no time", "status.time", None)
        else:
            known = f"{side[0].upper()}, C, E or N"
            self.fault(
                f"the status {code[:20]!r} of this {side} is not known; {known} was expected",
                "status.code",
                code,
            )

    def time(self, value: str | None, column: str) -> datetime | None:
        if value is None:
            return None
        try:
            return moment_of(value)
        except ValueError as error:
            self.fault(f"{column}: {error}", column, value)
            return None

    def fault(self, message: str, column: str, value: str | None) -> None:
        self.gathering.fault(
            message, path=self.path, raw=self.raw, column=column, value=None if value is None else value[:200]
        )


FORMAT = Format(parse=parse, poller=Poller, prepared=prepared, attribution=ATTRIBUTION)

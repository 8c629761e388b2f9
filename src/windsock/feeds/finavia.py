"""Finavia's flight feed: arrivals and departures of its airports in Finland, as XML, all times in UTC.

One record is one side of a flight, seen from the airport `h_apt`. A record's absence says nothing, and neither does an
empty element.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from xml.etree.ElementTree import Element, tostring

from windsock.errors import ConfigError, FeedError
from windsock.feeds import xml
from windsock.feeds.format import Format
from windsock.feeds.parsing import MAX_RAW, Gathering, Parsed
from windsock.feeds.polling import Poller as BasePoller
from windsock.feeds.polling import Request
from windsock.feeds.reports import flight_date, moment_of, observed, said
from windsock.flights import airports
from windsock.flights.block_times import when_it_left
from windsock.flights.values import utc

NAME = "finavia"
ATTRIBUTION = "Flight data from Finavia"

MAX_BYTES = 16 * 1024 * 1024
"""A record has about 1.5 kB, and a day at all airports some 1,500 of them: both sides of three days are 7 MB."""

MAX_RECORDS = 20_000
"""Several times what all airports have in three days; what follows is one fault."""

MAX_CODESHARES = 10
"""`cflight_1` and so on; real records have at most six."""

BLOCK_TIME = timedelta(hours=3)
"""How long a flight to Finland takes whose origin is not in our table of airports."""

_SIDES = {"arr": "arrival", "dep": "departure"}

# What each status code says. A flight that is expected or under way is not cancelled; one that is scheduled is no
# longer cancelled if this source had said so.
_STATUSES: dict[str, dict[str, Any]] = {
    "SCH": {"cancelled": None, "stated_status": None},
    "EXP": {"cancelled": False},
    "BRD": {"cancelled": False, "boarding": True},
    "DEP": {"cancelled": False},
    "LAN": {"cancelled": False, "stated_status": "landed"},
    "CXX": {"cancelled": True},
    "DIV": {"cancelled": False, "diverted": True},
}

_DEPARTED = {"departure": "out", "arrival": "airborne"}
"""How far a flight has come that has departed, as seen from the side that says so."""

# The code for the words of `prt`, for codes that are not listed above: the codes are not documented completely.
_WORDS = {
    "scheduled": "SCH",
    "on schedule": "SCH",
    "expected": "EXP",
    "estimated": "EXP",
    "delayed": "EXP",
    "check-in": "EXP",
    "go to gate": "EXP",
    "gate open": "EXP",
    "gate closed": "EXP",
    "boarding": "BRD",
    "final call": "BRD",
    "last call": "BRD",
    "departed": "DEP",
    "landed": "LAN",
    "cancelled": "CXX",
    "canceled": "CXX",
    "diverted": "DIV",
}


class Poller(BasePoller):
    """Ask for the arrivals and departures of one airport, or of all that Finavia runs."""

    every = 120.0  # no limit is published; the provider's own board is a minute or two old
    needs_secret = True
    max_pages = 1  # the answer is one document
    address = "https://apigw.finavia.fi/flights/public/v0/flights"

    @classmethod
    def check(cls, options: Mapping[str, Any]) -> None:
        """Raise ConfigError for an airport that is not in the table."""
        airport = options.get("airport")
        if airport is None:
            return
        if not isinstance(airport, str) or airports.airport(airport.strip()) is None:
            raise ConfigError(
                f"finavia: airport is {airport!r}; use a Finnish airport's code such as 'HEL', or leave it out for all."
            )

    def requests(self, cursor: str, now: datetime) -> Sequence[Request]:
        """Return the one request: both sides of the airport, or of all."""
        airport = airports.airport(str(self.options.get("airport") or "").strip())
        which = "all" if airport is None else airport.code
        return [
            Request(
                url=f"{self.url or self.address}/all/{which}",
                headers={"app_key": self.secret or "", "Accept": "application/xml"},
            )
        ]


def parse(data: bytes, *, received_at: datetime, source: str = NAME) -> Parsed:
    """Return what the document says; raise FeedError if it is not Finavia's."""
    root = xml.root_of(data, max_bytes=MAX_BYTES)
    sides = [element for element in root if element.tag in _SIDES]
    if root.tag != "flights" or not sides:
        words = " ".join("".join(root.itertext()).split())[:200]
        raise FeedError(
            f"Finavia: expected <flights> with <arr> or <dep>, got <{root.tag[:40]}> ({words!r}). Check the address "
            "and the key."
        )
    gathering = Gathering(received_at, source)
    read = 0
    for element in sides:
        updated = observed(_updated(element), received_at)
        body = xml.child(element, "body")
        for index, record in enumerate(() if body is None else xml.children(body, "flight")):
            path = f"{element.tag}.flight[{index}]"
            if read == MAX_RECORDS:
                gathering.fault(f"Only the first {MAX_RECORDS} records were read.", path=path)
                return gathering.parsed()
            read += 1
            _Record(record, path, _SIDES[element.tag], gathering).tell(updated)
    return gathering.parsed()


def _updated(side: Element) -> datetime | None:
    try:
        return moment_of(xml.text(side, "header", "timestamp") or "")
    except ValueError:
        return None


class _Record:
    """One side of a flight, read into one report."""

    def __init__(self, element: Element, path: str, side: str, gathering: Gathering) -> None:
        self.element, self.path, self.side, self.gathering = element, path, side, gathering
        self.raw = tostring(element, encoding="unicode").strip()[:MAX_RAW]

    def tell(self, observed_at: datetime | None) -> None:
        """Add the report, or a fault if the record names no flight or no airport."""
        number, board = self.text("fltnr"), self.text("h_apt")
        here = None if board is None else airports.airport(board)
        if number is None or here is None:
            column = "fltnr" if number is None else "h_apt"
            what = "is missing" if self.text(column) is None else "is not a known airport"
            self.fault(f"{column} {what}; the record is skipped", column, self.text(column))
            return
        scheduled, other = self.time("sdt"), self.text("route_1")
        departs = self.side == "departure"
        report: dict[str, Any] = {
            **said(
                flight=number,
                observed_at=observed_at,
                origin=here.code if departs else other,
                destination=other if departs else here.code,
                date=flight_date(scheduled, here.code) if departs else None,
                registration=self.text("acreg"),
                aircraft_type=self.text("actype"),
                codeshares=self.codeshares(),
            ),
            self.side: said(
                scheduled=scheduled,
                estimated=self.time("pest_d") or self.time("est_d"),
                terminal=self.text("termid"),
                gate=self.text("gate"),
                stand=self.text("park"),
                checkin_desk=self.checkin_desk() if departs else None,
                belt=None if departs else self.text("bltarea"),
            ),
            **self.status(),
        }
        if (actual := self.time("act_d")) is not None:
            # An arrival's record becomes LAN, landed, with it: the runway. A departure's is taken for the gate.
            report.setdefault("departure" if departs else "landing", {})["actual"] = utc(actual)
        about = None
        if not departs and scheduled is not None:
            about = when_it_left(scheduled, other, here.code, BLOCK_TIME)
        self.gathering.tell_what_holds(report, path=self.path, raw=self.raw, about=about)

    def status(self) -> dict[str, Any]:
        """Return what the status says; nothing, and a fault, if neither its code nor its words are known."""
        code, words = (self.text("prm") or "").upper(), (self.text("prt") or "").lower()
        if code not in _STATUSES:
            code = _WORDS.get(words, code)
        if code in _STATUSES:
            stated = {"stated_status": _DEPARTED[self.side]} if code == "DEP" else {}
            return _STATUSES[code] | stated
        if code or words:
            self.fault("the status is not known; the rest of the record is used", "prm", code or words)
        return {}

    def codeshares(self) -> list[str]:
        found = (self.text(f"cflight_{number}") for number in range(1, MAX_CODESHARES + 1))
        return [number for number in found if number is not None]

    def checkin_desk(self) -> str | None:
        """Return the desks of check-in: one, or the first and the last."""
        desks = [desk for name in ("chkdsk_1", "chkdsk_2") if (desk := self.text(name)) is not None]
        return "-".join(dict.fromkeys(desks)) or None

    def text(self, name: str) -> str | None:
        return xml.text(self.element, name)

    def time(self, name: str) -> datetime | None:
        value = self.text(name)
        if value is None:
            return None
        try:
            return moment_of(value)
        except ValueError as error:
            self.fault(f"{name}: {error}", name, value)
            return None

    def fault(self, message: str, column: str, value: str | None) -> None:
        self.gathering.fault(
            message, path=self.path, raw=self.raw, column=column, value=None if value is None else value[:200]
        )


FORMAT = Format(parse=parse, poller=Poller, attribution=ATTRIBUTION)

"""Amsterdam Schiphol's public flights (v4): one page of departures and arrivals, times with offsets, lists of states.

The airport writes one record for each number that a flight is sold under; those of one `mainFlight` become one report.
`flightStates` all apply at once, in no order.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from windsock.feeds.format import Format
from windsock.feeds.json import JsonObject, decode, list_in, records
from windsock.feeds.parsing import Gathering, Parsed
from windsock.feeds.polling import Poller as BasePoller
from windsock.feeds.polling import Request, two_parts
from windsock.feeds.reports import flight_date, moment_of, observed, said
from windsock.flights.airports import zone
from windsock.flights.block_times import when_it_left

NAME = "schiphol"
ATTRIBUTION = "Flight data from Amsterdam Airport Schiphol"
_TITLE = "Schiphol"

MAX_BYTES = 8 * 1024 * 1024
"""A page of 20 records is about 40 kB; some gather many pages into one."""

MAX_LINK = 8192
"""Servers accept a header of this length; real ones have about 500 characters."""

UNDER_WAY = timedelta(hours=2)
"""About how long a flight to Amsterdam takes if its route is not known. Arrivals do not say when they left; the UTC
day they left is guessed, and can be wrong for those that left around midnight UTC."""

_PARAMETER = re.compile(r';[ \t]*([A-Za-z]+)[ \t]*=[ \t]*("[^"]*"|[^\s;,"]+)', re.ASCII)
_HERE = "AMS"
_SIDES = {"A": "arrival", "D": "departure"}
_ZONE = "Europe/Amsterdam"
_CANCELLED, _DIVERTED = "CNX", "DIV"
# With one of these alone the flight is as scheduled or late, and an earlier cancellation is taken back, not denied.
_PLANNED = {"SCH", "DEL", "GCH", "TOM"}
_BOARDING = {"BRD", "GCL"}
# Wait in lounge, gate open, gate closed, departed: nobody boards yet, or boarding has ended.
_NOT_BOARDING = {"WIL", "GTO", "GTD", "DEP"}  # codespell:ignore
_DEPARTING = _BOARDING | _NOT_BOARDING
# In the air, expected to land, in Dutch airspace, landed, first baggage, all done.
_ARRIVING = {"AIR", "EXP", "FIR", "LND", "FIB", "ARR"}
# The milestone that each implies, furthest first, with or without a time beside it.
_STATED: dict[str, dict[str, set[str]]] = {
    "departure": {"out": {"DEP"}},
    "arrival": {"arrived": {"FIB", "ARR"}, "landed": {"LND"}, "airborne": {"AIR", "FIR"}},
}
_KNOWN = _PLANNED | _DEPARTING | _ARRIVING | {_CANCELLED, _DIVERTED}


class Poller(BasePoller):
    """Ask first for the flights of some hours, then for what was updated since.

    The moments in the requests have no offset: they are Amsterdam's own, as are those of its records.
    """

    every = 180.0  # no interval is published; a poll is some pages, and what changed in three minutes is few of them
    needs_secret = True
    conditional = False  # each poll asks for another span of time
    max_pages = 150  # of 20 records each: the first poll's hours are up to 100 pages in summer
    address = "https://api.schiphol.nl/public-flights/flights"

    def __init__(
        self, options: Mapping[str, Any], *, secret: str | None = None, url: str | None = None
    ) -> None:
        super().__init__(options, secret=secret, url=url)
        found = None if secret is None else two_parts(secret, feed=NAME, parts="app_id and app_key")
        self._keys = {} if found is None else {"app_id": found[0], "app_key": found[1]}

    def requests(self, cursor: str, now: datetime) -> Sequence[Request]:
        """Return one request; `next_page` continues from there."""
        local = now.astimezone(zone(_ZONE)).replace(tzinfo=None, microsecond=0)
        begin = _wall(cursor)
        span = {
            "fromDateTime": (local - FIRST_BEFORE).isoformat(),
            "toDateTime": (local + FIRST_AFTER).isoformat(),
        }
        if begin is not None and begin > local - FIRST_BEFORE:
            span = {
                "searchDateTimeField": "lastUpdatedAt",
                "fromDateTime": begin.isoformat(),
                "toDateTime": (local + OVERLAP).isoformat(),
            }
        return [
            Request(
                url=self.url or self.address,
                params={"includedelays": "true", "page": "0", "sort": "+scheduleTime", **span},
                headers={**self._keys, "ResourceVersion": "v4", "Accept": "application/json"},
            )
        ]

    def next_page(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """Return the address that the Link header names."""
        return next_page(headers.get("link", ""))

    def cursor(self, bodies: Sequence[bytes], cursor: str, now: datetime) -> str:
        """Return Amsterdam's time of the latest update, less an overlap: the airport's clock counts, not ours."""
        latest: datetime | None = None
        for body in bodies:
            for record in _flights(body):
                try:
                    updated = moment_of(str(record["lastUpdatedAt"]))
                except (KeyError, TypeError, ValueError):
                    continue
                # One record's clock that runs ahead must not make us miss all that comes until then.
                if updated <= now + OVERLAP:
                    latest = updated if latest is None else max(latest, updated)
        if latest is None:
            return cursor
        wall = (latest.astimezone(zone(_ZONE)) - OVERLAP).replace(tzinfo=None, microsecond=0)
        before = _wall(cursor)
        return (wall if before is None else max(wall, before)).isoformat()


def _wall(cursor: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(cursor)
    except ValueError:
        return None
    return found if found.tzinfo is None else None


FIRST_BEFORE, FIRST_AFTER = timedelta(hours=6), timedelta(hours=12)
"""The span of the first poll, and of one after a longer pause: flights under way, and those of the day."""

OVERLAP = timedelta(minutes=5)
"""Records are not in the order of their updates; what is reported twice changes nothing."""


def parse(data: bytes, *, received_at: datetime, source: str = NAME) -> Parsed:
    """Return what the page says, in the order of its flights; raise FeedError if it is another answer."""
    gathering = Gathering(received_at, source)
    flights: dict[tuple[str, ...], list[_Numbered]] = {}
    for record in records(_flights(data), "flights", gathering):
        numbered = _numbered(replace(record, path=_place(record.path, record.fields.get("id"))))
        if numbered is not None:
            flights.setdefault((numbered.main, numbered.side, numbered.when), []).append(numbered)
    for same in flights.values():
        _tell(same)
    return gathering.parsed()


def _flights(data: bytes) -> list[Any]:
    """Return the records of a page; also the one of an answer about a single flight, which has no list."""
    found = decode(data, name=_TITLE, max_bytes=MAX_BYTES)
    if isinstance(found, Mapping) and "flights" not in found and "flightDirection" in found:
        return [found]
    return list_in(found, "flights", name=_TITLE)


def next_page(link_header: str) -> str | None:
    """Return the address of the next page by the Link header; None on the last page, or for any other header."""
    if len(link_header) > MAX_LINK:
        return None
    rest = link_header
    while True:
        _, opened, rest = rest.partition("<")
        address, closed, rest = rest.partition(">")
        if not opened or not closed:
            return None
        # An address may hold commas; the parameters behind it end where the next address begins.
        parameters = rest.partition("<")[0]
        for name, value in _PARAMETER.findall(parameters):
            if name.lower() == "rel" and "next" in value.strip('"').lower().split():
                return address.strip() or None


def _place(path: str, number: Any) -> str:
    """Return the record's place with the airport's id as text: it is beyond 2^53, so readers would round a number."""
    if isinstance(number, bool) or not isinstance(number, (int, str)):
        return path
    return f"{path} (id {str(number)[:30]})"


@dataclass(frozen=True, slots=True)
class _Numbered:
    """One record: a number that the flight `main` is sold under, on one side of it, scheduled for `when`."""

    record: JsonObject
    main: str
    own: str
    side: str
    when: str


def _numbered(record: JsonObject) -> _Numbered | None:
    """Return what the record is about; None, with a fault, if it does not say."""
    main, own = record.text("mainFlight"), record.text("flightName")
    direction = record.text("flightDirection")
    number = main or own
    if number is None:
        record.fault("no flight number is given; the record is skipped", "flightName")
        return None
    side = _SIDES.get(direction or "")
    if side is None:
        record.fault("it is neither A nor D; the record is skipped", "flightDirection", direction)
        return None
    when = record.fields.get("scheduleDateTime") or record.fields.get("scheduleDate") or ""
    return _Numbered(record, _squeezed(number), _squeezed(own or number), side, str(when)[:40])


def _squeezed(number: str) -> str:
    return number.replace(" ", "").upper()


def _tell(flight: list[_Numbered]) -> None:
    """Report one flight by its own record or, if that is on another page, by the first of its codeshares."""
    chosen = next((numbered for numbered in flight if numbered.own == numbered.main), flight[0])
    record, main, side = chosen.record, chosen.main, chosen.side
    scheduled = record.time("scheduleDateTime")
    # Each once, without the flight itself, in the order found.
    listed = [
        _squeezed(name)
        for numbered in flight
        for name in numbered.record.inner("codeshares").texts("codeshares")
    ]
    names = dict.fromkeys([*listed, *(numbered.own for numbered in flight)])
    names.pop(main, None)
    aircraft = record.inner("aircraftType")
    part: dict[str, Any] = said(
        scheduled=scheduled, terminal=record.text("terminal"), gate=record.text("gate")
    )
    report: dict[str, Any] = {
        **said(
            flight=main,
            observed_at=observed(record.time("lastUpdatedAt"), record.gathering.received_at),
            codeshares=list(names),
            registration=record.text("aircraftRegistration"),
            aircraft_type=aircraft.text("iataSub") or aircraft.text("iataMain"),
        ),
        side: part,
    }
    about = None
    route = record.inner("route").texts("destinations")
    if side == "departure":
        report |= said(origin=_HERE, destination=next(iter(route), None), date=flight_date(scheduled, _HERE))
        part |= _expected(record, "publicEstimatedOffBlockTime", "actualOffBlockTime")
    else:
        # Where several airports stand, which of them is the last before Amsterdam is not documented.
        origin = route[0] if len(route) == 1 else None
        report |= said(origin=origin, destination=_HERE)
        if scheduled is not None:
            about = when_it_left(scheduled, origin, _HERE, UNDER_WAY)
        part |= said(
            belt=", ".join(record.inner("baggageClaim").texts("belts")),
            first_bag=record.time("expectedTimeOnBelt"),
        )
        report |= said(landing=_expected(record, "estimatedLandingTime", "actualLandingTime"))
    report |= _states(record.inner("publicFlightState"), side)
    record.tell(report, about=about)


def _expected(record: JsonObject, estimated: str, actual: str) -> dict[str, Any]:
    """Return estimate and actual time. Null says nothing, as if it were absent."""
    return said(estimated=record.time(estimated), actual=record.time(actual))


def _states(given: JsonObject, side: str) -> dict[str, Any]:
    """Return what the states say. An unknown one is a fault and does not affect the others."""
    states = set()
    for state in given.texts("flightStates"):
        if state.upper() in _KNOWN:
            states.add(state.upper())
        else:
            given.fault("this state is not known; the rest is used", "flightStates", state)
    found: dict[str, Any] = {}
    if _CANCELLED in states:
        return {"cancelled": True}
    if _DIVERTED in states:
        found["diverted"] = True
    if states - _PLANNED:
        found["cancelled"] = False
    elif states:
        found["cancelled"] = None
    if states:
        found["stated_status"] = next((far for far, of in _STATED[side].items() if of & states), None)
    if side == "departure" and states:
        if states & _NOT_BOARDING:
            found["boarding"] = False
        else:
            found["boarding"] = True if states & _BOARDING else None
    return found


FORMAT = Format(parse=parse, poller=Poller, attribution=ATTRIBUTION)

"""Amsterdam Schiphol's public flights (v4): one page of departures and arrivals, times with offsets, lists of states.

The airport writes one record for each number a flight is sold under; those of one `mainFlight` become one report.
`flightStates` are taken as all that is so at once, in no order.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from windsock.feeds import board
from windsock.feeds.parsing import Gathering, Parsed
from windsock.feeds.polling import Poller as BasePoller
from windsock.feeds.polling import Request, two_parts
from windsock.flights.airports import zone

NAME = "schiphol"
ATTRIBUTION: str | None = "Flight data from Amsterdam Airport Schiphol"

MAX_BYTES = 8 * 1024 * 1024
"""A page of 20 records is about 40 kB; some gather many pages into one."""

MAX_LINK = 8192
"""So long a header is one that servers accept; real ones have about 500 characters."""

UNDER_WAY = timedelta(hours=2)
"""About how long a flight to Amsterdam takes where its way is not known. Arrivals do not say when they left; the UTC
day they left is guessed, and can be wrong for those that left around midnight UTC."""

_PARAMETER = re.compile(r';[ \t]*([A-Za-z]+)[ \t]*=[ \t]*("[^"]*"|[^\s;,"]+)', re.ASCII)
_HERE = "AMS"
_ZONE = "Europe/Amsterdam"
_CANCELLED, _DIVERTED = "CNX", "DIV"
# With one of these alone the flight is as scheduled or late, and an earlier cancellation is taken back, not denied.
_PLANNED = {"SCH", "DEL", "GCH", "TOM"}
_BOARDING = {"BRD", "GCL"}
# Wait in lounge, gate open, gate closed, departed: nobody boards, or nobody any more.
_NOT_BOARDING = {"WIL", "GTO", "GTD", "DEP"}  # codespell:ignore
_DEPARTING = _BOARDING | _NOT_BOARDING
# In the air, expected to land, in Dutch airspace, landed, first baggage, all done.
_ARRIVING = {"AIR", "EXP", "FIR", "LND", "FIB", "ARR"}
_KNOWN = _PLANNED | _DEPARTING | _ARRIVING | {_CANCELLED, _DIVERTED}


class Poller(BasePoller):
    """Asks first for the flights of some hours, then for what was updated since.

    The moments it is asked with have no offset: they are Amsterdam's own, as are those of its records.
    """

    every = 180.0  # no interval is published; a poll is some pages, and what changed in three minutes is few of them
    needs_secret = True
    conditional = False  # each poll asks for another span of time
    most_pages = 150  # of 20 records each: the first poll's hours are up to 100 pages in summer
    address = "https://api.schiphol.nl/public-flights/flights"

    def __init__(
        self, options: Mapping[str, Any], *, secret: str | None = None, url: str | None = None
    ) -> None:
        super().__init__(options, secret=secret, url=url)
        found = None if secret is None else two_parts(secret, feed=NAME, parts="app_id and app_key")
        self._keys = {} if found is None else {"app_id": found[0], "app_key": found[1]}

    def requests(self, cursor: str, now: datetime) -> Sequence[Request]:
        """One request; `next_page` leads on from there."""
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
        """The address that the Link header names."""
        return next_page(headers.get("link", ""))

    def cursor(self, bodies: Sequence[bytes], cursor: str, now: datetime) -> str:
        """Amsterdam's time of the latest update told, less an overlap: the airport's clock counts, not ours."""
        latest: datetime | None = None
        for body in bodies:
            found = board.document(body, feed="Schiphol", max_bytes=MAX_BYTES)
            for record in board.list_in(found, "flights", feed="Schiphol"):
                try:
                    updated = board.time_of(str(record["lastUpdatedAt"]))
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
"""What the first poll asks for, and one after a pause longer than that: flights under way, and those of the day."""

OVERLAP = timedelta(minutes=5)
"""Records are not in the order of their updates; what is told twice changes nothing."""


def parse(data: bytes, *, received_at: datetime, source: str = NAME) -> Parsed:
    """What the page says, in the order of its flights; raises FeedError if it is another answer."""
    found = board.document(data, feed="Schiphol", max_bytes=MAX_BYTES)
    records = board.list_in(found, "flights", feed="Schiphol")
    gathering = Gathering(received_at, source)
    flights: dict[tuple[str, ...], list[board.Record]] = {}
    for index, values in enumerate(board.first(records, "flights", gathering)):
        path = f"flights[{index}]"
        if not isinstance(values, Mapping):
            gathering.fault("a flight is an object", path=path, raw=board.excerpt(values))
            continue
        record = board.Record(values, gathering, _place(path, values.get("id")))
        key = _key(record)
        if key is not None:
            flights.setdefault(key, []).append(record)
    for same in flights.values():
        _tell(same)
    return gathering.parsed()


def next_page(link_header: str) -> str | None:
    """The address of the next page by the answer's Link header; None on the last page, or if the header is no such."""
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
    """The record's place with the airport's id, as text: it is beyond 2^53, and as a number others would round it."""
    if isinstance(number, bool) or not isinstance(number, (int, str)):
        return path
    return f"{path} (id {board.excerpt(number)[:30]})"


def _key(record: board.Record) -> tuple[str, ...] | None:
    """What the records of one flight have in common; None, with a fault, if they do not say."""
    number = _main(record)
    direction = record.text("flightDirection")
    if number is None:
        record.fault("no flight number is given; the record is skipped", ("flightName",), None)
        return None
    if direction not in ("A", "D"):
        record.fault("it is neither A nor D; the record is skipped", ("flightDirection",), direction)
        return None
    when = record.text("scheduleDateTime") or record.text("scheduleDate") or ""
    return (_squeezed(number), direction, when)


def _main(record: board.Record) -> str | None:
    return record.text("mainFlight") or record.text("flightName")


def _squeezed(number: str) -> str:
    return number.replace(" ", "").upper()


def _tell(records: list[board.Record]) -> None:
    """Tells one flight by its own record, or if that is on another page by the first of its codeshares'."""
    main = _squeezed(_main(records[0]) or "")
    own = [_squeezed(one.text("flightName") or main) for one in records]
    record = records[own.index(main)] if main in own else records[0]
    side = "departure" if record.text("flightDirection") == "D" else "arrival"
    scheduled = record.time("scheduleDateTime")
    # Each once, without the flight itself, in the order found.
    listed = [_squeezed(name) for one in records for name in one.texts("codeshares", "codeshares")]
    names = dict.fromkeys([*listed, *own])
    names.pop(main, None)
    part: dict[str, Any] = board.said(
        scheduled=board.spelt(scheduled), terminal=record.text("terminal"), gate=record.text("gate")
    )
    report: dict[str, Any] = {
        "flight": main,
        **board.observed(record.time("lastUpdatedAt"), record.gathering.received_at),
        **board.said(
            codeshares=list(names),
            registration=record.text("aircraftRegistration"),
            aircraft_type=record.text("aircraftType", "iataSub") or record.text("aircraftType", "iataMain"),
        ),
        side: part,
    }
    utc_day = None
    route = record.texts("route", "destinations")
    if side == "departure":
        report |= {"origin": _HERE} | board.said(destination=next(iter(route), None))
        if scheduled is not None:
            report |= board.flight_day(scheduled, _HERE)
        part |= _expected(record, "publicEstimatedOffBlockTime", "actualOffBlockTime")
    else:
        # Where several airports stand, which of them is the last before Amsterdam is not documented.
        origin = route[0] if len(route) == 1 else None
        report |= board.said(origin=origin) | {"destination": _HERE}
        if scheduled is not None:
            utc_day = board.day_it_left(scheduled, origin, _HERE, UNDER_WAY)
        part |= board.said(belt=", ".join(record.texts("baggageClaim", "belts")))
        landing = _expected(record, "estimatedLandingTime", "actualLandingTime")
        if landing:
            report["landing"] = landing
    report |= _states(record, side)
    board.tell(record.gathering, report, path=record.path, raw=record.raw, utc_day=utc_day)


def _expected(record: board.Record, estimated: str, actual: str) -> dict[str, Any]:
    """Estimate and actual time. An estimate that is null was taken back, or never given; absent it says nothing."""
    found = board.said(estimated=board.spelt(record.time(estimated)), actual=board.spelt(record.time(actual)))
    if estimated in record.values and record.values[estimated] is None:
        found["estimated"] = None
    return found


def _states(record: board.Record, side: str) -> dict[str, Any]:
    """What the states say. One we do not know is a fault and changes nothing the others say."""
    states = set()
    for state in record.texts("publicFlightState", "flightStates"):
        if state.upper() in _KNOWN:
            states.add(state.upper())
        else:
            record.fault(
                "this state is not known; the rest is told", ("publicFlightState", "flightStates"), state
            )
    found: dict[str, Any] = {}
    if _CANCELLED in states:
        return {"cancelled": True}
    if _DIVERTED in states:
        found["diverted"] = True
    if states - _PLANNED:
        found["cancelled"] = False
    elif states:
        found["cancelled"] = None
    if side == "departure" and states:
        if states & _NOT_BOARDING:
            found["boarding"] = False
        else:
            found["boarding"] = True if states & _BOARDING else None
    return found

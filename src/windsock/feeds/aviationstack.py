"""aviationstack: the flights of `/v1/flights`.

Its times end in "+00:00" but are the airport's local time: the offset is dropped, and they are read in the zone that
the record names, else in that of our table. Its `delay` can contradict its own times and is not read. Its `actual` is
usually the runway's time again, and then says nothing about the gate. A codeshare's record names its operating flight,
and is reported under that one's number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from windsock.errors import FeedError
from windsock.feeds import watching
from windsock.feeds.format import Format
from windsock.feeds.json import JsonObject, decode, records, refused
from windsock.feeds.parsing import Gathering, Parsed
from windsock.feeds.polling import Request
from windsock.feeds.reports import said, zone
from windsock.feeds.watching import Watch
from windsock.flights.values import shown

_NAME = "aviationstack"

# "incident" says nothing that a report could say.
_STATUS: dict[str, dict[str, bool | str | None]] = {
    "scheduled": {"cancelled": False, "stated_status": None},
    "active": {"cancelled": False, "stated_status": "airborne"},
    "landed": {"cancelled": False, "stated_status": "landed"},
    "cancelled": {"cancelled": True},
    "diverted": {"diverted": True},
    "incident": {},
    "unknown": {},
}


class Poller(Watch):
    """Ask for each watched flight, and for the departures and arrivals of each watched airport."""

    name = _NAME
    every = 60.0
    max_pages = 20  # 2,000 flights: more than any airport has of one kind in a day
    address = "https://api.aviationstack.com/v1/flights"

    @classmethod
    def check(cls, options: Mapping[str, Any]) -> None:
        """Raise ConfigError for invalid flights or airports."""
        super().check(options)
        watching.airports(_NAME, options)

    @classmethod
    def wanted(cls, options: Mapping[str, Any]) -> bool:
        """Return whether there is a list of either kind: this provider does not push."""
        return "flights" in options or "airports" in options

    def watched(self) -> Sequence[str]:
        """Return the flights, then the airports."""
        return [*super().watched(), *watching.airports(_NAME, self.options)]

    def ask(self, watched: str, now: datetime) -> Sequence[Request]:
        """Return one request for a flight, two for an airport. Three letters and digits are an ICAO flight number."""
        code = "icao" if watched[:3].isalpha() and (len(watched) == 4 or not watched.isalpha()) else "iata"
        names = ("dep", "arr") if watched.isalpha() else ("flight",)
        fixed = {"access_key": self.secret or "", "limit": str(PAGE)}
        return [
            Request(url=self.url or self.address, params=fixed | {f"{name}_{code}": watched})
            for name in names
        ]

    def next_page(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """Return the address of the next page of a long answer, by the count that it gives."""
        try:
            found = decode(body, name=_NAME)
        except FeedError:
            return None  # `parse` says so
        page = found.get("pagination") if isinstance(found, dict) else None
        if not isinstance(page, dict):
            return None
        begin, count, total = (page.get(name) for name in ("offset", "count", "total"))
        if (
            not isinstance(begin, int)
            or not isinstance(count, int)
            or not isinstance(total, int)
            or count <= 0
        ):
            return None
        return f"?offset={begin + count}" if begin + count < total else None


PAGE = 100
"""The limit of one answer."""


@dataclass(slots=True)
class _Flight:
    """One operated flight: the record to report it from, and the numbers that it is sold under."""

    name: str
    record: JsonObject
    operated: bool
    sold: list[str] = field(default_factory=list)


def parse(data: bytes, *, received_at: datetime, source: str = "aviationstack") -> Parsed:
    """Return what a body says; raise FeedError for another format, or a provider's error (perhaps with HTTP 200)."""
    body = decode(data, name=_NAME)
    gathering = Gathering(received_at, source)
    if not isinstance(body, dict) or "data" not in body or body.get("error") is not None:
        raise refused(body, name=_NAME, expected="an object with data, a list of flights,")
    flights: dict[tuple[str, ...], _Flight] = {}
    for record in records(body["data"], "data", gathering):
        _collect(record, flights)
    for flight in flights.values():
        _tell(flight)
    return gathering.parsed()


def _collect(record: JsonObject, flights: dict[tuple[str, ...], _Flight]) -> None:
    own = record.inner("flight")
    name, operating = _name(own, record.inner("airline")), None
    shared = own.inner("codeshared")
    if shared.fields:
        operating = _name(shared, shared)
        if operating is None:
            record.fault(
                "It is a codeshare of another carrier's flight, which is not named; left out.",
                "flight.codeshared",
            )
            return
    if name is None:
        record.fault(
            "The record names no flight: flight.iata, flight.icao and flight.number are missing.", "flight"
        )
        return
    departure = record.inner("departure")
    key = (operating or name, _code(departure) or "", shown(departure.fields.get("scheduled")))
    known = flights.get(key)
    if known is None:
        known = flights[key] = _Flight(operating or name, record, operating is None)
    elif operating is None:
        if known.operated:
            # The same flight twice: both are reported; merging them changes nothing the second time.
            flights[(*key, record.path)] = _Flight(name, record, True)
        else:
            known.record, known.operated = record, True
    if operating is not None and name not in known.sold:
        known.sold.append(name)


def _name(flight: JsonObject, airline: JsonObject) -> str | None:
    """Return the flight's number in capitals: codeshares are in lower case."""
    prefix = "flight_" if "flight_number" in flight.fields else ""
    name = flight.text(f"{prefix}iata") or flight.text(f"{prefix}icao")
    if name is None:
        number = flight.text(f"{prefix}number")
        short = "airline_" if prefix else ""
        carrier = airline.text(f"{short}iata") or airline.text(f"{short}icao")
        name = carrier + number if carrier and number else None
    return name.upper() if name else None


def _names(record: JsonObject) -> tuple[str, ...]:
    """Yield each name that the record gives its flight, by both codes of the operating and the marketing carrier."""
    own = record.inner("flight")
    operating = own.inner("codeshared") if own.fields.get("codeshared") else own
    given = [own.text("iata"), own.text("icao"), operating.text("flight_iata"), operating.text("flight_icao")]
    return tuple(name.upper() for name in given if name is not None)


def _code(side: JsonObject) -> str | None:
    return side.text("iata") or side.text("icao")


def _zone(side: JsonObject) -> ZoneInfo | None:
    # The record's own zone first: by it the provider made its times.
    return zone(None, side.fields.get("timezone")) or zone(_code(side))


def _tell(flight: _Flight) -> None:
    record = flight.record
    departure, arrival = record.inner("departure"), record.inner("arrival")
    tz = _zone(departure)
    scheduled = departure.time("scheduled", tz=tz, ignore_utc=True)
    day = scheduled.astimezone(tz).date().isoformat() if scheduled and tz else record.text("flight_date")
    aircraft = record.inner("aircraft")
    report = said(
        flight=flight.name,
        date=day,
        origin=_code(departure),
        destination=_code(arrival),
        departure=_gate_side(departure, tz, scheduled, ("terminal", "gate")),
        takeoff=_runway(departure, tz),
        landing=_runway(arrival, _zone(arrival)),
        arrival=_arrival(arrival),
        registration=aircraft.text("registration"),
        aircraft_type=aircraft.text("icao") or aircraft.text("iata"),
        codeshares=flight.sold,
    )
    status = record.text("flight_status")
    if status is not None and status not in _STATUS:
        record.fault(
            f"The status {status[:40]!r} is not among {', '.join(_STATUS)}; left out.",
            "flight_status",
            status,
        )
    record.tell(report | _STATUS.get(status or "", {}), names=_names(record))


def _arrival(side: JsonObject) -> dict[str, Any]:
    tz = _zone(side)
    scheduled = side.time("scheduled", tz=tz, ignore_utc=True)
    return _gate_side(side, tz, scheduled, ("terminal", "gate")) | said(belt=side.text("baggage"))


def _gate_side(
    side: JsonObject, tz: ZoneInfo | None, scheduled: datetime | None, places: tuple[str, ...]
) -> dict[str, Any]:
    actual = side.past("actual", side.time("actual", tz=tz, ignore_utc=True))
    if side.fields.get("actual") == side.fields.get("actual_runway"):
        actual = None
    return said(
        scheduled=scheduled,
        estimated=side.time("estimated", tz=tz, ignore_utc=True),
        actual=actual,
        **{name: side.text(name) for name in places},
    )


def _runway(side: JsonObject, tz: ZoneInfo | None) -> dict[str, Any]:
    return said(
        estimated=side.time("estimated_runway", tz=tz, ignore_utc=True),
        actual=side.past("actual_runway", side.time("actual_runway", tz=tz, ignore_utc=True)),
    )


FORMAT = Format(parse=parse, poller=Poller)

"""AeroDataBox: flights by number, airports' boards with both legs, and the webhook's notices; old and present shape.

`parse` tells them apart by shape: a bare list, an object with `departures` and `arrivals`, or one with `flights` and
perhaps a `subscription`. The present shape gives times as `{"utc", "local"}`, the old one (before 2024) flat, and calls
`actualTime` what is the revised time: an estimate, never reported as actual.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from windsock.errors import ConfigError
from windsock.feeds.format import Format
from windsock.feeds.json import JsonObject, decode, records, refused
from windsock.feeds.parsing import Gathering, Parsed
from windsock.feeds.polling import Request
from windsock.feeds.reports import observed, said, zone
from windsock.feeds.watching import Watch
from windsock.flights.identity import Designator

_NAME = "AeroDataBox"
_LISTS = ("flights", "departures", "arrivals")

# What a status says that no time says better. CanceledUncertain is a guess, and ignored.
# Before it leaves, what was stated earlier by mistake is taken back.
_STATUS: dict[str, dict[str, bool | str | None]] = {
    "Expected": {"cancelled": False, "boarding": False, "stated_status": None},
    "CheckIn": {"cancelled": False, "boarding": False, "stated_status": None},  # codespell:ignore
    "Boarding": {"cancelled": False, "boarding": True, "stated_status": None},
    "GateClosed": {"cancelled": False, "boarding": True, "stated_status": None},
    "Departed": {"cancelled": False, "stated_status": "out"},
    "EnRoute": {"cancelled": False, "stated_status": "airborne"},
    "Delayed": {"cancelled": False},
    "Approaching": {"cancelled": False, "stated_status": "airborne"},
    "Arrived": {"cancelled": False, "stated_status": "arrived"},
    "Canceled": {"cancelled": True},
    "Diverted": {"diverted": True},
    "CanceledUncertain": {},
    "Unknown": {},
}

Leg = tuple[str, datetime, str]


# Where it is sold, and the header that takes the key there.
_MARKETS = {
    "rapidapi": ("https://aerodatabox.p.rapidapi.com", "X-RapidAPI-Key"),
    "api.market": ("https://prod.api.market/api/v1/aedbx/aerodatabox", "x-api-market-key"),
}


class Poller(Watch):
    """Ask for the nearest departures of each watched flight number; for an unknown one the answer is empty (204)."""

    name = _NAME
    every = 12.0  # plans allow one request a second: five a minute come one by one, never in a burst
    at_once = 1

    @classmethod
    def check(cls, options: Mapping[str, Any]) -> None:
        """Raise ConfigError for an unknown market too."""
        super().check(options)
        market = options.get("market", "rapidapi")
        if not isinstance(market, str) or market not in _MARKETS:
            raise ConfigError(f"{_NAME}: market is {market!r}; use one of {', '.join(_MARKETS)}.")

    def ask(self, watched: str, now: datetime) -> Sequence[Request]:
        """Return one request without a date: today's flight by the airport's clocks, whose zone we need not know."""
        address, header = _MARKETS[self.options.get("market", "rapidapi")]
        headers = {header: self.secret or "", "Accept": "application/json"}
        if header == "X-RapidAPI-Key":
            headers["X-RapidAPI-Host"] = str(urlsplit(address).hostname)
        return [Request(url=f"{self.url or address}/flights/number/{watched}", headers=headers)]


def parse(data: bytes, *, received_at: datetime, source: str = "aerodatabox") -> Parsed:
    """Return what the body of a poll or a notice says; raise FeedError otherwise. An empty body (204) is valid."""
    if not data:
        return Parsed()
    body = decode(data, name=_NAME)
    gathering = Gathering(received_at, source)
    if isinstance(body, list):
        _all(list(records(body, "", gathering)))
    elif isinstance(body, dict) and any(name in body for name in _LISTS):
        _all([flight for name in _LISTS for flight in records(body.get(name), name, gathering)])
    else:
        raise refused(body, name=_NAME, expected=f"a list of flights or an object with {' or '.join(_LISTS)}")
    return gathering.parsed()


def _all(flights: list[JsonObject]) -> None:
    operated: dict[Leg, list[JsonObject]] = {}
    sold: dict[str, list[str]] = {}
    shared = [flight for flight in flights if flight.fields.get("codeshareStatus") == "IsCodeshared"]
    if shared:
        for flight in flights:
            if flight.fields.get("codeshareStatus") != "IsCodeshared":
                for leg in _legs(flight):
                    operated.setdefault(leg, []).append(flight)
    for flight in shared:
        name = flight.text("number")
        found = next((operated[leg] for leg in _legs(flight) if leg in operated), [])
        if name and len(found) == 1:
            sold.setdefault(found[0].path, []).append(name)
        else:
            flight.fault(
                "It is sold under another carrier's number, and the body does not show whose flight it is; left out.",
                "codeshareStatus",
                "IsCodeshared",
            )
    for flight in flights:
        if flight.fields.get("codeshareStatus") != "IsCodeshared":
            _flight(flight, sold.get(flight.path, []))


def _legs(flight: JsonObject) -> list[Leg]:
    """Return what identifies codeshares of one flight: origin, time and aircraft, else origin, time and destination."""
    # Read separately: otherwise the same faults would be reported twice.
    quiet = JsonObject(flight.fields, flight.path, Gathering(flight.gathering.received_at, ""))
    departure = quiet.inner("departure")
    origin, scheduled = _code(departure.inner("airport")), _moment(departure, "scheduledTime")
    if origin is None or scheduled is None:
        return []
    aircraft = quiet.inner("aircraft").text("reg")
    destination = _code(quiet.inner("arrival").inner("airport"))
    return [(origin, scheduled, mark) for mark in (aircraft, destination) if mark is not None]


def _code(airport: JsonObject) -> str | None:
    return airport.text("iata") or airport.text("icao")


def _moment(side: JsonObject, name: str) -> datetime | None:
    """Return a time, in either shape."""
    if name in side.fields:
        both = side.inner(name)
        return both.time("utc") or both.time("local")
    return side.time(f"{name}Utc") or side.time(f"{name}Local")


def _flight(flight: JsonObject, sold: list[str]) -> None:
    number, callsign = flight.text("number"), flight.text("callSign")
    name = number if number is not None and _is_designator(number) else callsign or number
    if name is None:
        flight.fault("The record names no flight: number and callSign are missing.", "number")
        return
    if "movement" in flight.fields:
        flight.fault("It shows one side of a flight only (movement); ask with withLeg=true.", "movement")
        return
    departure, arrival = flight.inner("departure"), flight.inner("arrival")
    place = departure.inner("airport")
    origin, scheduled = _code(place), _moment(departure, "scheduledTime")
    tz = zone(origin, place.fields.get("timeZone"))
    updated = flight.time("lastUpdatedUtc")
    aircraft = flight.inner("aircraft")
    report = said(
        flight=name,
        origin=origin,
        destination=_code(arrival.inner("airport")),
        date=scheduled.astimezone(tz).date().isoformat() if scheduled and tz else None,
        observed_at=observed(updated, flight.gathering.received_at),
        departure=_gate_side(
            departure, scheduled, {"terminal": "terminal", "gate": "gate", "checkin_desk": "checkInDesk"}
        ),
        takeoff=_runway(departure, updated),
        landing=_runway(arrival, updated),
        arrival=_gate_side(
            arrival,
            _moment(arrival, "scheduledTime"),
            {"terminal": "terminal", "gate": "gate", "belt": "baggageBelt"},
        ),
        registration=aircraft.text("reg"),
        aircraft_type=aircraft.text("model"),
        codeshares=sold,
    )
    report |= _status(flight)
    flight.tell(
        report,
        utc_day=scheduled.date() if scheduled and not tz else None,
        callsign=callsign if name == callsign else None,
        names=(callsign,) if callsign is not None and _same_number(callsign, name) else (),
    )


def _same_number(callsign: str, name: str) -> bool:
    """Return whether the callsign is the flight number under the carrier's ICAO code; many flights have another one."""
    try:
        ours, theirs = Designator.parse(name), Designator.parse(callsign)
    except ValueError:
        return False
    return (ours.number, ours.suffix) == (theirs.number, theirs.suffix)


def _is_designator(text: str) -> bool:
    try:
        Designator.parse(text)
    except ValueError:
        return False
    return True


def _gate_side(side: JsonObject, scheduled: datetime | None, places: dict[str, str]) -> dict[str, Any]:
    revised = _moment(side, "revisedTime") or _moment(side, "actualTime")
    estimated = revised or _moment(side, "predictedTime")
    return said(
        scheduled=scheduled, estimated=estimated, **{leaf: side.text(name) for leaf, name in places.items()}
    )


def _runway(side: JsonObject, updated: datetime | None) -> dict[str, Any]:
    """Return take-off or landing: actual only if the data are live and the time had passed when they were updated."""
    time = _moment(side, "runwayTime")
    if time is None:
        return {}
    live = "Live" in side.texts("quality")
    now = side.gathering.received_at
    if live and time <= now and (updated is None or time <= updated):
        return said(actual=time)
    return said(estimated=time)


def _status(flight: JsonObject) -> dict[str, bool | str | None]:
    status = flight.text("status")
    if status is None:
        return {}
    if status not in _STATUS:
        flight.fault(
            f"The status {status[:40]!r} is not among {', '.join(_STATUS)}; left out.", "status", status
        )
    return _STATUS.get(status, {})


FORMAT = Format(parse=parse, poller=Poller)

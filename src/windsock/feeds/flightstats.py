"""Cirium FlightStats Flex: the flights of a status poll and of an alert's push.

`parse` tells them apart by shape: a push has `alert`. In it numbers are text and lists are wrapped
(`{"codeshares": {"codeshare": [...]}}`), a sole entry perhaps without its list; polls have plain lists. Codes of
carriers and airports are Cirium's own ("DP*") and are looked up in the body's `appendix`.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from windsock.feeds.format import Format
from windsock.feeds.json import JsonObject, decode, records, refused
from windsock.feeds.parsing import Gathering, Parsed
from windsock.feeds.polling import Request, two_parts
from windsock.feeds.reports import observed, said, zone
from windsock.feeds.watching import Watch
from windsock.flights.identity import Designator

_NAME = "FlightStats"
_EXPECTED = "an object with flightStatuses, flightStatus or alert"

# A Cirium code that is one of IATA's or ICAO's as well, where the appendix does not list it.
_CARRIER = re.compile(r"[A-Z]{3}|[A-Z][A-Z0-9]|[0-9][A-Z]", re.ASCII)

# Active, Cancelled, Diverted, no data, Landed, not operational, Redirected, Scheduled, Unknown.
_STATUS: dict[str, dict[str, bool | str | None]] = {
    "A": {"cancelled": False, "stated_status": "airborne"},
    "C": {"cancelled": True},
    "D": {"diverted": True},
    "DN": {},
    "L": {"cancelled": False, "stated_status": "landed"},
    "NO": {},
    "R": {"diverted": True},
    "S": {"cancelled": False, "stated_status": None},
    "U": {},
}

Codes = Mapping[str, Mapping[str, Any]]


class Poller(Watch):
    """Ask for each watched flight's departures of today and, until the evening, of yesterday, by UTC days."""

    name = _NAME
    every = 60.0
    address = "https://api.flightstats.com/flex/flightstatus/rest/v2/json/flight/status"

    def __init__(
        self, options: Mapping[str, Any], *, secret: str | None = None, url: str | None = None
    ) -> None:
        super().__init__(options, secret=secret, url=url)
        self._keys = {} if secret is None else self._params(secret)

    @staticmethod
    def _params(secret: str) -> dict[str, str]:
        return dict(
            zip(("appId", "appKey"), two_parts(secret, feed=_NAME, parts="appId and appKey"), strict=True)
        )

    def ask(self, watched: str, now: datetime) -> Sequence[Request]:
        """Return one request per day of departure, by UTC: so the zone of the origin need not be known."""
        flight = Designator.parse(watched)
        today = now.astimezone(UTC)
        days = [today] if today.hour >= YESTERDAY_UNTIL else [today - timedelta(days=1), today]
        return [
            Request(
                url=f"{self.url or self.address}/{flight.carrier}/{flight.number}/dep/{day.year}/{day.month}/{day.day}",
                params={**self._keys, "utc": "true"},
            )
            for day in days
        ]


YESTERDAY_UNTIL = 19
"""Until this hour (UTC) a flight that left late yesterday may be under way: the longest takes 19 hours."""


def parse(data: bytes, *, received_at: datetime, source: str = "flightstats") -> Parsed:
    """Return what the body of a poll or push says; raise FeedError if it is neither, or an error of the provider."""
    body = decode(data, name=_NAME)
    gathering = Gathering(received_at, source)
    if not isinstance(body, dict) or isinstance(body.get("error"), dict):
        raise refused(body, name=_NAME, expected=_EXPECTED)
    appendix = JsonObject(body, "", gathering).inner("appendix")
    reader = _Reader(_codes(appendix, "airlines", "airline"), _codes(appendix, "airports", "airport"))
    if "alert" in body:
        alert = JsonObject.record(body["alert"], "alert", gathering)
        if alert is not None:
            flight = JsonObject.record(alert.fields.get("flightStatus"), "alert.flightStatus", gathering)
            if flight is not None:
                reader.flight(flight, _recorded(alert))
    elif "flightStatuses" in body:
        for flight in records(body["flightStatuses"], "flightStatuses", gathering):
            reader.flight(flight, None)
    elif "flightStatus" in body:
        flight = JsonObject.record(body["flightStatus"], "flightStatus", gathering)
        if flight is not None:
            reader.flight(flight, None)
    else:
        raise refused(body, name=_NAME, expected=_EXPECTED)
    return gathering.parsed()


def _codes(appendix: JsonObject, name: str, wrapped: str) -> Codes:
    found = {}
    for entry in appendix.objects(name, wrapped):
        code = entry.text("fs")
        if code is not None:
            found[code] = entry.fields
    return found


class _Reader:
    """The flights of one body, read by its appendix."""

    def __init__(self, carriers: Codes, airports: Codes) -> None:
        self.carriers, self.airports = carriers, airports

    def flight(self, flight: JsonObject, recorded: datetime | None) -> None:
        """Report one flight; `recorded` is when its alert was made."""
        name = self.name(flight, "carrierFsCode")
        if name is None:
            return
        origin = self.airport(flight, "departureAirportFsCode")
        destination = self.airport(flight, "arrivalAirportFsCode")
        times = flight.inner("operationalTimes")
        tz = self.zone(flight, "departureAirportFsCode", origin)
        there = self.zone(flight, "arrivalAirportFsCode", destination)
        planned = (
            _time(times, "publishedDeparture", tz)
            or _time(times, "scheduledGateDeparture", tz)
            or _time(flight, "departureDate", tz)
        )
        places = flight.inner("airportResources")
        equipment = flight.inner("flightEquipment")
        diverted_to = self.airport(flight, "divertedAirportFsCode")
        report = said(
            flight=name,
            date=planned.astimezone(tz).date().isoformat() if planned and tz else None,
            origin=origin,
            destination=destination,
            observed_at=observed(recorded or _updated(flight), flight.gathering.received_at),
            departure=_gate_side(times, "Departure", tz)
            | said(terminal=places.text("departureTerminal"), gate=places.text("departureGate")),
            takeoff=_runway(times, "Departure", tz),
            landing=_runway(times, "Arrival", there),
            arrival=_gate_side(times, "Arrival", there)
            | said(
                terminal=places.text("arrivalTerminal"),
                gate=places.text("arrivalGate"),
                belt=places.text("baggage"),
            ),
            registration=equipment.text("tailNumber"),
            aircraft_type=equipment.text("actualEquipmentIataCode")
            or equipment.text("scheduledEquipmentIataCode"),
            codeshares=self.codeshares(flight),
            diverted_to=diverted_to,
            diverted=True if diverted_to else None,
        )
        status = flight.text("status")
        if status is not None and status not in _STATUS:
            flight.fault(
                f"The status {status[:40]!r} is not among {', '.join(_STATUS)}; left out.", "status", status
            )
        flight.tell(
            report | _STATUS.get(status or "", {}),
            utc_day=planned.date() if planned and tz is None else None,
            names=self.names(flight),
        )

    def names(self, flight: JsonObject) -> tuple[str, ...]:
        """Yield the flight's numbers under both codes that the appendix gives its carrier."""
        number, listed = (
            flight.text("flightNumber"),
            self.carriers.get(flight.text("carrierFsCode") or "", {}),
        )
        codes = (listed.get("iata"), listed.get("icao"))
        return tuple(
            f"{code}{number}" for code in codes if isinstance(code, str) and _CARRIER.fullmatch(code)
        )

    def name(self, place: JsonObject, field: str) -> str | None:
        """Return the designator made of the carrier's code in `field` and `flightNumber`."""
        number, code = place.text("flightNumber"), place.text(field)
        if number is None or code is None:
            missing = field if code is None else "flightNumber"
            place.fault(f"It names no flight: {missing} is missing; left out.", missing)
            return None
        listed = self.carriers.get(code, {})
        for carrier in (listed.get("iata"), listed.get("icao"), code):
            if isinstance(carrier, str) and _CARRIER.fullmatch(carrier):
                return f"{carrier}{number}"
        place.fault(
            f"{field} {code[:20]!r} is Cirium's own, and the appendix gives no IATA or ICAO code for it; left out.",
            field,
            code,
        )
        return None

    def airport(self, flight: JsonObject, field: str) -> str | None:
        """Return the airport's IATA code, else its ICAO code, else Cirium's own."""
        code = flight.text(field)
        if code is None:
            return None
        listed = self.airports.get(code, {})
        known = (listed.get("iata"), listed.get("icao"), code)
        return next(known for known in known if isinstance(known, str) and known)

    def zone(self, flight: JsonObject, field: str, code: str | None) -> ZoneInfo | None:
        """Return the airport's zone by our table, else by the appendix."""
        return zone(code, self.airports.get(flight.text(field) or "", {}).get("timeZoneRegionName"))

    def codeshares(self, flight: JsonObject) -> list[str]:
        """Return the numbers that it is sold under."""
        names = (self.name(entry, "fsCode") for entry in flight.objects("codeshares", "codeshare"))
        return [name for name in names if name is not None]


def _time(times: JsonObject, name: str, tz: ZoneInfo | None) -> datetime | None:
    both = times.inner(name)
    return both.time("dateUtc") if both.fields.get("dateUtc") else both.time("dateLocal", tz=tz)


def _gate_side(times: JsonObject, side: str, tz: ZoneInfo | None) -> dict[str, Any]:
    return said(
        scheduled=_time(times, f"scheduledGate{side}", tz) or _time(times, f"published{side}", tz),
        estimated=_time(times, f"estimatedGate{side}", tz),
        actual=times.past(f"actualGate{side}", _time(times, f"actualGate{side}", tz)),
    )


def _runway(times: JsonObject, side: str, tz: ZoneInfo | None) -> dict[str, Any]:
    return said(
        estimated=_time(times, f"estimatedRunway{side}", tz),
        actual=times.past(f"actualRunway{side}", _time(times, f"actualRunway{side}", tz)),
    )


def _recorded(alert: JsonObject) -> datetime | None:
    # A plain time in the pushes known; everywhere else this provider writes times as objects.
    name = "dateTimeRecorded"
    wrapped = isinstance(alert.fields.get(name), dict)
    return alert.inner(name).time("dateUtc") if wrapped else alert.time(name)


def _updated(flight: JsonObject) -> datetime | None:
    """Return the latest entry of the change log, if it has one."""
    times = [
        entry.inner("updatedAt").time("dateUtc")
        for entry in flight.objects("flightStatusUpdates", "flightStatusUpdate")
    ]
    return max((time for time in times if time is not None), default=None)


FORMAT = Format(parse=parse, poller=Poller)

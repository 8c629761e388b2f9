"""FlightAware AeroAPI v4: the flights of a poll (`/flights/{ident}`, airports' boards) and of an alert's push.

`parse` tells them apart by shape: a push has one `flight` beside its `event_code`, a poll has lists. A null says
nothing: records occasionally have one where there was a time before and will be one again. AeroAPI does not date its
records, so the time of receipt counts.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from windsock.feeds.format import Format
from windsock.feeds.json import JsonObject, decode, records, refused
from windsock.feeds.parsing import Gathering, Parsed
from windsock.feeds.polling import Request
from windsock.feeds.reports import said, zone
from windsock.feeds.watching import Watch

_NAME = "AeroAPI"
_LISTS = ("flights", "departures", "arrivals", "scheduled_departures", "scheduled_arrivals")
_EXPECTED = f"an object with {', '.join(_LISTS)}, or an alert's with flight,"

# Which of AeroAPI's times a side of a report takes.
_SIDES = {"departure": "out", "takeoff": "off", "landing": "on", "arrival": "in"}
_RUNWAYS = {"departure": "takeoff", "arrival": "landing"}
_PLACES = {
    "departure": {"gate": "gate_origin", "terminal": "terminal_origin"},
    "arrival": {"gate": "gate_destination", "terminal": "terminal_destination", "belt": "baggage_claim"},
}


class Poller(Watch):
    """Ask for each watched flight from a day before to a day after now: one result set, the unit of billing."""

    name = _NAME
    every = 60.0  # with `at_once` half of the ten result sets a minute that the smallest plan allows
    address = "https://aeroapi.flightaware.com/aeroapi"

    def ask(self, watched: str, now: datetime) -> Sequence[Request]:
        """Return one request, by flight number: some numbers look like a registration."""
        return [
            Request(
                url=f"{self.url or self.address}/flights/{watched}",
                params={
                    "ident_type": "designator",
                    "start": f"{now.astimezone(UTC) - WATCHED:%Y-%m-%dT%H:%M:%SZ}",
                    "end": f"{now.astimezone(UTC) + WATCHED:%Y-%m-%dT%H:%M:%SZ}",
                    "max_pages": "1",
                },
                headers={"x-apikey": self.secret or "", "Accept": "application/json"},
            )
        ]


WATCHED = timedelta(hours=24)
"""Longer than any flight takes, and at most 15 records, which is one result set."""


def parse(data: bytes, *, received_at: datetime, source: str = "aeroapi") -> Parsed:
    """Return what the body of a poll or a push says; raise FeedError if it is neither."""
    body = decode(data, name=_NAME)
    gathering = Gathering(received_at, source)
    if not isinstance(body, dict):
        raise refused(body, name=_NAME, expected=_EXPECTED)
    if "flight" in body and ("event_code" in body or "alert_id" in body):
        flight = JsonObject.record(body["flight"], "flight", gathering)
        if flight is not None:
            _flight(flight, push=JsonObject(body, "", gathering, flight.raw))
    elif any(name in body for name in _LISTS):
        for name in _LISTS:
            _poll(records(body.get(name), name, gathering))
    else:
        raise refused(body, name=_NAME, expected=_EXPECTED)
    return gathering.parsed()


def _poll(flights: Iterable[JsonObject]) -> None:
    """Report the flights of a list; the second record of a diverted flight is its new end, not another flight."""
    found = list(flights)
    planned = {_legs(flight): flight for flight in found if flight.fields.get("diverted") is True}
    ends: dict[str, JsonObject] = {}
    for flight in found:
        first = planned.get(_legs(flight))
        if first is not None and _code(flight, "destination") != _code(first, "destination"):
            ends[first.path] = flight
    seconds = {end.path for end in ends.values()}
    for flight in found:
        if flight.path not in seconds:
            _flight(flight, end=ends.get(flight.path))


def _legs(flight: JsonObject) -> tuple[str, str | None]:
    # A record without an id stands for itself.
    name = flight.fields.get("fa_flight_id")
    return (name if isinstance(name, str) else flight.path), _code(flight, "origin")


def _code(flight: JsonObject, name: str) -> str | None:
    """Return the airport of a poll (an object) or push (its code, with the other codes beside it)."""
    value = flight.fields.get(name)
    if value is None:
        return None
    if isinstance(value, dict):
        codes = (value.get("code_iata"), value.get("code_icao"), value.get("code"))
    else:
        codes = (flight.fields.get(f"{name}_iata"), flight.fields.get(f"{name}_icao"), value)
    return next((code for code in codes if isinstance(code, str) and code.strip()), None)


def _who(flight: JsonObject) -> tuple[dict[str, Any], Any]:
    """Return the flight's name, origin and date, or the UTC day where the zone of the origin is not known."""
    name = flight.text("ident_icao") or flight.text("ident") or flight.text("ident_iata")
    if name is None:
        flight.fault("The record names no flight: ident_icao, ident and ident_iata are missing.", "ident")
        return {}, None
    origin = _code(flight, "origin")
    place = flight.fields.get("origin")
    tz = zone(origin, place.get("timezone") if isinstance(place, dict) else None)
    scheduled = flight.time("scheduled_out") or flight.time("scheduled_off")
    who: dict[str, Any] = said(flight=name, origin=origin)
    if scheduled is None:
        return who, None
    if tz is None:
        return who, scheduled.date()
    return who | {"date": scheduled.astimezone(tz).date().isoformat()}, None


def _flight(flight: JsonObject, push: JsonObject | None = None, end: JsonObject | None = None) -> None:
    """Report a flight; `end` is the record that shows where it went instead."""
    report, utc_day = _who(flight)
    if not report:
        return
    report |= said(
        registration=flight.text("registration"),
        aircraft_type=flight.text("aircraft_type"),
        codeshares=flight.texts("codeshares") or flight.texts("codeshares_iata"),
    )
    diverted = flight.truth("diverted")
    # After a diversion a push may name the new airport; a poll shows both records, which say which is which.
    if push is None or not diverted:
        report |= said(destination=_code(flight, "destination"))
    report |= said(diverted=diverted, cancelled=_cancelled(flight, push))
    for side, short in _SIDES.items():
        values = _times(end if end is not None and side == "landing" else flight, short)
        values |= said(**{leaf: flight.text(name) for leaf, name in _PLACES.get(side, {}).items()})
        if values:
            report[side] = values
    report |= _delays(flight, report)
    if end is not None:
        # Reported as one: two reports of the same moment would contradict each other about the landing.
        report |= said(diverted=True, diverted_to=_code(end, "destination"))
        for name in ("estimated", "actual"):
            report.get("arrival", {}).pop(name, None)
    names = (flight.text(name) for name in ("ident_icao", "ident_iata", "ident"))
    flight.tell(report, utc_day=utc_day, names=tuple(name for name in names if name))


def _times(flight: JsonObject, short: str) -> dict[str, Any]:
    return said(
        scheduled=flight.time(f"scheduled_{short}"),
        estimated=flight.time(f"estimated_{short}"),
        actual=flight.past(f"actual_{short}", flight.time(f"actual_{short}")),
    )


def _cancelled(flight: JsonObject, push: JsonObject | None) -> bool | None:
    """Return whether it is cancelled. AeroAPI's flag alone means "no longer tracked", so true needs the status too."""
    flag = flight.truth("cancelled")
    if not flag:
        return flag
    if push is None:
        words = [flight.text("status")]
    elif push.text("event_code") == "cancelled":
        words = [push.text(name) for name in ("summary", "short_description", "long_description")]
    else:
        words = []
    return True if any("cancel" in word.lower() for word in words if word) else None


def _delays(flight: JsonObject, report: dict[str, Any]) -> dict[str, int]:
    """Return the delays, in seconds, that no time shows: neither at the gate, nor at the runway beside its plan.

    Zero is also what AeroAPI says when it knows no delay.
    """
    found = {}
    for side, runway in _RUNWAYS.items():
        name = f"{side}_delay"
        seconds = flight.number(name)
        planned = "scheduled" in report.get(runway, {})
        told = report.get(side, {}).keys() | (report.get(runway, {}).keys() if planned else set())
        if seconds and not told & {"estimated", "actual"}:
            found[f"{name}_minutes"] = round(timedelta(seconds=seconds) / timedelta(minutes=1))
    return found


FORMAT = Format(parse=parse, poller=Poller)

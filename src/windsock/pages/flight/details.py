"""All that the page of a flight shows: where it stands at both ends, its facts, its timeline and its beliefs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from windsock.flights import Arrival, Departure, Flight, FlightRecord, MergeRules
from windsock.flights.airports import Airport
from windsock.flights.fields import TABLE
from windsock.flights.rules import DEFAULT_RULES
from windsock.journal.base import Event, RawReport
from windsock.pages import places
from windsock.pages.flight.beliefs import Belief, beliefs
from windsock.pages.flight.timeline import Entry, timeline
from windsock.wording.changes import ChangeContext, describe_value
from windsock.wording.durations import day_marker, lateness
from windsock.wording.status import (
    Direction,
    Viewpoint,
    describe_status,
    expected,
    scheduled,
    spaced,
    untimed,
    upper_first,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """One end of the way: its city, the best known time there, and how it compares with the schedule."""

    city: str
    code: str
    zone: str
    time: str
    day: str
    was: str
    kind: str
    delay: str
    late: bool
    known: bool
    gate: str
    terminal: str
    places: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightDetails:
    """All that the page of a flight shows."""

    id: str
    version: int
    designator: str
    airline: str
    also: str
    date: str
    state: str
    why: str
    tone: str
    flown: int
    origin: End
    destination: End
    facts: list[tuple[str, str]]
    timeline: list[Entry]
    beliefs: list[Belief]

    @property
    def ends(self) -> tuple[End, End]:
        """Origin and destination, in the order of the way."""
        return self.origin, self.destination


def flight_details(
    record: FlightRecord,
    events: Sequence[Event],
    reports: Sequence[RawReport],
    now: datetime,
    rules: MergeRules = DEFAULT_RULES,
    *,
    reporters: bool = False,
) -> FlightDetails:
    """Return the details as of `now`, the newest event first. With `reporters`, name who submitted the reports."""
    flight = record.flight
    origin = places.airport_or_unknown(flight.origin)
    destination = places.airport_or_unknown(flight.diverted_to or flight.destination or "")
    codes = {code for code in (flight.origin, flight.destination, flight.diverted_to) if code}
    cities = {code: places.city(code) for code in codes}
    context = ChangeContext(departure=origin.tz, arrival=destination.tz, cities=cities)
    landed = flight.status in ("landed", "arrived")
    situation = describe_status(
        flight,
        Viewpoint(
            direction="arrivals" if landed and not flight.diverted_to else "departures",
            airport=destination.code if landed else origin.code,
            airports=cities,
            late_minutes=rules.late_minutes,
        ),
    )
    return FlightDetails(
        id=flight.id,
        version=flight.version,
        designator=spaced(flight.designator),
        airline=places.airline_name(flight.carrier.iata or flight.carrier.icao or ""),
        also=", ".join(spaced(name) for name in flight.codeshares),
        date=f"{flight.date.day} {flight.date:%B %Y}",
        state=upper_first(situation.state),
        why=situation.why,
        tone=situation.tone,
        flown=_flown(flight, now),
        origin=_end(flight, "departures", origin, now, rules.late_minutes, context),
        destination=_end(flight, "arrivals", destination, now, rules.late_minutes, context),
        facts=list(_facts(flight, context)),
        timeline=timeline(events, reports, context, origin.tz, now, reporters=reporters),
        beliefs=beliefs(record, context, origin.tz, now, rules),
    )


# What the best known time is: actual and expected at the gate, then actual and expected on the runway.
_KINDS: dict[Direction, tuple[str, str, str, str]] = {
    "departures": ("left", "expected", "took off", "take-off expected"),
    "arrivals": ("at the gate", "expected", "landed", "landing expected"),
}


def _end(
    flight: Flight,
    direction: Direction,
    airport: Airport,
    now: datetime,
    late_minutes: int,
    context: ChangeContext,
) -> End:
    departing = direction == "departures"
    gate: Departure | Arrival = flight.departure if departing else flight.arrival
    elsewhere = not departing and flight.diverted_to is not None and flight.diverted_to != flight.destination
    planned, best = scheduled(flight, direction), expected(flight, direction)
    shown = best or planned
    time = f"{shown.astimezone(airport.tz):%H:%M}" if shown else "--:--"
    was = f"{planned.astimezone(airport.tz):%H:%M}" if planned and best and not elsewhere else ""
    delay = None if elsewhere or flight.status == "cancelled" else gate.delay_minutes
    inferred = ""
    if gate.delay_basis == "inferred":
        inferred = "at least " if departing or gate.overdue_minutes else "about "
    return End(
        city=("diverted to " if elsewhere else "") + places.city(airport.code) if airport.code else "Unknown",
        code=airport.code,
        zone=airport.zone,
        time=time,
        day=day_marker(shown, now, airport.tz) if shown else "",
        was=was if was != time else "",
        kind=_kind(flight, direction),
        delay=f"{inferred}{lateness(delay)}",
        late=delay is not None and delay >= late_minutes,
        known=best is not None,
        gate=gate.gate or "",
        terminal=f"Terminal {gate.terminal}" if gate.terminal else "",
        places=list(_places(gate, "departure" if departing else "arrival", context)),
    )


def _kind(flight: Flight, direction: Direction) -> str:
    """Return what the time shown is: "scheduled", "expected", "took off" and the like."""
    if flight.status == "cancelled":
        return "was scheduled"
    departing = direction == "departures"
    gate: Departure | Arrival = flight.departure if departing else flight.arrival
    runway = flight.takeoff if departing else flight.landing
    known = (gate.actual, gate.estimated, runway.actual, runway.estimated)
    named = zip(_KINDS[direction], known, strict=True)
    kind = next((name for name, moment in named if moment is not None), "scheduled")
    if no_time := untimed(flight, direction):
        return f"{kind}; {'departed' if departing else flight.status}, {no_time}"
    return kind


def _places(gate: Departure | Arrival, side: str, context: ChangeContext) -> Iterator[str]:
    """Yield what else is known of the place: "check-in desk 101-118", "belt 3", "first bag 15:40"."""
    for known in TABLE:
        if known.plain and known.part == side and known.name not in ("gate", "terminal"):
            text = describe_value(known.path, getattr(gate, known.name), context)
            if text:
                yield f"{known.words} {text}"


def _flown(flight: Flight, now: datetime) -> int:
    """Return how much of the way is behind it, in percent: between take-off and the expected arrival."""
    if flight.status in ("landed", "arrived"):
        return 100
    left = flight.takeoff.actual or flight.departure.actual
    due = expected(flight, "arrivals") or scheduled(flight, "arrivals")
    if flight.status not in ("airborne", "diverted") or left is None or due is None or due <= left:
        return 0
    return min(95, max(3, round(100 * (now - left) / (due - left))))


def _facts(flight: Flight, context: ChangeContext) -> Iterator[tuple[str, str]]:
    facts: tuple[tuple[str, str, Any], ...] = (
        ("Took off", "takeoff.actual", flight.takeoff.actual),
        ("Landed", "landing.actual", flight.landing.actual),
        ("Aircraft", "registration", flight.registration),
        ("Type", "aircraft_type", flight.aircraft_type),
        ("Reason of the delay", "delay_reasons", flight.delay_reasons),
        ("Planned destination", "destination", flight.destination if flight.diverted_to else None),
        ("Also sold as", "codeshares", flight.codeshares),
        ("Sources disagree on", "conflicts", flight.conflicts),
        ("Stopped reporting", "silent_source", flight.silent_source),
    )
    for name, path, value in facts:
        text = describe_value(path, value, context)
        if text:
            yield name, text

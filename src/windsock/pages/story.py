"""The story of one flight: where it stands, what happened and who said so, and why each thing is believed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from windsock.flights import Arrival, Departure, Flight, FlightRecord, MergeRules, airports
from windsock.flights.airports import Airport
from windsock.flights.fields import TABLE
from windsock.flights.rules import DEFAULT_RULES
from windsock.journal.base import Event, RawReport
from windsock.pages import places
from windsock.pages.telling import Teller
from windsock.pages.wording import Board, board_row, day_marker, expected, lateness, scheduled, spaced, untold

SOURCES = {
    "windsock.overdue": "Windsock itself, as the time passed without word",
    "windsock.feeds": "Windsock itself, which watches over its sources",
}


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
class Entry:
    """One event: the weightiest change first, and who said so when."""

    key: str
    at: datetime
    time: str
    day: str
    what: str
    more: list[str]
    said: str
    news: bool
    overdue: str = ""  # "Departure" or "Arrival" where nothing is told but that it is overdue


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """One field: the value believed, on whose word and why, and what the others say."""

    label: str
    value: str
    why: str
    others: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
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


def tell(
    record: FlightRecord,
    events: Sequence[Event],
    reports: Sequence[RawReport],
    now: datetime,
    rules: MergeRules = DEFAULT_RULES,
    *,
    reporters: bool = False,
) -> Story:
    """The story as of `now`; the newest event first. With `reporters` it names those who handed reports in."""
    flight = record.flight
    origin = _airport(flight.origin)
    destination = _airport(flight.diverted_to or flight.destination or "")
    codes = {code for code in (flight.origin, flight.destination, flight.diverted_to) if code}
    cities = {code: places.city(code) for code in codes}
    carrier = flight.carrier.iata or flight.carrier.icao or ""
    teller = Teller({"departure": origin.tz, "arrival": destination.tz}, cities)
    landed = flight.status in ("landed", "arrived")
    side = destination if landed else origin
    row = board_row(
        flight,
        Board(
            direction="arrivals" if landed and not flight.diverted_to else "departures",
            airport=side.code,
            zone=side.tz,
            now=now,
            airports=cities,
            late_minutes=rules.late_minutes,
        ),
    )
    return Story(
        id=flight.id,
        version=flight.version,
        designator=spaced(flight.designator),
        airline=places.airline_name(carrier),
        also=row.also,
        date=f"{flight.date.day} {flight.date:%B %Y}",
        state=row.state[:1].upper() + row.state[1:],
        why=row.why,
        tone=row.tone,
        flown=_flown(flight, now),
        origin=_end(flight, "departures", origin, now, rules.late_minutes, teller),
        destination=_end(flight, "arrivals", destination, now, rules.late_minutes, teller),
        facts=list(_facts(flight, teller)),
        timeline=_timeline(events, reports, teller, origin.tz, now, reporters),
        beliefs=_beliefs(record, teller, origin.tz, now, rules),
    )


def _airport(code: str) -> Airport:
    return airports.airport(code) or places.unknown_airport(code)


# What the best known time is: actual and expected at the gate, then actual and expected on the runway.
_SAID = {
    "departures": ("left", "expected", "took off", "take-off expected"),
    "arrivals": ("at the gate", "expected", "landed", "landing expected"),
}


def _end(
    flight: Flight, direction: Any, airport: Airport, now: datetime, late_minutes: int, teller: Teller
) -> End:
    gate: Any = flight.departure if direction == "departures" else flight.arrival
    runway = flight.takeoff if direction == "departures" else flight.landing
    elsewhere = (
        direction == "arrivals"
        and flight.diverted_to is not None
        and flight.diverted_to != flight.destination
    )
    planned, best = scheduled(flight, direction), expected(flight, direction)
    shown = best or planned
    time = f"{shown.astimezone(airport.tz):%H:%M}" if shown else "--:--"
    was = f"{planned.astimezone(airport.tz):%H:%M}" if planned and best and not elsewhere else ""
    delay = None if elsewhere or flight.status == "cancelled" else gate.delay_minutes
    inferred = ""
    if gate.delay_basis == "inferred":
        inferred = "about " if direction == "arrivals" and not gate.overdue_minutes else "at least "
    known = (gate.actual, gate.estimated, runway.actual, runway.estimated)
    said = zip(_SAID[direction], known, strict=True)
    kind = next((name for name, moment in said if moment is not None), "scheduled")
    if flight.status == "cancelled":
        kind = "was scheduled"
    elif untimed := untold(flight, direction):
        status = "departed" if direction == "departures" else flight.status
        kind = f"{kind}; {status}, {untimed}"
    return End(
        city=("diverted to " if elsewhere else "") + (airport.city or airport.name)
        if airport.code
        else "Unknown",
        code=airport.code,
        zone=airport.zone,
        time=time,
        day=day_marker(shown, now, airport.tz) if shown else "",
        was=was if was != time else "",
        kind=kind,
        delay=f"{inferred}{lateness(delay)}",
        late=delay is not None and delay >= late_minutes,
        known=best is not None,
        gate=gate.gate or "",
        terminal=f"Terminal {gate.terminal}" if gate.terminal else "",
        places=list(_places(gate, "departure" if direction == "departures" else "arrival", teller)),
    )


def _places(gate: Departure | Arrival, side: str, teller: Teller) -> Iterator[str]:
    """What else is known of the place, in the table's words: "check-in desk 101-118", "belt 3", "first bag 15:40"."""
    for known in TABLE:
        if known.plain and known.part == side and known.name not in ("gate", "terminal"):
            text = teller.value(known.path, getattr(gate, known.name))
            if text:
                yield f"{known.words} {text}"


def _flown(flight: Flight, now: datetime) -> int:
    """Percent of the way that is behind it, as far as can be told: between take-off and the expected arrival."""
    if flight.status in ("landed", "arrived"):
        return 100
    left = flight.takeoff.actual or flight.departure.actual
    due = expected(flight, "arrivals") or scheduled(flight, "arrivals")
    if flight.status not in ("airborne", "diverted") or left is None or due is None or due <= left:
        return 0
    return min(95, max(3, round(100 * (now - left) / (due - left))))


def _facts(flight: Flight, teller: Teller) -> Any:
    for name, path, value in (
        ("Took off", "takeoff.actual", flight.takeoff.actual),
        ("Landed", "landing.actual", flight.landing.actual),
        ("Aircraft", "registration", flight.registration),
        ("Type", "aircraft_type", flight.aircraft_type),
        (
            "Reason of the delay",
            "delay_reasons",
            [msgspec.to_builtins(reason) for reason in flight.delay_reasons],
        ),
        ("Planned destination", "destination", flight.destination if flight.diverted_to else None),
        ("Also sold as", "codeshares", [spaced(name) for name in flight.codeshares]),
        ("Sources disagree on", "conflicts", list(flight.conflicts)),
        ("No word any more from", "silent_source", flight.silent_source),
    ):
        text = teller.value(path, value)
        if text:
            yield name, text


def _timeline(
    events: Sequence[Event],
    reports: Sequence[RawReport],
    teller: Teller,
    zone: ZoneInfo,
    now: datetime,
    reporters: bool,
) -> list[Entry]:
    by_offset = {report.offset: report for report in reports if report.offset is not None}
    entries: list[Entry] = []
    repeats: tuple[str, int] = ("", 0)  # of an overdue flight: since when it is told, and how many times
    for event in events:
        told = teller.sentences(msgspec.to_builtins(event.changes()))
        report = by_offset.get(event.offset)
        more = [sentence for _, sentence in told[1:]]
        if len(told) == 1 and told[0][0] == "overdue.raised":
            side = told[0][1].partition(" ")[0]
            if entries and entries[-1].overdue == side:
                since, times = repeats
                repeats = (since, times + 1)
                more = [f"told {times + 1} times since {since}, as time went by"]
                entries.pop()
            else:
                repeats = (f"{event.recorded_at.astimezone(zone):%H:%M}", 1)
        else:
            side = ""
        entries.append(
            Entry(
                key=f"{event.offset}",
                at=event.recorded_at,
                time=f"{event.recorded_at.astimezone(zone):%H:%M}",
                day=day_marker(event.recorded_at, now, zone),
                what=told[0][1] if told else "Something changed",
                more=more,
                overdue=side,
                said=_said(report, event.recorded_at, zone) + (_handed_in(report) if reporters else ""),
                news=bool(told) and told[0][0].startswith(("delay", "overdue", "flight.c", "flight.d")),
            )
        )
    return entries[::-1]


def _handed_in(report: RawReport | None) -> str:
    if report is None or not report.reporter:
        return ""
    return f", handed in by {report.reporter} ({report.entrance})"


def _said(report: RawReport | None, recorded_at: datetime, zone: ZoneInfo) -> str:
    if report is None:
        return "the report itself is no longer kept"
    source = SOURCES.get(report.source, report.source)
    observed = report.observed_at
    # A report that names its flight in full needs no recognising.
    match = "" if report.match in (None, "date and origin") else f", its flight recognised by {report.match}"
    if observed is None or abs(observed - recorded_at) < timedelta(seconds=60):
        return f"said by {source}{match}"
    return f"said by {source}, observed {observed.astimezone(zone):%H:%M:%S}{match}"


# The order of a flight's life; what is not named here comes after, by name.
_ORDER = ("cancelled", "diverted", "departure", "takeoff", "landing", "arrival", "delay_reasons")


def _beliefs(
    record: FlightRecord, teller: Teller, zone: ZoneInfo, now: datetime, rules: MergeRules
) -> list[Belief]:
    provenance = record.provenance(rules)
    beliefs = []
    for path in sorted(provenance, key=lambda path: (_place(path), path)):
        known = provenance[path]
        own, *others = known["assertions"]  # the believed one comes first
        first_of = path.replace("first_scheduled", "scheduled")
        if path != first_of and first_of in provenance:
            plan = provenance[first_of]["assertions"][0]["value"]
            if plan == own["value"]:
                continue  # never retimed: said already
        beliefs.append(
            Belief(
                label=teller.field(path),
                value=teller.value(path, own["value"]) or "nothing",
                why=f"{_source(own)}, {_observed(own, zone, now)}: {known['why']}",
                others=[
                    f"{teller.value(path, said['value']) or 'nothing'}: {_source(said)}, {_observed(said, zone, now)}"
                    for said in others
                ],
            )
        )
    return beliefs


def _place(path: str) -> int:
    return next((index for index, start in enumerate(_ORDER) if path.startswith(start)), len(_ORDER))


def _source(assertion: dict[str, Any]) -> str:
    return SOURCES.get(assertion["source"], str(assertion["source"]))


def _observed(assertion: dict[str, Any], zone: ZoneInfo, now: datetime) -> str:
    at = datetime.fromisoformat(assertion["observed_at"]).astimezone(zone)
    day = "" if at.date() == now.astimezone(zone).date() else f"{at.day} {at:%b} "
    return f"observed {day}{at:%H:%M}"

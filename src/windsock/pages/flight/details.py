"""All that the page of a flight shows: where it stands at both ends, its facts, its timeline and its beliefs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date as Day
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
from windsock.wording.durations import day_marker
from windsock.wording.headline import Headline, headline
from windsock.wording.language import gettext
from windsock.wording.presenter import NamedViewpoint, Shown, present
from windsock.wording.status import kind_words, lateness_words, upper_first
from windsock.wording.times import Direction, ShownEnd, ShownTimes


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """One end of the way: its place, the time there and what it is, and how it compares with the schedule.

    `code` is empty where `city` ends with it; `airport` is always the code.
    `struck`: the time is the schedule, and it will not happen. `at` and `was_at` are the moments of `time` and `was`.
    `gate` and `belt` are where to go, `places` what else is known of it: ("Terminal", "5").
    """

    city: str
    code: str
    airport: str
    zone: str
    at: datetime | None
    time: str
    day: str
    was_at: datetime | None
    was: str
    struck: bool
    kind: str
    delay: str
    late: bool
    known: bool
    gate: str
    belt: str
    places: list[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightDetails:
    """All that the page of a flight shows. `since` is its first event; `pruned`: earlier ones are no longer kept."""

    id: str
    version: int
    designator: str
    airline: str
    also: str
    date: Day
    state: str
    why: str
    tone: str
    headline: Headline | None
    down: bool
    flown: int
    origin: End
    destination: End
    facts: list[tuple[str, str]]
    timeline: list[Entry]
    since: datetime | None
    pruned: bool
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
    landed = flight.status in ("landed", "arrived") and not flight.diverted_to
    here = destination if landed else origin
    carrier = flight.carrier.iata or flight.carrier.icao or ""
    shown = present(
        flight,
        NamedViewpoint(
            direction="arrivals" if landed else "departures",
            airport=here.code,
            zone=here.tz,
            now=now,
            airports=cities,
            carriers={carrier: places.airline_name(carrier)},
            late_minutes=rules.late_minutes,
        ),
    )
    return FlightDetails(
        id=flight.id,
        version=flight.version,
        designator=shown.flight,
        airline=shown.airline,
        also=shown.also,
        date=flight.date,
        state=upper_first(shown.state),
        why=shown.why,
        tone=shown.tone,
        headline=headline(
            flight,
            ShownTimes(shown.departure, shown.arrival, shown.gone, shown.down),
            now,
            origin.tz,
            destination.tz,
        ),
        down=shown.down,
        flown=_flown(flight, shown, now),
        origin=_end(flight, "departures", shown.departure, origin, now, rules.late_minutes, context),
        destination=_end(flight, "arrivals", shown.arrival, destination, now, rules.late_minutes, context),
        facts=list(_facts(flight, context)),
        timeline=timeline(events, reports, context, origin.tz, now, reporters=reporters),
        since=min((event.recorded_at for event in events), default=None),
        pruned=all(event.version > 1 for event in events),
        beliefs=beliefs(record, context, origin.tz, now, rules),
    )


def _end(
    flight: Flight,
    direction: Direction,
    shown: ShownEnd,
    airport: Airport,
    now: datetime,
    late_minutes: int,
    context: ChangeContext,
) -> End:
    departing = direction == "departures"
    gate: Departure | Arrival = flight.departure if departing else flight.arrival
    elsewhere = not departing and flight.diverted_to is not None and flight.diverted_to != flight.destination
    time = shown.at or (None if elsewhere else shown.planned)
    was = shown.planned if shown.struck and shown.at is not None and not elsewhere else None
    place = places.city(airport.code) if airport.code else gettext("Unknown")
    return End(
        city=gettext("diverted to {place}", place=place) if elsewhere and airport.code else place,
        code="" if place.endswith(airport.code) else airport.code,
        airport=airport.code,
        zone=airport.zone,
        at=time,
        time=f"{time.astimezone(airport.tz):%H:%M}" if time else "--:--",
        day=day_marker(time, now, airport.tz) if time else "",
        was_at=was,
        was=f"{was.astimezone(airport.tz):%H:%M}" if was else "",
        struck=shown.struck and shown.at is None and time is not None,
        kind=kind_words(shown, direction, flight.status),
        delay=lateness_words(shown),
        late=shown.delay_minutes is not None and shown.delay_minutes >= late_minutes,
        known=shown.kind not in ("planned", "none"),
        gate=gate.gate or "",
        belt="" if departing else flight.arrival.belt or "",
        places=list(_places(gate, "departure" if departing else "arrival", context)),
    )


def _places(gate: Departure | Arrival, side: str, context: ChangeContext) -> Iterator[tuple[str, str]]:
    """Yield what else is known of the place: ("Terminal", "5"), ("First bag", "15:40")."""
    for known in TABLE:
        if known.plain and known.part == side and known.name not in ("gate", "belt"):
            text = describe_value(known.path, getattr(gate, known.name), context)
            if text:
                yield gettext(upper_first(known.words)), text


def _flown(flight: Flight, shown: Shown, now: datetime) -> int:
    """Return how much of the way is behind it, in percent: between take-off and the expected arrival."""
    if shown.down:
        return 100
    left = flight.takeoff.actual or flight.departure.actual
    due = shown.arrival.at or shown.arrival.planned
    if flight.status not in ("airborne", "diverted") or left is None or due is None or due <= left:
        return 0
    return min(95, max(3, round(100 * (now - left) / (due - left))))


def _facts(flight: Flight, context: ChangeContext) -> Iterator[tuple[str, str]]:
    facts: tuple[tuple[str, str, Any], ...] = (
        (gettext("Took off"), "takeoff.actual", flight.takeoff.actual),
        (gettext("Landed"), "landing.actual", flight.landing.actual),
        (gettext("Aircraft"), "registration", flight.registration),
        (gettext("Type"), "aircraft_type", flight.aircraft_type),
        (gettext("Planned destination"), "destination", flight.destination if flight.diverted_to else None),
        (gettext("Sources disagree on"), "conflicts", flight.conflicts),
        (gettext("Stopped reporting"), "silent_source", flight.silent_source),
    )
    for name, path, value in facts:
        text = describe_value(path, value, context)
        if text:
            yield name, text

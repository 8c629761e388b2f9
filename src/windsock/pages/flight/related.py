"""Other flights that a reader of one flight wants: the aircraft's previous one, other days, the next on the route."""

from dataclasses import dataclass
from datetime import date as Day
from datetime import datetime, timedelta

from windsock.flights import Flight, FlightKey
from windsock.flights.past_days import DAYS, PastDay, past_days
from windsock.flights.turnaround import previous_flight, turnaround
from windsock.journal.base import FlightQuery, Journal
from windsock.pages import places
from windsock.wording.durations import clock_time
from windsock.wording.inbound import inbound_words
from windsock.wording.past_days import outcome_words, summary
from windsock.wording.presenter import NamedViewpoint, Shown, present
from windsock.wording.status import spaced, upper_first
from windsock.wording.times import Direction, shown_times

BEFORE = timedelta(hours=36)
"""How far back the aircraft's previous flight is looked for, by its best known time: a long night on the ground and a
long delay."""

MAX_FLIGHTS_OF_AIRCRAFT = 40
"""Of BEFORE and this flight's own day: the busiest aircraft fly 16 legs a day."""

MAX_FLIGHTS_OF_NUMBER = 250
"""Of a month: some numbers have several legs a day."""

AHEAD = timedelta(days=10)
"""How far ahead other dates of the number are offered; timetables that are published further are rarely news."""

MAX_DATES = 7
MAX_ALTERNATIVES = 5
ALTERNATIVES_WITHIN = timedelta(hours=24)
CATCH = timedelta(minutes=30)
"""A flight that leaves sooner than this is not offered to somebody whose flight is cancelled."""

# The chart of earlier days: a column per day, and minutes late from the bottom to the top.
COLUMN, HEIGHT, LOWEST, HIGHEST = 20, 110, -15, 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """Another flight in a line: its number, place, time and state."""

    id: str
    version: int
    flight: str
    place: str
    time: str
    state: str
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """The flight that the same aircraft flies before, and what it means for this one; `binding`: makes it later."""

    flight: Other
    words: str
    binding: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """One earlier day in the chart, and as a line of the table beside it."""

    day: PastDay
    x: int
    y: int
    late: bool
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherDays:
    """The same number on other days: a chart of the earlier ones, their figures in phrases, and the next dates."""

    dots: list[Dot]
    figures: list[str]
    width: int
    height: int
    baseline: int
    threshold: int
    later: list[tuple[Day, str]]


def inbound(journal: Journal, flight: Flight, now: datetime, late_minutes: int) -> Inbound | None:
    """Return the aircraft's previous flight and what follows from it; None if unknown, or no longer of interest."""
    planned = flight.departure.scheduled
    here = shown_times(flight, now, late_minutes)
    if flight.registration is None or planned is None or here.gone or flight.status == "cancelled":
        return None
    found = journal.find(
        FlightQuery(
            registration=flight.registration,
            since=planned - BEFORE,
            until=planned + BEFORE,
            limit=MAX_FLIGHTS_OF_AIRCRAFT,
        )
    )
    previous = previous_flight(flight, [record.flight for record in found])
    if previous is None:
        return None
    times = shown_times(previous, now, late_minutes)
    turn = turnaround(flight, previous, times.arrival.at, here.departure.at, now)
    if turn is None:
        elsewhere = previous.diverted_to not in (None, flight.origin)
        if not elsewhere and previous.status != "cancelled":
            return None  # over long ago, or without a time
        return Inbound(flight=_other(previous, "arrivals", now, late_minutes), words="", binding=False)
    zone = places.airport_or_unknown(flight.origin).tz
    return Inbound(
        flight=_other(previous, "arrivals", now, late_minutes),
        words=inbound_words(turn, times.arrival, now, zone, down=times.down),
        binding=turn.binding,
    )


def other_days(journal: Journal, flight: Flight, now: datetime, late_minutes: int) -> OtherDays:
    """Return how the number did on the DAYS before this flight, and its next dates."""
    around = flight.departure.scheduled or now
    found = journal.find(
        FlightQuery(
            designator=flight.designator,
            since=around - timedelta(days=DAYS + 1),
            until=around + AHEAD,
            limit=MAX_FLIGHTS_OF_NUMBER,
        )
    )
    flights = [record.flight for record in found]
    past = past_days(flight, flights, now, late_minutes)
    later = {
        other.date: other.id
        for other in flights
        if other.date > flight.date and other.origin == flight.origin and not other.former_ids
    }
    return OtherDays(
        dots=[_dot(day, flight.date, late_minutes) for day in past.days],
        figures=summary(past, late_minutes),
        width=COLUMN * DAYS,
        height=HEIGHT,
        baseline=_height(0),
        threshold=_height(late_minutes),
        later=sorted(later.items())[:MAX_DATES],
    )


def known_dates(journal: Journal, key: FlightKey) -> list[tuple[Day, str, str]]:
    """Return (date, id, origin) of the flights of this number on the dates that are nearest to the key's."""
    found = journal.find(FlightQuery(designator=str(key.designator), limit=MAX_FLIGHTS_OF_NUMBER))
    near = sorted((record.flight for record in found), key=lambda flight: abs(flight.date - key.date))
    return sorted((flight.date, flight.id, flight.origin) for flight in near[:MAX_DATES])


def alternatives(journal: Journal, flight: Flight, now: datetime, late_minutes: int) -> list[Other]:
    """Return the next flights on the same route that leave, for somebody whose flight does not."""
    if flight.destination is None:
        return []
    found = journal.find(
        FlightQuery(
            airport=flight.origin,
            direction="departures",
            opposite=flight.destination,
            since=now + CATCH,
            until=now + ALTERNATIVES_WITHIN,
            limit=4 * MAX_ALTERNATIVES,
        )
    )
    leaving = [
        record.flight
        for record in found
        if record.flight.id != flight.id
        and record.flight.status != "cancelled"
        and not shown_times(record.flight, now, late_minutes).gone
    ]
    return [_other(each, "departures", now, late_minutes) for each in leaving[:MAX_ALTERNATIVES]]


def recovery(journal: Journal, flight: Flight, now: datetime, late_minutes: int) -> list[Other]:
    """Return the flight that completes this diverted one, and the diverted one that this completes."""
    ids = (flight.recovered_by, flight.recovery_of)
    records = [journal.flight(FlightKey.parse(flight_id)) for flight_id in ids if flight_id]
    return [_other(record.flight, "departures", now, late_minutes) for record in records if record]


def _other(flight: Flight, direction: Direction, now: datetime, late_minutes: int) -> Other:
    here = flight.origin if direction == "departures" else flight.diverted_to or flight.destination or ""
    airport = places.airport_or_unknown(here)
    codes = {code for code in (flight.origin, flight.destination, flight.diverted_to) if code}
    shown = present(
        flight,
        NamedViewpoint(
            direction=direction,
            airport=here,
            zone=airport.tz,
            now=now,
            airports={code: places.city(code) for code in codes},
            late_minutes=late_minutes,
        ),
    )
    end = shown.departure if direction == "departures" else shown.arrival
    time = end.at or end.planned
    return Other(
        id=flight.id,
        version=flight.version,
        flight=spaced(flight.designator),
        place=_place(shown),
        time=clock_time(time, now, airport.tz) if time else "",
        state=upper_first(shown.state),
        tone=shown.tone,
    )


def _place(shown: Shown) -> str:
    return shown.place if shown.code in shown.place else f"{shown.place} {shown.code}".strip()


def _dot(day: PastDay, today: Day, late_minutes: int) -> Dot:
    back = (today - day.date).days
    return Dot(
        day=day,
        x=COLUMN * (DAYS - back) + COLUMN // 2,
        y=_height(HIGHEST if day.minutes is None else day.minutes),
        late=day.minutes is not None and day.minutes >= late_minutes,
        words=outcome_words(day),
    )


def _height(minutes: int) -> int:
    """Return how far below the top of the chart this delay is, in units of the drawing."""
    share = (min(max(minutes, LOWEST), HIGHEST) - LOWEST) / (HIGHEST - LOWEST)
    return round(HEIGHT - 8 - share * (HEIGHT - 16))

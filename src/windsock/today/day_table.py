"""The flights around now, kept in memory: loaded once, then advanced by the journal's events when somebody looks.

A look costs one read of the head, and a decoding of each event since the last look; nothing runs while nobody looks.
"""

import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from windsock.errors import PositionTrimmed, PositionUnknown
from windsock.flights import Flight, airports
from windsock.flights.punctuality import DayFlight, Punctuality, day_flight, punctuality
from windsock.journal.base import Journal
from windsock.protocol.positions import Position
from windsock.today.activity import Activity, activity

AROUND = timedelta(hours=36)
"""Flights planned farther from now are not of today in any zone."""

RELOAD = timedelta(hours=12)
"""When the clock has moved this far, the flights are loaded afresh, which drops those of the day before."""

MAX_EVENTS = 20_000
"""Events to catch up with; beyond these, loading the flights afresh is cheaper."""

PAGE = 1_000

ACTIVITY_SECONDS = 60.0
"""Which airports and carriers have flights changes slowly, and each letter that somebody types asks for it."""

MAX_STEP = timedelta(minutes=10)
"""Of the service's time, between two counts: a replay may run at many times the speed of the day."""

COUNT_SECONDS = 8.0
"""A count is reused for this long in real time: with 100,000 flights it takes half a second, and each page of the day
asks every ten seconds."""


class DayTable:
    """The day's flights of one journal. Any thread may use it."""

    def __init__(self, journal: Journal, monotonic: Callable[[], float]) -> None:
        self._journal, self._monotonic = journal, monotonic
        self._lock, self._counting = threading.Lock(), threading.Lock()
        self._position: Position | None = None
        self._loaded_for = datetime.min.replace(tzinfo=UTC)
        self._flights: dict[str, DayFlight] = {}
        self._active: tuple[float, str, datetime, Activity] | None = None
        self._counted: tuple[float, str, datetime, int, Punctuality] | None = None

    def flights(self, now: datetime) -> dict[str, DayFlight]:
        """Return the flights by id as of the journal's head. Do not alter it."""
        with self._lock:
            return self._level(now)

    def activity(self, now: datetime) -> Activity:
        """Return the airports, carriers and numbers with flights; at most ACTIVITY_SECONDS old."""
        with self._lock:
            epoch = self._journal.head().epoch
            if self._active is not None:
                seen_at, then_epoch, then, active = self._active
                fresh = self._monotonic() - seen_at < ACTIVITY_SECONDS and then_epoch == epoch
                if fresh and abs(now - then) < MAX_STEP and active.numbers:
                    return active
            active = activity(self._level(now).values(), now)
            self._active = (self._monotonic(), epoch, now, active)
            return active

    def punctuality(self, now: datetime, late_minutes: int) -> Punctuality:
        """Return how punctual the day is; at most COUNT_SECONDS old."""
        with self._counting:
            at = self._monotonic()
            if self._counted is not None:
                counted_at, epoch, then, minutes, counted = self._counted
                same_day = epoch == self._journal.head().epoch and minutes == late_minutes
                if same_day and at - counted_at < COUNT_SECONDS and abs(now - then) < MAX_STEP:
                    return counted
            with self._lock:  # not while counting, or whoever searches would wait for the count
                flights = list(self._level(now).values())
                epoch = self._position.epoch if self._position else ""
            counted = punctuality(flights, now, _zones(flights), late_minutes)
            self._counted = (self._monotonic(), epoch, now, late_minutes, counted)
            return counted

    def _level(self, now: datetime) -> dict[str, DayFlight]:
        if self._position is None or abs(now - self._loaded_for) > RELOAD or not self._catch_up():
            head, records = self._journal.snapshot(now - AROUND)
            self._position, self._loaded_for, self._flights = head.position, now, {}
            for record in records:
                self._put(record.flight)
        return self._flights

    def _put(self, flight: Flight) -> None:
        light = day_flight(flight)
        time = light.departs or light.arrives
        if time is not None and abs(time - self._loaded_for) <= AROUND + RELOAD:
            self._flights[light.id] = light
        else:
            self._flights.pop(light.id, None)

    def _catch_up(self) -> bool:
        """Read the events since the last look; return False if the flights have to be loaded afresh."""
        position = self._position
        assert position is not None
        head = self._journal.head()
        if head.epoch != position.epoch or not 0 <= head.offset - position.offset <= MAX_EVENTS:
            return False
        while position.offset < head.offset:
            try:
                events = self._journal.after(position, PAGE)
            except (PositionTrimmed, PositionUnknown):
                return False
            if not events:
                break
            for event in events:
                if event.of_programmes:
                    continue
                try:
                    flight = event.flight()
                except (msgspec.DecodeError, UnicodeError):  # a damaged event is skipped everywhere
                    continue
                self._put(flight)
                for former in flight.former_ids:
                    self._flights.pop(former, None)
            position = Position(position.epoch, events[-1].offset)
        self._position = position
        return True


def _zones(flights: Iterable[DayFlight]) -> dict[str, ZoneInfo]:
    codes = {flight.origin for flight in flights} | {flight.destination for flight in flights}
    return {code: found.tz for code in codes if code and (found := airports.airport(code))}

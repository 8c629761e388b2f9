"""Count how punctual a day is: by airport, by carrier and by hour. Pure; the time is passed in.

A day begins at 3:00 local time, so that a flight planned for 23:30 that leaves at 1:00 belongs to the evening before.
A flight counts at its origin by its planned departure, and at its destination by its planned arrival. Of flights whose
planned time has come and whose delay is known, the share that is late is counted; of a day's flights, cancelled and
diverted ones are counted as soon as they are known.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from windsock.flights.state import Flight

DAY_STARTS = timedelta(hours=3)
"""After midnight, local time: the hour in which the fewest flights are planned."""

HOURS = 24
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

RECENT_HOURS = 3
"""Hours before now that show how an airport does at the moment: long enough to have flights, short enough to pass."""

MIN_FLIGHTS = 3
"""Flights below which a share says nothing: one late flight of one is not an airport in trouble."""

TROUBLE_SHARE = 0.3
"""Share of late or cancelled flights from which an airport is in trouble; on a good day it is about 0.15."""


class DayFlight(msgspec.Struct, frozen=True, gc=False):
    """The part of a flight that counts. 100,000 of them are kept in memory, hence not the whole flight."""

    id: str
    designator: str
    carrier: str
    origin: str
    destination: str | None
    cancelled: bool
    diverted: bool
    departs: datetime | None
    departure_delay: int | None
    arrives: datetime | None
    arrival_delay: int | None


class Count(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`planned` flights of a day or an hour; of the `known` ones (due, with a known delay) `late` are late."""

    planned: int = 0
    known: int = 0
    late: int = 0
    cancelled: int = 0
    diverted: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(
            planned=self.planned + other.planned,
            known=self.known + other.known,
            late=self.late + other.late,
            cancelled=self.cancelled + other.cancelled,
            diverted=self.diverted + other.diverted,
        )

    @property
    def late_share(self) -> float | None:
        """The share of the known flights that is late; None if none is known."""
        return self.late / self.known if self.known else None

    @property
    def disrupted_share(self) -> float:
        """The share that is late or cancelled, of the flights that are known or cancelled; 0 if there are none."""
        total = self.known + self.cancelled
        return (self.late + self.cancelled) / total if total else 0.0


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """A day at one airport, of one carrier, or of all flights. `median_delay` is in minutes, early counted as 0.

    `hours` are the 24 hours of the day; `now_hour` is the one that is under way.
    """

    day: Count
    median_delay: int | None
    hours: tuple[Count, ...]
    now_hour: int

    @property
    def recent(self) -> Count:
        """The last hours, the one under way included."""
        first = max(0, self.now_hour - RECENT_HOURS + 1)
        return sum(self.hours[first : self.now_hour + 1], Count())

    @property
    def in_trouble(self) -> bool:
        """Whether many of the last hours' flights are late or cancelled."""
        recent = self.recent
        return recent.known + recent.cancelled >= MIN_FLIGHTS and recent.disrupted_share >= TROUBLE_SHARE


Place = tuple[str, Literal["departures", "arrivals"]]


class Punctuality(msgspec.Struct, frozen=True, kw_only=True):
    """The tallies of the day: of all departures, of each (airport, direction) and of each carrier's departures."""

    total: Tally
    places: Mapping[Place, Tally]
    carriers: Mapping[str, Tally]


def day_flight(flight: Flight) -> DayFlight:
    """Return the part of the flight that counts. A time that is only expected stands in for one that is not planned."""
    departure, arrival = flight.departure, flight.arrival
    return DayFlight(
        id=flight.id,
        designator=flight.designator,
        carrier=flight.carrier.iata or flight.carrier.icao or "",
        origin=flight.origin,
        destination=flight.destination,
        cancelled=flight.status == "cancelled",
        diverted=flight.status == "diverted" or flight.diverted_to is not None,
        departs=departure.scheduled or departure.estimated or departure.actual,
        departure_delay=departure.delay_minutes,
        arrives=arrival.scheduled or arrival.estimated or arrival.actual,
        arrival_delay=arrival.delay_minutes,
    )


def day_start(now: datetime, zone: ZoneInfo) -> datetime:
    """Return when the day that `now` belongs to began in that zone, in UTC."""
    local = now.astimezone(zone)
    start = local.replace(hour=0, minute=0, second=0, microsecond=0) + DAY_STARTS
    if local < start:
        start -= DAY
    return start.astimezone(now.tzinfo)


class _Counter:
    """The flights of one group while they are counted."""

    __slots__ = ("cancelled", "delays", "diverted", "known", "late", "planned")

    def __init__(self) -> None:
        self.planned, self.known, self.late = [0] * HOURS, [0] * HOURS, [0] * HOURS
        self.cancelled, self.diverted = [0] * HOURS, [0] * HOURS
        self.delays: Counter[int] = Counter()

    def add(
        self, hour: int, *, delay: int | None, due: bool, late_minutes: int, cancelled: bool, diverted: bool
    ) -> None:
        self.planned[hour] += 1
        if cancelled:
            self.cancelled[hour] += 1
            return
        if diverted:
            self.diverted[hour] += 1
        if due and delay is not None:
            self.known[hour] += 1
            self.late[hour] += delay >= late_minutes
            self.delays[max(delay, 0)] += 1

    def tally(self, now_hour: int) -> Tally:
        hours = tuple(
            Count(planned=planned, known=known, late=late, cancelled=cancelled, diverted=diverted)
            for planned, known, late, cancelled, diverted in zip(
                self.planned, self.known, self.late, self.cancelled, self.diverted, strict=True
            )
        )
        return Tally(
            day=sum(hours, Count()), median_delay=median(self.delays), hours=hours, now_hour=now_hour
        )


def median(counted: Counter[int]) -> int | None:
    """Return the lower median of values given as value → how often; None without any."""
    half = (counted.total() + 1) // 2
    seen = 0
    for value in sorted(counted):
        seen += counted[value]
        if seen >= half:
            return value
    return None


def punctuality(
    flights: Iterable[DayFlight], now: datetime, zones: Mapping[str, ZoneInfo], late_minutes: int
) -> Punctuality:
    """Return the tallies of the day that is under way at each airport. `zones` are those of the airports by code.

    Flights at an airport without a zone are left out, and so are those of other days.
    """
    starts: dict[str, datetime] = {}
    by_zone: dict[str, datetime] = {}
    for code, zone in zones.items():
        if (start := by_zone.get(zone.key)) is None:
            start = by_zone[zone.key] = day_start(now, zone)
        starts[code] = start
    places: dict[Place, _Counter] = defaultdict(_Counter)
    carriers: dict[str, _Counter] = defaultdict(_Counter)
    total = _Counter()
    for flight in flights:
        departs, arrives = flight.departs, flight.arrives
        cancelled, diverted = flight.cancelled, flight.diverted
        if departs is not None and (hour := _hour(departs, starts.get(flight.origin))) is not None:
            for group in (places[flight.origin, "departures"], carriers[flight.carrier], total):
                group.add(
                    hour,
                    delay=flight.departure_delay,
                    due=departs <= now,
                    late_minutes=late_minutes,
                    cancelled=cancelled,
                    diverted=diverted,
                )
        if flight.destination is None or arrives is None:
            continue
        if (hour := _hour(arrives, starts.get(flight.destination))) is not None:
            places[flight.destination, "arrivals"].add(
                hour,
                delay=flight.arrival_delay,
                due=arrives <= now,
                late_minutes=late_minutes,
                cancelled=cancelled,
                diverted=diverted,
            )
    carriers.pop("", None)
    # The hour of "all flights" and of carriers is that of most flights' origin, so that its trend has one "now".
    sizes = {code: sum(counter.planned) for (code, way), counter in places.items() if way == "departures"}
    busiest = max(sizes, key=lambda code: (sizes[code], code), default="")
    general = _now_hour(now, starts.get(busiest))
    return Punctuality(
        total=total.tally(general),
        places={
            place: counter.tally(_now_hour(now, starts.get(place[0]))) for place, counter in places.items()
        },
        carriers={code: counter.tally(general) for code, counter in carriers.items()},
    )


def _hour(time: datetime, start: datetime | None) -> int | None:
    """Return the hour of the day in which the time lies; None outside of the day."""
    if start is None:
        return None
    past = time - start
    return past.seconds // 3600 if past.days == 0 else None


def _now_hour(now: datetime, start: datetime | None) -> int:
    return 0 if start is None else min(HOURS - 1, max(0, int((now - start) / HOUR)))

"""Find what a text means: a few bounded queries of the journal, each along an index."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from windsock.flights import Designator, Flight, FlightKey, airports
from windsock.flights.place_names import place_name
from windsock.journal.base import FlightQuery, Journal
from windsock.search.places import similar_places
from windsock.search.reading import Reading, read_search
from windsock.search.results import AirportHit, FlightHit, Found, RouteHit
from windsock.today.activity import Activity
from windsock.wording.presenter import NamedViewpoint, present
from windsock.wording.status import spaced
from windsock.wording.times import GONE, Direction, expected, scheduled

MAX_FLIGHTS = 12
"""Flights of a group: what a phone shows in two screens. Whoever wants more types more."""

MAX_EXACT = 8
"""Flights of one number or aircraft on one date: a bus-like shuttle has about that many legs."""

MAX_OTHER_DAYS = 6
MAX_ROUTES = 6
NEARBY = timedelta(days=8)
"""A number that does not fly today mostly flew, or will fly, on the same day of a week."""

BEHIND, AHEAD = timedelta(hours=3), timedelta(hours=18)
"""The hours of a carrier or a route in which people look for a flight whose number they do not know."""

OVER = frozenset({"arrived", "cancelled", "landed", "diverted"})
MAX_PAST = 200
"""Flights of one number that are looked through for the newest: half a year of a daily flight."""


class Finder:
    """One search: what was typed, the journal, the service's time, and what is known of the day."""

    def __init__(self, journal: Journal, now: datetime, known: Activity, late_minutes: int) -> None:
        self._journal, self._now, self._known, self._late_minutes = journal, now, known, late_minutes
        self._days = tuple(now.date() + timedelta(days=days) for days in (-1, 0, 1))

    def find(self, typed: str) -> Found:
        """Return everything that the text may mean, what is meant most likely first."""
        reading = read_search(typed, self._known.busy, self._now.date(), self._known.carriers)
        if not reading.text:
            return Found(text="")
        around = _once(self._around(reading))
        others = (
            () if not reading.numbers and not reading.registration else _once(self._nearby(reading, around))
        )
        today = [flight for flight in around if self._is_today(flight)]
        other_days = [flight for flight in _once((*around, *others)) if not self._is_today(flight)]
        today.sort(key=lambda flight: (not self._exact(flight, reading), *self._order(flight)))
        other_days = [flight for flight in other_days if self._exact(flight, reading)]
        other_days.sort(key=self._distance)
        return self._found(reading, today, other_days)

    def _found(self, reading: Reading, today: list[Flight], other_days: list[Flight]) -> Found:
        exact = [flight for flight in today if self._exact(flight, reading)]
        places = tuple(self._airport(code) for code in reading.airports)
        routes = self._routes(reading, today)
        number = spaced(reading.numbers[0]) if reading.numbers else ""
        nothing = not (today or other_days or places or routes)
        only_flight = exact[0].id if len(exact) == 1 else ""
        if not today and len(other_days) == 1 and not places and not routes:
            only_flight = other_days[0].id
        if reading.route and len(today) == 1:
            only_flight = today[0].id
        open_airport = not only_flight and not today and not other_days and len(places) == 1
        coded = not only_flight and places and reading.text.upper() in (places[0].code, _icao(places[0].code))
        return Found(
            text=reading.text,
            flights=tuple(self._hit(flight, reading) for flight in today[:MAX_FLIGHTS]),
            other_days=tuple(self._hit(flight, reading) for flight in other_days[:MAX_OTHER_DAYS]),
            airports=places,
            routes=routes,
            only_flight=only_flight,
            only_airport=places[0].code if open_airport or coded else "",
            number=number,
            known_on=() if exact else tuple(sorted({flight.date for flight in other_days})),
            similar_numbers=self._similar_numbers(reading) if nothing else (),
            similar_airports=tuple(
                self._airport(code) for code in similar_places(reading.text, self._known.busy)
            )
            if nothing and not reading.numbers
            else (),
        )

    # ---- the queries ----

    def _around(self, reading: Reading) -> Iterator[Flight]:
        """Yield the flights of yesterday, today and tomorrow, by UTC, that the text may mean."""
        texts = dict.fromkeys(reading.numbers)
        if reading.registration:
            texts[reading.registration] = None
        for text in list(texts)[:MAX_FLIGHTS]:
            for day in self._days:
                named = self._query(FlightQuery(text=text, date=day, limit=MAX_EXACT))
                yield from (flight for flight in named if self._exact(flight, reading))
        window: dict[str, Any] = {"since": self._now - timedelta(hours=1), "until": self._now + AHEAD}
        if reading.number_only:
            yield from self._numbered(reading.number_only)
        if reading.beginning and reading.beginning not in reading.carriers:
            # Those of which the number is only the beginning: the next ones to leave.
            for day in self._days:
                yield from self._query(
                    FlightQuery(text=reading.beginning, date=day, limit=MAX_FLIGHTS, **window)
                )
        for carrier in reading.carriers[:2]:
            for day in self._days:
                yield from self._query(FlightQuery(carrier=carrier, date=day, limit=MAX_FLIGHTS, **window))
        if reading.route is not None:
            for origin in reading.route[0]:
                for destination in reading.route[1]:
                    query = FlightQuery(
                        airport=origin,
                        direction="departures",
                        opposite=destination,
                        since=self._now - BEHIND,
                        until=self._now + AHEAD,
                        limit=MAX_FLIGHTS,
                    )
                    yield from self._query(query)

    def _numbered(self, number: int) -> Iterator[Flight]:
        """Yield the flights of the day with this number, of any carrier: no index of the journal leads to them."""
        ids = (self._known.numbers.get(f"{carrier}{number}", ()) for carrier in sorted(self._known.carriers))
        for flight_id in [flight_id for some in ids for flight_id in some][: 2 * MAX_FLIGHTS]:
            record = self._journal.flight(FlightKey.parse(flight_id))
            if record is not None:
                yield record.flight

    def _nearby(self, reading: Reading, around: list[Flight]) -> Iterator[Flight]:
        """Yield the flights of the whole number, or of the aircraft, on other days: near ones, else the newest."""
        known = [flight for flight in around if self._exact(flight, reading)]
        for text in dict.fromkeys((*reading.numbers[:2], *filter(None, (reading.registration,)))):
            near = list(
                self._query(
                    FlightQuery(
                        text=text, since=self._now - NEARBY, until=self._now + NEARBY, limit=3 * MAX_FLIGHTS
                    )
                )
            )
            yield from near
            if not near and not known:
                # In order of time, so the newest are the last ones.
                yield from list(self._query(FlightQuery(text=text, limit=MAX_PAST)))[-2 * MAX_OTHER_DAYS :]

    def _query(self, query: FlightQuery) -> Iterator[Flight]:
        return (record.flight for record in self._journal.find(query))

    # ---- what it means ----

    def _exact(self, flight: Flight, reading: Reading) -> bool:
        if reading.number_only:
            return flight.number == reading.number_only
        return (
            flight.designator in reading.numbers
            or any(number in reading.numbers for number in flight.codeshares)
            or (bool(reading.registration) and _plain(flight.registration) == _plain(reading.registration))
        )

    def _is_today(self, flight: Flight) -> bool:
        """Whether it flies today by the origin's calendar, or began earlier and is not over."""
        today = self._now.astimezone(_zone(flight.origin)).date()
        if flight.date == today:
            return True
        time = scheduled(flight, "arrivals") or scheduled(flight, "departures")
        under_way = flight.status not in OVER and time is not None and time >= self._now - AHEAD
        return (flight.date < today and under_way) or (
            time is not None and abs(time - self._now) <= BEHIND and flight.status != "cancelled"
        )

    def _order(self, flight: Flight) -> tuple[bool, float, str]:
        """Return the sort key of today's flights: those that are still to leave first, by time."""
        time = expected(flight, "departures") or scheduled(flight, "departures")
        return (flight.status in GONE, time.timestamp() if time else 0.0, flight.id)

    def _distance(self, flight: Flight) -> tuple[float, str]:
        time = scheduled(flight, "departures")
        return (abs((time - self._now).total_seconds()) if time else 0.0, flight.id)

    # ---- how it is shown ----

    def _hit(self, flight: Flight, reading: Reading) -> FlightHit:
        codes = (flight.origin, flight.destination, flight.diverted_to)
        direction: Direction = "arrivals" if flight.status in GONE and flight.destination else "departures"
        here = (flight.destination if direction == "arrivals" else flight.origin) or ""
        shown = present(
            flight,
            NamedViewpoint(
                direction=direction,
                zone=_zone(here),
                now=self._now,
                airport=here,
                airports={code: _place(code) for code in codes if code},
                late_minutes=self._late_minutes,
            ),
        )
        end, zone = shown.departure, _zone(flight.origin)
        passed = end.kind == "at_least" and end.at is not None and end.at <= self._now
        best = None if passed or end.kind == "planned" else end.at
        local, local_expected = _local(end.planned, zone), _local(best, zone)
        searched = [number for number in flight.codeshares if number in reading.numbers]
        return FlightHit(
            id=flight.id,
            number=shown.flight,
            searched_as=spaced(searched[0]) if searched and flight.designator not in reading.numbers else "",
            date=flight.date,
            origin=flight.origin,
            origin_place=_place(flight.origin),
            destination=flight.destination or "",
            destination_place=_place(flight.destination) if flight.destination else "",
            planned=end.planned,
            expected=best,
            local=local,
            local_expected="" if local_expected == local else local_expected,
            struck=end.struck,
            state=shown.state,
            why=shown.why,
            tone=shown.tone,
            today=self._is_today(flight),
        )

    def _airport(self, code: str) -> AirportHit:
        found = airports.airport(code)
        departures, arrivals = self._known.airports.get(code, (0, 0))
        return AirportHit(
            code=code,
            place=_place(code),
            name=found.name if found else code,
            departures=departures,
            arrivals=arrivals,
        )

    def _routes(self, reading: Reading, today: list[Flight]) -> tuple[RouteHit, ...]:
        if reading.route is None:
            return ()
        pairs = [(origin, destination) for origin in reading.route[0] for destination in reading.route[1]]
        counted = {pair: sum((f.origin, f.destination) == pair for f in today) for pair in pairs}
        shown = [pair for pair in pairs if counted[pair]] or pairs[:1]
        return tuple(
            RouteHit(
                origin=origin,
                origin_place=_place(origin),
                destination=destination,
                destination_place=_place(destination),
                flights=counted[origin, destination],
            )
            for origin, destination in shown[:MAX_ROUTES]
        )

    def _similar_numbers(self, reading: Reading) -> tuple[str, ...]:
        """Return numbers of today that differ from the searched one by one digit, or by the carrier alone."""
        found: dict[str, None] = {}
        for text in reading.numbers[:1]:
            number = Designator.parse(text, self._now.date())
            digits = str(number.number)
            tries = {
                digits[:at] + other + digits[at + 1 :] for at in range(len(digits)) for other in "0123456789"
            }
            tries |= {digits[:at] + digits[at + 1 :] for at in range(len(digits))}
            tries |= {
                digits[:at] + other + digits[at:] for at in range(len(digits) + 1) for other in "0123456789"
            }
            tries |= {
                digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :] for at in range(len(digits) - 1)
            }
            wanted = [f"{carrier}{digits}" for carrier in sorted(self._known.carriers)]
            wanted += [f"{number.carrier}{int(digits)}" for digits in sorted(tries) if digits and int(digits)]
            found |= dict.fromkeys(spaced(name) for name in wanted if name in self._known.numbers)
        return tuple(found)[:MAX_OTHER_DAYS]


def _once(flights: Iterable[Flight]) -> list[Flight]:
    return list({flight.id: flight for flight in flights}.values())


def _plain(registration: str | None) -> str:
    return (registration or "").replace("-", "").upper()


def _place(code: str) -> str:
    return place_name(code) or code


def _icao(code: str) -> str | None:
    found = airports.airport(code)
    return found.icao if found else None


def _zone(code: str) -> ZoneInfo:
    found = airports.airport(code)
    return found.tz if found else ZoneInfo("UTC")


def _local(time: datetime | None, zone: ZoneInfo) -> str:
    return f"{time.astimezone(zone):%H:%M}" if time else ""

"""A watched flight as its card shows it, and the whole list of cards."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date as Day
from datetime import datetime
from typing import Any

import msgspec

from windsock.flights import Flight, FlightKey
from windsock.journal.base import Journal
from windsock.pages import places
from windsock.pages.mine.trips import Connection, Leg, is_past, leg, trips
from windsock.watchlist.merging import MAX_WATCHED
from windsock.wording.durations import clock_time
from windsock.wording.presenter import NamedViewpoint, present
from windsock.wording.status import kind_words, lateness_words, spaced, upper_first
from windsock.wording.times import Direction, ShownEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class CardEnd:
    """One end of the way: place, time and what that is; `was` is the planned time if that no longer holds."""

    code: str
    place: str
    time: str
    was: str
    struck: bool
    kind: str
    delay: str
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A watched flight. `asked` is the id in the reader's list, which may be a former one of `id`.

    `facts` is what a browser remembers of a card that was looked at: see `static/windsock/since-looked.js`.
    """

    id: str
    asked: str
    number: str
    date: datetime | None
    airline: str
    state: str
    why: str
    tone: str
    countdown: str
    terminal: str
    gate: str
    belt: str
    departure: CardEnd
    arrival: CardEnd
    facts: dict[str, Any]

    @property
    def ends(self) -> tuple[CardEnd, CardEnd]:
        """Departure and arrival."""
        return self.departure, self.arrival

    @property
    def facts_json(self) -> str:
        """The facts as an attribute carries them."""
        return msgspec.json.encode(self.facts).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class CardTrip:
    """Cards that connect, each with the connection that follows it."""

    cards: list[tuple[Card, Connection | None]]

    @property
    def connected(self) -> bool:
        """Whether there are several legs."""
        return len(self.cards) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A watched flight that the journal does not have, or no longer: its id is all that is left."""

    asked: str
    number: str
    origin: str
    date: Day


@dataclass(frozen=True, slots=True, kw_only=True)
class MyFlights:
    """All watched flights: what lies ahead by urgency, what is over for more than a day, and what is not known."""

    ahead: list[CardTrip]
    past: list[CardTrip]
    unknown: list[Unknown]

    @property
    def count(self) -> int:
        """Flights in the list."""
        return sum(len(trip.cards) for trip in (*self.ahead, *self.past)) + len(self.unknown)

    @property
    def past_count(self) -> int:
        """Flights that are folded away."""
        return sum(len(trip.cards) for trip in self.past) + len(self.unknown)


def my_flights(journal: Journal, ids: Iterable[str], now: datetime, late_minutes: int) -> MyFlights:
    """Return the cards of these flights, each once; a flight that got another id is found by its former one."""
    found: dict[str, tuple[str, Flight]] = {}
    unknown: list[Unknown] = []
    for text in list(dict.fromkeys(ids))[:MAX_WATCHED]:
        try:
            key = FlightKey.parse(text)
        except ValueError:
            continue  # not an id: written into the browser's storage by something else
        record = journal.flight(key)
        if record is None:
            unknown.append(
                Unknown(asked=text, number=spaced(str(key.designator)), origin=key.origin, date=key.date)
            )
        else:
            found.setdefault(record.flight.id, (text, record.flight))
    legs = [leg(flight, now, late_minutes) for _, flight in found.values()]
    codes = {code for each in legs for code in (each.origin, each.destination, each.diverted_to) if code}
    names = {code: places.city(code) for code in codes}
    cards = {each.id: _card(*found[each.id], each, now, names, late_minutes) for each in legs}

    def with_cards(some: list[Leg]) -> list[CardTrip]:
        return [
            CardTrip(
                cards=[
                    (cards[one.id], following)
                    for one, following in zip(trip.legs, [*trip.connections, None], strict=True)
                ]
            )
            for trip in trips(some, now, names)
        ]

    # A trip is over with its last leg: its legs stay together.
    grouped = trips(legs, now, names)
    over = {
        each.id for trip in grouped if all(is_past(part, now) for part in trip.legs) for each in trip.legs
    }
    return MyFlights(
        ahead=with_cards([each for each in legs if each.id not in over]),
        past=with_cards([each for each in legs if each.id in over]),
        unknown=unknown,
    )


def _card(
    asked: str, flight: Flight, one: Leg, now: datetime, names: dict[str, str], late_minutes: int
) -> Card:
    # Until it has left, a traveller wants to know about the departure; from then on about the arrival.
    direction: Direction = "arrivals" if one.gone and one.destination else "departures"
    here = places.airport_or_unknown(
        (one.diverted_to or one.destination) if direction == "arrivals" else one.origin
    )
    carrier = flight.carrier.iata or flight.carrier.icao or ""
    shown = present(
        flight,
        NamedViewpoint(
            direction=direction,
            airport=here.code,
            zone=here.tz,
            now=now,
            airports=names,
            carriers={carrier: places.airline_name(carrier)},
            late_minutes=late_minutes,
        ),
    )
    arriving = direction == "arrivals"
    side = flight.arrival if arriving else flight.departure
    departure = _end(flight, one, "departures", one.departure, now, names, late_minutes)
    arrival = _end(flight, one, "arrivals", one.arrival, now, names, late_minutes)
    return Card(
        id=flight.id,
        asked=asked,
        number=shown.flight,
        date=one.leaves.astimezone(places.airport_or_unknown(one.origin).tz) if one.leaves else None,
        airline=shown.airline,
        state=upper_first(shown.state),
        why=shown.why,
        tone=shown.tone,
        countdown=shown.countdown,
        terminal="" if one.cancelled else shown.terminal,
        gate="" if one.cancelled else shown.gate,
        belt=shown.belt if arriving else "",
        departure=departure,
        arrival=arrival,
        facts={
            "number": shown.flight,
            "state": upper_first(shown.state),
            "status": flight.status,
            "terminal": "" if one.cancelled else side.terminal or "",
            "gate": "" if one.cancelled else shown.gate,
            "belt": shown.belt if arriving else "",
            "arriving": arriving,
            "departs": one.leaves.isoformat() if one.leaves and not one.cancelled else None,
            "arrives": one.arrives.isoformat() if one.arrives and not one.cancelled else None,
        },
    )


def _end(
    flight: Flight,
    one: Leg,
    direction: Direction,
    end: ShownEnd,
    now: datetime,
    names: dict[str, str],
    late_minutes: int,
) -> CardEnd:
    code = one.origin if direction == "departures" else one.diverted_to or one.destination
    zone = places.airport_or_unknown(code).tz
    # The plan was for another airport.
    elsewhere = direction == "arrivals" and bool(one.diverted_to)
    time = end.at or (None if elsewhere else end.planned)
    was = end.planned if end.struck and end.at is not None and not elsewhere else None
    place = names.get(code, code)
    return CardEnd(
        code="" if place.endswith(code) else code,
        place=place,
        time=clock_time(time, now, zone) if time else "–",
        was=f"{was.astimezone(zone):%H:%M}" if was else "",
        struck=end.struck and end.at is None and time is not None,
        kind="" if time is None or one.cancelled else kind_words(end, direction, flight.status),
        delay=lateness_words(end),
        late=end.delay_minutes is not None and end.delay_minutes >= late_minutes,
    )

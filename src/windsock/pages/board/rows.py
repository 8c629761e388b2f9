"""The flights of a board and their rows."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from windsock import journal
from windsock.conf import config
from windsock.flights import Flight
from windsock.flights.airports import Airport
from windsock.flights.programmes import Programme
from windsock.journal.base import FlightQuery
from windsock.pages import places
from windsock.pages.board.choice import Choice, is_past, order_key
from windsock.pages.board.search import matching
from windsock.pages.board.window import Window
from windsock.wording.board import WAITING, BoardContext, BoardRow, board_row, in_window, sort_key
from windsock.wording.presenter import Facts, facts_of
from windsock.wording.programmes import explain_delays
from windsock.wording.times import Direction, scheduled

MAX_FLIGHTS = 2000
"""Flights of one query. The busiest airport of the world has about 1,300 departures in half a day."""

PART = 120
"""Rows in the page as the server sends it. The first screens are there at once, the others come with the snapshot;
where there is no JavaScript, links lead to them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some of the flights of a board: those from `first` to `last` of `total`, counted from 1."""

    flights: Sequence[Flight]
    number: int
    total: int

    @property
    def first(self) -> int:
        """The number of its first row."""
        return (self.number - 1) * PART + 1

    @property
    def last(self) -> int:
        """The number of its last row."""
        return self.first - 1 + len(self.flights)


def part_of(found: Sequence[Flight], number: str | None) -> Part:
    """Return the part of that number (`?part=`); the nearest one there is if the number is too large or nonsense."""
    parts = max(1, -(-len(found) // PART))
    wanted = int(number) if number and number.isascii() and number.isdigit() and len(number) < 6 else 1
    wanted = min(max(wanted, 1), parts)
    return Part(flights=found[(wanted - 1) * PART : wanted * PART], number=wanted, total=len(found))


def flights(code: str, direction: Direction, window: Window) -> list[Flight]:
    """Return the flights of an airport in the window, in board order. An overdue flight stays until it has moved on."""
    query = FlightQuery(
        airport=code,
        direction=direction,
        since=window.since - WAITING,
        until=window.until + WAITING,
        limit=MAX_FLIGHTS,
    )
    found = [record.flight for record in journal.current().find(query)]
    shown = [flight for flight in found if in_window(flight, direction, window.since, window.until)]
    return sorted(shown, key=lambda flight: sort_key(flight, direction))


class Board:
    """The flights of a board with the facts they are counted, filtered and sorted by; rows are worded on request."""

    def __init__(
        self, flights: list[Flight], context: BoardContext, names: dict[str, dict[str, str]]
    ) -> None:
        self.flights, self.context, self.names = flights, context, names

    @cached_property
    def facts(self) -> dict[str, Facts]:
        """The facts of every flight, by its id."""
        return {flight.id: facts_of(flight, self.context) for flight in self.flights}

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many flights each of the choices has."""
        groups = Counter(facts.group for facts in self.facts.values())
        return {
            "all": len(self.flights),
            "waiting": sum(facts.waiting for facts in self.facts.values()),
            "delayed": groups["delayed"],
            "cancelled": groups["cancelled"],
        }

    def found(self, choice: Choice) -> list[Flight]:
        """Return the flights that the choice shows, in its order."""
        direction = self.context.direction
        found = [
            flight for flight in self.flights if choice.matches(flight, self.facts[flight.id], direction)
        ]
        if choice.text:
            found = [flight for flight in found if matching(board_row(flight, self.context), choice.text)]
        if choice.sort != "time":
            found.sort(key=lambda flight: order_key(flight, self.facts[flight.id], direction, choice.sort))
        return found

    def is_past(self, flight: Flight) -> bool:
        """Return whether the flight is one of the earlier ones, which a board that begins now leaves out."""
        return is_past(flight, self.facts[flight.id], self.context.direction, self.context.now)

    def next_of(self, found: Sequence[Flight]) -> str:
        """Return the id of the first of these flights that is planned for now or later; "" if there is none."""
        for flight in found:
            planned = scheduled(flight, self.context.direction)
            if planned and planned >= self.context.now:
                return flight.id
        return ""

    def has_gates(self) -> bool:
        """Return whether any flight has a gate, a terminal or a belt here."""
        if self.context.direction == "departures":
            return any(flight.departure.gate or flight.departure.terminal for flight in self.flights)
        return any(
            end.gate or end.terminal or end.belt for end in (flight.arrival for flight in self.flights)
        )

    def rows(self, some: Sequence[Flight]) -> list[BoardRow]:
        """Return the rows of some of its flights."""
        return [board_row(flight, self.context) for flight in some]


def board_of(
    shown: list[Flight],
    airport: Airport,
    direction: Direction,
    now: datetime,
    programmes: Sequence[Programme] = (),
    zone: ZoneInfo | None = None,
) -> Board:
    """Return the board of these flights at this airport, while these programmes hold there."""
    naming = names_for(shown, airport)
    context = BoardContext(
        direction=direction,
        airport=airport.code,
        zone=zone or airport.tz,
        now=now,
        airports=naming["airports"],
        carriers=naming["carriers"],
        late_minutes=config().late_minutes,
        because=explain_delays(programmes, direction, now),
    )
    return Board(shown, context, naming)


def names_for(shown: list[Flight], airport: Airport) -> dict[str, dict[str, str]]:
    """Return the names that the rows of these flights need, for the browser as well."""
    codes = {airport.code}
    for flight in shown:
        codes.update(code for code in (flight.origin, flight.destination, flight.diverted_to) if code)
    return places.names(codes, {flight.carrier.iata or flight.carrier.icao or "" for flight in shown} - {""})

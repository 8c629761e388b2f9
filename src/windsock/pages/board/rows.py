"""The flights of a board and their rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from windsock import journal
from windsock.conf import config
from windsock.flights import Flight
from windsock.flights.airports import Airport
from windsock.flights.programmes import Programme
from windsock.journal.base import FlightQuery
from windsock.pages import places
from windsock.pages.board.window import Window
from windsock.wording.board import WAITING, BoardContext, BoardRow, board_row, in_window, sort_key
from windsock.wording.programmes import explain_delays
from windsock.wording.times import Direction

MAX_FLIGHTS = 2000
"""Flights of one query. The busiest airport of the world has about 1,300 departures in half a day."""

PART = 120
"""Rows in the page as the server sends it. The first screens are there at once, the others come with the snapshot;
where there is no JavaScript, links lead to them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some of the rows of a board: those from `first` to `last` of `total`, counted from 1."""

    rows: Sequence[BoardRow]
    number: int
    total: int

    @property
    def first(self) -> int:
        """The number of its first row."""
        return (self.number - 1) * PART + 1

    @property
    def last(self) -> int:
        """The number of its last row."""
        return self.first - 1 + len(self.rows)


def part_of(rows: Sequence[BoardRow], number: str | None) -> Part:
    """Return the part of that number (`?part=`); the nearest one there is if the number is too large or nonsense."""
    parts = max(1, -(-len(rows) // PART))
    wanted = int(number) if number and number.isascii() and number.isdigit() and len(number) < 6 else 1
    wanted = min(max(wanted, 1), parts)
    return Part(rows=rows[(wanted - 1) * PART : wanted * PART], number=wanted, total=len(rows))


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


def rows(
    shown: list[Flight],
    airport: Airport,
    direction: Direction,
    now: datetime,
    programmes: Sequence[Programme] = (),
    zone: ZoneInfo | None = None,
) -> list[BoardRow]:
    """Return the rows of these flights on this airport's board, while these programmes hold there."""
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
    return [board_row(flight, context) for flight in shown]


def names_for(shown: list[Flight], airport: Airport) -> dict[str, dict[str, str]]:
    """Return the names that the rows of these flights need, for the browser as well."""
    codes = {airport.code}
    for flight in shown:
        codes.update(code for code in (flight.origin, flight.destination, flight.diverted_to) if code)
    return places.names(codes, {flight.carrier.iata or flight.carrier.icao or "" for flight in shown} - {""})

"""The terminal's board shows the flights of a board on the web, in the same order and the same words."""

import io
import random
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from tests.unit.wording.days import moments
from windsock.cli import lines
from windsock.cli.board_view import SIGNS, BoardView
from windsock.flights import Flight
from windsock.flights.place_names import place_name
from windsock.wording.board import board_row, in_window, sort_key
from windsock.wording.presenter import NamedViewpoint, present
from windsock.wording.status import dotted
from windsock.wording.times import Direction, scheduled

NOW = datetime.fromisoformat("2013-07-01T21:44:00Z")
ZONE = ZoneInfo("America/New_York")


def standing() -> dict[str, Flight]:
    """Return the flights of the storm as they stand at NOW: mostly delayed, many overdue, some cancelled."""
    return {flight.id: flight for flight, at in moments("storm") if at <= NOW}


def client(board: dict[str, Flight]) -> Any:
    return SimpleNamespace(board=board, clock=None)


@pytest.mark.parametrize("direction", ["departures", "arrivals"])
def test_the_terminal_says_of_every_flight_what_the_web_says(direction: Direction) -> None:
    airport = "JFK" if direction == "departures" else "LAX"
    board = {
        flight.id: flight
        for flight in standing().values()
        if (flight.origin if direction == "departures" else flight.destination) == airport
    }
    assert len(board) > 15
    zone = ZONE if airport == "JFK" else ZoneInfo("America/Los_Angeles")
    names = {
        code: place_name(code) or code for f in board.values() for code in (f.origin, f.destination) if code
    }
    view = NamedViewpoint(direction=direction, airport=airport, zone=zone, now=NOW, airports=names)
    web = [
        board_row(flight, view)
        for flight in sorted(board.values(), key=lambda flight: sort_key(flight, direction))
    ]

    drawn = BoardView([f"{direction}:{airport}"], real=lambda: NOW)
    drawn.window.earlier = True
    terminal = drawn.table(client(board), rows=None)

    times, expected, _, places, _, remarks = (list(column.cells) for column in terminal.columns)
    assert [str(remark) for remark in remarks] == [dotted(row.state, row.why) for row in web]
    assert times == [f"{row.sched}{row.day}" for row in web]
    assert expected == [f"{SIGNS.get(row.kind, '')}{row.exp}" if row.exp else "" for row in web]
    assert places == [f"{row.code} {row.place}" for row in web]


@pytest.mark.parametrize("rows", [5, 20, 35])
def test_whoever_opens_it_sees_flights_that_can_still_be_caught(rows: int) -> None:
    board = {flight.id: flight for flight in standing().values() if flight.origin == "JFK"}
    shown = BoardView(["departures:JFK"], real=lambda: NOW).flights(client(board), rows=rows)
    coming = [flight for flight in shown if (planned := scheduled(flight, "departures")) and planned >= NOW]
    assert len(coming) >= rows / 2
    following = [f for f in board.values() if (planned := scheduled(f, "departures")) and planned >= NOW]
    assert min(following, key=lambda flight: sort_key(flight, "departures")) in shown


@pytest.mark.parametrize("width", range(70, 201, 10))
def test_no_line_is_wider_than_the_terminal_and_no_word_of_the_state_is_lost(width: int) -> None:
    board = {flight.id: flight for flight in standing().values() if flight.origin == "JFK"}
    view = BoardView(["departures:JFK"], real=lambda: NOW)
    out = Console(width=width, height=36, file=io.StringIO(), force_terminal=False)
    out.print(view.screen(client(board), 36, width))
    drawn = out.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert max(map(len, drawn)) <= width
    assert len(drawn) <= 36
    for flight in view.flights(client(board), view.rows_of(36)):
        shown = present(flight, lines.viewpoint(flight, "departures", NOW, "JFK"))
        line = next(line for line in drawn if f" {flight.designator} " in line)
        assert shown.state[:24] in line


def test_a_full_screen_shows_the_flights_that_a_board_on_the_web_shows() -> None:
    board = {flight.id: flight for flight in standing().values() if flight.origin == "JFK"}
    view = BoardView(["departures:JFK"], real=lambda: NOW)

    shown = view.flights(client(board), rows=20)

    assert len(shown) == 20
    since, until = NOW - timedelta(minutes=30), NOW + timedelta(hours=12)
    assert all(in_window(flight, "departures", since, until) for flight in shown)
    shuffled = list(board.items())
    random.Random(1).shuffle(shuffled)
    assert view.flights(client(dict(shuffled)), rows=20) == shown

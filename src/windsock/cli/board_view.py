"""The board as rich draws it: which flights, in which order, in which columns, and the line about the connection."""

from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from windsock.cli import lines
from windsock.client import WindsockClient
from windsock.client.backlog import Update
from windsock.clock import Clock, system_clock
from windsock.flights import Arrival, Departure, Flight
from windsock.flights.airports import airport
from windsock.protocol.client_outputs import (
    Happened,
    Loaded,
    Noticed,
    Problem,
    ProgrammesChanged,
    State,
    StateChanged,
)
from windsock.wording.board import BoardRow, board_row, in_window, sort_key
from windsock.wording.status import dotted
from windsock.wording.times import Direction

# A flight that is over stays on the board this long; others stay until they are over: an overdue flight never vanishes.
BEHIND = timedelta(minutes=30)
AHEAD = timedelta(hours=12)

HIGHLIGHT_SECONDS = 4.0

SIGNS = {"about": "~", "at_least": "≥"}
"""Signs before an inferred time: a column of the terminal has no room for "not before"."""

_STATE_STYLES = {
    State.LIVE: "green",
    State.RESUMING: "yellow",
    State.MOVING: "yellow",
    State.CONNECTING: "red",
}


class BoardView:
    """What the terminal shows of a client's board, given its (canonical) topics; `note` takes its updates."""

    def __init__(
        self, topics: list[str], *, real: Clock = system_clock, seconds: Callable[[], float] = monotonic
    ) -> None:
        self._topics = topics
        self._real = real
        self._seconds = seconds
        kinds = {topic.partition(":")[0] for topic in topics}
        self._direction: Direction = "arrivals" if kinds == {"arrivals"} else "departures"
        codes = {topic.partition(":")[2] for topic in topics}
        single = len(codes) == 1 and kinds <= {"departures", "arrivals"}
        self._airport = codes.pop() if single else None
        self._changed: dict[str, float] = {}
        self._state = (State.LIVE, "", 0.0)
        self._message = ""
        self._events = 0

    def note(self, update: Update) -> None:
        """Note what an update highlights or reports."""
        match update:
            case Happened(event):
                self._changed[event.flight.id] = self._seconds()
                self._events += 1
            case ProgrammesChanged(event):
                self._message = lines.programmes_line(event.standing, event.changes)
                self._events += 1
            case StateChanged(state, why, retry_in):
                self._state = (state, why, self._seconds() + (retry_in or 0.0))
                if state is State.LIVE:
                    self._message = ""
            case Noticed(data):
                self._message = str(data.get("text", data)) if isinstance(data, dict) else str(data)
            case Problem(error):
                self._message = error.message
            case Loaded():
                pass
            case _:
                pass

    def screen(self, client: WindsockClient, height: int) -> RenderableType:
        """Return the whole view: title, table, and the line about the connection."""
        # Title, table head with its rule, connection line, and a spare line.
        table = self.table(client, rows=max(1, height - 5))
        return Group(self.title(client), table, self.footer(client))

    def title(self, client: WindsockClient) -> Text:
        """Return what this board shows, with the local time."""
        now = self._now(client)
        place = airport(self._airport) if self._airport else None
        if place:
            what = "Arrivals" if self._direction == "arrivals" else "Departures"
            name = f"{what} {self._airport} {place.city}"
        else:
            name = ", ".join(self._topics)
        title = Text(
            f"{name}  {lines.local(now, self._airport)}", style="bold", no_wrap=True, overflow="ellipsis"
        )
        if client.clock is not None:
            pace = f"{client.clock.speed:g}×" if client.clock.speed else "paused"
            title.append(f"  replay of {client.clock.label}, {pace}", style="cyan")
        return title

    def footer(self, client: WindsockClient) -> Text:
        """How the connection stands."""
        state, why, until = self._state
        line = Text(no_wrap=True, overflow="ellipsis")
        line.append(f"● {state}", style=_STATE_STYLES.get(state, "red"))
        if state is not State.LIVE:
            left = until - self._seconds()
            line.append(f" {why}" + (f", next try in {left:.0f} s" if left >= 1 else ""))
        line.append(f"  {len(client.board)} flights, {self._events} changes seen", style="dim")
        if self._message:
            line.append(f"  {self._message}", style="yellow")
        return line

    def table(self, client: WindsockClient, *, rows: int | None) -> Table:
        """Return the flights in order of their time, at most `rows`."""
        table = Table(box=None, expand=True, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
        table.add_column("Time", no_wrap=True, width=7)
        table.add_column("Expected", no_wrap=True, width=8)
        table.add_column("Flight", no_wrap=True, width=8)
        table.add_column(self._place_heading(), no_wrap=True, ratio=1, overflow="ellipsis", min_width=15)
        table.add_column("Gate", no_wrap=True, width=5, overflow="ellipsis")
        table.add_column("Remark", no_wrap=True, ratio=2, overflow="ellipsis", min_width=24)
        now = self._now(client)
        for flight in self.flights(client, rows):
            row = board_row(flight, lines.viewpoint(flight, self._direction, now, self._airport))
            table.add_row(
                f"{row.sched}{row.day}",
                f"{SIGNS.get(row.kind, '')}{row.exp}" if row.exp else "",
                flight.designator,
                self._place(flight, row),
                "/".join(part for part in (self._side(flight).terminal, row.gate) if part),
                Text(dotted(row.state, row.why), style=lines.style(row)),
                style="reverse" if self._is_new(flight) else "",
            )
        return table

    def flights(self, client: WindsockClient, rows: int | None) -> list[Flight]:
        """Return the flights in board order; if they are more than `rows`, those that a board shows now, if any."""
        found = sorted(client.board.values(), key=lambda flight: sort_key(flight, self._direction))
        if rows is None or len(found) <= rows:
            return found
        now = self._now(client)
        relevant = [
            flight for flight in found if in_window(flight, self._direction, now - BEHIND, now + AHEAD)
        ]
        return (relevant or found)[:rows]

    def _side(self, flight: Flight) -> Departure | Arrival:
        return flight.departure if self._direction == "departures" else flight.arrival

    def _is_new(self, flight: Flight) -> bool:
        changed = self._changed.get(flight.id)
        if changed is None:
            return False
        if self._seconds() - changed < HIGHLIGHT_SECONDS:
            return True
        del self._changed[flight.id]
        return False

    def _now(self, client: WindsockClient) -> datetime:
        real = self._real()
        return client.clock.at(real) if client.clock is not None else real

    def _place_heading(self) -> str:
        if self._airport is None:
            return "Route"
        return "From" if self._direction == "arrivals" else "To"

    def _place(self, flight: Flight, row: BoardRow) -> str:
        if self._airport is None:
            return f"{flight.origin}-{flight.destination or '?'}"
        return f"{row.code or '?'} {row.place if row.place != row.code else ''}".strip()

"""The board as rich draws it: which flights, in which order, in which columns, and the line about the connection."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from windsock.cli import lines
from windsock.cli.board_window import HELP, BoardWindow
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
from windsock.wording.times import Direction, scheduled

# A flight that is over stays on the board this long; others stay until they are over: an overdue flight never vanishes.
BEHIND = timedelta(minutes=30)

END = datetime.max.replace(tzinfo=UTC)
"""The board reaches as far ahead as there are flights: one turns its pages."""

NARROW = 100
"""Below this many columns names of places and gates get less room."""

CRAMPED = 84
"""Below this many columns gates get none: what is written behind the flight matters more."""

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
    """What the terminal shows of a client's board, given its (canonical) topics; `note` takes its updates.

    `ahead` bounds how far it reaches; what is over is not shown then, even if there is nothing else.
    `window` is what the reader chose to see; `keys` whether there is a keyboard to choose with.
    """

    def __init__(
        self,
        topics: list[str],
        *,
        ahead: timedelta | None = None,
        real: Clock = system_clock,
        seconds: Callable[[], float] = monotonic,
    ) -> None:
        self._ahead = ahead
        self._real = real
        self._seconds = seconds
        self.canonical(topics)
        self.window = BoardWindow()
        self.keys = False
        self._changed: dict[str, float] = {}
        self._state = (State.LIVE, "", 0.0)
        self._message = ""
        self._events = 0
        self._drawn = 0

    def canonical(self, topics: list[str]) -> None:
        """Show these topics: the canonical names of those that were given."""
        self._topics = topics
        kinds = {topic.partition(":")[0] for topic in topics}
        self.direction: Direction = "arrivals" if kinds == {"arrivals"} else "departures"
        codes = {topic.partition(":")[2] for topic in topics}
        single = len(codes) == 1 and kinds <= {"departures", "arrivals"}
        self._airport = codes.pop() if single else None

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

    @property
    def name(self) -> str:
        """The topics, as one writes them."""
        return ", ".join(self._topics)

    @property
    def changes(self) -> int:
        """How many changes were seen."""
        return self._events

    def press(self, key: str, client: WindsockClient, height: int) -> bool:
        """Do what the key does; return False to quit."""
        found = self._chosen_flights(client)
        now = self._coming(client, found)
        return self.window.press(key, [flight.id for flight in found], self.rows_of(height), now)

    def screen(self, client: WindsockClient, height: int, width: int = 120) -> RenderableType:
        """Return the whole view: title, table or keys, and the lines about keys and connection."""
        rows = self.rows_of(height)
        middle: RenderableType = (
            self._help() if self.window.help else self.table(client, rows=rows, width=width)
        )
        parts = [self.title(client), middle]
        if not self.window.help:
            parts += [Text()] * (rows - self._drawn)
        return Group(*parts, self._hint(), self.footer(client))

    @staticmethod
    def rows_of(height: int) -> int:
        """Return how many flights a terminal of that height shows: beside them title, head, now, keys, connection."""
        return max(1, height - 5)

    def title(self, client: WindsockClient) -> Text:
        """Return what this board shows, with the local time."""
        now = self.now(client)
        place = airport(self._airport) if self._airport else None
        if place:
            what = "Arrivals" if self.direction == "arrivals" else "Departures"
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

    def table(self, client: WindsockClient, *, rows: int | None, width: int = 120) -> Table:
        """Return the flights in order of their time, at most `rows`, with a line where now is."""
        table = Table(box=None, expand=True, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
        table.add_column("Time", no_wrap=True, width=7)
        table.add_column("Expected", no_wrap=True, width=8)
        table.add_column("Flight", no_wrap=True, width=7)
        narrow = width < NARROW
        table.add_column(
            self._place_heading(),
            no_wrap=True,
            overflow="ellipsis",
            width=18 if narrow else None,
            ratio=None if narrow else 1,
        )
        gates = width >= CRAMPED
        if gates:
            table.add_column("Gate", no_wrap=True, width=5, overflow="ellipsis")
        table.add_column("Remark", no_wrap=True, ratio=2, overflow="ellipsis", min_width=24)
        now = self.now(client)
        found = self._chosen_flights(client)
        coming = self._coming(client, found)
        shown = range(len(found)) if rows is None else self.window.part([f.id for f in found], rows, coming)
        self._drawn = len(shown)
        for place in shown:
            flight = found[place]
            if rows is not None and place == coming:
                table.add_row(*self._line_of_now(now, len(table.columns)), style="yellow")
            row = board_row(flight, lines.viewpoint(flight, self.direction, now, self._airport))
            cells: list[RenderableType] = [
                f"{row.sched}{row.day}",
                f"{SIGNS.get(row.kind, '')}{row.exp}" if row.exp else "",
                flight.designator,
                self._place(flight, row),
                "/".join(part for part in (self._side(flight).terminal, row.gate) if part),
                Text(dotted(row.state, row.why), style=lines.style(row)),
            ]
            if not gates:
                del cells[4]
            table.add_row(*cells, style=self._style(flight))
        if rows is not None and found and coming >= len(found) and shown.stop == len(found):
            table.add_row(*self._line_of_now(now, len(table.columns)), style="yellow")
        return table

    def flights(self, client: WindsockClient, rows: int | None) -> list[Flight]:
        """Return the flights in board order; if they are more than `rows`, those around now, or that were turned to."""
        found = self._chosen_flights(client)
        if rows is None:
            return found
        shown = self.window.part([flight.id for flight in found], rows, self._coming(client, found))
        return found[shown.start : shown.stop]

    def _chosen_flights(self, client: WindsockClient) -> list[Flight]:
        """Return all flights that the reader wants to see, in board order; those that are over only on request."""
        found = sorted(client.board.values(), key=lambda flight: sort_key(flight, self.direction))
        if self.window.narrows:
            return [flight for flight in found if self._wanted(flight, self.now(client))]
        if self.window.earlier:
            return found
        now = self.now(client)
        until = END if self._ahead is None else now + self._ahead
        shown = [flight for flight in found if in_window(flight, self.direction, now - BEHIND, until)]
        return shown or (found if self._ahead is None else [])

    def _wanted(self, flight: Flight, now: datetime) -> bool:
        from windsock.pages.board.search import matching  # late: it is needed after the first key only

        row = board_row(flight, lines.viewpoint(flight, self.direction, now, self._airport))
        show = self.window.show
        return (show == "all" or row.group == show) and matching(row, self.window.text)

    def _coming(self, client: WindsockClient, found: list[Flight]) -> int:
        """Return the place of the first flight that is planned for later than now."""
        now = self.now(client)
        for place, flight in enumerate(found):
            planned = scheduled(flight, self.direction)
            if planned is not None and planned >= now:
                return place
        return len(found)

    def _line_of_now(self, now: datetime, columns: int) -> list[RenderableType]:
        return [lines.local(now, self._airport), *(Rule(style="yellow") for _ in range(columns - 1))]

    def _style(self, flight: Flight) -> str:
        if self.window.chosen == flight.id:
            return "reverse bold"
        return "reverse" if self._is_new(flight) else ""

    def _help(self) -> Table:
        table = Table(box=None, show_header=False, padding=(0, 3, 0, 2))
        for keys, what in HELP:
            table.add_row(Text(keys, style="bold"), what)
        return table

    def _hint(self) -> Text:
        """Return the line about the keys: what is chosen, and what can be."""
        window = self.window
        if not self.keys:
            return Text()
        if window.typing:
            return Text.assemble(
                ("/", "bold yellow"), window.text, ("▏", "yellow"), ("  Enter keeps, Esc clears", "dim")
            )
        chosen = []
        if window.show != "all":
            chosen.append(f"{window.show} only (a: all)")
        if window.text:
            chosen.append(f"“{window.text}” (Esc: all)")
        line = Text(no_wrap=True, overflow="ellipsis")
        if chosen:
            line.append(", ".join(chosen) + "  ", style="yellow")
        line.append(
            "? keys  / filter  d delayed  c cancelled  a all  n now  Enter details  q quit", style="dim"
        )
        return line

    def _side(self, flight: Flight) -> Departure | Arrival:
        return flight.departure if self.direction == "departures" else flight.arrival

    def _is_new(self, flight: Flight) -> bool:
        changed = self._changed.get(flight.id)
        if changed is None:
            return False
        if self._seconds() - changed < HIGHLIGHT_SECONDS:
            return True
        del self._changed[flight.id]
        return False

    def now(self, client: WindsockClient) -> datetime:
        """Return the service's time, which may be simulated."""
        real = self._real()
        return client.clock.at(real) if client.clock is not None else real

    def _place_heading(self) -> str:
        if self._airport is None:
            return "Route"
        return "From" if self.direction == "arrivals" else "To"

    def _place(self, flight: Flight, row: BoardRow) -> str:
        if self._airport is None:
            return f"{flight.origin}-{flight.destination or '?'}"
        return f"{row.code or '?'} {row.place if row.place != row.code else ''}".strip()

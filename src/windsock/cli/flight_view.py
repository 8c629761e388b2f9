"""One flight in the terminal: its state, the times at both ends, and the timeline of what happened to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from windsock.cli import lines
from windsock.client import http
from windsock.flights import Flight
from windsock.flights.airlines import airline
from windsock.flights.airports import airport
from windsock.protocol.messages import Event
from windsock.wording.board import board_row
from windsock.wording.changes import ChangeContext, describe_changes
from windsock.wording.durations import clock_time
from windsock.wording.presenter import Shown, present
from windsock.wording.status import dotted, kind_words, lateness_words
from windsock.wording.times import Direction, ShownEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightWithHistory:
    """A flight and its events, oldest first; `complete` is false if older ones are no longer kept."""

    flight: Flight
    events: tuple[Event, ...]
    complete: bool


def fetch(url: str, flight_id: str, token: str | None) -> FlightWithHistory:
    """Return the flight with its history from the service. Blocks; raises what `windsock.client.http.get` raises."""
    return fetch_with_answer(url, flight_id, token)[0]


def fetch_with_answer(
    url: str, flight_id: str, token: str | None
) -> tuple[FlightWithHistory, dict[str, Any]]:
    """Return the flight with its history, and the same as the service's answer has it. Blocks."""
    history = http.get(url, f"/api/v1/flights/{flight_id}/history", token=token)
    answer = http.get(url, f"/api/v1/flights/{flight_id}", token=token)
    known = FlightWithHistory(
        flight=msgspec.convert(answer["flight"], Flight),
        events=tuple(events_of(history)),
        complete=bool(history.get("complete")),
    )
    return known, answer | history


def events_of(history: Mapping[str, Any]) -> list[Event]:
    """Return the events of a history; a kind of change that is newer than this command is left out."""
    found = []
    for event in history.get("events", ()):
        try:
            found.append(
                msgspec.convert({key: value for key, value in event.items() if key != "type"}, Event)
            )
        except msgspec.ValidationError:
            continue
    return found


def flight_view(known: FlightWithHistory, now: datetime, *, last: int | None = None) -> RenderableType:
    """Return the flight as it stands, with its timeline, the newest first; `last`: only that many lines of it."""
    flight = known.flight
    seen = lines.viewpoint(flight, "departures", now)
    shown = present(flight, seen)
    row = board_row(flight, seen)
    carrier = airline(flight.carrier.iata or flight.carrier.icao or "", flight.date)
    title = Text(f"{shown.flight}  ", style="bold")
    title.append(" · ".join(filter(None, (carrier.name if carrier else "", f"{flight.date:%a %d %b %Y}"))))
    if shown.also:
        title.append(f"  also {shown.also}", style="dim")
    state = Text(dotted(shown.state, shown.why), style=lines.style(row) or "bold")
    parts: list[RenderableType] = [title, state]
    if shown.announced:
        parts.append(Text(shown.announced, style="dim"))
    parts += [Text(), _ends(flight, shown, now), Text()]
    return Group(*parts, *_timeline(known, now, last))


def _ends(flight: Flight, shown: Shown, now: datetime) -> Table:
    """Return two lines for each end: place and times, then where to go and how late."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for _ in range(4):
        table.add_column(no_wrap=True, overflow="ellipsis")
    arriving = present(flight, lines.viewpoint(flight, "arrivals", now))
    departure, arrival = (shown.terminal, _gate(shown.gate)), (arriving.terminal, _gate(arriving.gate))
    _add_end(table, flight, shown.departure, "departures", departure, now)
    _add_end(table, flight, shown.arrival, "arrivals", (*arrival, _belt(arriving.belt)), now)
    return table


def _add_end(
    table: Table, flight: Flight, end: ShownEnd, direction: Direction, where: tuple[str, ...], now: datetime
) -> None:
    view = lines.viewpoint(flight, direction, now)
    code = (flight.origin if direction == "departures" else flight.destination) or "?"
    name = view.airports.get(code, code)
    plan = Text(
        f"planned {clock_time(end.planned, now, view.zone)}" if end.planned else "",
        style="strike dim" if end.struck else "",
    )
    time = Text()
    if end.at is not None and end.kind != "planned":
        time.append(f"{kind_words(end, direction, flight.status)} ")
        time.append(clock_time(end.at, now, view.zone), style="bold")
    label = Text("From" if direction == "departures" else "To", style="dim")
    table.add_row(label, Text(name if code in name else f"{name} {code}", style="bold"), plan, time)
    place, late = ", ".join(filter(None, where)), lateness_words(end)
    if place or late:
        table.add_row("", place, "", late)


def _gate(gate: str) -> str:
    return f"Gate {gate}" if gate else ""


def _belt(belt: str) -> str:
    return f"Belt {belt}" if belt else ""


def _timeline(known: FlightWithHistory, now: datetime, last: int | None) -> list[RenderableType]:
    flight = known.flight
    here, there = airport(flight.origin), airport(flight.destination) if flight.destination else None
    codes = (flight.origin, flight.destination, flight.diverted_to)
    names = {code: place.city for code in codes if code and (place := airport(code)) is not None}
    context = ChangeContext(
        departure=here.tz if here else None, arrival=there.tz if there else None, cities=names
    )
    zone = here.tz if here else UTC
    written: list[tuple[str, str]] = []
    for event in reversed(known.events):
        sentences = [sentence.text for sentence in describe_changes(event.changes, context)]
        written.append(
            (f"{event.recorded_at.astimezone(zone):%a %H:%M}", "; ".join(sentences) or "Something changed")
        )
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for when, what in written[:last]:
        table.add_row(when, what)
    left = len(written) - len(written[:last])
    if left:
        table.add_row("", Text(f"… and {left} more", style="dim"))
    elif not known.complete:
        table.add_row("", Text("Older events are no longer kept.", style="dim"))
    return [Text(f"What happened, in {flight.origin} time", style="bold"), table]

"""What a board shows of a flight: whether it belongs there, in which order, and the texts of its row."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from windsock.flights import Flight
from windsock.wording.durations import age, day_marker
from windsock.wording.status import (
    DOWN,
    GONE,
    Direction,
    Tone,
    Viewpoint,
    describe_status,
    expected,
    scheduled,
    spaced,
)

# A flight without reports stays on the board this long past its time; after that it is a schedule without a feed.
WAITING = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardContext(Viewpoint):
    """The board itself: besides the viewpoint its wall clock, the service's time, and names of carriers."""

    zone: ZoneInfo
    now: datetime
    carriers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRow:
    """The texts of one row; an empty one is not shown. `group` is the filter it belongs to, `tone` its color."""

    id: str
    tone: Tone
    sched: str
    day: str
    exp: str
    place: str
    code: str
    flight: str
    airline: str
    also: str
    terminal: str
    gate: str
    state: str
    why: str
    heard: datetime | None
    planned: datetime | None
    heard_ago: str
    group: Literal["delayed", "cancelled", ""]


def in_window(flight: Flight, direction: Direction, since: datetime, until: datetime) -> bool:
    """Return whether a board of `since`–`until` shows this flight. An overdue flight stays visible."""
    planned, at = scheduled(flight, direction), expected(flight, direction) or scheduled(flight, direction)
    if at is None:
        return False
    if at > until:
        return planned is not None and planned <= until
    if at >= since:
        return True
    departing = direction == "departures"
    gate, runway = (flight.departure, flight.takeoff) if departing else (flight.arrival, flight.landing)
    over = bool(gate.actual or runway.actual) or flight.status in (GONE if departing else DOWN)
    waiting = not over and flight.status != "cancelled" and not (flight.diverted_to and not departing)
    return waiting and at >= since - WAITING


def sort_key(flight: Flight, direction: Direction) -> tuple[str, str]:
    """Return what boards are sorted by: the schedule, as in printed timetables."""
    planned = scheduled(flight, direction)
    return (planned.isoformat() if planned else "9", flight.id)


def board_row(flight: Flight, board: BoardContext) -> BoardRow:
    """Return the row of `flight` on `board`."""
    departing = board.direction == "departures"
    gate = flight.departure if departing else flight.arrival
    code = (flight.destination if departing else flight.origin) or ""
    carrier = flight.carrier.iata or flight.carrier.icao or ""
    planned, best = scheduled(flight, board.direction), expected(flight, board.direction)
    # An expected time is not a schedule: a telex gives the time of landing, not the time it was planned for.
    sched = f"{gate.scheduled.astimezone(board.zone):%H:%M}" if gate.scheduled else "–"
    exp = f"{best.astimezone(board.zone):%H:%M}" if best else ""
    situation = describe_status(flight, board)
    tone = situation.tone
    late = (gate.delay_minutes or 0) >= board.late_minutes
    return BoardRow(
        id=flight.id,
        tone=tone,
        sched=sched,
        day=day_marker(planned, board.now, board.zone) if planned else "",
        # Once a flight is overdue, its old estimate is no longer believed: showing it would contradict the status.
        exp="" if exp == sched or (tone == "overdue" and gate.scheduled) else exp,
        place=board.airports.get(code) or code or "unknown",
        code=code,
        flight=spaced(flight.designator),
        airline=board.carriers.get(carrier) or carrier,
        also=", ".join(spaced(name) for name in flight.codeshares),
        terminal=f"Terminal {gate.terminal}" if gate.terminal else "",
        gate=gate.gate or "",
        state=situation.state,
        why=situation.why,
        heard=flight.updated_at,
        planned=planned,
        heard_ago=age(flight.updated_at, board.now) if flight.updated_at else "",
        group="cancelled"
        if tone in {"cancelled", "diverted"}
        else "delayed"
        if late or tone in {"late", "overdue"}
        else "",
    )

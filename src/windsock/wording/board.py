"""What a board shows of a flight: whether it belongs there, in which order, and the texts of its row."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from windsock.flights import Flight
from windsock.wording.durations import age, day_marker
from windsock.wording.language import gettext
from windsock.wording.presenter import Group, NamedViewpoint, Shown, present
from windsock.wording.status import Tone, qualifier
from windsock.wording.times import DOWN, GONE, Direction, Kind, expected, scheduled

# A flight without reports stays on the board this long past its time; after that it is a schedule without a feed.
WAITING = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardContext(NamedViewpoint):
    """The viewpoint of a board."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRow:
    """The texts of one row; an empty one is not shown. `group` is the filter it belongs to, `tone` its color.

    `exp` is the time besides the schedule, `qualifier` what it is unless simply expected ("about", "not before"), and
    `kind` the same for programs. `struck`: the schedule no longer holds.
    """

    id: str
    tone: Tone
    sched: str
    day: str
    exp: str
    qualifier: str
    kind: Kind
    struck: bool
    place: str
    code: str
    flight: str
    airline: str
    also: str
    terminal: str
    gate: str
    belt: str
    state: str
    why: str
    heard: datetime | None
    planned: datetime | None
    heard_ago: str
    countdown: str
    delay_minutes: int | None
    waiting: bool
    group: Group


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


def board_row(flight: Flight, board: NamedViewpoint) -> BoardRow:
    """Return the row of `flight` on `board`."""
    return row_of(present(flight, board), board, scheduled(flight, board.direction))


def row_of(shown: Shown, board: NamedViewpoint, planned: datetime | None) -> BoardRow:
    """Return the row that shows this; `planned` is the time that it is sorted by."""
    end = shown.departure if board.direction == "departures" else shown.arrival
    # An expected time is not a schedule: a telex gives the time of landing, not the time it was planned for.
    sched = f"{end.planned.astimezone(board.zone):%H:%M}" if end.planned else "–"
    # A board with a clock need not say "not before now"; the state says how late the flight is at least.
    passed = end.kind == "at_least" and end.at is not None and end.at <= board.now
    exp = (
        "" if end.at is None or end.kind == "planned" or passed else f"{end.at.astimezone(board.zone):%H:%M}"
    )
    exp = "" if exp == sched else exp
    return BoardRow(
        id=shown.id,
        tone=shown.tone,
        sched=sched,
        day=day_marker(planned, board.now, board.zone) if planned else "",
        exp=exp,
        qualifier=qualifier(end.kind) if exp else "",
        kind=end.kind,
        struck=end.struck,
        place=shown.place,
        code=shown.code,
        flight=shown.flight,
        airline=shown.airline,
        also=shown.also,
        terminal=shown.terminal,
        gate=shown.gate,
        belt=gettext("Belt {belt}", belt=shown.belt) if shown.belt and board.direction == "arrivals" else "",
        state=shown.state,
        why=shown.why,
        heard=shown.updated,
        planned=planned,
        heard_ago=age(shown.updated, board.now) if shown.updated else "",
        countdown=shown.countdown,
        delay_minutes=end.delay_minutes,
        waiting=shown.waiting,
        group=shown.group,
    )

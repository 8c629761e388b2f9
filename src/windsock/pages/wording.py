"""What a board says about a flight, in words.

The browser says the same (`static/windsock/wording.js`); both are held to tests/js/wording.json, so that a row does not
change its wording when the live update replaces the rendered one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from windsock.flights import Flight

Direction = Literal["departures", "arrivals"]

# A flight nobody spoke about stays on the board this long past its time; then it is a schedule without a feed.
WAITING = timedelta(hours=12)
DOWN = frozenset({"landed", "arrived"})
GONE = frozenset({"out", "airborne", "landed", "arrived"})

_DESIGNATOR = re.compile(r"([A-Z]{3}|[A-Z0-9]{2})(\d+[A-Z]?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Whose board it is: the airport, its wall clock, what time it is for the service, and names for codes."""

    direction: Direction
    airport: str
    zone: ZoneInfo
    now: datetime
    airports: Mapping[str, str] = field(default_factory=dict)
    carriers: Mapping[str, str] = field(default_factory=dict)
    late_minutes: int = 15
    because: str = ""  # what the airport's programmes say; for late flights without a reason of their own


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The texts of one row; an empty one is not shown. `group` is the filter it belongs to, `tone` its colour."""

    id: str
    tone: str
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


def day_marker(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """ "+1" for tomorrow there, "−1" for yesterday, "" for today."""
    days = (at.astimezone(zone).date() - now.astimezone(zone).date()).days
    return "" if days == 0 else f"+{days}" if days > 0 else f"−{-days}"


def duration(minutes: int) -> str:
    """ "35 min", "2 h 5 min"."""
    hours, rest = divmod(abs(minutes), 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def lateness(minutes: int | None) -> str:
    """ "35 min late", "4 min early", "on time"; "" when unknown."""
    if minutes is None:
        return ""
    if minutes == 0:
        return "on time"
    return f"{duration(minutes)} {'late' if minutes > 0 else 'early'}"


def age(then: datetime, now: datetime) -> str:
    """How long ago, shortly: "now", "4 min", "2 h", "3 d"."""
    minutes = int((now - then).total_seconds() // 60)
    if minutes < 1:
        return "now"
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} d"


def spaced(designator: str) -> str:
    """ "DL 1865" for "DL1865"."""
    match = _DESIGNATOR.fullmatch(designator)
    return f"{match[1]} {match[2]}" if match else designator


def reason(flight: Flight) -> str:
    """The reason of the delay as a person says it; the source's own code where no wording is known."""
    if not flight.delay_reasons:
        return ""
    first = flight.delay_reasons[0]
    return first.text or (f"reason code {first.code}" if first.code else "")


def expected(flight: Flight, direction: Direction) -> datetime | None:
    """The best known time at the gate, the runway's where only that is known."""
    gate, runway = (
        (flight.departure, flight.takeoff) if direction == "departures" else (flight.arrival, flight.landing)
    )
    return gate.actual or gate.estimated or runway.actual or runway.estimated


def scheduled(flight: Flight, direction: Direction) -> datetime | None:
    """The time a board sorts by."""
    gate = flight.departure if direction == "departures" else flight.arrival
    return gate.scheduled or expected(flight, direction)


def untold(flight: Flight, direction: Direction) -> str:
    """ "time not known" where it is only stated that the flight left, or came down; else ""."""
    departing = direction == "departures"
    gate, runway = (flight.departure, flight.takeoff) if departing else (flight.arrival, flight.landing)
    if flight.stated_status is None or gate.actual or runway.actual:
        return ""
    return "time not known" if departing or flight.stated_status in DOWN else ""


def in_window(flight: Flight, direction: Direction, since: datetime, until: datetime) -> bool:
    """Whether a board of `since`–`until` shows this flight. One that should have gone and has not stays visible."""
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
    """Boards are in order of the schedule, as printed timetables are."""
    planned = scheduled(flight, direction)
    return (planned.isoformat() if planned else "9", flight.id)


def board_row(flight: Flight, board: Board) -> Row:
    """The row of `flight` on `board`."""
    departing = board.direction == "departures"
    gate = flight.departure if departing else flight.arrival
    code = (flight.destination if departing else flight.origin) or ""
    carrier = flight.carrier.iata or flight.carrier.icao or ""
    planned, best = scheduled(flight, board.direction), expected(flight, board.direction)
    # What is only expected is not what was scheduled: a telex tells when a flight lands, not when it should have.
    sched = f"{gate.scheduled.astimezone(board.zone):%H:%M}" if gate.scheduled else "–"
    exp = f"{best.astimezone(board.zone):%H:%M}" if best else ""
    state, why, tone = _situation(flight, board)
    late = (gate.delay_minutes or 0) >= board.late_minutes
    return Row(
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
        state=state,
        why=why,
        heard=flight.updated_at,
        planned=planned,
        heard_ago=age(flight.updated_at, board.now) if flight.updated_at else "",
        group="cancelled"
        if tone in {"cancelled", "diverted"}
        else "delayed"
        if late or tone in {"late", "overdue"}
        else "",
    )


def _dotted(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]


def _situation(flight: Flight, board: Board) -> tuple[str, str, str]:
    """State, reason and tone, in the order a person would ask: does it go at all, where, has it gone, how late."""
    departing = board.direction == "departures"
    gate = flight.departure if departing else flight.arrival
    delay, because, status = gate.delay_minutes, reason(flight), flight.status
    stale = "no word lately" if "stale" in flight.flags else ""
    if status == "cancelled":
        return "Cancelled", because, "cancelled"
    if status == "diverted" or flight.diverted_to:
        here = not departing and flight.diverted_to == board.airport and flight.destination != board.airport
        return (
            "Diverted here" if here else f"Diverted to {_place(flight.diverted_to, board)}",
            because,
            "diverted",
        )
    late = delay is not None and delay >= board.late_minutes
    over = _dotted(lateness(delay), because if late else "")
    if departing and status in GONE:
        untimed = untold(flight, board.direction)
        return (
            "Left the gate" if status == "out" and not untimed else "Departed",
            _dotted(untimed, over),
            "gone",
        )
    if not departing and status in DOWN:
        return status.capitalize(), _dotted(untold(flight, board.direction), over), "gone"
    if gate.delay_basis == "inferred" and delay is not None and delay > 0:
        if status in GONE and not gate.overdue_minutes:
            return f"About {duration(delay)} late", _dotted(because, "it left late", stale), "late"
        return f"At least {duration(delay)} late", "overdue, inferred: no word yet", "overdue"
    if status == "boarding" and departing:
        return "Boarding", over, "boarding"
    if departing and flight.flags and (back := _back(flight)):
        return back, over, "late"
    flying = (
        ""
        if departing
        else {"airborne": "in flight", "out": f"left {_place(flight.origin, board)}"}.get(status, "")
    )
    # What holds at the airport now is no reason for a flight that is on its way already.
    because = because or ("" if flying else board.because)
    if late:
        return lateness(delay), _dotted(because, flying, stale), "late"
    before = None if departing else flight.departure.delay_minutes
    if delay is None and before is not None and before >= board.late_minutes:
        inferred = flight.departure.delay_basis == "inferred"
        verb = "Left" if status in GONE else "Leaves"
        return (
            f"{verb} {'at least ' if inferred else ''}{lateness(before)}",
            _dotted(because, flying, stale),
            "overdue" if inferred else "late",
        )
    calm = lateness(delay)
    if flying:
        return _upper_first(flying), _dotted(calm, stale), "calm"
    return _upper_first(calm) or "Scheduled", stale, "calm"


def _back(flight: Flight) -> str:
    """A flight that had left and is at its origin again."""
    if "air_return" in flight.flags:
        return "Turned back"
    return "Back at the gate" if "returned_to_gate" in flight.flags else ""


def _place(code: str | None, board: Board) -> str:
    return (code and board.airports.get(code)) or code or "elsewhere"

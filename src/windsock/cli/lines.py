"""Flights as lines of the terminal, in the words of `windsock.wording`. Color never carries a meaning alone."""

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from windsock.clock import system_clock
from windsock.flights import Change, Flight
from windsock.flights.airports import airport
from windsock.flights.place_names import place_name
from windsock.flights.programmes import ProgrammeChange, Standing
from windsock.wording.board import BoardRow
from windsock.wording.changes import ChangeContext, describe_change
from windsock.wording.presenter import NamedViewpoint, present
from windsock.wording.programmes import describe_programme_change
from windsock.wording.status import dotted
from windsock.wording.times import Direction

VERY_LATE_MINUTES = 60
"""A delay from here on is red, a shorter one yellow."""


def viewpoint(flight: Flight, direction: Direction, now: datetime, at: str | None = None) -> NamedViewpoint:
    """Return this end of the flight, with its clock, as a board at the airport `at` (if it is one's) looks at it.

    The clock is UTC where the airport is unknown.
    """
    here = at or (flight.origin if direction == "departures" else flight.destination)
    place = airport(here) if here else None
    codes = {code for code in (flight.origin, flight.destination, flight.diverted_to) if code}
    return NamedViewpoint(
        direction=direction,
        airport=at or "",
        airports={code: name for code in codes if (name := place_name(code))},
        zone=place.tz if place else ZoneInfo("UTC"),
        now=now,
    )


def remark(flight: Flight, direction: Direction, now: datetime, at: str | None = None) -> str:
    """Return state, delay and reason in one line, as a board has them."""
    shown = present(flight, viewpoint(flight, direction, now, at))
    return dotted(shown.state, shown.why)


def style(row: BoardRow) -> str:
    """Return the rich style of a row's remark."""
    match row.tone:
        case "cancelled":
            return "bold red"
        case "diverted" | "overdue":
            return "magenta"
        case "gone":
            return "dim"
        case "late":
            return "red" if (row.delay_minutes or 0) >= VERY_LATE_MINUTES else "yellow"
        case _:
            return "green" if row.delay_minutes is not None else ""


def local(time: datetime | None, code: str | None, flight: Flight | None = None) -> str:
    """Return the time at the airport, with "+1" if its calendar day is not the flight's; UTC for an unknown airport."""
    if time is None:
        return ""
    place = airport(code) if code else None
    there = time.astimezone(place.tz if place else UTC)
    days = (there.date() - flight.date).days if flight is not None else 0
    return f"{there:%H:%M}{'' if place else 'Z'}{f'{days:+d}' if days else ''}"


def change_line(change: Change, origin: str | None = None) -> str:
    """Return one change: "gate.changed: Gate B12 → B14". Times at the origin are local there, others UTC."""
    place = airport(origin) if origin else None
    return f"{change.kind}: {describe_change(change, ChangeContext(departure=place.tz if place else None))}"


def event_line(flight: Flight, changes: Sequence[Change]) -> str:
    """Return an event in one line: when, which flight, from where to where, what changed, how it stands now."""
    kinds = ", ".join(dict.fromkeys(change.kind for change in changes))
    when = f"{flight.updated_at:%H:%M:%SZ}" if flight.updated_at else ""
    route = f"{flight.origin}→{flight.destination or '?'}"
    now = flight.updated_at or system_clock()  # as it stood when that happened
    return f"{when:9} {flight.designator:7} {route:8} {kinds}: {remark(flight, 'departures', now)}".strip()


def programmes_line(standing: Standing, changes: Sequence[ProgrammeChange]) -> str:
    """Return what changed in an airport's programmes in one line: when, where, and each one with its reason."""
    place = airport(standing.airport)
    zone = place.tz if place else ZoneInfo("UTC")
    sentences = "; ".join(describe_programme_change(change, zone, standing.updated_at) for change in changes)
    return f"{standing.updated_at:%H:%M:%SZ} {standing.airport:7} {sentences}"

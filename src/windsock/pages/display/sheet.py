"""The sheet of a display: everything a screen shows until it asks again, in each of its languages.

The server chooses the flights, deals the pages and words the rows; the screen turns the pages by its clock. So a screen
that has lost the connection keeps turning what was true when it last heard, and says when that was.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from windsock import journal
from windsock.flights import Flight
from windsock.flights.airports import Airport
from windsock.flights.programmes import Programme
from windsock.journal.base import FlightQuery
from windsock.pages import places
from windsock.pages.board import rows as board_rows
from windsock.pages.display.parameters import Parameters
from windsock.wording.board import WAITING, BoardRow
from windsock.wording.display import (
    AHEAD,
    ROUND_SECONDS,
    DisplayPage,
    DisplayPlan,
    Line,
    is_over,
    leaves_at,
    plan_pages,
)
from windsock.wording.language import gettext, ngettext, speaking
from windsock.wording.status import spaced
from windsock.wording.times import Direction

MAX_FLIGHTS = 2000
"""Flights of one query, as on a board."""

TIME = "{time}"
"""Stands for a time that only the screen knows: when it last heard."""

LONG, VERY_LONG = 15, 20
"""Characters that fit into the column of a place in the size of the row; longer texts are smaller, very long ones take
two lines."""

LONG_PLACE = 4
"""Characters of a gate, belt or desk that fit."""

_NUMBERS = re.compile(r"\d+")


def directions(parameters: Parameters) -> tuple[Direction, ...]:
    """Return the sides of the airport that the display shows."""
    if parameters.kind == "both":
        return ("departures", "arrivals")
    return ("arrivals",) if parameters.kind in ("arrivals", "belt") else ("departures",)


def sheet(airport: Airport, parameters: Parameters, now: datetime) -> dict[str, Any]:
    """Return the sheet of this display at `now`, ready for JSON."""
    programmes = [
        programme for standing in places.standings_at(airport.code) for programme in standing.programmes
    ]
    panels = []
    for direction in directions(parameters):
        flights = [
            flight for flight in _flights(airport, direction, now) if belongs(flight, direction, parameters)
        ]
        plan = _plan(flights, direction, now, parameters)
        spoken = []
        for language in parameters.languages:
            with speaking(language) as speech:
                spoken.append(
                    _panel(plan, airport, direction, now, parameters, programmes)
                    | {"lang": speech.code, "dir": speech.direction}
                )
        panels.append(
            {"direction": direction, "seconds": plan.seconds, "count": len(plan.pages), "languages": spoken}
        )
    return {"round": ROUND_SECONDS, "panels": panels}


def belongs(flight: Flight, direction: Direction, parameters: Parameters) -> bool:
    """Return whether the display is about this flight: its terminal, carrier, gate, belt or check-in desk."""
    side = flight.departure if direction == "departures" else flight.arrival
    if parameters.terminals and (side.terminal or "").upper() not in parameters.terminals:
        return False
    codes = {flight.carrier.iata, flight.carrier.icao}
    codes.update(re.sub(r"\d+[A-Z]?$", "", name) for name in flight.codeshares)
    if parameters.carriers and not codes & set(parameters.carriers):
        return False
    if parameters.kind == "gate":
        return (flight.departure.gate or "").upper() == parameters.place.upper()
    if parameters.kind == "check-in":
        return _at_desk(flight.departure.checkin_desk or "", parameters.place)
    if parameters.kind == "belt":
        belt = flight.arrival.belt or ""
        return belt.upper() == parameters.place.upper() if parameters.place else bool(belt)
    return True


def _at_desk(desks: str, desk: str) -> bool:
    """Return whether the desks of a flight ("101-110", "A 12, A 14") include this one."""
    if desk.upper() in (part.strip().upper() for part in re.split(r"[,;/ ]+", desks)):
        return True
    bounds = [int(number) for number in _NUMBERS.findall(desks)]
    return "-" in desks and desk.isdecimal() and len(bounds) == 2 and bounds[0] <= int(desk) <= bounds[1]


def _flights(airport: Airport, direction: Direction, now: datetime) -> list[Flight]:
    query = FlightQuery(
        airport=airport.code,
        direction=direction,
        since=now - WAITING,
        until=now + AHEAD,
        limit=MAX_FLIGHTS,
    )
    return [record.flight for record in journal.current().find(query)]


def _plan(flights: list[Flight], direction: Direction, now: datetime, parameters: Parameters) -> DisplayPlan:
    if parameters.kind == "gate":
        waiting = sorted(
            (flight for flight in flights if not is_over(flight, direction) and leaves_at(flight, direction)),
            key=lambda flight: (leaves_at(flight, direction), flight.id),
        )
        page = DisplayPage(lines=(), flights=tuple(waiting[:3]))
        return DisplayPlan(pages=((page,),), seconds=parameters.seconds)
    return plan_pages(
        flights,
        direction,
        now,
        rows=parameters.rows,
        seconds=parameters.seconds,
        screens=parameters.screens,
    )


def _panel(
    plan: DisplayPlan,
    airport: Airport,
    direction: Direction,
    now: datetime,
    parameters: Parameters,
    programmes: Iterable[Programme],
) -> dict[str, Any]:
    own = [screens[parameters.part - 1] for screens in plan.pages]
    flights = [flight for page in own for flight in page.flights]
    rows = {
        row.id: row
        for row in board_rows.board_of(flights, airport, direction, now, list(programmes)).rows(flights)
    }
    by_id = {flight.id: flight for flight in flights}
    count = len(own)
    return {
        "title": _title(direction, parameters),
        "heads": _heads(direction, parameters),
        "empty": _empty(direction, parameters),
        "pages": [
            {
                "number": gettext("Page {number} of {count}", number=number, count=count)
                if count > 1
                else "",
                "lines": [_line(line, airport, direction) for line in page.lines],
                "rows": [
                    _row(rows[flight.id], by_id[flight.id], direction, parameters) for flight in page.flights
                ],
            }
            for number, page in enumerate(own, 1)
        ],
        "lost": gettext("No connection. Last news at {time}", time=TIME),
        "ask": gettext("Please ask the staff"),
    }


def _title(direction: Direction, parameters: Parameters) -> str:
    place = parameters.place
    if parameters.kind == "gate":
        return gettext("Gate {gate}", gate=place)
    if parameters.kind == "check-in":
        return gettext("Check-in {desk}", desk=place)
    if parameters.kind == "belt":
        return gettext("Baggage belt {belt}", belt=place) if place else gettext("Baggage belts")
    return gettext("Departures") if direction == "departures" else gettext("Arrivals")


def _heads(direction: Direction, parameters: Parameters) -> dict[str, str]:
    last = {"arrivals": gettext("Belt"), "departures": gettext("Gate")}[direction]
    return {
        "sched": gettext("Time"),
        "exp": gettext("Expected"),
        "place": gettext("To") if direction == "departures" else gettext("From"),
        "flight": gettext("Flight"),
        "where": gettext("Desk") if parameters.kind == "check-in" else last,
        "state": gettext("Status"),
    }


def _empty(direction: Direction, parameters: Parameters) -> str:
    if parameters.kind == "gate":
        return gettext("No flight at this gate now")
    if parameters.kind == "belt":
        return gettext("No bags expected now")
    if direction == "departures":
        return gettext("No departures in the next hours")
    return gettext("No arrivals in the next hours")


def _row(row: BoardRow, flight: Flight, direction: Direction, parameters: Parameters) -> dict[str, Any]:
    where = row.gate if direction == "departures" else row.belt
    if parameters.kind == "check-in":
        where = flight.departure.checkin_desk or ""
    sized = (
        ("place", row.place, LONG),
        ("place-two", row.place, VERY_LONG),
        ("where", where, LONG_PLACE),
        ("state", row.state, VERY_LONG),
    )
    return {
        "id": row.id,
        "tone": row.tone,
        "sched": row.sched,
        "exp": row.exp,
        "qualifier": row.qualifier,
        "struck": row.struck,
        "place": row.place,
        "flights": [row.flight, *filter(None, row.also.split(", "))],
        "where": where,
        "state": row.state,
        "why": row.why,
        "long": [name for name, text, fits in sized if len(text) > fits],
    }


def _line(line: Line, airport: Airport, direction: Direction) -> dict[str, Any]:
    count = line.count
    if line.why == "overdue":
        what = ngettext("{count} flight overdue", "{count} flights overdue", count)
    elif line.why == "cancelled":
        what = ngettext("{count} flight cancelled", "{count} flights cancelled", count)
    else:
        what = ngettext("{count} more flight", "{count} more flights", count)
    return {
        "why": line.why,
        "what": what,
        "names": [_name(flight, line, airport, direction) for flight in line.flights],
    }


def _name(flight: Flight, line: Line, airport: Airport, direction: Direction) -> str:
    name = spaced(flight.designator)
    at = leaves_at(flight, direction)
    if line.why != "further" or at is None:
        return name
    other = flight.destination if direction == "departures" else flight.origin
    return f"{at.astimezone(airport.tz):%H:%M} {name} {other or ''}".strip()

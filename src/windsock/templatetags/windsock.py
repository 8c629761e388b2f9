"""`{% load windsock %}{% flight_board "JFK" rows=8 %}{% flight_status "DL1865" %}`: live flights in a host's own pages.

The server renders the rows in the words of every other screen, so that they read without JavaScript; the element around
them then keeps them live. A reader without the right to read flights sees none.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import template
from django.template.loader import render_to_string
from django.utils import translation

from windsock import journal
from windsock.access.lookup.single import anonymous_identity, identity_of_user
from windsock.conf import config
from windsock.errors import WindsockError
from windsock.feeds.configuration import attributions
from windsock.flights import Designator, Flight, FlightKey, airports
from windsock.journal.base import FlightQuery
from windsock.pages import layout, places
from windsock.pages.board import rows as board_rows
from windsock.pages.board.window import BEHIND, Window
from windsock.wording import language
from windsock.wording.board import BoardContext, board_row
from windsock.wording.presenter import present
from windsock.wording.status import spaced
from windsock.wording.times import Direction, scheduled

register = template.Library()

DIRECTIONS = ("departures", "arrivals")
MAX_LEGS = 50
"""Flights of one number that are looked at: a fortnight of a shuttle."""
NEARBY = timedelta(hours=36)
"""The live board, which the element follows, holds flights about this long."""


@register.simple_tag(takes_context=True)
def flight_board(
    context: Any,
    airport: str,
    direction: str = "departures",
    *,
    rows: int = 30,
    hours: int = 6,
    columns: str = "",
) -> str:
    """Return a live board. An unknown airport or a reader without rights gets a sentence instead.

    Raises:
        TemplateSyntaxError: The direction is neither departures nor arrivals: an error of the template's author.
    """
    if direction not in DIRECTIONS:
        raise template.TemplateSyntaxError(
            f"flight_board: {direction!r} is not a direction; use departures or arrivals."
        )
    way = cast(Direction, direction)
    shown: dict[str, Any] = {"direction": way, "rows_wanted": rows, "hours": hours, "columns": columns}
    found = airports.airport(str(airport))
    shown["code"] = found.code if found else str(airport).upper()
    with _spoken():
        if found and _may_read(context):
            now = layout.service_now(journal.current().head().clock)
            window = Window(since=now - BEHIND, until=now + timedelta(hours=hours), follow=True)
            programmes = [
                programme for standing in places.standings_at(found.code) for programme in standing.programmes
            ]
            flights = board_rows.flights(found.code, way, window)
            board = board_rows.board_of(flights, found, way, now, programmes)
            ahead = [flight for flight in board.flights if not board.is_past(flight)]
            shown["rows"] = board.rows(ahead[:rows])
            shown["place"] = places.city(found.code)
            shown["as_of"] = f"{now.astimezone(found.tz):%H:%M}"
        return _rendered("board", context, shown, known=found is not None)


@register.simple_tag(takes_context=True)
def flight_status(context: Any, flight: str, *, date: date | str | None = None) -> str:
    """Return the live state of one flight: by its id, or by its number (and the date of its departure)."""
    text = str(flight).strip().upper()
    by_id = "." in text
    day = str(date) if date else ""
    shown: dict[str, Any] = {
        "id": text if by_id else "",
        "number": "" if by_id else text.replace(" ", ""),
        "date": day,
        "name": spaced(text.partition(".")[0].replace(" ", "")),
    }
    with _spoken():
        if _may_read(context):
            now = layout.service_now(journal.current().head().clock)
            found = _flight_of_id(text) if by_id else _flight_of_number(text, day, now)
            if found is not None:
                shown |= _both_ends(found, now)
        return _rendered("status", context, shown, known=True)


def _rendered(name: str, context: Any, shown: dict[str, Any], *, known: bool) -> str:
    shown |= {
        "known": known,
        "readable": _may_read(context),
        "spoken": language.current(),
        "attributions": attributions(config().feeds),
    }
    return render_to_string(f"windsock/embed/{name}.html", shown)


def _may_read(context: Any) -> bool:
    user = getattr(context.get("request"), "user", None)
    return identity_of_user(user) is not None or anonymous_identity() is not None


@contextmanager
def _spoken() -> Iterator[None]:
    """Speak the language of the host's page, in the templates too, where it is one of Windsock's."""
    with language.speaking(translation.get_language() or "") as spoken, translation.override(spoken.code):
        yield


def _flight_of_id(text: str) -> Flight | None:
    try:
        record = journal.current().flight(FlightKey.parse(text))
    except (WindsockError, ValueError):
        return None
    return record.flight if record else None


def _flight_of_number(text: str, day: str, now: datetime) -> Flight | None:
    """Return the flight of that date, else the one whose departure is nearest to now, as the element chooses."""
    try:
        name = str(Designator.parse(text, now.date()))
        wanted = date.fromisoformat(day) if day else None
    except (WindsockError, ValueError):
        return None
    near = {} if wanted else {"since": now - NEARBY, "until": now + NEARBY}
    query = FlightQuery(text=name, date=wanted, limit=MAX_LEGS, **near)  # type: ignore[arg-type]
    found = [record.flight for record in journal.current().find(query)]
    found = [flight for flight in found if name in (flight.designator, *flight.codeshares)]
    far = datetime.max.replace(tzinfo=UTC)
    return min(found, key=lambda flight: abs((scheduled(flight, "departures") or far) - now), default=None)


def _both_ends(flight: Flight, now: datetime) -> dict[str, Any]:
    codes = {code for code in (flight.origin, flight.destination, flight.diverted_to) if code}
    named = places.names(codes, {flight.carrier.iata or flight.carrier.icao or ""} - {""})

    def view(direction: Direction) -> BoardContext:
        code = (flight.origin if direction == "departures" else flight.destination) or ""
        airport = airports.airport(code)
        return BoardContext(
            direction=direction,
            airport=code,
            zone=airport.tz if airport else ZoneInfo("UTC"),
            now=now,
            airports=named["airports"],
            carriers=named["carriers"],
            late_minutes=config().late_minutes,
        )

    leaving, coming = view("departures"), view("arrivals")
    ends = [
        {
            "row": board_row(flight, side),
            "place": named["airports"].get(side.airport, side.airport),
            "code": side.airport,
        }
        for side in (leaving, coming)
    ]
    gone = present(flight, leaving).gone
    return {
        "flight_id": flight.id,
        "row": ends[gone]["row"],
        "leaving": ends[0],
        "coming": ends[1],
        "as_of": f"{now.astimezone(leaving.zone):%H:%M}",
    }

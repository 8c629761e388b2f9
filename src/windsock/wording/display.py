"""Which flights a display shows now, and on which pages. Pure: the server chooses, screens only turn the pages.

A display is not operated, so its readers must find their flight without doing anything: every flight that
leaves within 90 minutes has a row on one of the pages, and all pages are seen within a minute. On a bad day a board in
the order of the schedule would begin with flights nobody can say anything about; those share a line here instead.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Literal, NamedTuple

from windsock.flights import Flight
from windsock.wording.board import WAITING, sort_key
from windsock.wording.times import DOWN, GONE, Direction, expected, scheduled

SOON = timedelta(minutes=90 + 15)
"""Flights this far ahead are on the pages whatever else happens: from 90 minutes on their passengers stand before
screens, and a few leave up to a quarter of an hour early."""

ROUND_SECONDS = 40
"""All pages are seen in this time. With four pages at most, a flight that moves from the first page to the last one
between two rounds is still seen again after 60 seconds; about as long as people wait for theirs to come up."""

MIN_PAGE_SECONDS, MAX_PAGE_SECONDS = 10, 20
"""How long a page stays: long enough to be searched for a flight, short enough that nobody walks off."""

MAX_PAGES = ROUND_SECONDS // MIN_PAGE_SECONDS

MIN_ROWS, MAX_ROWS = 5, 40
"""Fewer rows are a gate's display; more cannot be read from where people stand."""

LEFT_STAYS = timedelta(minutes=10)
"""A flight that has left is still looked for by those who come too late for it."""

ARRIVED_STAYS = timedelta(minutes=30)
"""The belt of a flight that has arrived is looked for until the bags are there."""

CANCELLED_STAYS = timedelta(hours=1)
"""From the planned time on: until then its passengers still come."""

AHEAD = timedelta(hours=12)
"""On a quiet night the first flights of the morning fill the rows."""

Why = Literal["overdue", "cancelled", "further"]

MAX_NAMES: dict[Why, int] = {"overdue": 14, "cancelled": 14, "further": 5}
"""Flights that one line of `NARROW_ROWS` names, at most: more do not fit into the width. A further one has its time
and place. Lines of fewer rows are higher, and hold several times as many."""

NARROW_ROWS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line in the place of many rows: of `count` flights that are overdue, cancelled or on time it names some."""

    why: Why
    count: int
    flights: tuple[Flight, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DisplayPage:
    """What one screen shows at a time: lines first, then a row per flight, in the order of the schedule."""

    lines: tuple[Line, ...]
    flights: tuple[Flight, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DisplayPlan:
    """The pages of a display, each with a page for every adjoining screen, and how long each one stays.

    A round of all pages begins at each multiple of `ROUND_SECONDS` since 1970, so screens side by side turn together.
    """

    pages: tuple[tuple[DisplayPage, ...], ...]
    seconds: float


@dataclass(slots=True)
class _Groups:
    """The flights of a display by what passengers need of them."""

    soon: list[Flight]
    left: list[Flight]
    overdue: list[Flight]
    cancelled: list[Flight]
    later: list[Flight]


def plan_pages(
    flights: Iterable[Flight],
    direction: Direction,
    now: datetime,
    *,
    rows: int,
    seconds: float = 15,
    screens: int = 1,
) -> DisplayPlan:
    """Return the pages that a display of `rows` rows shows at `now`, on `screens` adjoining screens.

    No page has more lines and rows than `rows`. `seconds` is how long a page is to stay; the
    nearest time that a round can be divided into is used.
    """
    groups = _grouped(flights, direction, now)
    collapsed: dict[Why, list[Flight]] = {}
    if len(groups.overdue) > rows // 3:
        collapsed["overdue"], groups.overdue = groups.overdue, []
    size = _Size(rows, screens)
    pages = max(1, int(ROUND_SECONDS // seconds))
    while True:
        chosen = _chosen(groups, collapsed, size, pages)
        if chosen is not None:
            break
        if pages < MAX_PAGES:
            pages += 1
        elif groups.cancelled or groups.left:
            # Too many for a minute. The passengers of a cancelled flight need a desk, not a row.
            collapsed["cancelled"], groups.cancelled, groups.left = groups.cancelled, [], []
        elif groups.soon:
            # The last measure: of the flights that leave last, one line names several, with time and place.
            excess = max(1, len(groups.soon) + len(groups.overdue) - MAX_PAGES * (rows - 1) * screens)
            collapsed["further"] = groups.soon[-excess:] + collapsed.get("further", [])
            del groups.soon[-excess:]
        else:
            pages += 1  # more flights than a round can name
    shown = sorted(chosen.flights, key=lambda flight: sort_key(flight, direction))
    made = [
        DisplayPage(lines=lines, flights=tuple(shown[number * chosen.rows : (number + 1) * chosen.rows]))
        for number, lines in enumerate(chosen.lines)
    ]
    return DisplayPlan(
        pages=tuple(tuple(made[at : at + screens]) for at in range(0, len(made), screens)),
        seconds=page_seconds(len(made) // screens, seconds),
    )


def page_seconds(pages: int, wished: float) -> float:
    """Return how long each of this many pages stays: a round holds all of them once or several times."""
    most = max(1, int(ROUND_SECONDS / MIN_PAGE_SECONDS / pages))
    return min(
        (ROUND_SECONDS / (pages * times) for times in range(1, most + 1)),
        key=lambda seconds: (seconds > MAX_PAGE_SECONDS, abs(seconds - wished)),
    )


def is_overdue(flight: Flight, direction: Direction) -> bool:
    """Return whether its time has passed without a report, so that nobody knows when it moves."""
    gate = flight.departure if direction == "departures" else flight.arrival
    return gate.overdue_minutes is not None


def leaves_at(flight: Flight, direction: Direction) -> datetime | None:
    """Return the best known time at this airport's gate: actual or expected, else the planned one."""
    return expected(flight, direction) or scheduled(flight, direction)


def is_over(flight: Flight, direction: Direction) -> bool:
    """Return whether the flight has left, or has come down."""
    departing = direction == "departures"
    gate, runway = (flight.departure, flight.takeoff) if departing else (flight.arrival, flight.landing)
    return bool(gate.actual or runway.actual) or flight.status in (GONE if departing else DOWN)


def _grouped(flights: Iterable[Flight], direction: Direction, now: datetime) -> _Groups:
    groups = _Groups([], [], [], [], [])
    departing = direction == "departures"
    for flight in flights:
        at, planned = leaves_at(flight, direction), scheduled(flight, direction)
        if at is None or planned is None:
            continue
        if flight.status == "cancelled" or (not departing and flight.diverted_to):
            if now - CANCELLED_STAYS <= planned <= now + AHEAD:
                (groups.cancelled if planned <= now + SOON else groups.later).append(flight)
        elif is_over(flight, direction):
            if now - (LEFT_STAYS if departing else ARRIVED_STAYS) <= at:
                groups.left.append(flight)
        elif at < now - WAITING or at > now + AHEAD:
            continue
        elif is_overdue(flight, direction):
            groups.overdue.append(flight)
        else:
            (groups.soon if at <= now + SOON else groups.later).append(flight)
    for group in (groups.soon, groups.later):
        group.sort(key=lambda flight: (leaves_at(flight, direction), flight.id))
    # The latest first: a flight that becomes overdue had its row on the first page, and its name stays there.
    groups.overdue.sort(key=lambda flight: sort_key(flight, direction), reverse=True)
    return groups


class _Size(NamedTuple):
    rows: int
    screens: int

    @property
    def names(self) -> dict[Why, int]:
        """How many flights a line names, at most."""
        return {why: number * max(1, NARROW_ROWS // self.rows) for why, number in MAX_NAMES.items()}


class _Chosen(NamedTuple):
    """The flights that have rows, the lines of each page, and the rows of a page that lines leave."""

    flights: list[Flight]
    lines: list[tuple[Line, ...]]
    rows: int


def _chosen(
    groups: _Groups, collapsed: Mapping[Why, list[Flight]], size: _Size, limit: int
) -> _Chosen | None:
    """Return what at most `limit` pages show, with as few lines as name everything; None if it does not fit."""
    required = [*groups.soon, *groups.left, *groups.overdue, *groups.cancelled]
    named = {why: found for why, found in collapsed.items() if found}
    for lines in range(1 if named else 0, size.rows):
        rows = size.rows - lines
        room = rows * size.screens
        pages = max(1, min(limit, ceil((len(required) + len(groups.later)) / room)))
        if len(required) > pages * room:
            return None
        if (each := _lines_of(named, lines, pages * size.screens, size.names)) is not None:
            return _Chosen([*required, *groups.later[: pages * room - len(required)]], each, rows)
    return None


def _lines_of(
    named: Mapping[Why, list[Flight]], per_page: int, pages: int, names: Mapping[Why, int]
) -> list[tuple[Line, ...]] | None:
    """Return the lines of each page, `per_page` of them; None if they cannot name every flight."""
    parts = {why: ceil(len(found) / names[why]) for why, found in named.items()}
    if sum(parts.values()) > per_page * pages:
        return None
    for _ in range(per_page * pages - sum(parts.values()) if named else 0):
        longest = max(parts, key=lambda why: (len(named[why]) / parts[why], why))
        parts[longest] += 1
    made = []
    for why, found in named.items():
        length = ceil(len(found) / parts[why])
        pieces = [tuple(found[at : at + length]) for at in range(0, len(found), length)]
        # With fewer pieces than lines some are named twice: a line that comes and goes would move the rows.
        made += [
            Line(why=why, count=len(found), flights=pieces[number % len(pieces)])
            for number in range(parts[why])
        ]
    return [tuple(made[number::pages]) for number in range(pages)]

"""What a reader chose to see of a board, as the address says it; the same choices as in board-choice.js."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from windsock.flights import Flight
from windsock.wording.board import sort_key
from windsock.wording.language import gettext
from windsock.wording.presenter import Facts
from windsock.wording.status import spaced
from windsock.wording.times import Direction, expected, scheduled

SHOW = ("all", "delayed", "waiting", "cancelled")
"""Groups of flights; "waiting" are those that are delayed and have not left, or arrived, yet."""
SORT = ("time", "expected", "delay")
ZONES = ("local", "own", "utc", "left")
"""How times are given: at the airport, where the reader is (which only the browser knows: until it has drawn the board,
and without JavaScript, times are those at the airport), in UTC, as the time that is left."""
DAYS = ("", "today", "tomorrow")
RECENT = timedelta(minutes=15)
"""A flight that left, or came down, longer ago than this is one of the earlier flights, shown on request."""
CALLED_OFF = timedelta(hours=1)
"""A cancelled or diverted flight is looked for longer: people still come for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The choices of a board. An empty terminal or carrier means all of them."""

    text: str
    show: str
    terminal: str
    carrier: str
    sort: str
    times: str
    day: str
    past: bool

    def matches(self, flight: Flight, facts: Facts, direction: Direction) -> bool:
        """Return whether the board shows the flight, as far as that follows without its words."""
        return (
            (self.show == "all" or (facts.waiting if self.show == "waiting" else facts.group == self.show))
            and (not self.terminal or terminal_of(flight, direction) == self.terminal)
            and (not self.carrier or carrier_of(flight) == self.carrier)
        )

    @property
    def narrows(self) -> bool:
        """Whether the reader looks for something: then earlier flights are shown too."""
        return bool(self.text or self.terminal or self.carrier) or self.show != "all" or self.sort != "time"


def choice_of(query: Mapping[str, str]) -> Choice:
    """Return the choices of an address. Nonsense is ignored."""

    def one_of(name: str, values: tuple[str, ...]) -> str:
        value = query.get(name, "")
        return value if value in values else values[0]

    return Choice(
        text=query.get("q", "").strip(),
        show=one_of("show", SHOW),
        terminal=query.get("terminal", "")[:20],
        carrier=query.get("carrier", "")[:3].upper(),
        sort=one_of("sort", SORT),
        times=one_of("times", ZONES),
        day=one_of("day", DAYS),
        past=bool(query.get("past")),
    )


def carrier_of(flight: Flight) -> str:
    """Return the carrier's code as in the flight's number."""
    return spaced(flight.designator).partition(" ")[0]


def carriers(shown: Sequence[Flight], names: Mapping[str, str], choice: Choice) -> list[tuple[str, str]]:
    """Return the names and codes of the carriers to choose from, with the chosen one though it has no flights here."""
    found: dict[str, str] = {}
    for flight in shown:
        code = flight.carrier.iata or flight.carrier.icao or ""
        found[carrier_of(flight)] = names.get(code) or code
    if choice.carrier:
        found.setdefault(choice.carrier, choice.carrier)
    return sorted((name, code) for code, name in found.items())


def terminal_of(flight: Flight, direction: Direction) -> str | None:
    """Return the terminal at the board's airport."""
    return (flight.departure if direction == "departures" else flight.arrival).terminal


def terminals(shown: Sequence[Flight], direction: Direction, choice: Choice) -> list[str]:
    """Return the terminals to choose from, with the chosen one though no flight here uses it."""
    return sorted(({terminal_of(flight, direction) or "" for flight in shown} | {choice.terminal}) - {""})


def is_past(flight: Flight, facts: Facts, direction: Direction, now: datetime) -> bool:
    """Return whether nobody waits for the flight any longer: it has been gone, or called off, for a while.

    A flight that is overdue without news has not left as far as anybody knows: it stays, however late it is.
    """
    if not facts.over and facts.group != "cancelled":
        return False
    times = (scheduled(flight, direction), expected(flight, direction))
    known = [time for time in times if time is not None]
    return bool(known) and max(known) < now - (CALLED_OFF if facts.group == "cancelled" else RECENT)


def order_key(flight: Flight, facts: Facts, direction: Direction, sort: str) -> tuple[object, ...]:
    """Return what the board is sorted by."""
    planned = sort_key(flight, direction)
    if sort == "expected":
        at = expected(flight, direction) or scheduled(flight, direction)
        return (at.isoformat() if at else "9", *planned)
    if sort == "delay":
        return (-(facts.delay_minutes or 0), *planned)
    return planned


def labels() -> dict[str, dict[str, str]]:
    """Return the words for the choices, in the reader's language."""
    return {
        "show": {
            "all": gettext("All"),
            "delayed": gettext("Delayed"),
            "waiting": gettext("Waiting"),
            "cancelled": gettext("Cancelled"),
        },
        "sort": {
            "time": gettext("Scheduled time"),
            "expected": gettext("Expected time"),
            "delay": gettext("Longest delay"),
        },
        "times": {
            "local": gettext("Local time"),
            "own": gettext("My time zone"),
            "utc": gettext("UTC"),
            "left": gettext("Time left"),
        },
    }


def order_words(choice: Choice) -> str:
    """Return in which order the rows are, and how times are given: part of the table's caption."""
    words = labels()
    return gettext(
        "Sorted by: {order}. Times: {times}.",
        order=words["sort"][choice.sort],
        times=words["times"][choice.times],
    )

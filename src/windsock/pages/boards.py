"""What a board shows: which hours, which flights, in which words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import urlencode

from windsock import journal
from windsock.clock import ReplayClock, system_clock
from windsock.conf import config
from windsock.flights import Flight
from windsock.flights.airports import Airport
from windsock.flights.programmes import Programme, Standing
from windsock.journal.base import FlightQuery
from windsock.journal.flight_query import canonical_text
from windsock.pages import places
from windsock.pages.programmes import because
from windsock.pages.wording import WAITING, Board, Direction, Row, board_row, in_window, sort_key

# Half an hour back tells whoever comes late what happened; six hours ahead is what people wait for at an airport.
BEHIND, AHEAD = timedelta(minutes=30), timedelta(hours=6)
STEP = timedelta(hours=3)
# The busiest airport of the world has some 1,300 departures in half a day.
MOST = 2000

Show = Literal["all", "delayed", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """The window of time. `follow`: it was not chosen, so it moves on with the clock."""

    since: datetime
    until: datetime
    follow: bool


def service_now(clock: ReplayClock | None, real: datetime | None = None) -> datetime:
    """What time it is for the service: the replay's clock while one runs, else the machine's."""
    moment = real or system_clock()
    return clock.at(moment) if clock else moment


YEARS = range(1900, 2200)
"""Years in which flights are: beyond, hours before or after a moment may not exist."""


def hours(now: datetime, since: str | None, until: str | None) -> Hours:
    """The hours asked for (`?from=`, `?to=`, ISO 8601), or those around now. Nonsense is read as not asked."""
    start, end = _moment(since), _moment(until)
    if start is None and end is None:
        return Hours(since=now - BEHIND, until=now + AHEAD, follow=True)
    start = start or (end or now) - BEHIND - AHEAD
    end = end if end and end > start else start + BEHIND + AHEAD
    return Hours(since=start, until=min(end, start + timedelta(hours=36)), follow=False)


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat((text or "").replace(" ", "+"))
        if moment.year not in YEARS:
            return None
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def flights(code: str, direction: Direction, window: Hours) -> list[Flight]:
    """The flights of an airport in the window, in board order; overdue ones never drop out of it by themselves."""
    query = FlightQuery(
        airport=code,
        direction=direction,
        since=window.since - WAITING,
        until=window.until + WAITING,
        limit=MOST,
    )
    found = [record.flight for record in journal.current().find(query)]
    shown = [flight for flight in found if in_window(flight, direction, window.since, window.until)]
    return sorted(shown, key=lambda flight: sort_key(flight, direction))


def standings_at(*codes: str) -> list[Standing]:
    """The programmes of those of these airports that ever had any, in the order of the codes."""
    known = {one.airport: one for one in journal.current().standings()[1]}
    return [known[code] for code in dict.fromkeys(codes) if code in known]


def rows(
    shown: list[Flight],
    airport: Airport,
    direction: Direction,
    now: datetime,
    programmes: Sequence[Programme] = (),
) -> list[Row]:
    """The rows of these flights, in the words of this airport's board, at which these programmes stand."""
    naming = names_for(shown, airport)
    board = Board(
        direction=direction,
        airport=airport.code,
        zone=airport.tz,
        now=now,
        airports=naming["airports"],
        carriers=naming["carriers"],
        late_minutes=config().late_minutes,
        because=because(programmes, direction, now),
    )
    return [board_row(flight, board) for flight in shown]


def names_for(shown: list[Flight], airport: Airport) -> dict[str, dict[str, str]]:
    """The names that these flights' rows need, also for the browser."""
    codes = {airport.code}
    for flight in shown:
        codes.update(code for code in (flight.origin, flight.destination, flight.diverted_to) if code)
    return places.names(codes, {flight.carrier.iata or flight.carrier.icao or "" for flight in shown} - {""})


def matching(row: Row, text: str) -> bool:
    """Whether the search box finds the row."""
    words = " ".join((row.flight.replace(" ", ""), row.flight, row.also, row.also.replace(" ", ""), row.place, row.code,
                      row.airline))  # fmt: skip
    return text.strip().lower() in words.lower() or canonical_text(text) in words.split()


def link(since: datetime, until: datetime, text: str, show: str) -> str:
    """The address of the same board at other hours."""
    asked = {"from": f"{since:%Y-%m-%dT%H:%MZ}", "to": f"{until:%Y-%m-%dT%H:%MZ}"}
    if text:
        asked["q"] = text
    if show != "all":
        asked["show"] = show
    return f"?{urlencode(asked)}"

"""The single lines of SSM and ASM messages: action, flight, period, equipment, leg, segment."""

import itertools
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import date as Day

from windsock.feeds.periods import MONTHS, OPEN_END, Period, clock, full_date, weekdays
from windsock.flights import Designator

REINSTATE = "RIN"  # codespell:ignore
RENUMBER = "FLT"

ACTIONS = frozenset(
    (
        "NEW",
        "CNL",
        REINSTATE,
        "RPL",
        "TIM",
        "EQT",
        "CON",
        "RRT",
        "ADM",
        "SKD",
        "ACK",
        "NAC",
        "FLT",
        "REV",
        "RSD",
    )
)

STILL_OF_INTEREST = timedelta(days=30)
"""A period without years that ended longer ago is next year's; messages correct the last weeks, not more."""

_CLOCK = r"(\d{6}|\d{4})(?:/(M?\d))?(?:/(\d{4}))?"
_ACTION = re.compile(r"([A-Z]{3}(?:/[A-Z]{3}){0,3})(?: (XASM))?(?: [A-Z]{4}(?:/[A-Z]{4}){0,9})?", re.ASCII)
_LEG = re.compile(rf"([A-Z]{{3}}) ?{_CLOCK} +([A-Z]{{3}}) ?{_CLOCK}(?: +(.*))?", re.ASCII)
_SEGMENT = re.compile(r"([A-Z]{3})[ /]?([A-Z]{3})(?: +(.*))?", re.ASCII)
_FLIGHT = re.compile(
    r"([A-Z0-9]{2,3} ?\d{1,4}[A-Z]?)(?:/(\d{1,2})(?:([A-Z]{3})(\d\d)?)?)?(?: +(.*))?", re.ASCII
)
_DATE = r"(\d\d[A-Z]{3}(?:\d\d)?)"
_PERIOD = re.compile(rf"{_DATE}(?:[ -]{_DATE})?(?: +([1-7]{{1,7}})(?:/W(\d))?)?(?: +(.*))?", re.ASCII)
_EQUIPMENT = re.compile(r"[A-Z] ([A-Z0-9]{3})(?:[ .].*)?", re.ASCII)
_ROUTE = re.compile(r"[A-Z]{3}(?:/[A-Z]{3}){1,9}", re.ASCII)
_SENT = re.compile(r"\.[A-Z0-9]{7} (\d\d)(\d\d)(\d\d)\b", re.ASCII)
_ADDRESSES = re.compile(r"Q[A-Z](?: [A-Z0-9]{7})+", re.ASCII)
_TYPE = re.compile(r"[A-Z0-9]{3}", re.ASCII)
_ANY_STATION = "QQQ"


@dataclass(frozen=True, slots=True)
class Clock:
    """A time in a leg line: how long after midnight, of which day of the month or how many days on."""

    since: timedelta
    day_of_month: int | None
    days: int

    def day(self, operating: Day) -> Day:
        """Return its calendar day for that operating day; raise ValueError if none is near."""
        if self.day_of_month is None:
            return operating + timedelta(days=self.days)
        return nearest_day(self.day_of_month, operating)


@dataclass(slots=True)
class LegLine:
    """One leg: its ends, with times, aircraft and other names where given."""

    number: int
    origin: str
    destination: str
    departure: Clock | None = None
    arrival: Clock | None = None
    aircraft_type: str | None = None
    elements: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FlightLine:
    """A flight, in an ASM with its date, perhaps with the legs that are changed."""

    number: int
    designator: Designator
    day: Day | None
    legs: tuple[tuple[str, str], ...]
    elements: dict[str, list[str]]


def action_of(line: str) -> tuple[frozenset[str], bool] | None:
    """Return the actions of an action line and whether it withdraws ASMs; None for another line.

    NEW, TIM and CNL are airports too, so the rest of the line is checked as well.
    """
    match = _ACTION.fullmatch(line)
    if match is None:
        return None
    actions = frozenset(match[1].split("/"))
    return (actions, match[2] is not None) if actions <= ACTIONS else None


def leg_of(number: int, line: str) -> LegLine | None:
    """Return the leg with times of the line; None for another line, ValueError if its times are not valid."""
    match = _LEG.fullmatch(line)
    if match is None:
        return None
    departure, arrival = _clock(match[2], match[3], match[4]), _clock(match[6], match[7], match[8])
    leg = LegLine(number, match[1], match[5], departure, arrival)
    for token in (match[9] or "").split():
        if _TYPE.fullmatch(token):
            leg.aircraft_type = token  # not in the manual, but in use
    leg.elements = elements_of(match[9] or "")
    return leg


def segment_of(number: int, line: str) -> LegLine | None:
    """Return the pair of stations of the line, with its data elements; None for another line."""
    match = _SEGMENT.fullmatch(line)
    if match is None:
        return None
    return LegLine(number, match[1], match[2], elements=elements_of(match[3] or ""))


def everywhere(leg: LegLine) -> bool:
    """Return whether the segment means all legs of the flight."""
    return leg.origin == leg.destination == _ANY_STATION


def flight_of(number: int, line: str, today: Day) -> FlightLine | None:
    """Return the flight of the line; None for another line, ValueError if number or date are impossible."""
    match = _FLIGHT.fullmatch(line)
    if match is None:
        return None
    day: Day | None = None
    if match[3]:
        day = dated(match[2].zfill(2) + match[3] + (match[4] or ""), today)
    elif match[2]:
        day = nearest_day(int(match[2]), today)
    legs: list[tuple[str, str]] = []
    for token in (match[5] or "").split():
        if _ROUTE.fullmatch(token):
            stations = token.split("/")
            legs += itertools.pairwise(stations)
    designator = Designator.parse(match[1], day or today)
    return FlightLine(number, designator, day, tuple(legs), elements_of(match[5] or ""))


def like_flight(line: str) -> bool:
    """Return whether the line has the shape of a flight, even with an impossible number or date."""
    return _FLIGHT.fullmatch(line) is not None and _LEG.fullmatch(line) is None


def like_leg(line: str) -> bool:
    """Return whether the line has the shape of a leg, even with impossible times."""
    return _LEG.fullmatch(line) is not None


def period_of(line: str, today: Day) -> tuple[Period, str] | None:
    """Return the period of the line and the rest of it; None for another line, ValueError if impossible."""
    match = _PERIOD.fullmatch(line)
    if match is None:
        return None
    days = weekdays(match[3] or "1234567")
    start, end = _span(match[1], match[2] or match[1], today)
    if end < start:
        raise ValueError(f"the period ends ({end}) before it begins ({start})")
    return Period(start, end, days, max(1, int(match[4] or 1))), match[5] or ""


def equipment_of(line: str) -> str | None:
    """Return the aircraft type of an equipment line (service type, aircraft type, configuration), else None."""
    match = _EQUIPMENT.fullmatch(line)
    return match and match[1]


def elements_of(text: str) -> dict[str, list[str]]:
    """Return the data elements among the words of `text`: "10/DY132/UF4621" is element 10 with two values."""
    found: dict[str, list[str]] = {}
    for token in text.split():
        number, slash, values = token.partition("/")
        if slash and number.isascii() and number.isdigit() and len(number) <= 3:
            found.setdefault(number, []).extend(value for value in values.split("/") if value)
    return found


def addresses(line: str) -> bool:
    """Return whether the line is the first of an envelope, priority and addresses ("QU FRAOPQX LISOPQX")."""
    return _ADDRESSES.fullmatch(line) is not None


def sent_at(line: str, received_at: datetime) -> datetime | None:
    """Return when an envelope was sent by its origin line (day and time, the last such before `received_at`)."""
    match = _SENT.match(line)
    if match is None:
        return None
    day, hour, minute = (int(text) for text in match.groups())
    received_at = received_at.astimezone(UTC)
    for month in _months(received_at.date(), (0, -1, -2)):
        try:
            moment = datetime(month.year, month.month, day, hour, minute, tzinfo=UTC)
        except ValueError:
            continue
        if moment <= received_at:
            return moment
        if moment - received_at < timedelta(hours=1):
            return None  # their clock is ahead; it was not sent a month ago
    return None


def nearest_day(day_of_month: int, to: Day) -> Day:
    """Return the day of a month that is nearest to `to`; raise ValueError for numbers that are not in any month."""
    days = []
    for month in _months(to, (-1, 0, 1)):
        try:
            days.append(month.replace(day=day_of_month))
        except ValueError:
            continue
    if not days:
        raise ValueError(f"{day_of_month} is not a day of a month")
    return min(days, key=lambda day: abs(day - to))


def dated(text: str, today: Day) -> Day:
    """Return the day of ddMMM or ddMMMyy, without a year the one nearest to `today`; raise ValueError."""
    if len(text) == 7:
        return full_date(text)
    days = _in_years(text, today)
    return min(days, key=lambda day: abs(day - today))


def _span(start: str, end: str, today: Day) -> tuple[Day, Day]:
    if len(end) == 7:
        last = full_date(end)
        if len(start) == 7 or last == OPEN_END:
            return dated(start, today), last
        return max((day for day in _in_years(start, last) if day <= last), default=last), last
    if len(start) == 7:
        first = full_date(start)
        return first, min((day for day in _in_years(end, first) if day >= first), default=first)
    for first in _in_years(start, today):
        last = min((day for day in _in_years(end, first) if day >= first), default=first)
        if last >= today - STILL_OF_INTEREST:
            return first, last
    return dated(start, today), dated(end, today)


def _in_years(text: str, today: Day) -> list[Day]:
    """Return the days of ddMMM in the years around; raise ValueError if it is not a day."""
    if text[2:] not in MONTHS:
        raise ValueError(f"{text!r} is not a date; use one like 01JUL or 01JUL26")
    days = []
    # Four years each way, for a 29 February.
    for year in range(today.year - 4, today.year + 5):
        try:
            days.append(Day(year, MONTHS.index(text[2:]) + 1, int(text[:2])))
        except ValueError:
            continue
    if not days:
        raise ValueError(f"{text!r} is not a date: no such calendar date")
    near = [day for day in days if abs(day.year - today.year) <= 1]
    return near or days


def _months(around: Day, steps: tuple[int, ...]) -> list[Day]:
    months = [divmod(around.year * 12 + around.month - 1 + step, 12) for step in steps]
    return [Day(year, month + 1, 1) for year, month in months]


def _clock(text: str, days: str | None, passengers: str | None) -> Clock:
    since = clock(text[-4:])
    on = int((days or "0").replace("M", "-"))
    if passengers is not None:
        # The day belongs to the aircraft's time; passengers board or leave within hours of it.
        theirs = clock(passengers)
        half = timedelta(hours=12)
        theirs += timedelta(days=(since - theirs + half) // timedelta(days=1))
        since = theirs
    return Clock(since, int(text[:2]) if len(text) == 6 else None, on)

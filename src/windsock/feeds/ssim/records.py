"""One flight leg record of an SSIM chapter 7 file: 200 columns made into a leg with its period, ends and clocks."""

from dataclasses import dataclass, field
from datetime import date as Day
from datetime import datetime, timedelta

from windsock.feeds.periods import Period, clock, from_local, full_date, midnight, weekdays
from windsock.flights import Designator, airports
from windsock.flights.values import utc

COLUMNS = 200

MAX_CODESHARES = 30
"""The limit of a report."""

_VARIATIONS: dict[str, int | None] = {" ": None, "A": -1} | {str(n): n for n in range(8)}


LONGEST_LEG = timedelta(hours=20)
"""The longest flights take 19 hours; beyond it the arrival is wrong rather than on the next day."""


@dataclass(slots=True)
class Side:
    """One end of a leg: the clock, the days since the operating day, minutes ahead of UTC if given, the terminal.

    `days` is None where the record leaves the date variation blank.
    """

    place: airports.Airport
    since: timedelta
    days: int | None
    ahead: timedelta | None
    terminal: str

    def after(self, departs: datetime, departure: "Side", day: Day, local: bool) -> datetime:
        """Return its UTC moment as the arrival of a leg that departs then; raise ValueError as `moment`, or if earlier.

        Without a date variation it is the first time after the departure at which its clock shows that: files of many
        carriers leave the column blank, also for legs that arrive on the next day.
        """
        arrives = self.moment(day, local)
        if self.days is None:
            # From the day before on: eastwards over the date line a flight arrives before it left, by the calendar.
            days = (day + timedelta(days=(departure.days or 0) + more) for more in (-1, 0, 1, 2))
            found = next((at for at in (self.moment(day, local) for day in days) if at > departs), None)
            if found is not None and found - departs <= LONGEST_LEG:
                return found
        if arrives <= departs:
            raise ValueError(f"it would arrive ({utc(arrives)}) before it departs ({utc(departs)})")
        return arrives

    def moment(self, day: Day, local: bool) -> datetime:
        """Return its UTC moment for that operating day; raise ValueError if local clocks are ambiguous."""
        days = self.days or 0
        if local and self.ahead is None:
            return from_local(day + timedelta(days=days), self.since, self.place.tz)
        shift = self.ahead if local and self.ahead is not None else timedelta()
        return midnight(day) + timedelta(days=days) + self.since - shift


@dataclass(slots=True)
class Leg:
    """One flight leg record with its data elements."""

    number: int
    raw: str
    designator: Designator
    period: Period
    departure: Side
    arrival: Side | None
    aircraft_type: str = ""
    codeshares: set[str] = field(default_factory=set)
    operated_as: Designator | None = None
    complained: bool = False  # of its arrival: a fault of one day is usually a fault of all

    def on(self, day: Day, local: bool) -> tuple[datetime, Day]:
        """Return the departure in UTC and the flight date for that operating day; raise ValueError as `Side.moment`."""
        side = self.departure
        departs = side.moment(day, local)
        if local:
            return departs, (midnight(day) + timedelta(days=side.days or 0) + side.since).date()
        return departs, departs.astimezone(side.place.tz).date()

    @property
    def onward(self) -> tuple[Designator, int] | None:
        """Return the next flight of the aircraft and the days before it, if the record has them."""
        if not self.raw[137:144].strip():
            return None
        try:
            onward = designator(self.raw[137:140], self.raw[140:144], self.raw[145], self.period.start)
        except ValueError:
            return None
        return onward, int(self.raw[144]) if self.raw[144] in "123456789" else 0


def leg_of(number: int, line: str) -> tuple[Leg, list[str]]:
    """Return the leg of a record 3, and what had to be left out of it.

    Raise ValueError if no flight can be reported without it.
    """
    start, end = full_date(line[14:21]), full_date(line[21:28])
    if end < start:
        raise ValueError(f"the period ends ({line[21:28]}) before it begins ({line[14:21]})")
    if line[35] not in " 123456789":
        raise ValueError(f"the frequency rate {line[35]!r} is neither blank nor a number of weeks")
    period = Period(start, end, weekdays(line[28:35]), int(line[35].strip() or 1))
    flight = designator(line[2:5], line[5:9], line[1], start)
    departure = _side(line[36:39], line[39:43], line[43:47], line[192], line[47:52], line[52:54])
    left_out = []
    arrival = None
    try:
        arrival = _side(line[54:57], line[61:65], line[57:61], line[193], line[65:70], line[70:72])
    except ValueError as error:
        left_out.append(f"{error}; the arrival is left out")
    for side in (departure, arrival):
        if side is not None and not (side.terminal.isascii() and side.terminal.isprintable()):
            left_out.append(f"the terminal {side.terminal!r} is not a valid text; it is left out")
            side.terminal = ""
    aircraft_type = line[72:75].strip()
    if not (aircraft_type.isascii() and aircraft_type.isprintable()):
        left_out.append(f"the aircraft type {aircraft_type!r} is not a valid text; it is left out")
        aircraft_type = ""
    return Leg(number, line, flight, period, departure, arrival, aircraft_type), left_out


def designator(carrier: str, number: str, suffix: str, on: Day) -> Designator:
    """Return the flight number in columns; raise ValueError with the cure."""
    return Designator.parse(carrier.strip() + number.strip() + suffix.strip(), on)


def _side(code: str, passengers: str, aircraft: str, days: str, ahead: str, terminal: str) -> Side:
    place = airports.airport(code)
    if place is None:
        raise ValueError(f"no airport {code!r} is known")
    if days not in _VARIATIONS:
        raise ValueError(f"the date variation {days!r} is neither 0 to 7 nor A (the day before)")
    # Freighters have no passengers' time; the aircraft's is the public one then.
    since = clock(passengers if passengers.strip() else aircraft)
    return Side(place, since, _VARIATIONS[days], _ahead(ahead), terminal.strip())


def _ahead(text: str) -> timedelta | None:
    if not text.strip():
        return None
    if text[0] not in "+-":
        raise ValueError(f"the UTC variation {text!r} must be like +0200")
    ahead = clock(text[1:])
    return ahead if text[0] == "+" else -ahead

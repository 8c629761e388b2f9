"""Reports from SSM and ASM telexes, by which airlines change their schedule: for a period (SSM) or a day (ASM).

A message is one or more sub-messages, divided by "//": an action, flights, with SSM their periods, then equipment and
legs. Periods become one report for each operating day in a window, as in `windsock.feeds.ssim`.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import date as Day
from typing import TypeVar

from windsock.errors import FeedError
from windsock.feeds import ssm_lines
from windsock.feeds.parsing import Gathering, Parsed
from windsock.feeds.periods import Period, from_local, midnight, spelled
from windsock.feeds.ssim_records import MOST_CODESHARES
from windsock.feeds.ssm_lines import Clock, FlightLine, LegLine
from windsock.flights import Designator, airports

SOURCE = "ssm"

_Entry = TypeVar("_Entry")

MAX_BYTES = 1024 * 1024
"""A telex has at most some thousand characters; a day's worth of them in one file is well below."""

MAX_REPORTS = 50_000
"""Reports of one call: a telex file with more has a window that is too wide."""

MAX_FAULTS = 1_000
"""Faults of one call, after which it is not read on: this is no schedule message."""

MAX_GROUP = 60
"""Flights, periods and legs that one sub-message may combine; each is multiplied with each."""

MAX_LINE = 200
"""A telex line has 69 characters; gateways join some."""

DAYS_BEFORE, DAYS_AFTER = 1, 7
"""The window unless told otherwise, as for SSIM files."""

_TIMES = frozenset({"NEW", "RPL", "TIM", "RRT"})
_FULL = frozenset({"NEW", "RPL"})
_SILENT = frozenset({"ACK", "NAC"})
_NOT_TAKEN = {
    "SKD": "SKD withdraws what is not named again behind it; the flights that end are not told",
    "FLT": "FLT renames flights, and a flight keeps its name here; nothing is told",
    "REV": "REV changes a period without naming the days that end; nothing is told",
    "RSD": "RSD asks for a schedule; nothing is told",
}


def parse(
    data: bytes,
    *,
    received_at: datetime,
    source: str = SOURCE,
    first: Day | None = None,
    last: Day | None = None,
) -> Parsed:
    """What the messages say, in their order; days of periods (SSM) only from `first` to `last`.

    The window is one day before to seven days after `received_at` where not given; days of an ASM are always told.
    Raises FeedError when there is no line "SSM" or "ASM" at all, or too much data.
    """
    if len(data) > MAX_BYTES:
        raise FeedError(f"the data has {len(data)} bytes; at most {MAX_BYTES} are read. Split it by message.")
    today = received_at.astimezone(UTC).date()
    first = first if first is not None else today - timedelta(days=DAYS_BEFORE)
    last = last if last is not None else today + timedelta(days=DAYS_AFTER)
    reading = _Reading(Gathering(received_at, source), first, last)
    for number, line in enumerate(data.decode("latin-1").replace("\r", "").split("\n"), 1):
        reading.line(number, " ".join(line.upper().split()))
        if reading.full:
            break
    reading.finish()
    if reading.full:
        message = (
            f"more than {MAX_FAULTS} faults or {MAX_REPORTS} reports; the rest is not read, narrow the window"
        )
        reading.fault(message, "")
    if not reading.known:
        raise FeedError(
            "this is no SSM or ASM: no line of it is just SSM or ASM. Send the telex as plain text."
        )
    return reading.gathering.parsed()


@dataclass(slots=True)
class _Group:
    """Flights with the periods, equipment and legs that stand below them."""

    flights: list[FlightLine] = field(default_factory=list)
    periods: list[Period] = field(default_factory=list)
    legs: list[LegLine] = field(default_factory=list)
    equipment: str | None = None
    elements: dict[str, list[str]] = field(default_factory=dict)
    begun: bool = False  # something stands below the flights and periods: a further one begins a new group
    doubtful: bool = False  # a line in it was not understood
    spent: bool = False  # its flights were told already, with earlier periods


@dataclass(slots=True)
class _Reading:
    """Messages being read line by line."""

    gathering: Gathering
    first: Day
    last: Day
    known: bool = False
    kind: str | None = None
    local: bool | None = None
    sent: datetime | None = None
    actions: frozenset[str] = frozenset()
    xasm: bool = False
    text: bool = False
    number: int = 0
    group: _Group = field(default_factory=_Group)

    @property
    def full(self) -> bool:
        return len(self.gathering.faults) > MAX_FAULTS or len(self.gathering.statements) >= MAX_REPORTS

    @property
    def today(self) -> Day:
        return self.gathering.received_at.astimezone(UTC).date()

    def line(self, number: int, line: str) -> None:
        """Reads one line, upper case and single blanks."""
        self.number = number
        if line in ("SSM", "ASM"):
            self.finish()
            self.known, self.kind, self.local, self.text, self.actions = True, line, None, False, frozenset()
        elif line.startswith(".") or ssm_lines.addresses(line):
            # A next envelope begins; what stands before its SSM or ASM is addresses.
            self.finish()
            self.kind, self.sent = None, ssm_lines.sent_at(line, self.gathering.received_at)
        elif self.kind is None or not line:
            return
        elif line == "//":
            self.finish()
            self.actions, self.text = frozenset(), False
        elif self.text:
            return
        elif line == "SI" or line.startswith("SI "):
            self.finish()
            self.text = True
        elif line in ("UTC", "LT"):
            self.local = line == "LT"
        elif (action := ssm_lines.action_of(line)) is not None:
            self.finish()
            self.actions, self.xasm = action
            for name in sorted(self.actions & set(_NOT_TAKEN)):
                self.fault(_NOT_TAKEN[name], line)
        elif not self.actions:
            # The message reference (24MAY00144E003) stands before the first action.
            if not (line[:2].isdigit() and len(line) >= 10 and "E" in line[7:]):
                self.fault("this line stands before any action and is not understood", line)
        elif not self.actions & (_SILENT | set(_NOT_TAKEN)):
            self.guarded(line)

    def guarded(self, line: str) -> None:
        """Takes a line within a sub-message; a wrong one must not give what follows it to the flight before it."""
        try:
            if len(line) <= MAX_LINE and self.content(line):
                return
            self.fault(
                "this line is not understood; it and what belongs to it are passed over", line[:MAX_LINE]
            )
        except ValueError as error:
            self.fault(f"{error}; the line and what belongs to it are passed over", line)
        if self.group.begun or ssm_lines.like_flight(line):
            self.finish()
        else:
            self.group.doubtful = True

    def fault(self, message: str, line: str, number: int | None = None) -> None:
        self.gathering.fault(message, line=number or self.number, raw=line)

    def content(self, line: str) -> bool:
        """Takes a line; whether it is one of the known kinds. Raises ValueError if what it says is impossible."""
        group = self.group
        if (period := ssm_lines.period_of(line, self.today)) is not None:
            if group.doubtful and group.periods:
                self.finish()  # the line that was not understood may have been a flight, whose period this is
            elif group.begun:
                self.finish(keep_flights=True)
            self.add(self.group.periods, period[0])
            for number, values in ssm_lines.elements_of(period[1]).items():
                self.group.elements.setdefault(number, []).extend(values)
        elif (leg := ssm_lines.leg_of(self.number, line)) is not None:
            group.begun = True
            leg.aircraft_type = leg.aircraft_type or group.equipment
            self.add(group.legs, leg)
        elif (flight := ssm_lines.flight_of(self.number, line, self.today)) is not None:
            if group.begun or group.periods:
                self.finish()
            self.add(self.group.flights, flight)
        elif (equipment := ssm_lines.equipment_of(line)) is not None:
            group.equipment, group.begun = equipment, True
        elif (segment := ssm_lines.segment_of(self.number, line)) is not None:
            group.begun = True
            self.segment(segment)
        else:
            return False
        return True

    def add(self, entries: list[_Entry], entry: _Entry) -> None:
        if len(entries) >= MAX_GROUP:
            raise ValueError(f"a sub-message combines at most {MAX_GROUP} flights, periods and legs each")
        entries.append(entry)

    def segment(self, segment: LegLine) -> None:
        """A pair of stations: elements for a leg already named, or a leg without times."""
        legs = self.group.legs
        stations = segment.origin, segment.destination
        if ssm_lines.everywhere(segment):
            found = [self.group.elements]
        else:
            found = [leg.elements for leg in legs if (leg.origin, leg.destination) == stations]
        for elements in found:
            for number, values in segment.elements.items():
                elements.setdefault(number, []).extend(values)
        # Behind legs with times, other pairs are segments over several of them.
        if not found and not any(leg.departure for leg in legs):
            segment.aircraft_type = self.group.equipment
            self.add(legs, segment)

    def finish(self, *, keep_flights: bool = False) -> None:
        """Tells what the group gathered and begins the next one."""
        group = self.group
        self.group = _Group(flights=list(group.flights), spent=True) if keep_flights else _Group()
        taken = self.actions - _SILENT - set(_NOT_TAKEN)
        if not taken or not group.flights or (group.spent and not group.periods):
            return
        if self.local is None:
            message = (
                "the message does not say whether its days and times are UTC or local (LT); nothing is told"
            )
            self.fault(message, "", group.flights[0].number)
            return
        for flight in group.flights:
            days: Iterator[Day]
            if flight.day is not None:
                days = iter((flight.day,))
            elif group.periods:
                days = itertools.chain(*(period.between(self.first, self.last) for period in group.periods))
            else:
                self.fault(f"{flight.designator} has neither a date nor a period", "", flight.number)
                continue
            bare = [LegLine(flight.number, *pair, aircraft_type=group.equipment) for pair in flight.legs]
            legs: list[LegLine | None] = [*(group.legs or bare)]
            for day in days:
                for index, leg in enumerate(legs or [None]):
                    if self.full:
                        return
                    self.tell(flight, day, index, leg, group)

    def tell(self, flight: FlightLine, day: Day, index: int, leg: LegLine | None, group: _Group) -> None:
        number = leg.number if leg is not None else flight.number
        report: dict[str, object] = {}
        try:
            utc_day = self.identify(report, day, index, leg)
        except ValueError as error:
            self.fault(f"{error}; {flight.designator} is not told on {day}", "", number)
            return
        operating = self.names(report, flight, day, leg, group)
        report["flight"] = str(operating or flight.designator)
        if operating is None:
            self.say(report, day, leg, group, number)
        if self.sent is not None:
            report["observed_at"] = spelled(self.sent)
        self.gathering.tell(report, line=number, utc_day=utc_day)

    def identify(self, report: dict[str, object], day: Day, index: int, leg: LegLine | None) -> Day | None:
        """Fills in origin and date as far as known; gives the UTC day where the local one is not known."""
        if leg is None:
            if self.local:
                report["date"] = day.isoformat()
            return None if self.local else day
        origin = _place(leg.origin)
        report["origin"] = origin.code
        departs_on = day if leg.departure is None else leg.departure.day(day)
        if self.local:
            # A retiming over midnight leaves the flight its date; that of its first leg is the one in the message.
            report["date"] = (day if index == 0 and not self.actions & {"NEW"} else departs_on).isoformat()
            return None
        if leg.departure is not None and self.actions & _FULL:
            departs = self.moment(leg.departure, day, origin)
            report["date"] = departs.astimezone(origin.tz).date().isoformat()
            return None
        return day if index == 0 else departs_on

    def names(
        self, report: dict[str, object], flight: FlightLine, day: Day, leg: LegLine | None, group: _Group
    ) -> Designator | None:
        """Fills in the codeshares (element 10); gives the operating flight if this one is a codeshare (50)."""
        elements = [flight.elements, group.elements, {} if leg is None else leg.elements]
        number = leg.number if leg is not None else flight.number
        found: dict[str, list[Designator]] = {"10": [], "50": []}
        for kind, designators in found.items():
            for text in itertools.chain(*(entry.get(kind, ()) for entry in elements)):
                try:
                    designators.append(Designator.parse(text, day))
                except ValueError as error:
                    self.fault(f"element {kind}: {error}", "", number)
        if found["50"]:
            report["codeshares"] = [str(flight.designator)]
            return found["50"][0]
        if found["10"]:
            names = sorted({str(name) for name in found["10"]})
            if len(names) > MOST_CODESHARES:
                self.fault(f"{len(names)} codeshares; only {MOST_CODESHARES} are told", "", number)
            report["codeshares"] = names[:MOST_CODESHARES]
        return None

    def say(
        self, report: dict[str, object], day: Day, leg: LegLine | None, group: _Group, number: int
    ) -> None:
        """Fills in what the actions say."""
        if "CNL" in self.actions:
            report["cancelled"] = True
        elif ssm_lines.REINSTATE in self.actions:
            report["cancelled"] = False
        elif self.actions & _FULL:
            # Of an ASM it says that the flight goes. An SSM only takes back what an SSM said: a later ASM stands above.
            report["cancelled"] = False if self.kind == "ASM" or self.xasm else None
        equipment = group.equipment if leg is None else leg.aircraft_type or group.equipment
        if equipment is not None:
            report["aircraft_type"] = equipment
        if leg is None or not self.actions & _TIMES:
            return
        try:
            destination = _place(leg.destination)
            report["destination"] = destination.code
            if leg.departure is None or leg.arrival is None:
                return
            departs = self.moment(leg.departure, day, _place(leg.origin))
            report["departure"] = {"scheduled": spelled(departs)}
            arrives = self.moment(leg.arrival, day, destination)
            if arrives <= departs:
                raise ValueError(
                    f"it would arrive ({spelled(arrives)}) before it departs ({spelled(departs)})"
                )
            report["arrival"] = {"scheduled": spelled(arrives)}
        except ValueError as error:
            self.fault(f"{error}; left out on {day}", "", number)

    def moment(self, clock: Clock, operating: Day, place: airports.Airport) -> datetime:
        day = clock.day(operating)
        return from_local(day, clock.since, place.tz) if self.local else midnight(day) + clock.since


def _place(code: str) -> airports.Airport:
    place = airports.airport(code)
    if place is None:
        raise ValueError(f"no airport {code!r} is known")
    return place

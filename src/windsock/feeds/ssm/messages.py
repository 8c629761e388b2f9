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
from windsock.feeds.encoding import unmarked_lines
from windsock.feeds.parsing import Gathering, Parsed
from windsock.feeds.ssm import lines
from windsock.feeds.ssm.lines import LegLine
from windsock.feeds.ssm.reports import Group, Telling

SOURCE = "ssm"

_Entry = TypeVar("_Entry")

MAX_BYTES = 1024 * 1024
"""A telex has at most some thousand characters; a day's worth of them in one file is well below."""

MAX_REPORTS = 50_000
"""Reports of one call: a telex file with more has too wide a window."""

MAX_FAULTS = 1_000
"""Faults of one call, after which reading stops: this is not a schedule message."""

MAX_GROUP = 60
"""Flights, periods and legs that one sub-message may combine; each is multiplied with each."""

MAX_LINE = 200
"""A telex line has 69 characters; gateways join some."""

DAYS_BEFORE, DAYS_AFTER = 1, 7
"""The default window, as for SSIM files."""

_SILENT = frozenset({"ACK", "NAC", "RSD"})
"""Receipts, and the request for a schedule: they say nothing about a flight."""

_NOT_TAKEN = {
    "SKD": "SKD withdraws what is not repeated after it; the flights that end are not reported",
    "REV": "REV changes a period without naming the days that end; nothing is reported",
}


def parse(
    data: bytes,
    *,
    received_at: datetime,
    source: str = SOURCE,
    first: Day | None = None,
    last: Day | None = None,
) -> Parsed:
    """Return the reports of the messages, in order; days of periods (SSM) only from `first` to `last`.

    The window is one day before to seven days after `received_at` by default; days of an ASM are always reported.
    Raise FeedError if no line is "SSM" or "ASM", or for too much data.
    """
    if len(data) > MAX_BYTES:
        raise FeedError(f"the data has {len(data)} bytes; at most {MAX_BYTES} are read. Split it by message.")
    today = received_at.astimezone(UTC).date()
    first = first if first is not None else today - timedelta(days=DAYS_BEFORE)
    last = last if last is not None else today + timedelta(days=DAYS_AFTER)
    reading = _Reading(Gathering(received_at, source), first, last)
    for number, line in enumerate(_text(data).split("\n"), 1):
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
            "this is not an SSM or ASM: no line of it is just SSM or ASM. Send the telex as plain text."
        )
    return reading.gathering.parsed()


def _text(data: bytes) -> str:
    return unmarked_lines(data, "latin-1").decode("latin-1").replace("\r", "")


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
    group: Group = field(default_factory=Group)

    @property
    def full(self) -> bool:
        return len(self.gathering.faults) > MAX_FAULTS or len(self.gathering.statements) >= MAX_REPORTS

    @property
    def today(self) -> Day:
        return self.gathering.received_at.astimezone(UTC).date()

    def line(self, number: int, line: str) -> None:
        """Read one line, upper case and single blanks."""
        self.number = number
        if line in ("SSM", "ASM"):
            self.finish()
            self.known, self.kind, self.local, self.text, self.actions = True, line, None, False, frozenset()
        elif line.startswith(".") or lines.addresses(line):
            # The next envelope begins; the lines before its SSM or ASM are addresses.
            self.finish()
            self.kind, self.sent = None, lines.sent_at(line, self.gathering.received_at)
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
        elif (action := lines.action_of(line)) is not None:
            self.finish()
            self.actions, self.xasm = action
            for name in sorted(self.actions & set(_NOT_TAKEN)):
                self.fault(_NOT_TAKEN[name], line)
            if lines.RENUMBER in self.actions and len(self.actions) > 1:
                self.fault("FLT is read alone, not together with other actions; nothing is reported", line)
                self.actions = frozenset()
                self.text = True
        elif not self.actions:
            # The message reference (24MAY00144E003) is before the first action.
            if not (line[:2].isdigit() and len(line) >= 10 and "E" in line[7:]):
                self.fault("this line is before any action and cannot be read", line)
        elif not self.actions & (_SILENT | set(_NOT_TAKEN)):
            self.guarded(line)

    def guarded(self, line: str) -> None:
        """Read a line within a sub-message; the lines after a wrong one must not go to the flight before it."""
        try:
            if len(line) <= MAX_LINE and self.content(line):
                return
            self.fault(
                "this line cannot be read; it and the lines that belong to it are skipped", line[:MAX_LINE]
            )
        except ValueError as error:
            self.fault(f"{error}; the line and those that belong to it are skipped", line)
        if self.group.begun or lines.like_flight(line):
            self.finish()
        else:
            self.group.doubtful = True
            self.group.lost += lines.like_leg(line)

    def fault(self, message: str, line: str, number: int | None = None) -> None:
        self.gathering.fault(message, line=number or self.number, raw=line)

    def content(self, line: str) -> bool:
        """Read a line; return whether it is one of the known kinds. Raise ValueError if its content is impossible."""
        group = self.group
        if (period := lines.period_of(line, self.today)) is not None:
            if group.doubtful and group.periods:
                self.finish()  # the line that could not be read may have been a flight, whose period this is
            elif group.begun:
                self.finish(keep_flights=True)
            self.add(self.group.periods, period[0])
            for number, values in lines.elements_of(period[1]).items():
                self.group.elements.setdefault(number, []).extend(values)
        elif (leg := lines.leg_of(self.number, line)) is not None:
            group.begun = True
            leg.aircraft_type = leg.aircraft_type or group.equipment
            self.add(group.legs, leg)
        elif (flight := lines.flight_of(self.number, line, self.today)) is not None:
            if lines.RENUMBER in self.actions and group.flights and group.renamed is None:
                group.renamed = flight.designator
                self.finish()
                return True
            if group.begun or group.periods:
                self.finish()
            self.add(self.group.flights, flight)
        elif (equipment := lines.equipment_of(line)) is not None:
            group.equipment, group.begun = equipment, True
        elif (segment := lines.segment_of(self.number, line)) is not None:
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
        """Read a pair of stations: elements for a leg already named, or a leg without times."""
        legs = self.group.legs
        stations = segment.origin, segment.destination
        if lines.everywhere(segment):
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
        """Report the group and begin the next one."""
        group = self.group
        self.group = Group(flights=list(group.flights), spent=True) if keep_flights else Group()
        taken = self.actions - _SILENT - set(_NOT_TAKEN)
        if not taken or not group.flights or (group.spent and not group.periods):
            return
        if lines.RENUMBER in taken and group.renamed is None:
            self.fault("FLT requires the new flight number below the old one", "", group.flights[0].number)
            return
        if self.local is None:
            message = "the message does not say whether its days and times are UTC or local (LT); nothing is reported"
            self.fault(message, "", group.flights[0].number)
            return
        certain = self.kind == "ASM" or self.xasm
        telling = Telling(self.gathering, self.local, self.sent, self.actions, certain)
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
                for index, leg in enumerate(legs or [None], group.lost):
                    if self.full:
                        return
                    telling.tell(flight, day, index, leg, group)

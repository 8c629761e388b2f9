"""What a feed's parser gives: statements about flights that are well-formed reports, and faults where there were none.

A parser is a pure function of bytes and the moment they came:

    def parse(data: bytes, *, received_at: datetime, source: str) -> Parsed

It raises FeedError only if nothing in `data` can be read as the feed's format (another format, cut XML, too deep);
everything smaller is a Fault, and the rest is kept. It uses no clock, network or database.
"""

from collections.abc import Collection, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date as Day
from datetime import datetime
from typing import TypedDict, Unpack

from windsock.errors import ReportError
from windsock.feeds.reports import left_out, withheld, without_arrivals_before_leaving, without_runway_copies
from windsock.flights import Report, parse_report
from windsock.flights.programmes import ProgrammeList

MAX_RAW = 2000
"""Characters of a faulty place that are kept, to show what it was."""

_MAX_LEFT_OUT = 64
"""More than a report has fields, codeshares and reasons together, so that the end never depends on the input."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One place that was skipped: where it is, which column or field, what stood there, and what is wrong with it.

    `line` counts from 1; input without lines (JSON, XML) gives `path` instead, like `flights[3].departure`.
    """

    line: int | None
    message: str
    raw: str
    column: str | None = None
    value: str | None = None
    path: str | None = None

    def __str__(self) -> str:
        places = [] if self.line is None else [f"line {self.line}"]
        if self.path:
            places.append(self.path)
        if self.column is not None:
            places.append(f"{self.column} {self.value!r}")
        return f"{', '.join(places)}: {self.message}" if places else self.message


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One report, and what else the source says about which flight it means.

    `utc_day` is the operating day that the source states, in UTC, for sources that do not know the calendar at the
    origin; `report.date` is then absent. `about` is when the flight is planned to leave, worked out from its planned
    arrival where the source says no more. `names` are further names that the source gives of it, `callsign` is the
    ICAO callsign where the source has no flight number, `renamed_to` the number that the flight goes by from now on.
    `where` is the place in the input.
    """

    report: Report
    where: str
    raw: str = ""
    utc_day: Day | None = None
    callsign: str | None = None
    renamed_to: str | None = None
    about: datetime | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Parsed:
    """All of one input: its statements in order, and its faults.

    `programmes` is the whole list of a source of airport programmes, an empty one included; None from all others.
    """

    statements: tuple[Statement, ...] = ()
    faults: tuple[Fault, ...] = ()
    programmes: ProgrammeList | None = None

    @property
    def reports(self) -> tuple[Report, ...]:
        """Return the reports alone."""
        return tuple(statement.report for statement in self.statements)


class Beside(TypedDict, total=False):
    """The arguments beside a report's fields: its place in the input, and what else a Statement holds."""

    line: int | None
    path: str | None
    raw: str
    utc_day: Day | None
    callsign: str | None
    renamed_to: str | None
    about: datetime | None
    names: tuple[str, ...]


@dataclass(slots=True)
class Gathering:
    """Collects statements and faults while a parser goes through its input."""

    received_at: datetime
    source: str
    statements: list[Statement] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def tell(
        self,
        data: Mapping[str, object],
        *,
        line: int | None = None,
        path: str | None = None,
        raw: str = "",
        utc_day: Day | None = None,
        callsign: str | None = None,
        renamed_to: str | None = None,
        about: datetime | None = None,
        names: tuple[str, ...] = (),
    ) -> bool:
        """Add the report of these fields (as on the wire); if it is not valid, add a fault and return False."""
        where = path if line is None else f"line {line}"
        if withheld(data.get("registration")):
            data = {name: value for name, value in data.items() if name != "registration"}
        try:
            report = parse_report(data, source=self.source, now=self.received_at)
        except ReportError as error:
            value = None if error.value is None else str(error.value)[:200]
            self.fault(error.message, line=line, path=path, raw=raw, column=error.field, value=value)
            return False
        report, wrong = without_arrivals_before_leaving(without_runway_copies(report))
        for name, message in wrong:
            self.fault(message, line=line, path=path, raw=raw, column=name)
        self.statements.append(
            Statement(
                report=report,
                where=where or "",
                raw=raw[:MAX_RAW],
                utc_day=utc_day,
                callsign=callsign,
                renamed_to=renamed_to,
                about=about,
                names=names,
            )
        )
        return True

    def tell_what_holds(
        self,
        data: Mapping[str, object],
        *,
        needed: Collection[str] = ("flight",),
        **beside: Unpack[Beside],
    ) -> bool:
        """Add the report of these fields; leave out a wrong field with a fault, and add the rest.

        Return False if nothing is left, or one of the fields `needed` is wrong.
        """
        if self.tell(data, **beside):
            return True
        left, before = deepcopy(dict(data)), len(self.faults)
        for _ in range(_MAX_LEFT_OUT):
            wrong = self.faults[-1].column
            if wrong is None and len(self.faults) > before:
                self.faults.pop()  # that it says nothing follows from what was left out
            if wrong is None or not left_out(left, wrong, needed=needed):
                return False
            if self.tell(left, **beside):
                return True
        return False

    def fault(
        self,
        message: str,
        *,
        line: int | None = None,
        path: str | None = None,
        raw: str = "",
        column: str | None = None,
        value: str | None = None,
    ) -> None:
        """Add a fault; the parser continues after it."""
        self.faults.append(Fault(line, message, raw[:MAX_RAW], column, value, path))

    def parsed(self) -> Parsed:
        """Return what was gathered."""
        return Parsed(tuple(self.statements), tuple(self.faults))

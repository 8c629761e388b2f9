"""Reports from SSIM chapter 7 files, the airlines' seasonal schedules in lines of 200 columns.

A period record becomes one report for each of its operating days within a window; otherwise a season would be
millions of reports for flights that nobody watches yet. Lines are read one by one: `iter_parse` never holds the file.
"""

import itertools
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from datetime import date as Day

from windsock.errors import FeedError
from windsock.feeds import rotation
from windsock.feeds.encoding import unmarked
from windsock.feeds.parsing import Fault, Gathering, Parsed, Statement
from windsock.feeds.periods import clock, full_date, midnight
from windsock.feeds.rotation import Rotation
from windsock.feeds.ssim.records import COLUMNS, MAX_CODESHARES, Leg, leg_of
from windsock.flights import Designator
from windsock.flights.values import utc

SOURCE = "ssim"

MAX_BYTES = 256 * 1024 * 1024
"""A large airline's season is about 100 MB; a much larger file is not one schedule."""

MAX_FLIGHTS = 200_000
"""Reports of one call: all airlines of a continent for nine days. More would fill the memory; narrow the window."""

MAX_FAULTS = 1_000
"""Faults of one call: a file with more has one cause, and the first thousand show it."""

DAYS_BEFORE, DAYS_AFTER = 1, 7
"""The default window: yesterday's flights may still be in the air, and a board shows a week."""

_PADDING = "0" * COLUMNS


def parse(
    data: bytes,
    *,
    received_at: datetime,
    source: str = SOURCE,
    first: Day | None = None,
    last: Day | None = None,
) -> Parsed:
    """Return the flights whose operating day is from `first` to `last`; see `iter_parse`."""
    gathered = Gathering(received_at, source)
    for item in iter_parse(_lines(data), received_at=received_at, source=source, first=first, last=last):
        if isinstance(item, Statement):
            gathered.statements.append(item)
        else:
            gathered.faults.append(item)
    return gathered.parsed()


def iter_parse(
    lines: Iterable[str],
    *,
    received_at: datetime,
    source: str = SOURCE,
    first: Day | None = None,
    last: Day | None = None,
) -> Iterator[Statement | Fault]:
    """Yield statements and faults in the order of the lines, each once its record and the data elements are read.

    The window is one day before to seven days after `received_at` by default. MAX_FLIGHTS statements are followed by a
    fault and the end; MAX_FAULTS faults are followed by a last one, and further ones are dropped. Raise FeedError at
    the end of the file if it has neither carrier nor flight records.
    """
    reading = _Reading(received_at, source, first, last)
    told = faults = 0
    for _ in reading.records(lines):
        for fault in reading.gathering.faults:
            faults += 1
            if faults <= MAX_FAULTS:
                yield fault
            elif faults == MAX_FAULTS + 1:
                yield Fault(fault.line, f"more than {MAX_FAULTS} faults; further ones are not reported", "")
        for statement in reading.gathering.statements:
            if told == MAX_FLIGHTS:
                message = (
                    f"more than {MAX_FLIGHTS} flights in the window; the rest is not read, narrow the window"
                )
                yield Fault(reading.number, message, "")
                return
            told += 1
            yield statement
        reading.gathering.faults.clear()
        reading.gathering.statements.clear()


def rotations(
    data: bytes, *, received_at: datetime, first: Day | None = None, last: Day | None = None
) -> tuple[Rotation, ...]:
    """Yield the next flight of each aircraft, for the operating days in the window, in the order of the file.

    Records without an onward flight, or with one that cannot be read, are skipped; `parse` reports the faults.
    """
    reading = _Reading(received_at, SOURCE, first, last)
    found: list[Rotation] = []
    for leg in reading.records(_lines(data)):
        if leg is not None:
            found += itertools.islice(reading.rotations(leg), MAX_FLIGHTS - len(found))
        reading.gathering.faults.clear()
        reading.gathering.statements.clear()
        if len(found) >= MAX_FLIGHTS:
            break
    return tuple(found)


class _Reading:
    """One file being read: its carrier record, and the leg that may still get data elements."""

    def __init__(self, received_at: datetime, source: str, first: Day | None, last: Day | None) -> None:
        today = received_at.astimezone(UTC).date()
        self.first = first if first is not None else today - timedelta(days=DAYS_BEFORE)
        self.last = last if last is not None else today + timedelta(days=DAYS_AFTER)
        self.gathering = Gathering(received_at, source)
        self.number = 0
        self.local: bool | None = None
        self.observed_at: datetime | None = None
        self.leg: Leg | None = None
        # Codeshares are reported as a whole list, and a file may name those of one flight in several records.
        self.names: dict[tuple[str, Day, str], set[str]] = {}

    def records(self, lines: Iterable[str]) -> Iterator[Leg | None]:
        """Go through the lines; yield after each record, with the leg whenever one is complete."""
        known = False
        for number, text in enumerate(lines, 1):
            line = text.rstrip("\r\n")
            if not line.strip() or line == _PADDING:
                continue
            if line[0] == "4":
                self.number = number
                self.element(line)
                continue
            yield self.flush()
            self.number = number
            known = self.record(line) or known
        yield self.flush()
        if not known:
            raise FeedError(
                "this is not an SSIM chapter 7 file: it has no carrier record (type 2) or flight leg record (type 3) "
                f"of {COLUMNS} columns. Check that it is the plain schedule file."
            )

    def flush(self) -> Leg | None:
        leg, self.leg = self.leg, None
        if leg is not None:
            self.tell(leg)
        return leg

    def fault(self, message: str, line: str, column: str | None = None, value: str | None = None) -> None:
        self.gathering.fault(message, line=self.number, raw=line, column=column, value=value)

    def record(self, line: str) -> bool:
        """Read one record of another type than 4; return whether it is one that only this format has."""
        kind = line[0]
        if kind not in "1235":
            self.fault(f"unknown record type {kind!r}; they are 1 to 5", line)
            return False
        if kind != "3":
            # Each carrier states its time mode: that of the one before must not be used.
            self.local = None
        if kind in "15" or not self.whole(line):
            return False
        if kind == "2":
            self.carrier(line)
        elif self.local is None:
            self.fault(
                "the carrier record before it (type 2) does not say whether times are UTC or local", line
            )
        else:
            try:
                self.leg, left_out = leg_of(self.number, line)
            except ValueError as error:
                self.fault(f"{error}; the record is skipped", line)
            else:
                for message in left_out:
                    self.fault(message, line)
        return True

    def whole(self, line: str) -> bool:
        """Return whether the record has all columns; else add a fault, since a cut number is another flight's."""
        if len(line) >= COLUMNS >= len(line.rstrip()):
            return True
        self.fault(f"a record has {COLUMNS} columns, this has {len(line)}; it was cut or joined", line)
        return False

    def carrier(self, line: str) -> None:
        self.local = {"U": False, "L": True}.get(line[1])
        if self.local is None:
            self.fault(
                "the time mode is neither U (UTC) nor L (local); flights after it are skipped",
                line,
                "time_mode",
                line[1],
            )
        self.observed_at = None
        try:
            since = clock(line[190:194]) if line[190:194].strip() else timedelta()
            created = midnight(full_date(line[28:35])) + since
        except ValueError:
            return  # a fresh schedule without its date of creation is still a schedule
        if created <= self.gathering.received_at:
            self.observed_at = created

    def element(self, line: str) -> None:
        """Read a record 4: codeshares of the leg before it (elements 10 and 50); others are not used."""
        leg = self.leg
        if line[30:33] not in ("010", "050") or leg is None or not self.whole(line):
            return
        if line[1:14] != leg.raw[1:14]:
            self.fault(
                "this data element is of another flight than the leg before it", line, "key", line[1:14]
            )
            return
        if line[33:36] != leg.raw[36:39] or line[36:39] != leg.raw[54:57]:
            return  # of a segment over several legs, whose other records bear the same element
        for name in line[39:194].split("/"):
            text = "".join(name.split())
            if not text:
                continue
            try:
                other = Designator.parse(text, leg.period.start)
            except ValueError as error:
                self.fault(str(error), line, f"data element {line[30:33]}", text[:40])
                continue
            if line[30:33] == "050":
                leg.operated_as = other
            elif len(leg.codeshares) < MAX_CODESHARES:
                leg.codeshares.add(str(other))
            else:
                self.fault(f"more than {MAX_CODESHARES} codeshares; {other} is left out", line)

    def tell(self, leg: Leg) -> None:
        """Add one report for each operating day in the window."""
        # One more than allowed, so that the reader of all notices.
        for day in itertools.islice(leg.period.between(self.first, self.last), MAX_FLIGHTS + 1):
            try:
                departs, date = leg.on(day, bool(self.local))
            except ValueError as error:
                self.gathering.fault(f"{error}; this day is skipped", line=leg.number, raw=leg.raw)
                continue
            if not self.gathering.tell(self.report(leg, day, departs, date), line=leg.number, raw=leg.raw):
                return  # a fault of one day is a fault of all of them

    def report(self, leg: Leg, day: Day, departs: datetime, date: Day) -> dict[str, object]:
        origin = leg.departure.place.code
        flight = str(leg.operated_as or leg.designator)
        report: dict[str, object] = {"flight": flight, "date": date.isoformat(), "origin": origin}
        if self.observed_at is not None:
            report["observed_at"] = utc(self.observed_at)
        names = leg.codeshares if leg.operated_as is None else {str(leg.designator)}
        if names:
            known = self.names.setdefault((flight, date, origin), set())
            known |= names
            report["codeshares"] = sorted(known)[:MAX_CODESHARES]
        if leg.operated_as is not None:
            return report  # the operating carrier's own record has the times; these may lag behind it
        report["departure"] = _scheduled(departs, leg.departure.terminal)
        if leg.aircraft_type:
            report["aircraft_type"] = leg.aircraft_type
        if leg.arrival is not None:
            report["destination"] = leg.arrival.place.code
            try:
                arrives = leg.arrival.after(departs, leg.departure, day, bool(self.local))
                report["arrival"] = _scheduled(arrives, leg.arrival.terminal)
            except ValueError as error:
                if not leg.complained:
                    message = f"{error}; the arrival's time is left out"
                    self.gathering.fault(message, line=leg.number, raw=leg.raw)
                leg.complained = True
        return report

    def rotations(self, leg: Leg) -> Iterator[Rotation]:
        """Yield the onward flights of the leg's days in the window."""
        if leg.onward is None or leg.arrival is None or leg.operated_as is not None:
            return
        onward, layover = leg.onward
        for day in leg.period.between(self.first, self.last):
            try:
                _, date = leg.on(day, bool(self.local))
            except ValueError:
                continue  # a local time that does not exist: `parse` reports the fault
            station = leg.arrival.place.code
            yield Rotation(
                inbound=rotation.Leg(
                    flight=str(leg.designator),
                    origin=leg.departure.place.code,
                    destination=station,
                    date=date,
                ),
                outbound=rotation.Leg(flight=str(onward), origin=station),
                layover_days=layover,
            )


def _lines(data: bytes) -> Iterator[str]:
    """Yield the lines of the file without a second copy of it; raise FeedError for one too large."""
    if len(data) > MAX_BYTES:
        raise FeedError(
            f"the file has {len(data)} bytes; at most {MAX_BYTES} are read. Split it by carrier, or use iter_parse."
        )
    data = unmarked(data, "latin-1")
    start = 0
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        # Latin-1 keeps one column for each byte, whatever the encoding of the free texts.
        yield data[start:end].decode("latin-1")
        start = end + 1


def _scheduled(moment: datetime, terminal: str) -> dict[str, object]:
    side: dict[str, object] = {"scheduled": utc(moment)}
    if terminal:
        side["terminal"] = terminal
    return side

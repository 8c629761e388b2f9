"""Reports from movement telexes (IATA AHM 780: MVT by a station, MVA by an aircraft).

Telexes give two digits of a day and four of a time, in UTC; months and days are inferred from when the telex was sent
and received. The day in the flight line is the operating day, perhaps days ago, and goes into `Statement.utc_day`.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from datetime import date as Day

from windsock.errors import FeedError
from windsock.feeds.encoding import unmarked_lines
from windsock.feeds.mvt import lines, times
from windsock.feeds.mvt.lines import Element, FlightLine
from windsock.feeds.mvt.telexes import Telex, telexes
from windsock.feeds.parsing import MAX_RAW, Gathering, Parsed
from windsock.flights import airports
from windsock.flights.values import utc

MAX_BYTES = 1_000_000
"""A telex has at most about 2,000 characters: this is a day's mailbox of a large station."""

# The airport of movement is the origin when the telex has one of these, else the destination if it has AA. EB is not
# among them: it is about taxiing at the arrival.
_AT_ORIGIN = frozenset({"AD", "ED", "EO", "NI", "DL", "EDL", "DLA", "RR", "FR"})

# As many reasons as a report holds; the standard knows four.
_MAX_REASONS = 10

# Element, which of its two times, the field it fills, and whether it is only expected; in the order of a flight. Of FR
# the touchdown counts, and the time on block only where there is no touchdown. EA is the arrival at the airport, not
# the stand, so it estimates the landing.
_TIMES = (
    ("AD", "first", "departure.actual", False),
    ("AD", "second", "takeoff.actual", False),
    ("RR", "first", "returned_to_gate", False),
    ("FR", "first", "air_return", False),
    ("FR", "second", "air_return", False),
    ("ED", "first", "departure.estimated", True),
    ("EO", "first", "takeoff.estimated", True),
    ("EA", "first", "landing.estimated", True),
    ("AA", "first", "landing.actual", False),
    ("AA", "second", "arrival.actual", False),
)


@dataclass(slots=True)
class _Movement:
    """One flight line and the elements below it."""

    line: int
    flight: FlightLine
    elements: dict[str, Element] = field(default_factory=dict)
    reasons: dict[str, int | None] = field(default_factory=dict)
    too_many: str | None = None

    def add(self, element: Element) -> None:
        # A later element of a kind replaces the earlier: that is how a slip is put right on the keyboard.
        self.elements[element.kind] = element
        for code, minutes in element.codes if element.kind in ("DL", "EDL", "DLA") else ():
            self._because(code, minutes)

    def _because(self, code: str, minutes: int | None) -> None:
        # A sub-code refines a code given before or after it: one reason, with its minutes.
        for known in list(self.reasons):
            finer, coarser = (known, code) if len(known) > len(code) else (code, known)
            if finer == coarser or (len(coarser) == 2 and finer.startswith(coarser)):
                before = self.reasons.pop(known)
                self.reasons[finer] = before if minutes is None else minutes
                return
        if len(self.reasons) < _MAX_REASONS:
            self.reasons[code] = minutes
        else:
            self.too_many = code


def parse(data: bytes, *, received_at: datetime, source: str = "mvt") -> Parsed:
    """Return one statement for each flight line of the telexes; raise FeedError if there is no telex in `data`.

    `received_at` is when the input came (aware); what is inferred about days is never later than a day after it.
    """
    if len(data) > MAX_BYTES:
        raise FeedError(
            f"{source}: {len(data)} bytes are too many for telexes; at most {MAX_BYTES} are read. Send them in parts."
        )
    gathering = Gathering(received_at.astimezone(UTC), source)
    found = False
    text = unmarked_lines(data).decode("ascii", "replace")
    for telex in telexes(text):
        if telex.kind is None:
            number, line = telex.lines[0]
            gathering.fault("this is not a movement telex: no line says MVT or MVA.", line=number, raw=line)
            continue
        found = True
        _read(telex, gathering)
    if not found:
        begins = " ".join("".join(c if c.isprintable() else " " for c in text[:60]).split())
        raise FeedError(
            f"{source}: this is not a movement telex: no line says MVT or MVA. It begins “{begins}”."
        )
    return gathering.parsed()


def _read(telex: Telex, gathering: Gathering) -> None:
    raw = "\n".join(line for _, line in telex.lines[: MAX_RAW // 2])[:MAX_RAW]
    movements: list[_Movement] = []
    lost = False
    for number, full in telex.lines[telex.body :]:
        line = full.rstrip("= ")
        flight = lines.flight_line(line)
        # Below the first one, only what is whole: `PX12/3.` is not of another flight.
        if flight is not None and (not movements or (flight.place and flight.registration)):
            movements.append(_Movement(number, flight))
        elif not movements:
            if not lost:
                gathering.fault(
                    "there is no flight line like LH400/03.DAIMA.FRA below MVT; the telex is skipped.",
                    line=number,
                    raw=full,
                )
            lost = True
        elif line == "SI" or line.startswith(("SI ", "SI/")):
            break  # supplementary information: free text to the end
        else:
            read, rest = lines.elements(line)
            for element in read:
                movements[-1].add(element)
            if rest:
                gathering.fault(
                    f"{rest[:60]!r} is not a known element of a movement telex; it is skipped.",
                    line=number,
                    raw=full,
                )
    if not movements and not lost:
        gathering.fault("the telex ends without a flight line.", line=telex.lines[0][0], raw=raw)
    for movement in movements:
        _Telling(telex, movement, gathering, raw).tell()


class _Telling:
    """One movement becoming a report: its day first, then its times in the order in which they happen."""

    def __init__(self, telex: Telex, movement: _Movement, gathering: Gathering, raw: str) -> None:
        self.telex, self.movement, self.gathering, self.raw = telex, movement, gathering, raw
        self.now = gathering.received_at
        self.observed_at = self.sending()
        self.data: dict[str, object] = {}

    def fault(self, message: str, column: str, value: str | None) -> None:
        self.gathering.fault(message, line=self.movement.line, raw=self.raw, column=column, value=value)

    def tell(self) -> None:
        flight = self.movement.flight
        day = self.day()
        if day is None:
            self.fault("no such calendar date; the flight is skipped.", "day", str(flight.day))
            return
        self.data = {"flight": flight.flight}
        if self.observed_at is not None:
            self.data["observed_at"] = utc(self.observed_at)
        if flight.surplus:
            self.fault("this is more than a flight line has; it is skipped.", "flight line", flight.surplus)
        self.places()
        self.registration()
        self.times(day)
        self.reasons()
        # A field that is wrong costs a fault, and not the telex.
        self.gathering.tell_what_holds(self.data, line=self.movement.line, raw=self.raw, utc_day=day)

    def sending(self) -> datetime | None:
        text = self.telex.sent
        if text is None:
            return None
        moment = times.sent_at(text, self.now)
        if moment is None:
            self.fault(
                "this is not a day and time (ddhhmm); the telex counts as sent when received.", "sent", text
            )
        return moment

    def day(self) -> Day | None:
        flight = self.movement.flight
        day = times.operating_day(flight.day, flight.month, flight.year, self.now)
        if day is not None and flight.year is not None and day.year % 100 != flight.year:
            self.fault(
                "this year is in the future; the latest that fits is used.", "year", f"{flight.year:02}"
            )
        return day

    def times(self, day: Day) -> None:
        """Add the times, read in the order of a flight, so that each can date the next one."""
        there = [
            (kind, getattr(self.movement.elements[kind], which), target, expected)
            for kind, which, target, expected in _TIMES
            if kind in self.movement.elements
        ]
        there = [time for time in there if time[1] is not None]
        moments: list[datetime | None] = []
        for timeline in times.timelines(day, self.observed_at, self.now):
            tried = [
                timeline.expected(text) if expected else timeline.actual(text)
                for _, text, _, expected in there
            ]
            fits = not times.not_yet(timeline.happened, self.now)
            if fits or not moments:
                moments = tried
            if fits:
                break
        for (kind, text, target, _), moment in zip(there, moments, strict=True):
            if moment is None:
                self.fault(
                    "this is not a time (hhmm or ddhhmm) near the operating day; it is left out.", kind, text
                )
                continue
            side, _, leaf = target.partition(".")
            if not leaf:
                self.data.setdefault(side, utc(moment))
                continue
            part = self.data.setdefault(side, {})
            assert isinstance(part, dict)  # nothing else is put there
            part[leaf] = utc(moment)

    # Fields without times

    def airport(self, code: str | None, column: str) -> str | None:
        if code is None or airports.airport(code) is not None:
            return code
        self.fault(f"no airport {code!r} is known; it is left out.", column, code)
        return None

    def places(self) -> None:
        elements = self.movement.elements
        station = self.airport(self.movement.flight.place, "station")
        named = (elements[kind].place for kind in ("EA", "AD") if kind in elements)
        towards = self.airport(next(filter(None, named), None), "destination")
        if _AT_ORIGIN & elements.keys():
            if station:
                self.data["origin"] = station
        elif "AA" in elements and station:
            towards = station
        if self.telex.kind == "DIV" or "DR" in elements:
            self.data["diverted"] = True
            if towards:
                self.data["diverted_to"] = towards
        elif towards:
            self.data["destination"] = towards

    def registration(self) -> None:
        text = self.movement.flight.registration
        if text:
            self.data["registration"] = text

    def reasons(self) -> None:
        if self.movement.too_many is not None:
            self.fault(
                f"only {_MAX_REASONS} reasons are kept; this one and others are left out.",
                "delay code",
                self.movement.too_many,
            )
        reasons: list[dict[str, object]] = []
        for code, minutes in self.movement.reasons.items():
            scheme = lines.scheme(code)
            if scheme is None:
                self.fault("this is not a delay code of AHM 730 or 732; it is left out.", "delay code", code)
                continue
            reason: dict[str, object] = {"scheme": scheme, "code": code}
            if minutes is not None:
                reason["minutes"] = minutes
            reasons.append(reason)
        if reasons:
            self.data["delay_reasons"] = reasons

"""The flights of the replayed days as they stood whenever one of them changed, the watch's reports included."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache

from windsock.flights import Flight, FlightKey, FlightRecord, Report, apply_report
from windsock.ingest.overdue import OverdueWatch
from windsock.replay.bts import read
from windsock.replay.days import DAYS
from windsock.replay.past_flights import PastFlight
from windsock.replay.script import TimedReport, script

CLOCKS = (timedelta(0), timedelta(minutes=4), timedelta(minutes=14, seconds=30), timedelta(minutes=47))
"""How long after an event a reader looks, unless something newer has come by then."""

WATCH = OverdueWatch(None, None, after_minutes=15, step_minutes=15)  # type: ignore[arg-type]


@cache
def moments(day: str) -> tuple[tuple[Flight, datetime], ...]:
    """Return every state of every flight of the day ("storm", "snow"), each with moments at which it is looked at."""
    told: dict[FlightKey, list[TimedReport]] = defaultdict(list)
    for tell in script(row for row in read(DAYS[day].path) if isinstance(row, PastFlight)):
        report = tell.report
        assert report.date is not None and report.origin is not None
        told[FlightKey.parse(f"{report.flight}.{report.date}.{report.origin}")].append(tell)
    return tuple(moment for key, tells in told.items() for moment in _life(key, tells))


def _life(key: FlightKey, tells: list[TimedReport]) -> Iterator[tuple[Flight, datetime]]:
    record: FlightRecord | None = None
    ends = [tell.at for tell in tells[1:]] + [tells[-1].at + timedelta(hours=2)]
    for tell, end in zip(tells, ends, strict=True):
        record = _after(record, key, tell.report, tell.at)
        yield from _looks(record.flight, tell.at, end)
        now = tell.at
        while (now := now + timedelta(minutes=5)) < end:
            report = WATCH.report(record.flight, now)
            if report is not None:
                record = _after(record, key, report, now)
                yield from _looks(record.flight, now, end)


def _after(record: FlightRecord | None, key: FlightKey, report: Report, at: datetime) -> FlightRecord:
    return apply_report(record, key, report, received_at=at).record


def _looks(flight: Flight, at: datetime, end: datetime) -> Iterator[tuple[Flight, datetime]]:
    for later in CLOCKS:
        if at + later < end:
            yield flight, at + later

"""The timeline of a flight: each event in words, and who reported it when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from windsock.journal.base import Event, RawReport
from windsock.pages.flight.sources import source_name
from windsock.wording.changes import ChangeContext, describe_changes
from windsock.wording.durations import day_marker

# A report observed this shortly before it was recorded reads without its time of observation.
AT_ONCE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event: the weightiest change first, and who reported it when."""

    key: str
    at: datetime
    time: str
    day: str
    what: str
    more: list[str]
    source: str
    news: bool
    overdue: str = ""  # "Departure" or "Arrival" if the event says only that this side is overdue


def timeline(
    events: Sequence[Event],
    reports: Sequence[RawReport],
    context: ChangeContext,
    zone: ZoneInfo,
    now: datetime,
    *,
    reporters: bool,
) -> list[Entry]:
    """Return an entry for each event, the newest first, with times in `zone`. Repeated overdue events are one."""
    by_offset = {report.offset: report for report in reports if report.offset is not None}
    entries: list[Entry] = []
    repeats: tuple[str, int] = (
        "",
        0,
    )  # of an overdue flight: the time of the first event, and how many there were
    for event in events:
        sentences = describe_changes(event.changes(), context)
        report = by_offset.get(event.offset)
        more = [sentence.text for sentence in sentences[1:]]
        side = ""
        if len(sentences) == 1 and sentences[0].kind == "overdue.raised":
            side = sentences[0].text.partition(" ")[0]
            if entries and entries[-1].overdue == side:
                since, times = repeats
                repeats = (since, times + 1)
                more = [f"updated {times + 1} times since {since}"]
                entries.pop()
            else:
                repeats = (f"{event.recorded_at.astimezone(zone):%H:%M}", 1)
        entries.append(
            Entry(
                key=f"{event.offset}",
                at=event.recorded_at,
                time=f"{event.recorded_at.astimezone(zone):%H:%M}",
                day=day_marker(event.recorded_at, now, zone),
                what=sentences[0].text if sentences else "Something changed",
                more=more,
                overdue=side,
                source=_source(report, event.recorded_at, zone) + (_submitted(report) if reporters else ""),
                news=bool(sentences)
                and sentences[0].kind.startswith(("delay", "overdue", "flight.c", "flight.d")),
            )
        )
    return entries[::-1]


def _submitted(report: RawReport | None) -> str:
    if report is None or not report.reporter:
        return ""
    return f", submitted by {report.reporter} ({report.entrance})"


def _source(report: RawReport | None, recorded_at: datetime, zone: ZoneInfo) -> str:
    if report is None:
        return "the report is no longer kept"
    source = source_name(report.source)
    observed = report.observed_at
    # A report that names its flight in full needs no matching.
    match = "" if report.match in (None, "date and origin") else f", flight matched by {report.match}"
    if observed is None or abs(observed - recorded_at) < AT_ONCE:
        return f"reported by {source}{match}"
    return f"reported by {source}, observed {observed.astimezone(zone):%H:%M:%S}{match}"

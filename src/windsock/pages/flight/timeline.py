"""The timeline of a flight: each event in words, and who reported it when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from windsock.flights import Change
from windsock.journal.base import Event, RawReport
from windsock.pages.flight.sources import source_name
from windsock.wording.changes import ChangeContext, describe_changes
from windsock.wording.durations import day_marker
from windsock.wording.language import gettext, ngettext
from windsock.wording.status import dotted

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
    overdue: str = ""  # "departure" or "arrival" if the event says only that this side is overdue


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
    since, times = "", 0  # of an overdue flight: the time of the first event, and how many there were
    for event in events:
        changes = event.changes()
        sentences = describe_changes(changes, context)
        report = by_offset.get(event.offset)
        more = [sentence.text for sentence in sentences[1:]]
        time = f"{event.recorded_at.astimezone(zone):%H:%M}"
        side = _overdue_side(changes) if len(sentences) == 1 else ""
        if side and entries and entries[-1].overdue == side:
            times += 1
            more = [
                ngettext("updated once since {time}", "updated {count} times since {time}", times, time=since)
            ]
            entries.pop()
        elif side:
            since, times = time, 1
        entries.append(
            Entry(
                key=f"{event.offset}",
                at=event.recorded_at,
                time=time,
                day=day_marker(event.recorded_at, now, zone),
                what=sentences[0].text if sentences else gettext("Something changed"),
                more=more,
                overdue=side,
                source=dotted(
                    _source(report, event.recorded_at, zone), _submitted(report) if reporters else ""
                ),
                news=bool(sentences)
                and sentences[0].kind.startswith(("delay", "overdue", "flight.c", "flight.d")),
            )
        )
    return entries[::-1]


def _overdue_side(changes: Sequence[Change]) -> str:
    sides = [change.field or "" for change in changes if change.kind == "overdue.raised"]
    if not sides:
        return ""
    return "arrival" if sides[0].startswith("arrival") else "departure"


def _submitted(report: RawReport | None) -> str:
    if report is None or not report.reporter:
        return ""
    return gettext("submitted by {reporter} ({entrance})", reporter=report.reporter, entrance=report.entrance)


def _source(report: RawReport | None, recorded_at: datetime, zone: ZoneInfo) -> str:
    if report is None:
        return gettext("the report is no longer kept")
    source = gettext("reported by {source}", source=source_name(report.source))
    observed = report.observed_at
    late = observed is not None and abs(observed - recorded_at) >= AT_ONCE
    return dotted(
        source,
        gettext("observed {time}", time=f"{observed.astimezone(zone):%H:%M:%S}") if observed and late else "",
        # A report that names its flight in full needs no matching.
        ""
        if report.match in (None, "date and origin")
        else gettext("flight matched by {match}", match=report.match),
    )

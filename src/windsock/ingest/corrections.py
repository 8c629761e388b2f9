"""Reports by people, step by step: preview one without writing it, publish it as previewed, take it back. No Django."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from windsock.errors import InvalidReport, ReportError, WindsockError
from windsock.flights import Change, FlightKey, FlightRecord, MergeRules, Report, parse_report
from windsock.flights.facts import TICK, assertions, best
from windsock.flights.undoing import Undoing, undoing
from windsock.ingest.batch import Written, transact
from windsock.ingest.merging import Merging
from windsock.ingest.pipeline import Pipeline
from windsock.ingest.results import Recorded, Rejected
from windsock.ingest.speaker import Speaker
from windsock.ingest.submissions import ParsedSubmission, Submission, parse
from windsock.journal.base import Journal, RawReport

MAX_REPORTS = 2000
"""Reports of a flight that are looked through for what a source said before. A busy flight has some hundreds."""

UNDO = "undo"
"""The entrance of a report that takes another one back."""


class FlightChanged(WindsockError):
    """The flight is not as it was previewed: somebody else has reported it. Nothing was recorded."""


class Outweighed(msgspec.Struct, frozen=True):
    """A word that does not show: the source that is believed instead, its rank and ours; "" if events rule it out."""

    path: str
    source: str
    rank: int
    own_rank: int


class Preview(msgspec.Struct, frozen=True):
    """What a report will do: the flight before it (None: a new one) and after it, the changes, and what is hidden."""

    before: FlightRecord | None
    after: FlightRecord
    changes: tuple[Change, ...]
    outweighed: tuple[Outweighed, ...]

    @property
    def version(self) -> int:
        """The version of the flight that the preview starts from; 0 for a new one."""
        return 0 if self.before is None else self.before.flight.version


class Undone(msgspec.Struct, frozen=True):
    """What became of taking a report back. `result` is None if there was nothing to take back."""

    result: Recorded | None
    kept: tuple[str, ...]
    remaining: tuple[Change, ...]


def preview(
    journal: Journal, data: Mapping[str, object], speaker: Speaker, *, now: datetime, rules: MergeRules
) -> Preview | Rejected:
    """Return what publishing the report would do now, by the merge that publishing uses. Write nothing.

    Raises JournalUnavailable if the journal cannot be reached.
    """
    parsed = _parsed(data, speaker, now)
    seen: list[FlightRecord | None] = []

    def merge(merging: Merging) -> list[ParsedSubmission]:
        seen.append(before := _before(merging, parsed))
        if parsed.report is not None:
            parsed.report = _dated(parsed.report, before, now)
            merging.apply(parsed)
        return [parsed]

    written = transact(journal, [parsed], rules, merge, now=_running(journal, now), dry=True)
    (result,) = written.results
    if isinstance(result, Rejected):
        return result
    assert parsed.record is not None and parsed.report is not None
    return Preview(seen[0], parsed.record, parsed.changes, _outweighed(parsed.record, parsed.report, rules))


def publish(
    pipeline: Pipeline, data: Mapping[str, object], speaker: Speaker, *, version: int
) -> Recorded | Rejected:
    """Record the report if the flight still has this version; durable on return.

    Raises:
        FlightChanged: It has another version by now, and nothing was recorded.
        JournalUnavailable: Nothing was recorded.
    """

    def write(journal: Journal, rules: MergeRules) -> tuple[Written, None]:
        now = pipeline.now()
        parsed = _parsed(data, speaker, now)

        def merge(merging: Merging) -> list[ParsedSubmission]:
            if parsed.report is not None:
                before = _before(merging, parsed)
                if version != (0 if before is None else before.flight.version):
                    raise FlightChanged("The flight has changed since the preview.")
                parsed.report = _dated(parsed.report, before, now)
                merging.apply(parsed)
            return [parsed]

        return transact(journal, [parsed], rules, merge, now=_running(journal, now)), None

    written, _ = pipeline.submit_transaction(write).result()
    (result,) = written.results
    return result


def undo(pipeline: Pipeline, key: FlightKey, speaker: Speaker, said_at: datetime) -> Undone:
    """Take back the report of the speaker's own source that was observed `said_at`, by a correcting report.

    Raises:
        ReportError: The report is not kept, or cannot be read.
        JournalUnavailable: Nothing was recorded.
    """
    assert speaker.sources
    source = speaker.sources[0]
    reports = [
        raw
        for raw in pipeline.journal.reports(key, MAX_REPORTS)
        if raw.source == source and raw.error is None
    ]
    wanted = [raw for raw in reports if raw.observed_at == said_at and raw.entrance != UNDO]
    if not wanted:
        raise InvalidReport(
            "This report is no longer kept, so it cannot be undone. Report what is true instead.",
            code="report_not_kept",
        )
    undone = report_of(wanted[0])
    earlier = [
        report
        for raw in reports
        if (raw.observed_at or raw.received_at) < said_at and (report := _readable(raw)) is not None
    ]

    def write(journal: Journal, rules: MergeRules) -> tuple[Written, Undoing]:
        now = pipeline.now()
        parsed = _parsed(undone, speaker, now)
        found = Undoing(report=None)

        def merge(merging: Merging) -> list[ParsedSubmission]:
            nonlocal found
            record = _before(merging, parsed)
            if record is not None:
                found = undoing(record, undone, earlier, now=now, rules=rules)
            if found.report is None:
                return []
            parsed.report = found.report
            parsed.submission = msgspec.structs.replace(parsed.submission, data=found.report)
            merging.apply(parsed)
            return [parsed]

        return transact(journal, [parsed], rules, merge, now=_running(journal, now)), found

    written, found = pipeline.submit_transaction(write).result()
    result = written.results[0] if found.report is not None else None
    if isinstance(result, Rejected):
        raise InvalidReport(result.message, code=result.code, field=result.field)
    return Undone(result, found.kept, found.remaining)


def report_of(raw: RawReport) -> Report:
    """Return a kept report as it was read when it came, with the time that counted; raise ReportError if unreadable."""
    try:
        data = msgspec.json.decode(raw.body)
    except msgspec.DecodeError as error:
        raise InvalidReport("The stored report is not JSON.", code="report_not_kept") from error
    report = parse_report(data, source=raw.source, now=raw.received_at)
    return msgspec.structs.replace(report, observed_at=raw.observed_at or raw.received_at)


def _readable(raw: RawReport) -> Report | None:
    try:
        return report_of(raw)
    except ReportError:
        return None


def _parsed(data: Report | Mapping[str, object], speaker: Speaker, now: datetime) -> ParsedSubmission:
    source = None if speaker.sources is None else speaker.sources[0]
    return parse(Submission(0, data, source=source, speaker=speaker), now, latest=True)


def _before(merging: Merging, parsed: ParsedSubmission) -> FlightRecord | None:
    return None if parsed.own is None else merging.records.get(parsed.own)


def _dated(report: Report, before: FlightRecord | None, now: datetime) -> Report:
    """Return the report with a time after all that its source has said of the flight, by which it can be named."""
    facts = {} if before is None else before.facts
    own = [by_source[report.source].observed_at for by_source in facts.values() if report.source in by_source]
    return msgspec.structs.replace(report, observed_at=max([now, *(at + TICK for at in own)]))


def _running(journal: Journal, now: datetime) -> datetime | None:
    """Return `now` if it is by a clock that runs on; in a replay, a later time does not mean a wrong clock."""
    return now if journal.head().clock is None else None


def _outweighed(record: FlightRecord, report: Report, rules: MergeRules) -> tuple[Outweighed, ...]:
    found = []
    for path, value in assertions(report):
        if path not in record.facts:
            continue
        believed, fact = best(path, record.facts[path], rules)
        rival = f"{path.partition('.')[0]}_delay_minutes" if path.endswith(".estimated") else ""
        if believed == report.source and rival in record.facts and not _shows(record, path, value):
            believed, fact = best(rival, record.facts[rival], rules)
        if believed != report.source:
            if fact.value != value:
                ranks = rules.rank(believed, path), rules.rank(report.source, path)
                found.append(Outweighed(path, believed, *ranks))
        elif not _shows(record, path, value):
            found.append(Outweighed(path, "", 0, 0))
    return tuple(found)


def _shows(record: FlightRecord, path: str, value: object) -> bool:
    """Return whether the flight shows the value; also where it has no such field of its own."""
    shown: Any = record.flight
    for name in path.split("."):
        if not hasattr(shown, name):
            return True
        shown = getattr(shown, name)
    if path == "delay_reasons":
        return bool(shown) == bool(value)
    return bool(shown == value or (not shown and not value))


__all__ = [
    "UNDO",
    "FlightChanged",
    "Outweighed",
    "Preview",
    "Undone",
    "preview",
    "publish",
    "report_of",
    "undo",
]

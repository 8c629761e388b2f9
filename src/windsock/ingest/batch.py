"""A batch of reports, written in one transaction: parse, resolve, merge in order, append. No threads, no Django."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from windsock.errors import InvalidReport, ReportError
from windsock.flights import Change, FlightKey, FlightRecord, MergeRules, Report, apply_report, parse_report
from windsock.ingest.resolution import Name, Names, candidates, names_of, own_key, resolve
from windsock.ingest.results import Recorded, Rejected, Result
from windsock.journal.base import Draft, Event, Journal, RawReport, Writing
from windsock.protocol.positions import Position
from windsock.protocol.topics import topics_of

log = logging.getLogger("windsock.ingest")

MAX_KEPT_BYTES = 8192
"""So much is kept of a report that was rejected: enough to see what it was, too little to fill a disk."""

_encode = msgspec.json.Encoder(enc_hook=str).encode


class Given(msgspec.Struct, frozen=True, gc=False):
    """A report as it was handed in, `index` being its place there. Without `received_at` it came just now."""

    index: int
    data: Report | Mapping[str, object]
    source: str | None = None
    received_at: datetime | None = None
    trusted: bool = False


@dataclass(slots=True)
class _Parsed:
    given: Given
    received_at: datetime
    report: Report | None = None
    error: ReportError | None = None
    own: FlightKey | None = None
    record: FlightRecord | None = None
    changes: tuple[Change, ...] = ()
    draft: int | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What a batch came to: a result per report, in order, and the events it appended to the journal of `epoch`."""

    results: list[Result]
    epoch: str
    events: list[Event]


def write_batch(journal: Journal, batch: Sequence[Given], *, now: datetime, rules: MergeRules) -> Written:
    """Writes the batch in one transaction; durable when it returns.

    Reports of one flight apply in the order given. A wrong report is rejected alone. Raises JournalUnavailable if the
    transaction failed: then nothing of the batch is recorded.
    """
    parsed = [_parse(given, now) for given in batch]
    with journal.write() as writing:
        drafts = _merge(writing, parsed, rules)
        # What our own watch said again is no news to anybody, nor to an auditor.
        kept = [_kept(one) for one in parsed if one.draft is not None or not _own(one)]
        events = writing.append(drafts, kept)
        head = writing.head()
    results: list[Result] = []
    offset = head.offset - len(events)
    for one in parsed:
        if one.error is not None or one.record is None:
            results.append(
                Rejected.of(one.given.index, one.error or InvalidReport("The report was not understood."))
            )
            continue
        if one.draft is not None:
            offset = events[one.draft].offset
        position = Position(head.epoch, offset)
        results.append(
            Recorded(one.given.index, position, one.record.flight.id, one.record.flight.version, one.changes)
        )
    return Written(results, head.epoch, events)


def _parse(given: Given, now: datetime) -> _Parsed:
    parsed = _Parsed(given, given.received_at or now)
    try:
        if isinstance(given.data, Report):
            parsed.report = _sourced(given.data, given)
        else:
            parsed.report = parse_report(
                given.data, source=given.source, now=parsed.received_at, trusted=given.trusted
            )
        parsed.own = own_key(parsed.report)
    except ReportError as error:
        parsed.error = error
    except Exception:
        log.exception("A report could not be read: %r", given.data)
        parsed.error = _OWN_FAULT
    return parsed


def _sourced(report: Report, given: Given) -> Report:
    """The report with the source of the call, unless it names its own."""
    if given.source is not None and report.source == "unknown":
        report = msgspec.structs.replace(report, source=given.source)
    if report.source.startswith("windsock.") and not given.trusted:
        raise InvalidReport(
            f"The source {report.source!r} is Windsock's own. Give the name of the real source.",
            field="source",
            value=report.source,
            expected="a name that does not begin with 'windsock.'",
        )
    return report


def _merge(writing: Writing, parsed: list[_Parsed], rules: MergeRules) -> list[Draft]:
    understood = [one for one in parsed if one.report is not None]
    # Whoever names a flight that exists by date and origin means it, whatever other flight bears that number, too.
    names = Names(writing.known({one.own for one in understood if one.own is not None}))
    wanted: dict[Name, None] = {}
    for one in understood:
        assert one.report is not None
        if one.own not in names:
            wanted.update(dict.fromkeys(names_of(one.report, one.received_at)))
    names.know(writing.named(wanted) if wanted else {})
    keys = {key for one in understood if one.report for key in candidates(one.report, one.received_at, names, one.own)}
    records = writing.load(keys)

    drafts: list[Draft] = []
    saved: dict[FlightKey, FlightRecord] = {}
    for one in understood:
        assert one.report is not None
        try:
            key = resolve(one.report, one.received_at, names, one.own)
            before = records.get(key)
            merged = apply_report(before, key, one.report, received_at=one.received_at, rules=rules)
        except ReportError as error:
            one.error = error
            continue
        except Exception:
            log.exception("A report could not be merged: %r", one.given.data)
            one.error = _OWN_FAULT
            continue
        one.record, one.changes = merged.record, merged.changes
        records[key] = merged.record
        if merged.changes:
            one.draft = len(drafts)
            drafts.append(_draft(before, merged.record, merged.changes, one.received_at))
            names.learn(merged.record)
        if merged.changes or merged.facts_changed:
            saved[key] = merged.record
    writing.save(saved.values())
    return drafts


def _draft(
    before: FlightRecord | None, after: FlightRecord, changes: tuple[Change, ...], recorded_at: datetime
) -> Draft:
    topics = topics_of(after.flight)
    if before is not None and (left := topics_of(before.flight)) is not topics:
        topics |= left
    return Draft(after, changes, _in_order(topics), recorded_at)


@lru_cache(maxsize=16_384)
def _in_order(topics: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(topics))


# A report that makes our own code fail harms nobody else: it is logged, and rejected alone.
_OWN_FAULT = InvalidReport(
    "Windsock failed at this report; that is a fault of Windsock, not of the report. It is in the server's log.",
    code="internal_error",
)


def _own(one: _Parsed) -> bool:
    return one.report is not None and one.report.source.startswith("windsock.")


def _kept(one: _Parsed) -> RawReport:
    report, given = one.report, one.given
    observed_at = report.observed_at if report is not None and report.observed_at else None
    source = (report.source if report is not None else given.source) or "unknown"
    try:
        body = _encode(given.data)
    except (TypeError, ValueError):
        body = repr(given.data).encode()
    return RawReport(
        source=source[:100],
        received_at=one.received_at.astimezone(UTC),
        observed_at=observed_at,
        flight_id=None if one.record is None else one.record.flight.id,
        offset=one.draft,
        error=None if one.error is None else one.error.code,
        body=body if one.error is None else body[:MAX_KEPT_BYTES],
    )

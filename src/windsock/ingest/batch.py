"""A batch of reports in one transaction: load, resolve and merge in order, save, append. No threads, no Django."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from windsock.errors import InvalidReport
from windsock.flights import FlightKey, MergeRules
from windsock.ingest.merging import Merging
from windsock.ingest.results import Recorded, Rejected, Result
from windsock.ingest.submissions import (
    MAX_KEPT_BYTES,
    ParsedSubmission,
    Submission,
    kept,
    parse,
    refused,
)
from windsock.journal.base import Event, Head, Journal
from windsock.protocol.positions import Position

__all__ = [
    "MAX_KEPT_BYTES",
    "Submission",
    "Written",
    "dry_run",
    "transact",
    "unkept_refusal",
    "write_batch",
    "write_refusal",
]


@dataclass(frozen=True, slots=True)
class Written:
    """The outcome of a batch: a result per report, in order, and the events appended to the journal of `epoch`."""

    results: list[Result]
    epoch: str
    events: list[Event]


class _RollBack(Exception):
    """End the transaction of a dry run."""


def transact(
    journal: Journal,
    reports: Sequence[ParsedSubmission],
    rules: MergeRules,
    merge: Callable[[Merging], Iterable[ParsedSubmission]],
    *,
    others: Iterable[FlightKey] = (),
    now: datetime | None = None,
    dry: bool = False,
) -> Written:
    """Write reports in one transaction: the one place where flights are loaded, merged, saved, and events appended.

    Args:
        merge: Applies the reports, and returns all that were applied, in order, to keep for audit.
        others: Flights to load besides those that the reports may mean; iterated within the transaction.
        now: The time by a clock that runs on, to find reports from the future; None in a replay.
        dry: Roll the transaction back. The outcome is what the write would have had.

    Raises:
        JournalUnavailable: The transaction failed, and nothing was recorded.
    """
    with suppress(_RollBack), journal.write() as writing:
        merging = Merging(writing, reports, rules, others, now=now)
        applied = merge(merging)
        merging.save(writing)
        events = writing.append(merging.drafts, () if dry else kept(applied))
        head = writing.head()
        if dry:
            raise _RollBack
    return Written(_results(reports, events, head), head.epoch, events)


def write_batch(
    journal: Journal,
    batch: Sequence[Submission],
    *,
    now: datetime,
    rules: MergeRules,
    first: int = 0,
    again: bool = False,
    replayed: bool = False,
) -> Written:
    """Write the batch in one transaction; durable on return. Reports of one flight apply in the order given.

    Args:
        first: The place of the first report among those received just now.
        again: An earlier attempt may have been committed without our knowing.
        replayed: `now` is the time of a replay, which may start over: a later time does not mean a wrong clock.

    Raises:
        JournalUnavailable: The transaction failed, and nothing was recorded. A wrong report is rejected alone.
    """
    reports = _parsed(batch, now, first, latest=not again)
    return transact(
        journal, reports, rules, lambda merging: _apply(merging, reports), now=None if replayed else now
    )


def dry_run(
    journal: Journal, batch: Sequence[Submission], *, now: datetime, rules: MergeRules
) -> list[tuple[Result, str | None]]:
    """Return what `write_batch` would return for this batch, and how each flight was recognised. Write nothing.

    Raises JournalUnavailable as `write_batch` does.
    """
    reports = _parsed(batch, now, 0, latest=True)
    written = transact(journal, reports, rules, lambda merging: _apply(merging, reports), now=now, dry=True)
    return [(result, parsed.match) for result, parsed in zip(written.results, reports, strict=True)]


def _parsed(
    batch: Sequence[Submission], now: datetime, first: int, *, latest: bool
) -> list[ParsedSubmission]:
    # The place among the reports received at the same time: within its input, or else among those of just now.
    return [
        parse(
            submission,
            now,
            first + place if submission.received_at is None else submission.index,
            latest=latest,
        )
        for place, submission in enumerate(batch)
    ]


def _apply(merging: Merging, reports: Sequence[ParsedSubmission]) -> Sequence[ParsedSubmission]:
    for parsed in reports:
        if parsed.report is not None:
            merging.apply(parsed)
    return reports


def write_refusal(journal: Journal, submission: Submission, *, now: datetime) -> Written:
    """Keep, for audit, a report that made its write fail, and return its rejection."""
    parsed = refused(submission, now)
    with journal.write() as writing:
        events = writing.append([], kept([parsed]))
        head = writing.head()
    return Written(_results([parsed], events, head), head.epoch, events)


def unkept_refusal(submission: Submission, *, now: datetime) -> Written:
    """Return the rejection of a report that cannot even be kept."""
    return Written(_results([refused(submission, now)], (), Head("", 0, 0)), "", [])


def _results(reports: Sequence[ParsedSubmission], events: Sequence[Event], head: Head) -> list[Result]:
    """Return the result of each report; one that changed nothing has the position of the newest event before it."""
    results: list[Result] = []
    offset = head.offset - len(events)
    for parsed in reports:
        index = parsed.submission.index
        if parsed.error is not None or parsed.record is None:
            error = parsed.error or InvalidReport("The report could not be parsed.")
            results.append(Rejected.of(index, error))
            continue
        if parsed.draft is not None:
            offset = events[parsed.draft].offset
        flight = parsed.record.flight
        results.append(
            Recorded(index, Position(head.epoch, offset), flight.id, flight.version, parsed.changes)
        )
    return results

"""A batch of reports, written in one transaction: read, resolve, merge in order, append. No threads, no Django."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from windsock.errors import InvalidReport
from windsock.flights import MergeRules
from windsock.ingest.merging import MAX_KEPT_BYTES, Given, Merging, Read, kept, read, refused
from windsock.ingest.results import Recorded, Rejected, Result
from windsock.journal.base import Event, Head, Journal
from windsock.protocol.positions import Position

__all__ = [
    "MAX_KEPT_BYTES",
    "Given",
    "Written",
    "places",
    "results_of",
    "unkept_refusal",
    "write_batch",
    "write_refusal",
]


@dataclass(frozen=True, slots=True)
class Written:
    """What a batch came to: a result per report, in order, and the events it appended to the journal of `epoch`."""

    results: list[Result]
    epoch: str
    events: list[Event]


def places(batch: Sequence[Given], first: int = 0) -> list[int]:
    """Return each report's place among those received at the same time: in its input, or else in what came just now."""
    return [first + place if given.received_at is None else given.index for place, given in enumerate(batch)]


def write_batch(
    journal: Journal,
    batch: Sequence[Given],
    *,
    now: datetime,
    rules: MergeRules,
    first: int = 0,
    again: bool = False,
    replayed: bool = False,
) -> Written:
    """Writes the batch in one transaction; durable when it returns.

    Reports of one flight apply in the order given; `first` is the place of the first among those that came just now.
    With `again` a first attempt may have been committed without our knowing; `replayed`: `now` is the time of a replay,
    which may begin anew, so that what is later is no sign of a wrong clock. A wrong report is rejected alone. Raises
    JournalUnavailable if the transaction failed: then nothing of the batch is recorded.
    """
    reports = [
        read(given, now, place, latest=not again)
        for given, place in zip(batch, places(batch, first), strict=True)
    ]
    with journal.write() as writing:
        merging = Merging(writing, reports, rules, now=None if replayed else now)
        for one in reports:
            if one.report is not None:
                merging.apply(one)
        merging.save(writing)
        events = writing.append(merging.drafts, kept(reports))
        head = writing.head()
    return Written(results_of(reports, events, head), head.epoch, events)


def write_refusal(journal: Journal, given: Given, *, now: datetime) -> Written:
    """Keeps, for audit, a report at which its write failed, and gives its rejection."""
    one = refused(given, now)
    with journal.write() as writing:
        events = writing.append([], kept([one]))
        head = writing.head()
    return Written(results_of([one], events, head), head.epoch, events)


def unkept_refusal(given: Given, *, now: datetime) -> Written:
    """Gives the rejection of a report that cannot even be kept."""
    return Written(results_of([refused(given, now)], (), Head("", 0, 0)), "", [])


def results_of(reports: Sequence[Read], events: Sequence[Event], head: Head) -> list[Result]:
    """What became of each report; one that changed nothing is recorded at the newest event before it."""
    results: list[Result] = []
    offset = head.offset - len(events)
    for one in reports:
        if one.error is not None or one.record is None:
            results.append(
                Rejected.of(one.given.index, one.error or InvalidReport("The report was not understood."))
            )
            continue
        if one.draft is not None:
            offset = events[one.draft].offset
        position = Position(head.epoch, offset)
        flight = one.record.flight
        results.append(Recorded(one.given.index, position, flight.id, flight.version, one.changes))
    return results

"""A batch of reports, written in one transaction: read, resolve, merge in order, append. No threads, no Django."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from windsock.errors import InvalidReport
from windsock.flights import MergeRules
from windsock.ingest.merging import MAX_KEPT_BYTES, Given, Merging, Read, kept, read
from windsock.ingest.results import Recorded, Rejected, Result
from windsock.journal.base import Event, Head, Journal
from windsock.protocol.positions import Position

__all__ = ["MAX_KEPT_BYTES", "Given", "Written", "results_of", "write_batch"]


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
    reports = [read(given, now) for given in batch]
    with journal.write() as writing:
        merging = Merging(writing, reports, rules)
        for one in reports:
            if one.report is not None:
                merging.apply(one)
        merging.save(writing)
        events = writing.append(merging.drafts, kept(reports))
        head = writing.head()
    return Written(results_of(reports, events, head), head.epoch, events)


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

"""What a write would do, without doing it: the same transaction, rolled back at its end."""

from collections.abc import Sequence
from datetime import datetime

from windsock.flights import MergeRules
from windsock.ingest.batch import places, results_of
from windsock.ingest.merging import Given, Merging, read
from windsock.ingest.results import Result
from windsock.journal.base import Journal


class _Enough(Exception):
    """Ends the transaction; nothing of it stays."""


def rehearse(
    journal: Journal, batch: Sequence[Given], *, now: datetime, rules: MergeRules
) -> list[tuple[Result, str | None]]:
    """What `write_batch` would give for this batch now, and by what each flight was recognised. Writes nothing.

    Raises JournalUnavailable as a write does.
    """
    reports = [
        read(given, now, place, latest=True) for given, place in zip(batch, places(batch), strict=True)
    ]
    try:
        with journal.write() as writing:
            merging = Merging(writing, reports, rules, now=now)
            for one in reports:
                if one.report is not None:
                    merging.apply(one)
            merging.save(writing)
            events = writing.append(merging.drafts)
            results = results_of(reports, events, writing.head())
            raise _Enough
    except _Enough:
        return [(result, one.match) for result, one in zip(results, reports, strict=True)]

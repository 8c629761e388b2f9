"""Record a source's list of airport programmes in the journal, in the same order as everything else there."""

from datetime import datetime, timedelta

from windsock.flights import MergeRules
from windsock.flights.programmes import ProgrammeChange, ProgrammeList, StandingChange, is_news, retold
from windsock.ingest.batch import Written
from windsock.ingest.pipeline import Pipeline
from windsock.journal.base import Event, Journal

FORGET_AFTER = timedelta(hours=2)
"""A source's programmes end when it has been silent for this long: sources renew or end them within the hour, and a
reason that no source confirms is worse than none."""


def forget_silent(journal: Journal, now: datetime) -> list[str]:
    """End the programmes of sources whose newest list is too old at `now`; return those sources.

    Several processes may do so at once.
    """
    sources = {programme.source for standing in journal.standings()[1] for programme in standing.programmes}
    newest = journal.programme_sources() if sources else {}
    silent = [source for source in sorted(sources) if now - newest.get(source, now) >= FORGET_AFTER]
    for source in silent:
        with journal.write() as writing:
            standings, observed = writing.standings()
            if now - observed.get(source, now) >= FORGET_AFTER:
                changes = retold(standings, ProgrammeList(source=source, observed_at=now), now)
                writing.append_programmes(changes, now, {})
    return silent


def record_programmes(
    pipeline: Pipeline, reported: ProgrammeList, *, now: datetime | None = None
) -> list[ProgrammeChange]:
    """Record the list durably; return what it changed. A list older than the source's newest changes nothing.

    `now` is when it was received; without it, the service's time.

    Waits for the disk. Raises JournalUnavailable if it could not be written; recording it again does no harm.
    """

    def write(journal: Journal, _: MergeRules) -> tuple[Written, list[ProgrammeChange]]:
        received_at = now or pipeline.now()
        with journal.write() as writing:
            standings, observed = writing.standings()
            changes: tuple[StandingChange, ...] = ()
            events: list[Event] = []
            if is_news(standings, observed.get(reported.source), reported):
                changes = retold(standings, reported, received_at)
                events = writing.append_programmes(
                    changes, received_at, {reported.source: reported.observed_at}
                )
            epoch = writing.head().epoch
        return Written([], epoch, events), [
            change for standing_change in changes for change in standing_change.changes
        ]

    return pipeline.submit_transaction(write).result()[1]

"""A source's list of airport programmes into the journal, in the one order of everything that is recorded there."""

from datetime import datetime, timedelta

from windsock.flights import MergeRules
from windsock.flights.programmes import ProgrammeChange, ProgrammeList, StandingChange, is_news, retold
from windsock.ingest.batch import Written
from windsock.ingest.pipeline import Pipeline
from windsock.journal.base import Event, Journal

FORGET_AFTER = timedelta(hours=2)
"""When nothing was heard of a source for so long, its programmes are given up: they are renewed or ended within the
hour, and a reason that nobody stands for any more is worse than none."""


def forget_silent(journal: Journal, now: datetime) -> list[str]:
    """Ends the programmes of sources whose newest list is too old at `now`, whatever became of their feeds; names them.

    Several processes may do so at once.
    """
    standing = {programme.source for one in journal.standings()[1] for programme in one.programmes}
    newest = journal.programme_sources() if standing else {}
    silent = [source for source in sorted(standing) if now - newest.get(source, now) >= FORGET_AFTER]
    for source in silent:
        with journal.write() as writing:
            standings, observed = writing.standings()
            if now - observed.get(source, now) >= FORGET_AFTER:
                changes = retold(standings, ProgrammeList(source=source, observed_at=now), now)
                writing.append_programmes(changes, now, {})
    return silent


def record_programmes(pipeline: Pipeline, told: ProgrammeList) -> list[ProgrammeChange]:
    """Records the list and returns what it changed, durably; a list older than the source's newest changes nothing.

    Waits for the disk. Raises JournalUnavailable if it could not be written; told again, it changes nothing twice.
    """

    def write(journal: Journal, _: MergeRules) -> tuple[Written, list[ProgrammeChange]]:
        now = pipeline.now()
        with journal.write() as writing:
            standings, observed = writing.standings()
            changes: tuple[StandingChange, ...] = ()
            events: list[Event] = []
            if is_news(standings, observed.get(told.source), told):
                changes = retold(standings, told, now)
                events = writing.append_programmes(changes, now, {told.source: told.observed_at})
            epoch = writing.head().epoch
        return Written([], epoch, events), [one for change in changes for one in change.changes]

    return pipeline.submit_transaction(write).result()[1]

"""A source's list of airport programmes into the journal, in the one order of everything that is recorded there."""

from windsock.flights import MergeRules
from windsock.flights.programmes import ProgrammeChange, ProgrammeList, StandingChange, is_news, retold
from windsock.ingest.batch import Written
from windsock.ingest.pipeline import Pipeline
from windsock.journal.base import Event, Journal


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

    return pipeline.submit_whole(write).result()[1]

"""Record a replay's day in this process's journal, with the simulated time as the time of receipt."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from windsock.clock import ReplayClock
from windsock.flights import Report
from windsock.ingest.overdue import OverdueWatch
from windsock.ingest.pipeline import Pipeline
from windsock.ingest.results import Rejected, Result
from windsock.ingest.steps import write_steps
from windsock.replay.player import ReplayResult, Step


class IntoJournal:
    """A replay's listener: records each moment's reports together and runs the overdue watch on the replay's clock.

    The events depend on the reports alone, so two replays of a day into fresh journals give the same events.
    """

    def __init__(
        self, pipeline: Pipeline, *, after_minutes: int | None = None, step_minutes: int | None = None
    ) -> None:
        self._pipeline = pipeline
        self._watch = OverdueWatch(
            pipeline.journal, self._record, after_minutes=after_minutes, step_minutes=step_minutes
        )
        self._overdue_events = 0

    def record(self, reports: Sequence[Report], at: datetime) -> ReplayResult:
        """Record the reports as received `at`; return when they are durable."""
        results = self._pipeline.submit(reports, received_at=at).result()
        refused = [
            f"{reports[result.index].flight} {at:%H:%M}: {result.message}"
            for result in results
            if isinstance(result, Rejected)
        ]
        return ReplayResult(events=_events(results), refused=refused)

    def minute(self, at: datetime) -> int:
        """Report overdue flights; return how many events that gave."""
        before = self._overdue_events
        self._watch.run(at)
        return self._overdue_events - before

    def record_steps(self, steps: Sequence[Step]) -> ReplayResult:
        """Record several moments and minutes in a single transaction; the events are the same."""
        written, overdue = self._pipeline.submit_transaction(
            lambda journal, rules: write_steps(journal, steps, self._watch, rules)
        ).result()
        reports = [(step.at, report) for step in steps for report in step.reports]
        refused = [
            f"{reports[result.index][1].flight} {reports[result.index][0]:%H:%M}: {result.message}"
            for result in written.results
            if isinstance(result, Rejected)
        ]
        self._overdue_events += overdue
        return ReplayResult(events=_events(written.results), refused=refused, overdue_events=overdue)

    def show_clock(self, clock: ReplayClock) -> None:
        """Set the clock in the journal's head, where every process and browser reads it."""
        self._pipeline.journal.set_clock(clock)

    def forget_clock(self) -> None:
        """Return the service to its real clock."""
        self._pipeline.journal.set_clock(None)

    def _record(self, reports: Sequence[Report], **how: Any) -> list[Result]:
        results = self._pipeline.submit(reports, **how).result()
        self._overdue_events += _events(results)
        return results


def _events(results: Sequence[Result]) -> int:
    return sum(1 for result in results if not isinstance(result, Rejected) and result.changes)

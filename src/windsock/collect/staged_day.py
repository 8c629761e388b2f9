"""Record a staged day: its programmes and telexes between the reports of the replay, each at its moment."""

from collections import deque
from collections.abc import Sequence
from datetime import datetime

from windsock.clock import ReplayClock
from windsock.collect.intake import Intake
from windsock.collect.models import FeedInput, FeedState, ParkedReport
from windsock.feeds.registry import FORMATS
from windsock.flights import Report
from windsock.flights.programmes import ProgrammeList
from windsock.ingest.pipeline import Pipeline
from windsock.ingest.programmes import record_programmes
from windsock.ingest.replay import IntoJournal
from windsock.replay.player import ReplayResult, Step
from windsock.replay.staging import Message, Staging

TELEX_FEED = "telex"
"""The feed by which the demo's telexes arrive."""


def forget_inputs() -> None:
    """Forget the telexes of an earlier replay. Only for a database of the demo's own."""
    for model in (ParkedReport, FeedInput, FeedState):
        model._default_manager.all().delete()


class IntoStagedJournal:
    """Records a replay's reports as `into` does, and what else happens on the day before the first later moment."""

    def __init__(self, into: IntoJournal, pipeline: Pipeline, staging: Staging) -> None:
        self._into = into
        self._pipeline = pipeline
        self._intake = Intake(TELEX_FEED, FORMATS["mvt"].parser(TELEX_FEED, {}), pipeline)
        coming: list[ProgrammeList | Message] = [*staging.programmes, *staging.messages]
        self._coming = deque(sorted(coming, key=_moment))

    def record(self, reports: Sequence[Report], at: datetime) -> ReplayResult:
        """Record the reports of a moment, after everything that came before it."""
        self._catch_up(at)
        return self._into.record(reports, at)

    def minute(self, at: datetime) -> int:
        """Run the overdue watch."""
        self._catch_up(at)
        return self._into.minute(at)

    def record_steps(self, steps: Sequence[Step]) -> ReplayResult:
        """Record several moments at once, in as few transactions as what happens between them allows."""
        told = ReplayResult()
        rest = list(steps)
        while rest:
            until = _moment(self._coming[0]) if self._coming else None
            now = [step for step in rest if until is None or step.at < until]
            if now:
                part = self._into.record_steps(now)
                told.events += part.events
                told.overdue_events += part.overdue_events
                told.refused += part.refused
                rest = rest[len(now) :]
            if rest:
                self._catch_up(rest[0].at)
        return told

    def show_clock(self, clock: ReplayClock) -> None:
        """Set the clock in the journal's head."""
        self._into.show_clock(clock)

    def _catch_up(self, now: datetime) -> None:
        while self._coming and _moment(self._coming[0]) <= now:
            coming = self._coming.popleft()
            if isinstance(coming, Message):
                self._intake.take(coming.body, received_at=coming.at, entrance="webhook")
            else:
                record_programmes(self._pipeline, coming, now=coming.observed_at)


def _moment(coming: ProgrammeList | Message) -> datetime:
    return coming.at if isinstance(coming, Message) else coming.observed_at

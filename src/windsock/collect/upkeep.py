"""The upkeep of the journal: the watch for overdue flights and silent sources, and pruning."""

import logging
import random
from datetime import datetime, timedelta

from windsock.clock import Clock, system_clock
from windsock.conf import Config
from windsock.duties import Duty, Work
from windsock.ingest.overdue import OverdueWatch, Record
from windsock.ingest.programmes import forget_silent
from windsock.journal.base import Journal, Pruned

logger = logging.getLogger(__name__)

WATCH_SECONDS = 30.0
"""Half of the smallest step in which overdue minutes can grow."""

LOOK_SECONDS = 30.0
"""How often to check whether it is time to prune."""

OVERDUE, PRUNE = "overdue", "prune"


def prune(journal: Journal, settings: Config, now: datetime) -> Pruned:
    """Delete everything older, at `now`, than `settings` keep it."""
    unread_days = settings.keep_unread_events_days
    return journal.prune(
        events_before=now - timedelta(days=settings.keep_events_days),
        unread_before=now - timedelta(days=unread_days) if unread_days else None,
        reports_before=now - timedelta(days=settings.keep_reports_days),
        flights_before=now - timedelta(days=settings.keep_flights_days),
    )


class Upkeep:
    """The overdue watch every half minute, and pruning every `prune_every` seconds: a duty each.

    While a replay drives the journal both rest: the replay watches by its own clock, and its old day is not pruned.
    """

    def __init__(
        self, journal: Journal, record: Record, settings: Config, clock: Clock = system_clock
    ) -> None:
        self._journal = journal
        self._settings = settings
        self._clock = clock
        self._watch = OverdueWatch(
            journal,
            record,
            after_minutes=settings.overdue_after_minutes,
            step_minutes=settings.overdue_step_minutes,
        )
        # Not at the start: a service that restarts must respond first.
        self._prune_at = clock() + timedelta(seconds=settings.prune_every * random.uniform(0.1, 1.0))

    def duties(self) -> list[Duty]:
        """Return the duties for a runner."""
        return [
            Duty(OVERDUE, "the overdue watch", [Work("watch", WATCH_SECONDS, self.watch)]),
            Duty(PRUNE, "pruning", [Work("prune", LOOK_SECONDS, self.prune_if_due)]),
        ]

    def tick(self) -> None:
        """Do what is due now of both."""
        self.watch()
        self.prune_if_due()

    def watch(self) -> None:
        """Report overdue flights, and end the programmes of sources that have been silent for too long."""
        if self._journal.head().clock is not None:
            return
        now = self._clock()
        self._watch.run(now)
        for source in forget_silent(self._journal, now):
            logger.warning("Source %s has been silent for too long; its programmes were ended", source)

    def prune_if_due(self) -> None:
        """Prune if it is time."""
        now = self._clock()
        every = timedelta(seconds=self._settings.prune_every)
        # A clock that was set back must not postpone it until the old time is reached again.
        self._prune_at = min(self._prune_at, now + every)
        if now < self._prune_at or self._journal.head().clock is not None:
            return
        from windsock.access.signed_in import (
            forget_ended,  # here: upkeep is imported before Django is set up
        )
        from windsock.collect.models import FeedInput

        self._prune_at = now + every
        pruned = prune(self._journal, self._settings, now)
        FeedInput.objects.filter(
            received_at__lt=now - timedelta(days=self._settings.keep_reports_days)
        ).delete()
        forget_ended()
        logger.info("Pruned %d events, %d reports, %d flights", pruned.events, pruned.reports, pruned.flights)
        if pruned.held:
            logger.warning(
                "Kept %d events older than KEEP_EVENTS_DAYS, which these cursors have not read: %s",
                pruned.held,
                ", ".join(pruned.holding),
            )

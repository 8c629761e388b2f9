"""What a process does beside its work: watches for overdue flights and silent sources, and prunes. One thread."""

import logging
import random
import threading
from datetime import datetime, timedelta

from windsock.clock import Clock, system_clock
from windsock.conf import Config
from windsock.errors import WindsockError
from windsock.ingest.overdue import OverdueWatch, Record
from windsock.ingest.programmes import forget_silent
from windsock.journal.base import Journal, Pruned

log = logging.getLogger("windsock.ingest")

WATCH_SECONDS = 30.0
"""Half of the smallest step in which overdue minutes can grow."""


def prune(journal: Journal, settings: Config, now: datetime) -> Pruned:
    """Drops what is older than `settings` keep it, seen from `now`."""
    return journal.prune(
        events_before=now - timedelta(days=settings.keep_events_days),
        reports_before=now - timedelta(days=settings.keep_reports_days),
        flights_before=now - timedelta(days=settings.keep_flights_days),
    )


class Upkeep:
    """A thread that runs the overdue watch every half minute and prunes every `prune_every` seconds.

    Several processes may run it: overdue reports are the same whoever files them, and pruning twice drops nothing more.
    While a replay drives the journal it rests: the replay watches by its own clock, and its old day must not be pruned.
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
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        # Not at the start, and not in all processes at once.
        self._prune_at = clock() + timedelta(seconds=settings.prune_every * random.uniform(0.1, 1.0))

    def start(self) -> None:
        """Starts the thread, once."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="windsock-upkeep", daemon=True)
            self._thread.start()

    def stop(self, timeout: float | None = 10.0) -> None:
        """Ends the thread after what it is at."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout)

    def tick(self) -> None:
        """One round: what is due now."""
        if self._journal.head().clock is not None:
            return
        now = self._clock()
        self._watch.run(now)
        for source in forget_silent(self._journal, now):
            log.warning("%s is silent for too long: the programmes it told are given up", source)
        every = timedelta(seconds=self._settings.prune_every)
        # A clock that was set back must not put it off until it is there again.
        self._prune_at = min(self._prune_at, now + every)
        if now >= self._prune_at:
            from windsock.access.together import (
                forget_ended,  # here: upkeep is imported before Django is set up
            )
            from windsock.ingest.models import FeedInput

            self._prune_at = now + every
            pruned = prune(self._journal, self._settings, now)
            FeedInput.objects.filter(
                received_at__lt=now - timedelta(days=self._settings.keep_reports_days)
            ).delete()
            forget_ended()
            log.info(
                "Pruned %d events, %d reports, %d flights", pruned.events, pruned.reports, pruned.flights
            )

    def _run(self) -> None:
        while not self._stop.wait(WATCH_SECONDS):
            try:
                self.tick()
            except WindsockError as error:
                log.warning("Upkeep has to wait: %s", error)
            except Exception:
                log.exception("Upkeep failed; it goes on")

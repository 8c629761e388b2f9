"""Runs every configured feed of a service: asks providers, empties folders and mailboxes, notes how each does.

One thread. Of several processes each feed has one owner at a time (`lease`). Where a feed goes on from is kept in the
database and moved on only after what came was recorded: what fails is asked for again, and told twice changes nothing.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import connections

from windsock.clock import Clock, system_clock
from windsock.errors import ConfigError, FeedError, WindsockError
from windsock.feeds.configuration import FeedSettings
from windsock.feeds.mailaddress import MailAddress
from windsock.feeds.polling import Poller
from windsock.ingest import folder, lease, mailbox, silence
from windsock.ingest.fetching import TIMEOUT_SECONDS, Marks, Refused, fetch
from windsock.ingest.intake import Intake
from windsock.ingest.models import FeedState
from windsock.ingest.pipeline import Pipeline

if TYPE_CHECKING:
    import httpx2

log = logging.getLogger("windsock.ingest")

TICK_SECONDS = 1.0
FOLDER_SECONDS = 2.0
MAILBOX_SECONDS = 60.0
# After the n-th failure in a row a feed rests so long, up to the last.
BACK_OFF_SECONDS = (30.0, 60.0, 120.0, 300.0, 900.0)
# Of every interval: many installations must not ask one provider at the same moment.
JITTER = 0.1
MOST_JITTER_SECONDS = 300.0
"""After hours of rest a few minutes' scatter are as good, and a day's budget is not left unused long after midnight."""

STALE_INTERVALS = 10
"""A polled feed from which nothing came in so many of its intervals is stale, unless its settings say when."""


class Supervisor:
    """The feeds of one process; `start` once, `stop` at the end."""

    def __init__(
        self,
        feeds: Mapping[str, FeedSettings],
        pipeline: Pipeline,
        *,
        clock: Clock = system_clock,
        client: "Callable[[], httpx2.Client] | None" = None,
    ) -> None:
        self._clock = clock
        self._owner = lease.owner_name()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._client = client or _client
        self._open: httpx2.Client | None = None
        self._runs = [_Run(settings, pipeline, clock) for settings in feeds.values() if settings.enabled]

    @property
    def names(self) -> list[str]:
        """The feeds that are run: asked, left in a folder, or mailed."""
        return [run.name for run in self._runs if run.active]

    def start(self) -> None:
        """Starts the thread, if any feed is to be run."""
        if self._thread is None and any(run.active for run in self._runs):
            self._thread = threading.Thread(target=self._work, name="windsock-feeds", daemon=True)
            self._thread.start()

    def stop(self, timeout: float | None = 10.0) -> None:
        """Ends after what is under way, and leaves the feeds to others."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout)

    def tick(self) -> None:
        """One round: every feed that is due, if it is ours."""
        now = self._clock()
        for run in self._runs:
            if self._stop.is_set():
                return
            if not run.active or now < run.look_at:
                continue
            try:
                self._one(run, now)
            except WindsockError as error:
                log.warning("Feed %s has to wait: %s", run.name, error)
            except Exception:
                log.exception("Feed %s failed; it goes on", run.name)

    def _one(self, run: "_Run", now: datetime) -> None:
        run.look_at = now + timedelta(seconds=FOLDER_SECONDS)
        if now >= run.leased_until - lease.LEASE / 2:
            if not lease.take(run.name, self._owner, now):
                run.look_at = now + lease.LEASE / 3
                return
            run.leased_until = now + lease.LEASE
        state = FeedState.objects.get(name=run.name)
        run.watch(state, now)
        if state.paused:
            return
        if run.settings.folder is not None:
            run.empty_folder(Path(run.settings.folder))
        if run.settings.mailbox is not None and now >= run.mail_at:
            run.empty_mailbox(run.settings.mailbox, now)
        if run.poller is not None and (state.next_at is None or now >= state.next_at):
            if self._open is None:
                self._open = self._client()
            run.poll(self._open, state, now)

    def _work(self) -> None:
        try:
            while not self._stop.wait(TICK_SECONDS):
                self.tick()
        finally:
            try:
                lease.release(self._owner)
            except Exception:
                log.warning("The feeds' leases could not be given back; they end by themselves.")
            if self._open is not None:
                self._open.close()
            connections.close_all()


class _Run:
    """One feed being run."""

    def __init__(self, settings: FeedSettings, pipeline: Pipeline, clock: Clock) -> None:
        self.settings = settings
        self.name = settings.name
        self._pipeline = pipeline
        self.intake = Intake(
            settings.name, settings.format.parser(settings.source, settings.options), pipeline, clock=clock
        )
        self.poller: Poller | None = settings.format.poller(settings.options, settings.secret(), settings.url)
        if self.poller is not None and self.poller.needs_secret and self.poller.secret is None:
            raise ConfigError(
                f"The feed {self.name!r} needs a key: give secret_env or secret_file in its settings."
            )
        self.marks: Marks = {}  # of polls of several addresses; lost with the process, which then asks for all once
        if settings.mailbox is not None and settings.secret() is None:
            raise ConfigError(
                f"The feed {self.name!r} needs the password of its mailbox: give secret_env or secret_file."
            )
        self.look_at = self.leased_until = self.mail_at = clock()
        self.mail_failures = 0
        # What is pushed to us needs no run, but for the watch over its silence.
        self.active = (
            self.poller is not None
            or settings.folder is not None
            or settings.mailbox is not None
            or settings.stale_minutes is not None
        )

    @property
    def interval(self) -> float:
        """Seconds between two polls: as configured, and never less than the provider asks for."""
        assert self.poller is not None
        return max(self.poller.every, self.settings.interval_seconds or 0.0)

    def poll(self, client: "httpx2.Client", state: FeedState, now: datetime) -> None:
        """Asks once, records, and notes when to ask again. Failures are noted, not raised."""
        assert self.poller is not None
        if state.requests_on != now.date():
            state.requests_on, state.requests = now.date(), 0
        budget = self.settings.requests_per_day
        if budget is not None and state.requests >= budget:
            midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), now.tzinfo)
            self._later(state, now, (midnight - now).total_seconds())
            return
        left = None if budget is None else budget - state.requests
        # Noted before it is asked: whatever becomes of the answer, also of this process, nobody asks again at once.
        self._later(state, now, self.interval)
        try:
            fetched = fetch(
                client,
                self.poller,
                cursor=state.cursor,
                etag=state.etag,
                last_modified=state.last_modified,
                now=now,
                most_requests=left,
                known=self.marks,
            )
        except Refused as refusal:
            state.requests += refusal.requests
            state.cursor = self.poller.after_refusal(state.cursor)[:200]
            self._failed(state, now, str(refusal), refusal.retry_after)
            return
        state.requests += fetched.requests
        unread = ""
        for body in fetched.bodies:
            taken = self.intake.take(body, received_at=now)
            unread = unread or taken.error
        if unread:
            # Not moved on: the provider's next answer may be whole again, and holds what this one held.
            self._failed(state, now, unread, None)
            return
        if fetched.bodies:
            state.etag, state.last_modified = fetched.etag, fetched.last_modified
        try:
            state.cursor = self.poller.cursor(fetched.bodies, state.cursor, now)[:200]
        except FeedError as error:
            self._failed(state, now, str(error), None)
            return
        self.marks = fetched.marks
        state.failures, state.error = 0, ""
        if fetched.requests:
            state.heard_at = now
        self._later(state, now, self.interval)

    def empty_folder(self, where: Path) -> None:
        """Takes in the files that lie there."""
        try:
            files = folder.waiting(where, time.time())
        except OSError as error:
            raise ConfigError(f"The folder {where} cannot be read: {error.strerror}.") from error
        for path in files:
            if path.stat().st_size > folder.MOST_BYTES:
                log.warning("Feed %s: %s has more than %d bytes", self.name, path.name, folder.MOST_BYTES)
                folder.put_away(path, "failed")
                continue
            taken = self.intake.take(path.read_bytes())
            folder.put_away(path, "failed" if taken.error else "done")

    def empty_mailbox(self, address: MailAddress, now: datetime) -> None:
        """Takes in the mail that is unseen there. Failures are noted, not raised."""
        self.mail_at = now + timedelta(seconds=MAILBOX_SECONDS)  # also where recording fails, which is raised
        try:
            visit = mailbox.visit(
                address, self.settings.secret() or "", lambda piece: not self.intake.take(piece).error
            )
        except FeedError as error:
            wait = BACK_OFF_SECONDS[min(self.mail_failures, len(BACK_OFF_SECONDS) - 1)]
            self.mail_failures += 1
            self.mail_at = now + timedelta(seconds=max(wait, MAILBOX_SECONDS))
            log.warning("Feed %s: %s", self.name, error)
            FeedState.objects.filter(name=self.name).update(error=str(error), error_at=now)
            return
        if self.mail_failures:
            self.mail_failures = 0
            FeedState.objects.filter(name=self.name).update(error="")
        wait = max(MAILBOX_SECONDS, self.settings.interval_seconds or 0.0)
        self.mail_at = now if visit.more else now + timedelta(seconds=wait)

    def watch(self, state: FeedState, now: datetime) -> None:
        """Notes a source that has fallen silent, and one that speaks again, and has it said of its flights."""
        minutes = self.settings.stale_minutes
        if minutes is None:
            if self.poller is None:
                return
            minutes = self.interval * STALE_INTERVALS / 60
        silence.watch(self._pipeline, self.settings.source, state, timedelta(minutes=minutes), now)

    def _failed(self, state: FeedState, now: datetime, why: str, retry_after: float | None) -> None:
        wait = BACK_OFF_SECONDS[min(state.failures, len(BACK_OFF_SECONDS) - 1)]
        state.failures += 1
        state.error, state.error_at = why, now
        log.warning("Feed %s: %s", self.name, why)
        self._later(state, now, max(wait, self.interval, retry_after or 0.0))

    def _later(self, state: FeedState, now: datetime, seconds: float) -> None:
        state.next_at = now + timedelta(
            seconds=seconds + random.uniform(0, min(seconds * JITTER, MOST_JITTER_SECONDS))
        )
        # Only what a poll knows: an operator may have paused the feed meanwhile.
        FeedState.objects.filter(name=self.name).update(**{name: getattr(state, name) for name in _POLLED})


_POLLED = (
    "etag", "last_modified", "cursor", "next_at", "failures", "requests_on", "requests", "heard_at", "error",
    "error_at",
)  # fmt: skip


def _client() -> "httpx2.Client":
    try:
        import httpx2
    except ModuleNotFoundError as error:
        raise ConfigError(
            "Polling needs the package httpx2. Install it with: python -m pip install 'windsock[server]'"
        ) from error
    return httpx2.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False)

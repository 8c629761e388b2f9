"""Run a feed: poll its provider, empty its folder and mailbox, watch for its silence.

Each of these channels has a thread of its own, so none waits for another. Any error in one is recorded in the feed's
row, and the feed counts as failing until that channel works again.
"""

import logging
import random
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from windsock.clock import Clock
from windsock.collect import mailbox, silence
from windsock.collect.folder import Folder
from windsock.collect.http import TIMEOUT_SECONDS, Marks, PollFailed, fetch
from windsock.collect.intake import MAX_ERROR, Intake
from windsock.collect.models import FeedState
from windsock.duties import Duty, Work
from windsock.errors import ConfigError, WindsockError
from windsock.feeds.configuration import FeedSettings
from windsock.feeds.polling import Poller
from windsock.ingest.pipeline import Pipeline

if TYPE_CHECKING:
    import httpx2

logger = logging.getLogger(__name__)

FOLDER_SECONDS = 0.25
POLL_SECONDS = 1.0
WATCH_SECONDS = 10.0
MAILBOX_SECONDS = 60.0
PAUSED_SECONDS = 2.0
"""How soon a feed that an operator resumes is noticed."""

BACK_OFF_SECONDS = (30.0, 60.0, 120.0, 300.0, 900.0)
"""The pause after the n-th failure in a row; the last one for every failure after it."""
JITTER = 0.1
"""Of every interval, so that many installations do not poll a provider at the same moment."""
MAX_JITTER_SECONDS = 300.0
"""After hours of rest a few minutes of scatter are enough, and a new day's budget is used soon after midnight."""

LONGEST_REST = timedelta(hours=25)
"""No provider is left alone for longer (`http.LONGEST_REST_SECONDS`, a day's budget): a poll that is due later than
this was scheduled by a clock that has been set back since."""

STALE_INTERVALS = 10
"""A polled feed is stale after this many intervals without input, unless its settings say otherwise."""

LOG_EVERY = 20
"""A failure that repeats is logged once in this many times."""

# The columns a poll writes before it asks, and after a response. No others: meanwhile an operator may have paused the
# feed, and another channel may have failed or received something.
_ASKED = ("cursor", "next_at", "requests_on", "requests")
_ANSWERED = (*_ASKED, "etag", "last_modified", "failures", "heard_at", "error", "error_at")


def duty_name(feed: str) -> str:
    """Return the name of the duty that runs this feed."""
    return f"feed.{feed}"


def is_run(settings: FeedSettings) -> bool:
    """Return whether some process has to run the feed: a push-only feed needs none, unless its silence is watched."""
    return settings.enabled and bool(
        settings.folder is not None
        or settings.mailbox is not None
        or settings.stale_minutes is not None
        or _is_polled(settings)
    )


def _is_polled(settings: FeedSettings) -> bool:
    try:
        return settings.format.is_polled(settings.options, settings.url)
    except Exception:
        return True  # the options cannot be read: running the feed reports it


class FeedRun:
    """The work of a feed, and what this process remembers between its calls."""

    def __init__(
        self,
        settings: FeedSettings,
        pipeline: Pipeline,
        clock: Clock,
        client: "Callable[[], httpx2.Client] | None" = None,
    ) -> None:
        self.settings = settings
        self.name = settings.name
        self._pipeline = pipeline
        self._clock = clock
        self._client = client or _client
        self._made: tuple[Intake, Poller | None] | None = None
        self._making = threading.Lock()
        self._errors = _ChannelErrors(settings.name)
        self._folder = None if settings.folder is None else Folder(Path(settings.folder).expanduser())
        # The validators of polls of several addresses; lost with the process, whose first poll then fetches everything.
        self._marks: Marks = {}
        # Until when each channel has nothing to do, and need not query the database.
        self._rests: dict[str, datetime] = {}
        self._mail_failures = 0

    def duty(self) -> Duty:
        """Return all of the feed's work, one piece for each channel."""
        work = []
        if self.settings.stale_minutes is not None or _is_polled(self.settings):
            work.append(self._work("watch", WATCH_SECONDS, self._watch))
        if self._folder is not None:
            work.append(self._work("folder", FOLDER_SECONDS, self._empty_folder))
        if self.settings.mailbox is not None:
            work.append(self._work("mailbox", POLL_SECONDS, self._empty_mailbox))
        if _is_polled(self.settings):
            work.append(self._work("poll", POLL_SECONDS, self._poll))
        return Duty(duty_name(self.name), f"the feed {self.name}", work)

    def _work(self, channel: str, seconds: float, step: Callable[[datetime], None]) -> Work:
        def run() -> None:
            now = self._clock()
            rests = self._rests.get(channel)
            if rests is not None and now < rests <= now + LONGEST_REST:
                return
            try:
                step(now)
            except WindsockError as error:
                self._failed(channel, str(error), None)
            except Exception as error:
                self._failed(channel, f"{type(error).__name__}: {error}"[:MAX_ERROR], error)

        return Work(channel, seconds, run)

    def _failed(self, channel: str, why: str, unexpected: Exception | None) -> None:
        now, failures = self._clock(), self._errors.of(channel) + 1
        rest = timedelta(seconds=BACK_OFF_SECONDS[min(failures, len(BACK_OFF_SECONDS)) - 1])
        if channel == "folder":
            rest = timedelta(0)  # `Folder` knows which of its files has to wait; the others must not
        # A poll may have set a longer rest, for a provider that asked for it.
        self._rests[channel] = max(now + rest, self._rests.get(channel, now))
        if failures % LOG_EVERY == 1 or self._errors.why(channel) != why:
            logger.warning("Feed %s: %s failed; retrying: %s", self.name, channel, why, exc_info=unexpected)
        self._errors.add(channel, why, now)

    def _parts(self) -> tuple[Intake, Poller | None]:
        """Return the feed's intake and poller, made on first use so that a misconfigured feed fails alone."""
        with self._making:
            if self._made is None:
                settings = self.settings
                parser = settings.format.parser(settings.source, settings.options)
                poller = None
                if _is_polled(settings):
                    poller = settings.format.poller(settings.options, settings.secret(), settings.url)
                if poller is not None and poller.needs_secret and poller.secret is None:
                    raise ConfigError(
                        f"Feed {self.name!r} needs a key. Add secret_env or secret_file to its settings."
                    )
                intake = Intake(settings.name, parser, self._pipeline, clock=self._clock)
                self._made = intake, poller
            return self._made

    def _intake(self) -> Intake:
        """Return the feed's intake alone: without a key for its polls, its folder can still be read."""
        if self._made is not None:
            return self._made[0]
        parser = self.settings.format.parser(self.settings.source, self.settings.options)
        return Intake(self.name, parser, self._pipeline, clock=self._clock)

    def _state(self, channel: str, now: datetime) -> FeedState | None:
        """Return the feed's row; None while an operator has paused it."""
        state, _ = FeedState.objects.get_or_create(name=self.name)
        if state.paused:
            self._rests[channel] = now + timedelta(seconds=PAUSED_SECONDS)
            return None
        return state

    # The channels -----------------------------------------------------------------------------------------------------

    def _poll(self, now: datetime) -> None:
        """Poll the provider if it is time, record what it sent, and schedule the next poll."""
        state = self._state("poll", now)
        if state is None:
            return
        if state.next_at is not None and now < state.next_at <= now + LONGEST_REST:
            self._rests["poll"] = state.next_at
            return
        intake, poller = self._parts()
        assert poller is not None
        # Never more often than the provider asks for, whatever is configured.
        interval = max(poller.every, self.settings.interval_seconds or 0.0)
        if state.requests_on != now.date():
            state.requests_on, state.requests = now.date(), 0
        budget = self.settings.requests_per_day
        if budget is not None and state.requests >= budget:
            midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), now.tzinfo)
            self._later(state, (midnight - now).total_seconds())
            return
        left = None if budget is None else budget - state.requests
        # Scheduled before the request: whatever becomes of it and of this process, no other poll follows at once.
        self._later(state, interval)
        failures = self._errors.of("poll") or state.failures
        rest = max(interval, BACK_OFF_SECONDS[min(failures, len(BACK_OFF_SECONDS) - 1)])
        try:
            with self._client() as client:
                fetched = fetch(
                    client,
                    poller,
                    cursor=state.cursor,
                    etag=state.etag,
                    last_modified=state.last_modified,
                    now=now,
                    most_requests=left,
                    known=self._marks,
                    clock=self._clock,
                )
            state.requests += fetched.requests
            unread = ""
            for body, came_at in zip(fetched.bodies, fetched.came_at, strict=True):
                unread = intake.take(body, received_at=came_at, entrance="poll").error or unread
            if unread:
                # The cursor stays: the provider's next response may be complete again, and contain this one's data.
                raise PollFailed(unread)
            if fetched.bodies:
                state.etag, state.last_modified = fetched.etag, fetched.last_modified
            # As of when the poll began: whatever happened since has to come with the next response.
            state.cursor = poller.cursor(fetched.bodies, state.cursor, now)[:200]
        except Exception as error:
            if isinstance(error, PollFailed):
                state.requests += error.requests
                if error.requests:
                    state.cursor = poller.after_refusal(state.cursor)[:200]
                rest = max(rest, error.retry_after or 0.0)
            self._later(state, rest)
            raise
        self._marks = fetched.marks
        if fetched.requests:
            state.heard_at = self._clock()
        state.failures, state.error, state.error_at = self._errors.over("poll", state)
        self._later(state, interval, _ANSWERED)

    def _empty_folder(self, now: datetime) -> None:
        """Record the files in the folder."""
        assert self._folder is not None
        files = self._folder.look()
        if files and self._state("folder", now) is not None:
            intake = self._intake()
            self._folder.empty(files, lambda body: not intake.take(body, entrance="folder").error)
        if not self._folder.stuck:
            self._errors.end("folder")

    def _empty_mailbox(self, now: datetime) -> None:
        """Record the unseen messages in the mailbox."""
        assert self.settings.mailbox is not None
        if self._state("mailbox", now) is None:
            return
        password = self.settings.secret()
        if password is None:
            raise ConfigError(
                f"Feed {self.name!r} needs the password of its mailbox. Add secret_env or secret_file to its settings."
            )
        intake = self._intake()
        # Set first: it must also hold where recording fails and raises.
        self._rests["mailbox"] = now + timedelta(seconds=MAILBOX_SECONDS)
        visit = mailbox.visit(
            self.settings.mailbox, password, lambda piece: not intake.take(piece, entrance="mailbox").error
        )
        wait = max(MAILBOX_SECONDS, self.settings.interval_seconds or 0.0)
        self._rests["mailbox"] = now if visit.more else self._clock() + timedelta(seconds=wait)
        self._errors.end("mailbox")

    def _watch(self, now: datetime) -> None:
        """Mark the flights of a source that has fallen silent as stale, and unmark them when it reports again."""
        minutes = self.settings.stale_minutes
        if minutes is None:
            asked = self.settings.format.hooks.poller
            every = Poller.every if asked is None else asked.every
            if self._made is not None and self._made[1] is not None:
                every = self._made[1].every
            minutes = max(every, self.settings.interval_seconds or 0.0) * STALE_INTERVALS / 60
        state, _ = FeedState.objects.get_or_create(name=self.name)
        silence.watch(self._pipeline, self.settings.source, state, timedelta(minutes=minutes), now)
        self._errors.end("watch")

    def _later(self, state: FeedState, seconds: float, fields: tuple[str, ...] = _ASKED) -> None:
        state.next_at = self._clock() + timedelta(
            seconds=seconds + random.uniform(0, min(seconds * JITTER, MAX_JITTER_SECONDS))
        )
        FeedState.objects.filter(name=self.name).update(**{name: getattr(state, name) for name in fields})
        self._rests["poll"] = state.next_at


class _ChannelErrors:
    """The errors of a feed's channels. The row shows the newest, and the longest run of failures of any channel."""

    def __init__(self, feed: str) -> None:
        self._feed = feed
        self._lock = threading.Lock()
        self._now: dict[str, tuple[int, str, datetime]] = {}
        self._worked: set[str] = set()

    def of(self, channel: str) -> int:
        """Return how many times in a row the channel has failed."""
        found = self._now.get(channel)
        return 0 if found is None else found[0]

    def why(self, channel: str) -> str:
        """Return the channel's last error; "" while it works."""
        found = self._now.get(channel)
        return "" if found is None else found[1]

    def add(self, channel: str, why: str, at: datetime) -> None:
        """Record a failure, also in the feed's row."""
        with self._lock:
            self._now[channel] = (self.of(channel) + 1, why, at)
            failures = max(count for count, _, _ in self._now.values())
        FeedState.objects.get_or_create(name=self._feed)
        FeedState.objects.filter(name=self._feed).update(failures=failures, error=why, error_at=at)

    def over(self, channel: str, state: FeedState) -> tuple[int, str, datetime | None]:
        """Record that the channel works; return what the row has to show: failures, error, and its time."""
        with self._lock:
            self._now.pop(channel, None)
            self._worked.add(channel)
            if not self._now:
                return 0, "", state.error_at
            _, why, at = max(self._now.values(), key=lambda failure: failure[2])
            return max(count for count, _, _ in self._now.values()), why, at

    def end(self, channel: str) -> None:
        """Record that the channel works, also in the feed's row; the first time even if another process saw it fail."""
        if channel in self._worked and channel not in self._now:
            return
        state = FeedState.objects.filter(name=self._feed, failures__gt=0).first()
        failures, why, at = self.over(channel, state or FeedState(name=self._feed))
        if state is not None:
            FeedState.objects.filter(name=self._feed).update(failures=failures, error=why, error_at=at)


def _client() -> "httpx2.Client":
    try:
        import httpx2
    except ModuleNotFoundError as error:
        raise ConfigError(
            "Polling needs the package httpx2. Install it with: python -m pip install 'windsock[server]'"
        ) from error
    try:
        return httpx2.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False)
    except (ImportError, ValueError, httpx2.InvalidURL) as error:
        raise ConfigError(
            f"The proxy set in the environment (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY) cannot be used: {error}. "
            "Correct or unset it; a SOCKS proxy needs: python -m pip install 'httpx2[socks]'"
        ) from error

"""Following the journal: whatever is committed, by whichever process, reaches this process's hub, in order, once.

Three ways lead here, and only the last is needed: events pushed by this process's own pipeline, events that the
doorbell brings from others, and looking at the head. What comes early waits for its turn; what does not come
is read from the journal. So a lost doorbell costs latency, never an event. No Django here.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeVar

from windsock.errors import PositionTrimmed, PositionUnknown
from windsock.flights.programmes import Standing
from windsock.journal.base import Event, Head, Journal
from windsock.live.core.hub import Hub
from windsock.protocol.positions import Position

logger = logging.getLogger(__name__)
T = TypeVar("T")

# The net under doorbell and push: how often the head is looked at when nothing else happens.
LOOK_SECONDS = 0.5
# When a look found something that nobody had told, more is likely on the same way.
BUSY_SECONDS = 0.05
# Events of several writers overtake each other by about this much; only then is a hole worth a question.
GRACE_SECONDS = 0.01
# The hub is given so many events between two turns of the loop.
CHUNK = 100
PAGE = 1_000
# Events that came too early; beyond this the journal is read anyway.
MOST_EARLY = 5_000
# After a restart everybody resumes: the ring is filled with so many of the newest events beforehand.
PRELOAD = 5_000
EVICT_SECONDS = 60.0
BACK_OFF = (0.1, 2.0)


class Tail:
    """Keeps a hub level with a journal. Made and used on one event loop; `run` does blocking calls in a thread.

    `glance`, if given, is a cheap call that answers whether somebody else may have written; it is asked every
    `glance_seconds`, and a yes means a look.
    """

    def __init__(
        self,
        journal: Journal,
        hub: Hub,
        *,
        run: Callable[[Callable[[], object]], "asyncio.Future[object]"],
        active: timedelta = timedelta(hours=36),
        look_seconds: float = LOOK_SECONDS,
        glance: Callable[[], bool] | None = None,
        glance_seconds: float = 0.025,
    ) -> None:
        self.journal = journal
        self.hub = hub
        self.lag = 0
        self.failing_since: float | None = None
        self.failure: str | None = None
        self.holes = 0
        self.reloads = 0
        self.found = 0  # events that a look at the journal brought and nobody had told
        self.behind_since: float | None = None
        self._run_blocking = run
        self._active = active
        self._look_seconds = look_seconds
        self._glance = glance
        self._glance_seconds = glance_seconds
        self._early: dict[int, Event] = {}
        self._early_epoch = ""
        self._wake = asyncio.Event()
        self._loaded = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._grace: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begins to follow; the hub is loaded as soon as the journal answers."""
        if self._task is None:
            self._task = asyncio.create_task(self._follow(), name="windsock tail")

    async def loaded(self) -> None:
        """Returns when the hub has been loaded for the first time."""
        await self._loaded.wait()

    async def stop(self) -> None:
        """Ends the task; waits until no question is under way."""
        if self._grace is not None:
            self._grace.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def offer(self, epoch: str, events: Sequence[Event]) -> None:
        """Events from this process's pipeline or from the doorbell, in any order, known ones among them."""
        hub = self.hub
        if not hub.ready or epoch != hub.epoch:
            if epoch != self._early_epoch:
                self._early, self._early_epoch = {}, epoch
            self._keep(events)
            self._wake.set()
            return
        if events and events[-1].offset <= hub.offset:
            return
        if not hub.publish(epoch, events):
            self._early_epoch = epoch
            self._keep(events)
            if self._grace is None:
                self._grace = self._loop.call_later(GRACE_SECONDS, self._after_grace)
        if self._early:
            self._publish_early()

    @property
    def lag_seconds(self) -> float:
        """For how long clients have not been told all: the journal cannot be read, or there was more than could be."""
        since = self.failing_since if self.failing_since is not None else self.behind_since
        return max(0.0, self._loop.time() - since) if since is not None else 0.0

    def look_soon(self) -> None:
        """Looks at the head without waiting for the next time."""
        self._wake.set()

    # Inside -----------------------------------------------------------------------------------------------------------

    def _keep(self, events: Sequence[Event]) -> None:
        if len(self._early) < MOST_EARLY:
            self._early.update((event.offset, event) for event in events)

    def _publish_early(self) -> None:
        hub = self.hub
        if self._early_epoch != hub.epoch:
            self._early = {}
            return
        run: list[Event] = []
        while (event := self._early.pop(hub.offset + 1 + len(run), None)) is not None:
            run.append(event)
        if run:
            hub.publish(hub.epoch, run)
        if self._early and min(self._early) <= hub.offset:
            self._early = {offset: event for offset, event in self._early.items() if offset > hub.offset}

    def _after_grace(self) -> None:
        self._grace = None
        if self._early:
            self.holes += 1
            self._wake.set()

    async def _follow(self) -> None:
        delay = 0.0
        wait = 0.0
        evicted_at = self._loop.time()
        while True:
            if wait:
                await self._pause(wait)
            self._wake.clear()
            try:
                found = await self._look()
            except asyncio.CancelledError:
                raise
            except Exception as error:
                # Whatever it is, sessions go on with what is known; a follower that dies would be the silent failure.
                delay = min(max(delay * 2, BACK_OFF[0]), BACK_OFF[1])
                if self.failing_since is None:
                    self.failing_since = self._loop.time()
                    logger.warning(
                        "The journal cannot be read: %s. Clients keep what they have; trying again.", error
                    )
                self.failure = f"{type(error).__name__}: {error}"
                await asyncio.sleep(delay)
                continue
            if self.failing_since is not None:
                logger.warning(
                    "The journal answers again after %.1f s", self._loop.time() - self.failing_since
                )
                self.failing_since = self.failure = None
            delay = 0.0
            if self._loop.time() - evicted_at >= EVICT_SECONDS:
                evicted_at = self._loop.time()
                self.hub.evict(self.hub.now() - self._active)
            wait = BUSY_SECONDS if found else self._look_seconds

    async def _pause(self, seconds: float) -> None:
        """Until woken, or a glance says yes, or the time is up."""
        if self._glance is None:
            await self._woken(seconds)
            return
        end = self._loop.time() + seconds
        while (left := end - self._loop.time()) > 0:
            if await self._woken(min(left, self._glance_seconds)) or self._glance():
                return

    async def _woken(self, seconds: float) -> bool:
        late = False

        def time_is_up() -> None:
            nonlocal late
            late = True
            self._wake.set()

        timer = self._loop.call_later(seconds, time_is_up)
        try:
            await self._wake.wait()
        finally:
            timer.cancel()
        self._wake.clear()
        return not late

    async def _ask(self, question: Callable[[], T]) -> T:
        return await self._run_blocking(question)  # type: ignore[return-value]

    async def _look(self) -> bool:
        """One look at the head and everything that follows from it; True when it brought events."""
        hub = self.hub
        known = hub.offset
        head = await self._ask(self.journal.head)
        if hub.ready and head.epoch == hub.epoch and head.offset < known:
            # Put back to an older state: without a new epoch clients would take their positions for places in it.
            logger.warning(
                "The journal went back from %s to %s: a new epoch begins", hub.position, head.position
            )
            seen = hub.position
            await self._ask(lambda: self.journal.renew(seen))
            await self._reload()
            return True
        if not hub.ready or head.epoch != hub.epoch or hub.damaged:
            await self._reload()
            return True
        hub.trimmed(head.floor)
        if head.clock != hub.replay_clock:
            hub.set_clock(head.clock)
        found = False
        while hub.offset < head.offset:
            self.lag = head.offset - hub.offset
            if self.behind_since is None:
                self.behind_since = self._loop.time()
            position = hub.position
            try:
                events = await self._ask(lambda position=position: self.journal.after(position, PAGE))  # type: ignore[misc]
            except (PositionTrimmed, PositionUnknown):
                await self._reload()
                return True
            if not events:
                break
            for start in range(0, len(events), CHUNK):
                found = True
                self.found += sum(1 for event in events[start : start + CHUNK] if event.offset > hub.offset)
                if not hub.publish(position.epoch, events[start : start + CHUNK]):
                    break  # the epoch changed meanwhile: look again
                await asyncio.sleep(0)
            self._publish_early()
        self.lag = 0
        self.behind_since = None
        return found

    async def _reload(self) -> None:
        """The hub begins anew from a snapshot of the journal."""

        def read() -> tuple[Head, list[object], list[Event], list[Standing]]:
            first = self.journal.head()
            since = self.hub.now() - self._active
            if first.clock is not None:
                since = first.clock.at(self.hub.machine_time()) - self._active
            head, records = self.journal.snapshot(since)
            # Asked after the flights: what came between is told once more by its event, and changes nothing.
            at, standings = self.journal.standings()
            if at.epoch != head.epoch:
                raise PositionUnknown("The journal was replaced while it was read.")
            recent: list[Event] = []
            place = max(head.floor, head.offset - min(PRELOAD, self.hub.limits.ring_events))
            while place < head.offset:
                page = self.journal.after(Position(head.epoch, place), min(PAGE, head.offset - place))
                if not page:
                    break
                recent += page
                place = page[-1].offset
            return head, [record.flight for record in records], recent, standings

        try:
            head, flights, recent, standings = await self._ask(read)
        except (PositionTrimmed, PositionUnknown):  # replaced or pruned while we read: once more
            head, flights, recent, standings = await self._ask(read)
        self.reloads += 1
        self.lag = 0
        self.behind_since = None
        self.hub.load(head, flights, recent, standings)  # type: ignore[arg-type]
        self._publish_early()
        self._loaded.set()

"""Read on after every event of a journal, in order, each once: on an event loop, or from a named cursor in a thread.

`Follower` keeps something in memory level with the journal, such as the hub of live delivery. Events reach it in three
ways, and only the last is needed: this process's own writer offers them, other processes announce them, or a look at
the head finds them. An event that comes early waits for its turn; one that does not come is read from the journal. So
a lost announcement costs latency, never an event.

`read_on` takes a consumer that has a named cursor one page further. No Django here.
"""

import abc
import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

from windsock.errors import JournalReplaced, PositionTrimmed, PositionUnknown
from windsock.journal.base import Event, Head, Journal
from windsock.protocol.positions import Position

logger = logging.getLogger(__name__)
T = TypeVar("T")
Loaded = TypeVar("Loaded")

LOOK_SECONDS = 0.5
"""How often to look at the head when nothing else happens: the net under offered events."""

BUSY_SECONDS = 0.05
"""Until the next look when a look found events that nobody had offered: more are likely to come the same way."""

PROBE_SECONDS = 0.025
"""How often to ask the probe for changes, which costs microseconds."""

GRACE_SECONDS = 0.01
"""Events of several writers overtake each other by about this much; a gap that lasts longer is worth a query."""

CHUNK = 100
"""Events handed over between two turns of the loop."""

PAGE = 1_000
"""Events per query."""

MAX_EARLY = 5_000
"""Events that wait for earlier ones; beyond this the journal is read anyway."""

BACK_OFF = (0.1, 2.0)
"""Seconds before a failed look is repeated: the first time, and at most."""


class Followed(Protocol):
    """What a follower keeps level with the journal. Used on the event loop alone."""

    epoch: str
    offset: int

    @property
    def ready(self) -> bool:
        """Whether it has been loaded."""

    def publish(self, epoch: str, events: Sequence[Event]) -> bool:
        """Take the events that follow `offset`; return False if they do not follow, or are of another epoch."""


class Follower(abc.ABC, Generic[Loaded]):
    """Keeps a reader level with a journal. Made and used on one event loop; `run` does blocking calls in a thread.

    `probe` is a cheap call that returns whether somebody may have written; if it returns True, a look follows at once.
    """

    def __init__(
        self,
        journal: Journal,
        reader: Followed,
        *,
        run: Callable[[Callable[[], object]], "asyncio.Future[object]"],
        look_seconds: float = LOOK_SECONDS,
        probe: Callable[[], bool] | None = None,
        probe_seconds: float = PROBE_SECONDS,
    ) -> None:
        self.journal = journal
        self.lag = 0  # events that the reader is behind, as of the look in progress
        self.failing_since: float | None = None  # loop time; None while the journal can be read
        self.failure: str | None = None  # the error of the last look, while failing
        self.holes = 0  # gaps that lasted longer than GRACE_SECONDS
        self.reloads = 0  # times that the reader was loaded
        self.found = 0  # events that a look brought and nobody had offered
        self.behind_since: float | None = (
            None  # loop time at which a look found more than one page could bring
        )
        self._reader = reader
        self._run_blocking = run
        self._look_seconds = look_seconds
        self._probe = probe
        self._probe_seconds = probe_seconds
        self._early: dict[int, Event] = {}  # events of `_early_epoch` that wait for earlier ones, by offset
        self._early_epoch = ""
        self._wake = asyncio.Event()
        self._loaded = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._grace: asyncio.TimerHandle | None = None  # running while there is a gap before the early events

    # What a kind of reader needs beyond being level -----------------------------------------------------------------

    @abc.abstractmethod
    def read_all(self) -> Loaded:
        """Read, in a thread, what the reader begins with. PositionTrimmed and PositionUnknown are retried once."""

    @abc.abstractmethod
    def load(self, loaded: Loaded) -> None:
        """Load the reader; it is then ready, at the head that was read."""

    def must_load(self) -> bool:
        """Return whether the reader has to be loaded (anew)."""
        return not self._reader.ready

    def looked(self, head: Head) -> None:
        """Take note of the head, before the events that lead to it are read."""

    def level(self) -> None:
        """Take note that a look has succeeded and the reader is level with it."""

    # Life -------------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to follow; the reader is loaded as soon as the journal answers."""
        if self._task is None:
            self._task = asyncio.create_task(self._follow(), name="windsock follower")

    async def loaded(self) -> None:
        """Return when the reader has been loaded for the first time."""
        await self._loaded.wait()

    async def stop(self) -> None:
        """End the task and wait for the query in progress."""
        if self._grace is not None:
            self._grace.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def offer(self, epoch: str, events: Sequence[Event]) -> None:
        """Hand over events that were just committed, in any order; known ones may be among them."""
        reader = self._reader
        if not reader.ready or epoch != reader.epoch:
            if epoch != self._early_epoch:
                self._early, self._early_epoch = {}, epoch
            self._keep(events)
            self._wake.set()
            return
        if events and events[-1].offset <= reader.offset:
            return
        if not reader.publish(epoch, events):
            self._early_epoch = epoch
            self._keep(events)
            if self._grace is None:
                self._grace = self._loop.call_later(GRACE_SECONDS, self._after_grace)
        if self._early:
            self._publish_early()

    @property
    def lag_seconds(self) -> float:
        """Return for how long the reader has been behind: the journal cannot be read, or events come too fast."""
        since = self.failing_since if self.failing_since is not None else self.behind_since
        return max(0.0, self._loop.time() - since) if since is not None else 0.0

    def look_soon(self) -> None:
        """Look at the head without waiting for the next time."""
        self._wake.set()

    # Inside -----------------------------------------------------------------------------------------------------------

    def _keep(self, events: Sequence[Event]) -> None:
        if len(self._early) < MAX_EARLY:
            self._early.update((event.offset, event) for event in events)

    def _publish_early(self) -> None:
        reader = self._reader
        if self._early_epoch != reader.epoch:
            self._early = {}
            return
        run: list[Event] = []
        while (event := self._early.pop(reader.offset + 1 + len(run), None)) is not None:
            run.append(event)
        if run:
            reader.publish(reader.epoch, run)
        if self._early and min(self._early) <= reader.offset:
            self._early = {offset: event for offset, event in self._early.items() if offset > reader.offset}

    def _after_grace(self) -> None:
        self._grace = None
        if self._early:
            self.holes += 1
            self._wake.set()

    async def _follow(self) -> None:
        delay = 0.0
        wait = 0.0
        while True:
            if wait:
                await self._pause(wait)
            self._wake.clear()
            try:
                found = await self._look()
            except asyncio.CancelledError:
                raise
            except Exception as error:
                # Whatever it is, keep following: a follower that ends would fail silently.
                delay = min(max(delay * 2, BACK_OFF[0]), BACK_OFF[1])
                if self.failing_since is None:
                    self.failing_since = self._loop.time()
                    logger.warning(
                        "The journal cannot be read: %s. Clients keep what they have; retrying", error
                    )
                self.failure = f"{type(error).__name__}: {error}"
                await asyncio.sleep(delay)
                continue
            if self.failing_since is not None:
                logger.warning(
                    "The journal can be read again after %.1f s", self._loop.time() - self.failing_since
                )
                self.failing_since = self.failure = None
            delay = 0.0
            self.level()
            wait = BUSY_SECONDS if found else self._look_seconds

    async def _pause(self, seconds: float) -> None:
        """Wait until woken, until the probe finds a change, or until the time is up."""
        if self._probe is None:
            await self._woken(seconds)
            return
        end = self._loop.time() + seconds
        while (left := end - self._loop.time()) > 0:
            if await self._woken(min(left, self._probe_seconds)) or self._probe():
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
        """Look at the head once, and read what leads to it; return whether that brought events."""
        reader = self._reader
        known = reader.offset
        head = await self._ask(self.journal.head)
        if reader.ready and head.epoch == reader.epoch and head.offset < known:
            # Put back to an older state: without a new epoch, old positions would name other events.
            seen = Position(reader.epoch, reader.offset)
            logger.warning("The journal went back from %s to %s: a new epoch begins", seen, head.position)
            await self._ask(lambda: self.journal.renew(seen))
            await self._load()
            return True
        if self.must_load() or head.epoch != reader.epoch:
            await self._load()
            return True
        self.looked(head)
        found = False
        while reader.offset < head.offset:
            self.lag = head.offset - reader.offset
            if self.behind_since is None:
                self.behind_since = self._loop.time()
            position = Position(reader.epoch, reader.offset)
            try:
                events = await self._ask(lambda position=position: self.journal.after(position, PAGE))  # type: ignore[misc]
            except (PositionTrimmed, PositionUnknown):
                await self._load()
                return True
            if not events:
                break
            for start in range(0, len(events), CHUNK):
                found = True
                chunk = events[start : start + CHUNK]
                self.found += sum(1 for event in chunk if event.offset > reader.offset)
                if not reader.publish(position.epoch, chunk):
                    break  # the epoch changed since: look again
                await asyncio.sleep(0)
            self._publish_early()
        self.lag = 0
        self.behind_since = None
        return found

    async def _load(self) -> None:
        try:
            loaded = await self._ask(self.read_all)
        except (PositionTrimmed, PositionUnknown):  # replaced or pruned while it was read
            loaded = await self._ask(self.read_all)
        self.reloads += 1
        self.lag = 0
        self.behind_since = None
        self.load(loaded)
        self._publish_early()
        self._loaded.set()


# From a named cursor, in a thread -------------------------------------------------------------------------------------

Start = Literal["head", "oldest"]
"""Where a cursor begins: behind the newest event, or before the oldest event that the journal holds."""


@dataclass(frozen=True, slots=True)
class Page:
    """Events as one read returned them. The cursor stands at `start`, and at `end` once they have been processed."""

    start: Position
    end: Position
    events: Sequence[Event]


class Cursor(Protocol):
    """A durable position, as `windsock.journal.cursors.NamedCursor` keeps it."""

    def read(self, limit: int = PAGE) -> Page: ...

    def advance(self, page: Page) -> None: ...

    def advancing(self, page: Page) -> AbstractContextManager[None]: ...

    def recover(self, start: Start) -> Position: ...


def read_on(
    cursor: Cursor,
    process: Callable[[Page], None],
    *,
    limit: int = PAGE,
    transactional: bool = False,
    after_replacement: Start = "head",
) -> bool:
    """Process the next page of a cursor and advance past it; return whether there may be more.

    Args:
        transactional: Process the page in the transaction that advances the cursor, for a consumer that writes rows of
            its own. Otherwise the cursor advances after it: a page may be processed twice, after a crash in between.
        after_replacement: Where to continue when the journal was replaced. When events were pruned before the cursor
            read them, it continues with the oldest event held; the cursor logs what it skips.

    Raises:
        CursorMoved: Another runner uses the cursor too. Of a transactional page nothing was written.
    """
    try:
        page = cursor.read(limit)
    except PositionTrimmed:
        cursor.recover("oldest")
        return True
    except JournalReplaced:
        cursor.recover(after_replacement)
        return True
    if not page.events:
        return False
    if transactional:
        with cursor.advancing(page):
            process(page)
    else:
        process(page)
        cursor.advance(page)
    return True

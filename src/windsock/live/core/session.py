"""One connection's side of the hub: what it subscribes to, what it was sent, what waits for its slow reader."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from windsock.live.core.frames import Batch, Encoded, LiveEvent
from windsock.live.core.outlet import Outlet
from windsock.live.core.subscriptions import Audience, Mode

if TYPE_CHECKING:
    from windsock.live.core.hub import Hub

# What waits goes out in pieces of this size: about what a socket's buffer takes at once.
PIECE_BYTES = 64 * 1024

# Larger than any offset: a closed session has been "delivered" everything.
NEVER = 2**63


class Session:
    """The hub's record of one connection. Made by `Hub.attach`; all calls on the hub's loop.

    `direct` is True while batches may be written at once. Otherwise events wait in `pending`, where a newer state of a
    flight takes the place of an older one (`skipped` counts the lost steps); answers and notices wait there too and are
    never dropped, and the order of all stays. When the events that wait outgrow `max_pending_bytes` they are dropped
    and the session is `owed` a snapshot instead: by the standing law it says the same.

    While an answer is being read from the journal (`held`), events wait behind it; each of them, as it is not the
    reader who is slow.
    """

    __slots__ = (
        "answer_bytes", "audience", "beat", "closed", "connection", "counted", "deflated", "delivered",
        "direct", "head_due", "held", "hub", "identity", "live_bytes", "mode", "on_close", "outlet", "owed", "pending",
        "plain", "sent", "skipped", "stalled_at", "topics", "waiting", "wire",
    )  # fmt: skip

    def __init__(self, hub: "Hub", outlet: Outlet, identity: Any, connection: str, plain: bool) -> None:
        self.hub = hub
        self.outlet = outlet
        self.identity = identity
        self.connection = connection
        self.plain = plain
        self.counted: tuple[str, ...] = ()  # under which names, where connections are counted by address
        self.topics: frozenset[str] = frozenset()
        self.mode: Mode = "every"
        self.audience: Audience[Session] | None = None
        self.deflated = False  # by its outlet, before it has topics: compression was agreed
        self.beat = 0
        self.delivered = hub.offset
        self.sent = 0
        self.skipped = 0
        self.direct = True
        self.stalled_at: float | None = None
        self.pending: dict[object, Encoded] | None = None
        self.live_bytes = 0
        self.answer_bytes = 0
        self.held: dict[object, Encoded] | None = None
        self.waiting: deque[Callable[[], None]] | None = None
        self.owed = False
        self.head_due = False
        self.closed = False
        self.on_close: Callable[[int, str], None] | None = None
        # The transport's `write`, once the outlet has one: a fan-out takes this short way while `direct` holds, and the
        # outlet tells by `stalled` when its reader is behind.
        self.wire: Callable[[bytes], object] | None = None

    # What the hub sends -------------------------------------------------------------------------------------------

    def send(self, message: Encoded) -> None:
        """One message that is not an event: an answer, a notice, a heartbeat. Never dropped."""
        if self.closed:
            return
        if self.direct:
            self._write(Batch((message,)), 0)
        elif self.pending is None and self.held is not None and self.stalled_at is None:
            # Only an answer from the journal is awaited; what is not an event need not wait for it.
            if not self.outlet.write(Batch((message,))):
                self.stalled_at = self.hub.time()
        else:
            self._queue(message)

    def answer(self, messages: Iterable[Encoded]) -> None:
        """Messages that belong together, such as a snapshot's parts or a resume and its events; none is dropped."""
        if self.closed:
            return
        for message in messages:
            self._queue(message)
        if self.stalled_at is None:
            self._pour()

    def deliver(self, events: Sequence[LiveEvent]) -> None:
        """Those of the events that this session has not had, at once if its reader keeps up, else conflated."""
        news = [event for event in events if event.offset > self.delivered]
        if not news:
            return
        self.delivered = news[-1].offset
        if self.mode == "latest":
            news = self._newest(news)
        if self.direct:
            self._write(Batch(news), len(news))
        elif self.owed:
            self._skip(len(news))
        else:
            waiting = self.held if self.held is not None else self._waiting()
            for event in news:
                self._wait(waiting, event)
            if self.live_bytes > self.hub.limits.max_pending_bytes:
                self._overflow()

    def stalled(self) -> None:
        """The outlet's call: its reader does not keep up; from now on events wait here."""
        if not self.closed and self.stalled_at is None:
            self.direct = False
            self.stalled_at = self.hub.time()

    def drained(self) -> None:
        """The outlet's call: the reader has caught up with what was written."""
        if self.closed:
            return
        self.stalled_at = None
        if self.pending is not None or self.owed or self.head_due:
            self._pour()
        elif self.held is None:
            self.direct = True

    # Waiting for the journal ----------------------------------------------------------------------------------------

    def hold(self) -> None:
        """From now on events wait until `release`: an answer that comes before them is being read."""
        self.held = {}
        self.direct = False

    def release(self, messages: Iterable[Encoded]) -> None:
        """The answer is here: it goes out, then the events that waited for it, then what was asked meanwhile."""
        if self.closed:
            return
        for message in messages:
            self._queue(message)
        self.unhold(None)
        self.go_on()

    def unhold(self, keep: frozenset[str] | None) -> None:
        """The events that waited go out; with `keep`, only those of these topics (the others are told otherwise)."""
        held, self.held = self.held, None
        for event in (held or {}).values():
            assert isinstance(event, LiveEvent)
            self.live_bytes -= len(event.data)
            if keep is None or not keep.isdisjoint(event.topics):
                self._wait(self._waiting(), event)
        if self.stalled_at is None:
            self._pour()

    def go_on(self) -> None:
        """Does what was asked while an answer was awaited, up to the next answer that is awaited (an owed one, too)."""
        while self.waiting and self.held is None and not self.owed and not self.closed:
            self.waiting.popleft()()
        if not self.waiting:
            self.waiting = None

    def later(self, command: Callable[[], None]) -> None:
        """Does `command` when the answer that is awaited has gone out."""
        if self.waiting is None:
            self.waiting = deque()
        self.waiting.append(command)

    def owe(self) -> None:
        """What waits is void (it is outgrown, or the journal was replaced): a fresh snapshot will take its place."""
        for waiting in (self.pending, self.held):
            if waiting is not None:
                # An answer's own events stay: `resumed` has promised exactly so many.
                events = [key for key in waiting if isinstance(key, str)]
                for key in events:
                    self.live_bytes -= len(waiting.pop(key).data)
                self._skip(len(events))
        self.owed = True
        self.direct = False

    # Inside -----------------------------------------------------------------------------------------------------------

    def _write(self, batch: Batch, events: int) -> None:
        self.sent += events
        self.hub.stats.delivered += events
        if not self.outlet.write(batch):
            self.direct = False
            self.stalled_at = self.hub.time()

    def _waiting(self) -> dict[object, Encoded]:
        if self.pending is None:
            self.pending = {}
            self.direct = False
        return self.pending

    def _queue(self, message: Encoded) -> None:
        self._waiting()[self.hub.next_key()] = message
        self.answer_bytes += message.size
        self.hub.waiting_bytes += message.own_size

    def _wait(self, waiting: dict[object, Encoded], event: LiveEvent) -> None:
        """The event waits: in place of an older state of its flight, unless the reader waits too (for an answer)."""
        conflated = self.stalled_at is not None or self.mode == "latest"
        # Both are text, by which events are known among what waits; and an id is never a position.
        key = event.flight_id if conflated else event.position
        older = waiting.pop(key, None)
        if older is not None:
            self.live_bytes -= len(older.data)
            self._skip(1)
        waiting[key] = event
        self.live_bytes += len(event.data)

    def _newest(self, events: Sequence[LiveEvent]) -> list[LiveEvent]:
        newest = newest_of(events)
        self._skip(len(events) - len(newest))
        return newest

    def _skip(self, steps: int) -> None:
        self.skipped += steps
        self.hub.stats.skipped += steps

    def _overflow(self) -> None:
        if self.plain:
            self.hub.end(self, 4108, "too slow: more waits for you than may wait; come back and resume")
        else:
            self.owe()

    def _pour(self) -> None:
        """Writes what waits until the outlet is full again or nothing is left."""
        while self.pending:
            piece: list[Encoded] = []
            size = events = 0
            while self.pending and size < PIECE_BYTES:
                key = next(iter(self.pending))
                message = self.pending.pop(key)
                length = message.size
                if isinstance(key, str):
                    self.live_bytes -= length
                else:
                    self.answer_bytes -= length
                    self.hub.waiting_bytes -= message.own_size
                events += isinstance(message, LiveEvent)
                size += length
                piece.append(message)
            self.sent += events
            self.hub.stats.delivered += events
            if not self.outlet.write(Batch(piece)):
                self.direct = False
                self.stalled_at = self.hub.time()
                return
        self.pending = None
        if self.held is not None:
            return
        if self.owed:
            self.hub.repay(self)
            return
        self.direct = True
        if self.head_due:
            self.hub.send_head(self)


def newest_of(events: Sequence[LiveEvent]) -> list[LiveEvent]:
    """Of each flight only the newest event, in order of their positions."""
    newest: dict[str, LiveEvent] = {}
    for event in events:
        newest.pop(event.flight_id, None)
        newest[event.flight_id] = event
    return list(newest.values())

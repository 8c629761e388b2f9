"""Send events to the sessions: at once when idle, otherwise gathered for a few milliseconds; always in slices."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from windsock.live.core.frames import Batch, LiveEvent
from windsock.live.core.outbox import PIECE_BYTES
from windsock.live.core.ports import Stats, Timers
from windsock.live.core.session import DIRECT, Session
from windsock.live.core.subscriptions import Audience, Subscriptions

# When events came while a flush ran, they and the events of the next 5 ms go out together. Counted from the flush's
# end: from its start, a flush that itself takes 5 ms (10,000 sessions) would never gather anything.
GATHER_SECONDS = 0.005

# A flush gives the loop back after this time, so that heartbeats, accepts and replies stay prompt.
SLICE_SECONDS = 0.003

# Nor does it write to more sessions at once: the transport only queues what it is given and writes it out when the loop
# has its turn, which takes ten times as long and does not show on our clock. The data is still in the cache then.
SLICE_SESSIONS = 512

# The clock is read once per this number of sessions.
STRIDE = 64

# Mode `latest`: at most one batch in this time, which is faster than anybody reads a board.
LATEST_SECONDS = 0.5


class _Delivery:
    """One batch on its way to the members that an audience had when the flush began."""

    __slots__ = ("at", "audience", "batch", "done", "events", "final", "members")

    def __init__(
        self,
        audience: Audience[Session],
        members: list[Session],
        events: Sequence[LiveEvent],
        batch: Batch,
        final: bool,
    ) -> None:
        self.audience = audience
        self.members = members
        self.events = events
        self.batch = batch
        self.final = final
        self.at = 0
        self.done = False

    def run(self, time: Callable[[], float], until: float, stats: Stats, limit: int) -> int:
        """Serve members until the time is up or `limit` are served; return how many."""
        members, batch, events = self.members, self.batch, self.events
        frames = batch.deflated if self.audience.deflated else batch.frames
        count = len(events)
        first, last = events[0].offset, events[-1].offset
        direct = DIRECT  # a local name, for the loop's sake
        begun = at = self.at
        end = min(len(members), at + limit)
        while at < end:
            stop = min(at + STRIDE, end)
            served = 0
            for session in members[at:stop]:
                if session.delivered < first and session.state is direct:
                    session.delivered = last
                    session.sent += count
                    served += 1
                    wire = session.wire
                    if wire is not None:
                        wire(frames)
                    elif not session.outlet.write(batch):
                        session.stalled()
                elif session.delivered < last:
                    # It connected, or became slow, while these gathered: send what it has not seen, or queue it.
                    session.deliver(events)
            stats.delivered += served * count
            at = stop
            if time() >= until:
                break
        self.at = at
        self.done = at >= len(members)
        if self.done and self.final:
            self.audience.flushing = ()
        return at - begun


class _Round:
    """One action for each of many sessions, such as sending a notice."""

    __slots__ = ("at", "do", "done", "sessions", "then")

    def __init__(
        self,
        sessions: list[Session],
        do: Callable[[Session], object],
        then: Callable[[], object] = lambda: None,
    ) -> None:
        self.sessions = sessions
        self.do = do
        self.then = then
        self.at = 0
        self.done = False

    def run(self, time: Callable[[], float], until: float, stats: Stats, limit: int) -> int:
        """Do it until the time is up or for `limit` sessions; return for how many."""
        begun = self.at
        end = min(len(self.sessions), begun + limit)
        while self.at < end:
            session = self.sessions[self.at]
            self.at += 1
            if not session.closed:
                self.do(session)
            if time() >= until:
                break
        self.done = self.at >= len(self.sessions)
        if self.done:
            self.then()
        return self.at - begun


class Fanout:
    """Flushes gathered events. One flush runs at a time; events that come meanwhile wait for the next."""

    def __init__(self, timers: Timers, subscriptions: Subscriptions[Session], stats: Stats) -> None:
        self._timers = timers
        self._subscriptions = subscriptions
        self._stats = stats
        self._dirty: dict[Audience[Session], None] = {}
        self._dirty_latest: dict[Audience[Session], None] = {}
        self._work: deque[_Delivery | _Round] = deque()
        self._running = False
        self._ended = float("-inf")
        self._timer: Any = None
        self._timer_at = float("inf")

    def add(self, event: LiveEvent) -> None:
        """Gather the event for its audiences; it goes out with the next flush."""
        for audience in self._subscriptions.gather(event):
            (self._dirty if audience.mode == "every" else self._dirty_latest)[audience] = None
        self._schedule()

    def each(self, sessions: list[Session], do: Callable[[Session], object]) -> None:
        """Call `do` for each of the sessions, in slices, after the deliveries already under way."""
        self._work.append(_Round(sessions, do))
        self._run_soon()

    def forget(self) -> None:
        """Drop the gathered events: the journal was replaced."""
        for audience in self._subscriptions.audiences():
            audience.gathered = []
            audience.flushing = ()
        self._dirty.clear()
        self._dirty_latest.clear()
        self._work = deque(work for work in self._work if isinstance(work, _Round))

    def stop(self) -> None:
        """Stop the timer; nothing more goes out."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._work.clear()
        self._dirty.clear()
        self._dirty_latest.clear()

    def _schedule(self) -> None:
        if self._running or not (self._dirty or self._dirty_latest):
            return
        now = self._timers.time()
        at = max(now, self._ended + GATHER_SECONDS)
        if not self._dirty:
            at = max(at, min(audience.due for audience in self._dirty_latest))
        if self._timer is not None:
            if self._timer_at <= at:
                return
            self._timer.cancel()
        self._timer_at = at
        if at <= now:
            self._timer = self._timers.call_soon(self._flush)
        else:
            self._timer = self._timers.call_later(at - now, self._flush)

    def _flush(self) -> None:
        self._timer, self._timer_at = None, float("inf")
        self._stats.flushes += 1
        dirty, self._dirty = self._dirty, {}
        shared: dict[tuple[LiveEvent, ...], list[tuple[Sequence[LiveEvent], Batch]]] = {}
        for audience in dirty:
            events, audience.gathered = audience.gathered, []
            if not events or not audience.members:
                continue
            audience.flushing = events
            key = tuple(events)
            pieces = shared.get(key)
            if pieces is None:
                pieces = shared[key] = [(piece, Batch(piece)) for piece in in_pieces(events)]
            members = list(audience.members)
            for number, (piece, batch) in enumerate(pieces, 1):
                self._work.append(_Delivery(audience, members, piece, batch, number == len(pieces)))
        if self._dirty_latest:
            self._flush_latest()
        self._run_soon(at_once=True)

    def _flush_latest(self) -> None:
        """Flush the audiences in mode `latest`: each session leaves out older states itself and counts them."""
        now = self._timers.time()
        for audience in [audience for audience in self._dirty_latest if audience.due <= now]:
            del self._dirty_latest[audience]
            audience.due = now + LATEST_SECONDS
            events, audience.gathered = audience.gathered, []
            audience.flushing = events

            def deliver(session: Session, events: Sequence[LiveEvent] = events) -> None:
                session.deliver(events)

            def done(audience: Audience[Session] = audience) -> None:
                audience.flushing = ()

            self._work.append(_Round(list(audience.members), deliver, done))

    def _run_soon(self, at_once: bool = False) -> None:
        if self._running:
            return
        self._running = True
        if at_once:
            self._run()
        else:
            self._timers.call_soon(self._run)

    def _run(self) -> None:
        time = self._timers.time
        until = time() + SLICE_SECONDS
        left = SLICE_SESSIONS
        while self._work:
            work = self._work[0]
            if left > 0:
                left -= work.run(time, until, self._stats, left)
            if not work.done:
                self._timers.call_soon(self._run)
                return
            if self._work and self._work[0] is work:
                self._work.popleft()
        self._running = False
        # If nothing came while this flush ran, the next event finds us idle and goes out at once.
        self._ended = time() if self._dirty or self._dirty_latest else float("-inf")
        self._schedule()


def in_pieces(events: Sequence[LiveEvent]) -> list[Sequence[LiveEvent]]:
    """Split the events into pieces of about PIECE_BYTES, so that one write never floods a socket."""
    pieces: list[Sequence[LiveEvent]] = []
    piece: list[LiveEvent] = []
    size = 0
    for event in events:
        if piece and size + len(event.data) > PIECE_BYTES:
            pieces.append(piece)
            piece, size = [], 0
        piece.append(event)
        size += len(event.data)
    pieces.append(piece)
    return pieces

"""The one object per process that knows every local session and the live board.

What it promises:

- An event reaches every session that subscribes to one of its topics, in the order of the journal, unless the session's
  reader is too slow; then a newer state of the same flight may replace it, and the next heartbeat reports how often.
- A subscription is answered by a snapshot or by a resume, and then followed by every later event: none is lost in
  between, none is sent twice. Snapshot + later events = fresh snapshot.
- A slow session costs its own bounded memory and nobody else anything.

Everything happens on one event loop, whose clock and timers are passed in (tests pass others). No Django here.
"""

import itertools
import logging
import secrets
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from windsock.clock import Clock, ReplayClock, system_clock
from windsock.flights import Flight
from windsock.flights.programmes import Standing
from windsock.journal.base import Event, Head, Journal
from windsock.live.core.board import LiveBoard
from windsock.live.core.connection_limits import SOON_SECONDS, ConnectionLimits, SessionRefused
from windsock.live.core.fanout import Fanout
from windsock.live.core.frames import ByteCount, Encoded, LiveEvent
from windsock.live.core.heartbeats import Heartbeats
from windsock.live.core.outlet import Outlet
from windsock.live.core.ports import HubLimits, Query, Stats, Timers
from windsock.live.core.replies import Replies
from windsock.live.core.ring import Ring
from windsock.live.core.session import DIRECT, Session
from windsock.live.core.subscriptions import Mode, Subscriptions
from windsock.protocol import close_reasons, codec, messages
from windsock.protocol.codes import SUBPROTOCOL, CloseCode
from windsock.protocol.messages import RequestId
from windsock.protocol.positions import Position

logger = logging.getLogger(__name__)

# Users whose next `welcome` says why their last connection was closed; above this, the oldest are forgotten.
MAX_UNDELIVERED_CLOSES = 1_000


class Hub:
    """Sessions, live board and ring of one process. It starts empty; `load` makes it ready."""

    def __init__(
        self,
        timers: Timers,
        *,
        journal: Journal | None = None,
        query: Query | None = None,
        limits: HubLimits | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self.limits = limits or HubLimits()
        self.journal = journal
        self.query = query
        self.board = LiveBoard()
        self.ring = Ring(self.limits.ring_events)
        self.subscriptions: Subscriptions[Session] = Subscriptions()
        self.stats = Stats()
        self.closed_with: Counter[int] = Counter()
        self.epoch = ""
        self.offset = 0
        self.floor = 0
        self.replay_clock: ReplayClock | None = None
        self.ready = False
        # Called after each publish and load, for others in this process that follow the journal.
        self.on_published: Callable[[], None] | None = None
        # Bytes of queued replies that no other session shares, of all sessions.
        self.queued_replies = ByteCount()
        # An event could not be read, so the board does not know what it said: the tail loads the hub again.
        self.damaged = False
        self.time = timers.time
        self._clock = clock
        self._fanout = Fanout(timers, self.subscriptions, self.stats)
        self._replies = Replies(self)
        self._sessions: dict[str, Session] = {}
        self._connection_limits = ConnectionLimits(self.limits)
        self._heartbeats: Heartbeats[Session] = Heartbeats(
            timers, self.limits.heartbeat_seconds, self._heartbeat
        )
        # A close frame queues behind what a slow reader does not take: its reason is kept for the user's next welcome.
        self._undelivered_closes: OrderedDict[str, messages.Ended] = OrderedDict()
        self._names = itertools.count(1)
        self._name = secrets.token_hex(4)

    # The journal's side -----------------------------------------------------------------------------------------------

    @property
    def position(self) -> Position:
        """The position of the newest event that every session has or is about to be sent."""
        return Position(self.epoch, self.offset)

    @property
    def oldest(self) -> Position:
        """The earliest position that can be resumed from."""
        return Position(self.epoch, self.floor)

    def load(
        self,
        head: Head,
        flights: Iterable[Flight],
        recent: Sequence[Event] = (),
        standings: Iterable[Standing] = (),
    ) -> None:
        """Start afresh from the journal's snapshot; `recent` are the events that lead up to it, for the ring.

        Connected sessions get a fresh snapshot of what they subscribe to. `standings` may be newer than `head`: their
        events, which are still to come, then change nothing.
        """
        again = self.ready
        if again:
            self._fanout.forget()
        self.board.load(flights, standings)
        self.epoch, self.offset, self.floor = head.epoch, head.offset, head.floor
        self.replay_clock = head.clock
        self.ring.restart(recent[0].offset - 1 if recent else head.offset)
        for event in recent:
            self.ring.add(self.frame(event))
        self.ready = True
        self.damaged = False
        if again:
            sessions = list(self._sessions.values())
            for session in sessions:
                session.delivered = head.offset
                if not session.plain and session.topics:
                    session.request_snapshot()
            self._fanout.each(
                sessions, lambda session: self.send_snapshot(session) if session.snapshot_due else None
            )
        self._heartbeats.start()
        if self.on_published is not None:
            self.on_published()

    def publish(self, epoch: str, events: Sequence[Event]) -> bool:
        """Send these events to the sessions; events that were published before are skipped.

        Return False, and stop there, when an event does not follow without a gap on the one before.
        """
        if epoch != self.epoch or not self.ready:
            return False
        for event in events:
            if event.offset <= self.offset:
                continue
            if event.offset != self.offset + 1:
                return False
            self.offset = event.offset
            live = self.frame(event)
            self.ring.add(live)
            self.stats.published += 1
            if not live.topics:
                self.damaged = True
                continue
            try:
                if event.of_programmes:
                    self.board.apply_programmes(event)
                else:
                    self.board.apply(event)
            except Exception:
                # One event that cannot be decoded must not stop the ones after it; clients decide for themselves.
                logger.exception("Event %s cannot be put on the live board", live.position)
            self._fanout.add(live)
        if self.on_published is not None:
            self.on_published()
        return True

    def trimmed(self, floor: int) -> None:
        """Note that the journal no longer holds events up to `floor`."""
        self.floor = max(self.floor, floor)

    def set_clock(self, clock: ReplayClock | None) -> None:
        """Set the clock of the replay that drives the service (None: no replay); the next heartbeats carry it."""
        self.replay_clock = clock

    def now(self) -> datetime:
        """Return the service's time: the machine's, or the replay's."""
        real = self._clock()
        return self.replay_clock.at(real) if self.replay_clock is not None else real

    def machine_time(self) -> datetime:
        """Return the machine's time, also during a replay."""
        return self._clock()

    def evict(self, before: datetime) -> int:
        """Drop the flights from the board that no longer matter at `before`, and return how many."""
        evicted = self.board.evict(before)
        self.stats.evicted += evicted
        return evicted

    # The sessions' side -----------------------------------------------------------------------------------------------

    @property
    def sessions(self) -> Iterable[Session]:
        """All sessions of this process."""
        return self._sessions.values()

    @property
    def session_count(self) -> int:
        """How many sessions there are."""
        return len(self._sessions)

    @property
    def full(self) -> bool:
        """Whether a further session would be one too many."""
        return len(self._sessions) >= self.limits.max_connections

    def attach(
        self,
        outlet: Outlet,
        *,
        identity: Any = None,
        plain: bool = False,
        welcome: bool = True,
        address: str | None = None,
    ) -> Session:
        """Add a session, and welcome it unless it is plain.

        Raises SessionRefused while the journal is still being read, and when there are too many connections.
        """
        if not self.ready:
            raise SessionRefused(CloseCode.OVERLOADED, close_reasons.NOT_READY, SOON_SECONDS)
        counted = self._connection_limits.admit(identity, address, connections=len(self._sessions))
        session = Session(self, outlet, identity, f"{self._name}-{next(self._names)}", plain)
        self._sessions[session.connection] = session
        session.counted = counted
        session.heartbeat_slot = self._heartbeats.add(session)
        self.stats.connections += 1
        if not plain and welcome:
            session.send(Encoded(codec.encode(self._welcome(session))))
        return session

    def detach(self, session: Session) -> None:
        """Forget the session: its connection is gone. Harmless when repeated."""
        if session.closed:
            return
        if session.audience is not None:
            self.subscriptions.leave(session, session.audience)
            session.audience = None
        session.close()
        self._heartbeats.remove(session, session.heartbeat_slot)
        del self._sessions[session.connection]
        self._connection_limits.release(session.identity, session.counted)

    def end(self, session: Session, code: int, reason: str) -> None:
        """Close the session from the server's side."""
        if session.closed:
            return
        self.closed_with[code] += 1
        identity = session.identity
        if code == CloseCode.TOO_SLOW and identity is not None and not identity.is_anonymous:
            self._undelivered_closes[identity.key] = messages.Ended(
                connection=session.connection, code=int(code), reason=reason
            )
            if len(self._undelivered_closes) > MAX_UNDELIVERED_CLOSES:
                self._undelivered_closes.popitem(last=False)
        outlet, on_close = session.outlet, session.on_close
        self.detach(session)
        if on_close is not None:
            on_close(code, reason)
        outlet.close(code, reason)

    def subscribe(
        self,
        session: Session,
        topics: Iterable[str],
        *,
        id: RequestId | msgspec.UnsetType = msgspec.UNSET,
        after: Position | None = None,
        mode: Mode = "every",
        quiet: bool = False,
    ) -> None:
        """Add topics (canonical names) and reply; the mode given last holds for the whole session."""
        wanted = frozenset(topics)
        if session.must_defer:
            session.defer(lambda: self.subscribe(session, wanted, id=id, after=after, mode=mode, quiet=quiet))
            return
        if session.reply_bytes > self.limits.max_pending_bytes:
            session.send(
                Encoded(
                    codec.encode(
                        messages.Error(
                            code="overloaded",
                            message="The replies to earlier subscriptions are still unread. Read them first.",
                            retryable=True,
                            retry_after=1.0,
                            id=id,
                        )
                    )
                )
            )
            return
        self._move(session, session.topics | wanted, mode)
        if not quiet:
            self._replies.resume(session, wanted, id, after)

    def unsubscribe(self, session: Session, topics: Iterable[str]) -> None:
        """Remove topics; events they brought so far are still sent."""
        unwanted = frozenset(topics)
        if session.must_defer:
            session.defer(lambda: self.unsubscribe(session, unwanted))
            return
        self._move(session, session.topics - unwanted, session.mode)

    def broadcast(self, message: Encoded) -> None:
        """Send one message to every session, in slices."""
        self._fanout.each(list(self._sessions.values()), lambda session: session.send(message))

    def beat_all(self) -> None:
        """Send a heartbeat to every session now; otherwise each gets its own in its turn."""
        for session in list(self._sessions.values()):
            self._heartbeat(session)

    def stop(self) -> None:
        """Stop the timers. Closing the sessions is up to the service."""
        self._heartbeats.stop()
        self._fanout.stop()
        self.ready = False

    # For sessions and replies -----------------------------------------------------------------------------------------

    def send_snapshot(self, session: Session) -> None:
        """Send the snapshot that is due: of all the session subscribes to, in place of the events that were dropped."""
        if not session.can_take_snapshot:
            return  # it asks again when it can
        session.catch_up()
        session.snapshot_due = False
        if session.topics:
            self._replies.snapshot(session, session.topics, msgspec.UNSET)
        else:
            session.reply(())
        # The replies to commands that arrived meanwhile must not come before the new truth of the older topics.
        session.run_deferred()

    def bound_snapshots(self) -> None:
        """Close the sessions that have left their snapshots unread longest, while all snapshots exceed their limit.

        Snapshots are shared until something in them changes; readers that stall at different moments keep as many
        different ones alive.
        """
        if self.board.snapshot_bytes <= self.limits.max_snapshot_bytes:
            return
        stalled = [
            session
            for session in self._sessions.values()
            if session.stalled_at is not None and session.reply_bytes
        ]
        stalled.sort(key=lambda session: session.stalled_at or 0.0)
        for session in stalled:
            self.end(session, CloseCode.TOO_SLOW, close_reasons.SNAPSHOT_UNREAD)
            if self.board.snapshot_bytes <= self.limits.max_snapshot_bytes:
                return

    def send_head(self, session: Session) -> None:
        """Send the heartbeat of a session that stands at `position`."""
        session.heartbeat_due = False
        position = f"{self.epoch}:{session.delivered}"
        session.send(
            Encoded(
                codec.encode(
                    messages.Head(
                        position=position,
                        sent=session.sent,
                        skipped=session.skipped,
                        server_time=self._clock(),
                        clock=self.replay_clock or msgspec.UNSET,
                    )
                )
            )
        )

    def frame(self, event: Event) -> LiveEvent:
        """Return the event as it goes out. One that cannot be read has no topics: nobody gets it, its offset stays."""
        topics = frozenset(event.topics)
        if not event.readable:
            logger.error("Event %s:%d (%s) cannot be read", self.epoch, event.offset, event.flight_id)
            topics = frozenset()
        return LiveEvent(
            event.message(self.epoch),
            offset=event.offset,
            position=f"{self.epoch}:{event.offset}",
            flight_id=event.flight_id,
            topics=topics,
        )

    # Inside -----------------------------------------------------------------------------------------------------------

    def _move(self, session: Session, topics: frozenset[str], mode: Mode) -> None:
        session.catch_up()
        if session.closed:
            return
        if session.audience is not None:
            self.subscriptions.leave(session, session.audience)
            session.audience = None
        session.mode = mode
        session.topics = topics
        if topics:
            session.audience = self.subscriptions.join(session, topics, mode, session.deflated)
            session.topics = session.audience.topics  # one set for all that are equal

    def _welcome(self, session: Session) -> messages.Welcome:
        identity = session.identity
        ended = None
        if self._undelivered_closes and identity is not None and not identity.is_anonymous:
            ended = self._undelivered_closes.pop(identity.key, None)
        return messages.Welcome(
            protocol=SUBPROTOCOL,
            connection=session.connection,
            position=str(self.position),
            oldest=str(self.oldest),
            heartbeat_seconds=self.limits.heartbeat_seconds,
            limits=self.limits.conversation,
            server_time=self._clock(),
            clock=self.replay_clock or msgspec.UNSET,
            may_publish=msgspec.UNSET if identity is None else identity.may_publish,
            ended=ended if ended is not None else msgspec.UNSET,
            expires_at=(identity.expires_at if identity is not None else None) or msgspec.UNSET,
        )

    def _heartbeat(self, session: Session) -> None:
        if session.closed:
            return
        if session.stalled_at is not None and self.time() - session.stalled_at > self.limits.stuck_seconds:
            self.end(session, CloseCode.TOO_SLOW, close_reasons.reader_stuck(self.limits.stuck_seconds))
            return
        if session.plain:
            return
        if session.state is DIRECT:
            session.catch_up()
        if session.state is DIRECT:
            self.send_head(session)
        else:
            session.heartbeat_due = True

"""The one object per process that knows every local session and the live board.

What it promises:

- An event reaches every session that subscribes to one of its topics, in the order of the journal, unless the session's
  reader is too slow; then a newer state of the same flight may take its place, and the next heartbeat says how often.
- A subscription is answered by a snapshot or by a resume, and then followed by every later event: none lost
  between, none told twice. Snapshot + later events = fresh snapshot.
- A slow session costs its own bounded memory and nobody else anything.

Everything happens on one event loop, whose clock and timers it is given (tests give others). No Django here.
"""

import itertools
import logging
import secrets
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

import msgspec

from windsock.access.address import is_public
from windsock.clock import Clock, ReplayClock, system_clock
from windsock.flights import Flight
from windsock.flights.programmes import Standing
from windsock.journal.base import Event, Head, Journal
from windsock.live.core import answers
from windsock.live.core.board import Board
from windsock.live.core.fanout import Fanout
from windsock.live.core.frames import Encoded, LiveEvent
from windsock.live.core.outlet import Outlet
from windsock.live.core.ring import Ring
from windsock.live.core.session import NEVER, Session
from windsock.live.core.subscriptions import Mode, Subscriptions
from windsock.protocol import codec, messages
from windsock.protocol.codes import SUBPROTOCOL, CloseCode, ErrorCode
from windsock.protocol.messages import RequestId
from windsock.protocol.positions import Position

logger = logging.getLogger(__name__)
T = TypeVar("T")

# When to come again: what is loading is soon there, a full server takes as long as its clients stay.
SOON_SECONDS = 1.0
FULL_SECONDS = 5.0
MOST_UNTOLD = 1_000


class Timers(Protocol):
    """What the hub needs of an event loop."""

    def time(self) -> float: ...

    def call_soon(self, callback: Callable[..., object], *args: Any) -> Any: ...

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any) -> Any: ...


class Asker(Protocol):
    """Asks a blocking question elsewhere (a thread) and brings the answer, or the exception, back to the loop."""

    def __call__(self, question: Callable[[], T], answer: Callable[[T | BaseException], None], /) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HubLimits:
    """The bounds of a hub and its sessions; the defaults are those of the configuration."""

    heartbeat_seconds: float = 20
    ring_events: int = 20_000
    max_pending_bytes: int = 1_048_576
    max_connections: int = 50_000
    max_connections_per_user: int = 100
    max_connections_per_address: int = 0  # 0: no limit
    max_anonymous_per_address: int = 200  # from public addresses, by those who are not signed in; 0: no limit
    # All snapshots that are cached or not yet read: beyond, the sessions that leave theirs unread longest are closed.
    max_snapshot_bytes: int = 256 * 1024 * 1024
    # All other answers that wait for their readers: beyond, a resume from the journal is answered by a snapshot.
    max_waiting_bytes: int = 64 * 1024 * 1024
    # A reader that takes nothing for so long is gone or hopeless; it is told to come back and resume.
    stuck_seconds: float = 60
    conversation: messages.Limits = field(default_factory=messages.Limits)


@dataclass(slots=True)
class Stats:
    """What happened so far in this process; counters only grow."""

    published: int = 0
    delivered: int = 0
    skipped: int = 0
    snapshots: int = 0
    resumes: int = 0
    far_resumes: int = 0
    connections: int = 0
    flushes: int = 0
    evicted: int = 0


class Refused(Exception):
    """The hub takes no further session: tell it `message`, close the connection with `code` and say `reason`."""

    def __init__(self, code: CloseCode, reason: str, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.retry_after = retry_after

    @property
    def message(self) -> Encoded | None:
        """What a close frame has no room for: when to come again. None where that is at once."""
        if not self.retry_after:
            return None
        many = self.code == CloseCode.TOO_MANY_CONNECTIONS
        error = messages.Error(
            code=str(ErrorCode.TOO_MANY_CONNECTIONS if many else ErrorCode.OVERLOADED),
            message=self.reason,
            retryable=True,
            retry_after=self.retry_after,
        )
        return Encoded(codec.encode(error))


class Hub:
    """Sessions, live board and ring of one process. Made empty: `load` makes it ready."""

    def __init__(
        self,
        timers: Timers,
        *,
        journal: Journal | None = None,
        ask: Asker | None = None,
        limits: HubLimits | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self.limits = limits or HubLimits()
        self.journal = journal
        self.ask = ask
        self.board = Board()
        self.ring = Ring(self.limits.ring_events)
        self.subscriptions: Subscriptions[Session] = Subscriptions()
        self.stats = Stats()
        self.closed_with: Counter[int] = Counter()
        self.epoch = ""
        self.offset = 0
        self.floor = 0
        self.replay_clock: ReplayClock | None = None
        self.ready = False
        # Called after each publish and load, by whoever else follows the journal in this process.
        self.published: Callable[[], None] | None = None
        # What waits for slow readers and is shared with nobody, of all sessions.
        self.waiting_bytes = 0
        # An event could not be read, so the board does not know what it said: the tail loads the hub anew.
        self.damaged = False
        self.time = timers.time
        self._timers = timers
        self._clock = clock
        self._fanout = Fanout(timers, self.subscriptions, self.stats)
        self._sessions: dict[str, Session] = {}
        self._per_user: Counter[str] = Counter()
        self._per_address: Counter[str] = Counter()
        # A close frame queues behind what a slow reader does not take: its reason is kept for the next welcome.
        self._untold: OrderedDict[str, messages.Ended] = OrderedDict()
        self._beats: list[dict[Session, None]] = [
            {} for _ in range(max(1, round(self.limits.heartbeat_seconds)))
        ]
        self._beat = 0
        self._beating: Any = None
        self._keys = itertools.count(1)
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
        """Begins anew from the journal's snapshot; `recent` are the events that lead up to it, for the ring.

        Sessions that are there get a fresh snapshot of what they subscribe to. `standings` may be newer than `head`:
        their events, which are still to come, then change nothing.
        """
        again = self.ready
        if again:
            self._fanout.forget()
        self.board.load(flights, standings)
        self.epoch, self.offset, self.floor = head.epoch, head.offset, head.floor
        self.replay_clock = head.clock
        self.ring.restart(recent[0].offset - 1 if recent else head.offset)
        for event in recent:
            self.ring.add(self.live(event))
        self.ready = True
        self.damaged = False
        if again:
            sessions = list(self._sessions.values())
            for session in sessions:
                session.delivered = head.offset
                if not session.plain and session.topics:
                    session.owe()
            self._fanout.each(sessions, lambda session: self.repay(session) if session.owed else None)
        if self._beating is None:
            self._beating = self._timers.call_later(self._beat_seconds, self._next_beat)
        if self.published is not None:
            self.published()

    def publish(self, epoch: str, events: Sequence[Event]) -> bool:
        """Tells the sessions of these events. Those already told are passed over.

        False, and nothing more is told from there on, when they do not follow gap-free on what was told before.
        """
        if epoch != self.epoch or not self.ready:
            return False
        for event in events:
            if event.offset <= self.offset:
                continue
            if event.offset != self.offset + 1:
                return False
            self.offset = event.offset
            live = self.live(event)
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
                # One event that nobody can read must not stop those after it; clients decide for themselves.
                logger.exception("Event %s cannot be put on the live board", live.position)
            self._fanout.add(live)
        if self.published is not None:
            self.published()
        return True

    def trimmed(self, floor: int) -> None:
        """The journal no longer holds events up to `floor`."""
        self.floor = max(self.floor, floor)

    def set_clock(self, clock: ReplayClock | None) -> None:
        """A replay drives the service, or no longer; the next heartbeats say so."""
        self.replay_clock = clock

    def now(self) -> datetime:
        """The service's time: the machine's, or the replay's."""
        real = self._clock()
        return self.replay_clock.at(real) if self.replay_clock is not None else real

    def machine_time(self) -> datetime:
        """The machine's time, whatever a replay says."""
        return self._clock()

    def evict(self, before: datetime) -> int:
        """Takes flights off the board that no longer matter at `before`."""
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
        """A new session, welcomed unless it is plain; raises Refused when there are too many."""
        if not self.ready:
            text = "not ready yet: the journal is being read; try again shortly"
            raise Refused(CloseCode.OVERLOADED, text, SOON_SECONDS)
        if self.full:
            text = "this server has as many connections as it takes; try again later"
            raise Refused(CloseCode.OVERLOADED, text, FULL_SECONDS)
        key = None if identity is None or identity.is_anonymous else identity.key
        if key is not None and self._per_user[key] >= self.limits.max_connections_per_user:
            most = self.limits.max_connections_per_user
            text = f"you have {most} connections here, which is the most"
            raise Refused(CloseCode.TOO_MANY_CONNECTIONS, text, FULL_SECONDS)
        counted = self._counted(address, stranger=key is None)
        for name, most in counted.items():
            if self._per_address[name] >= most:
                text = f"there are {most} connections from your address, which is the most"
                raise Refused(CloseCode.TOO_MANY_CONNECTIONS, text, FULL_SECONDS)
        session = Session(self, outlet, identity, f"{self._name}-{next(self._names)}", plain)
        self._sessions[session.connection] = session
        if counted:
            session.counted = tuple(counted)
            self._per_address.update(session.counted)
        if key is not None:
            self._per_user[key] += 1
        session.beat = min(range(len(self._beats)), key=lambda beat: len(self._beats[beat]))
        self._beats[session.beat][session] = None
        self.stats.connections += 1
        if not plain and welcome:
            session.send(Encoded(codec.encode(self._welcome(session))))
        return session

    def detach(self, session: Session) -> None:
        """The connection is gone: nothing of the session stays. Harmless when repeated."""
        if session.closed:
            return
        session.closed = True
        session.direct = False
        session.delivered = NEVER
        if session.audience is not None:
            self.subscriptions.leave(session, session.audience)
            session.audience = None
        for key, message in (session.pending or {}).items():
            if not isinstance(
                key, str
            ):  # as in `Session`: text is the key of an event, a number that of an answer
                self.waiting_bytes -= message.own_size
        session.pending = session.held = session.waiting = session.on_close = None
        self._beats[session.beat].pop(session, None)
        del self._sessions[session.connection]
        if session.identity is not None and not session.identity.is_anonymous:
            key = session.identity.key
            self._per_user[key] -= 1
            if self._per_user[key] <= 0:
                del self._per_user[key]
        for name in session.counted:
            self._per_address[name] -= 1
            if self._per_address[name] <= 0:
                del self._per_address[name]

    def end(self, session: Session, code: int, reason: str) -> None:
        """Closes the session from our side."""
        if session.closed:
            return
        self.closed_with[code] += 1
        identity = session.identity
        if code == CloseCode.TOO_SLOW and identity is not None and not identity.is_anonymous:
            self._untold[identity.key] = messages.Ended(
                connection=session.connection, code=int(code), reason=reason
            )
            if len(self._untold) > MOST_UNTOLD:
                self._untold.popitem(last=False)
        outlet, told = session.outlet, session.on_close
        self.detach(session)
        if told is not None:
            told(code, reason)
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
        """Adds topics (canonical names) and answers; the mode given last holds for the whole session."""
        wanted = frozenset(topics)
        if session.held is not None or session.owed:
            session.later(lambda: self.subscribe(session, wanted, id=id, after=after, mode=mode, quiet=quiet))
            return
        if session.answer_bytes > self.limits.max_pending_bytes:
            session.send(
                Encoded(
                    codec.encode(
                        messages.Error(
                            code="overloaded",
                            message="The answers to your earlier subscriptions still wait to be read. Read them first.",
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
            answers.answer(self, session, wanted, id, after)

    def unsubscribe(self, session: Session, topics: Iterable[str]) -> None:
        """Takes topics away; what they gave so far is still sent."""
        unwanted = frozenset(topics)
        if session.held is not None or session.owed:
            session.later(lambda: self.unsubscribe(session, unwanted))
            return
        self._move(session, session.topics - unwanted, session.mode)

    def broadcast(self, message: Encoded) -> None:
        """One message to every session, in slices."""
        self._fanout.each(list(self._sessions.values()), lambda session: session.send(message))

    def beat_all(self) -> None:
        """A heartbeat to every session at once; otherwise each gets its own in its turn."""
        for session in list(self._sessions.values()):
            self._heartbeat(session)

    def stop(self) -> None:
        """Ends timers. Sessions are for the service to close."""
        if self._beating is not None:
            self._beating.cancel()
            self._beating = None
        self._fanout.stop()
        self.ready = False

    # For sessions and answers -----------------------------------------------------------------------------------------

    def next_key(self) -> int:
        """A number never given before."""
        return next(self._keys)

    def catch_up(self, session: Session) -> None:
        """Gives the session now what the running and the next flush would give it; it then stands at `position`."""
        audience = session.audience
        if audience is not None:
            if audience.flushing:
                session.deliver(audience.flushing)
            if audience.gathered:
                session.deliver(audience.gathered)
        if not session.closed:
            session.delivered = self.offset

    def repay(self, session: Session) -> None:
        """A fresh snapshot of all the session subscribes to, in place of what was dropped."""
        if session.closed or session.held is not None or session.stalled_at is not None or session.pending:
            return  # it asks again when it is free
        self.catch_up(session)
        session.owed = False
        if session.topics:
            answers.answer_snapshot(self, session, session.topics, msgspec.UNSET)
        else:
            session.answer(())
        # What was asked meanwhile: its answer must not come before the new truth of the older topics.
        session.go_on()

    def bound_snapshots(self) -> None:
        """Close the sessions that have left their snapshots unread longest, when all of those are more than may be.

        Snapshots are shared until something in them changes; readers who stand still at different moments keep as many
        different ones alive.
        """
        if self.board.snapshot_bytes <= self.limits.max_snapshot_bytes:
            return
        stalled = [one for one in self._sessions.values() if one.stalled_at is not None and one.answer_bytes]
        stalled.sort(key=lambda session: session.stalled_at or 0.0)
        for session in stalled:
            self.end(
                session,
                CloseCode.TOO_SLOW,
                "too slow: your snapshot was not read in time; reconnect and resume",
            )
            if self.board.snapshot_bytes <= self.limits.max_snapshot_bytes:
                return

    def send_head(self, session: Session) -> None:
        """The heartbeat of a session that stands at `position`."""
        session.head_due = False
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

    # Inside -----------------------------------------------------------------------------------------------------------

    @property
    def _beat_seconds(self) -> float:
        return self.limits.heartbeat_seconds / len(self._beats)

    def live(self, event: Event) -> LiveEvent:
        """The event as it goes out. One that nobody can read concerns no topic: its place is taken, nobody gets it."""
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

    def _counted(self, address: str | None, *, stranger: bool) -> dict[str, int]:
        """The names under which a connection from an address is counted, each with how many there may be."""
        if address is None:
            return {}
        counted = {}
        if most := self.limits.max_connections_per_address:
            counted[address] = most
        if stranger and is_public(address) and (most := self.limits.max_anonymous_per_address):
            counted[f"anonymous {address}"] = most
        return counted

    def _move(self, session: Session, topics: frozenset[str], mode: Mode) -> None:
        self.catch_up(session)
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
        if self._untold and identity is not None and not identity.is_anonymous:
            ended = self._untold.pop(identity.key, None)
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

    def _next_beat(self) -> None:
        self._beating = self._timers.call_later(self._beat_seconds, self._next_beat)
        self._beat = (self._beat + 1) % len(self._beats)
        for session in list(self._beats[self._beat]):
            self._heartbeat(session)

    def _heartbeat(self, session: Session) -> None:
        if session.closed:
            return
        if session.stalled_at is not None and self.time() - session.stalled_at > self.limits.stuck_seconds:
            self.end(
                session, CloseCode.TOO_SLOW, "too slow: you took nothing for a minute; come back and resume"
            )
            return
        if session.plain:
            return
        if session.direct:
            self.catch_up(session)
        if session.direct:
            self.send_head(session)
        else:
            session.head_due = True

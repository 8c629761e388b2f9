"""Reply to a subscription: from the live board, from the ring, and only beyond them from the journal.

The session is registered before anything is read, and what happens meanwhile waits behind the reply. So nothing falls
between the reply and the live events, and nothing is sent twice.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from windsock.errors import JournalError, PositionTrimmed, PositionUnknown, WindsockError
from windsock.flights import FlightKey, FlightRecord
from windsock.journal.base import Event, Journal
from windsock.live.core.board import LiveBoard
from windsock.live.core.frames import ByteCount, Encoded, LiveEvent
from windsock.live.core.ports import HubLimits, Query, Stats
from windsock.live.core.ring import Ring
from windsock.live.core.session import Session
from windsock.protocol import codec, messages
from windsock.protocol.messages import RequestId
from windsock.protocol.positions import Position

logger = logging.getLogger(__name__)

# A client that missed more events than this gets a snapshot: it is smaller, and it is in memory.
MAX_EVENTS = 5_000
# A resume reads at most this many events of the journal to find those of its topics.
MAX_READ = 50_000
# Events read from the journal at a time.
PAGE = 1_000

Id = RequestId | msgspec.UnsetType


class ReplySource(Protocol):
    """The part of the hub that replies are made from."""

    epoch: str
    offset: int
    floor: int
    board: LiveBoard
    ring: Ring
    journal: Journal | None
    query: Query | None
    limits: HubLimits
    stats: Stats
    queued_replies: ByteCount

    @property
    def position(self) -> Position: ...

    def publish(self, epoch: str, events: Sequence[Event]) -> bool: ...

    def frame(self, event: Event) -> LiveEvent: ...

    def bound_snapshots(self) -> None: ...


class Replies:
    """Makes the replies to subscriptions of the sessions of one hub."""

    def __init__(self, hub: ReplySource) -> None:
        self._hub = hub

    def resume(self, session: Session, topics: frozenset[str], id: Id, after: Position | None) -> None:
        """Reply with `resumed` and the missed events if `after` can be honored, else with a snapshot."""
        hub = self._hub
        if after is None or after.epoch != hub.epoch or after.offset < hub.floor:
            self.snapshot(session, topics, id)
        elif after.offset > hub.offset:
            self._resume_ahead(session, topics, id, after)
        elif (events := hub.ring.after(after.offset, topics)) is None:
            self._resume_from_journal(session, topics, id, after)
        elif len(events) > MAX_EVENTS:
            self.snapshot(session, topics, id)
        else:
            session.reply(self._resumed(topics, id, after, hub.position, events))

    def snapshot(self, session: Session, topics: frozenset[str], id: Id) -> None:
        """Reply with a snapshot of the topics; flights named by id that are not on the board come from the journal."""
        hub = self._hub
        named = [topic.removeprefix("flight:") for topic in topics if topic.startswith("flight:")]
        absent = [flight for flight in named if flight not in hub.board]
        hub.stats.snapshots += 1
        journal = hub.journal
        if not absent or journal is None or hub.query is None:
            session.reply(hub.board.snapshot(topics, hub.position, id))
            hub.bound_snapshots()
            return
        session.pause_for_reply()
        epoch = hub.epoch

        def done(records: "list[FlightRecord] | BaseException") -> None:
            if session.closed:
                return
            if isinstance(records, BaseException):
                logger.warning("Cannot read flights %s from the journal: %s", ", ".join(absent), records)
                records = []
            if hub.epoch != epoch:  # a snapshot of the new journal is due already
                session.finish_reply([])
                return
            # As of now, like every snapshot, so that it is shared; it has flights that returned to the board meanwhile.
            self._drop_covered(session, topics)
            flights = [record.flight for record in records if record.flight.id not in hub.board]
            encoded = [*map(msgspec.json.encode, flights)]
            session.reply(hub.board.snapshot(topics, hub.position, id, encoded))
            hub.bound_snapshots()
            session.run_deferred()

        hub.query(lambda: _flights(journal, absent), done)

    def _resumed(
        self,
        topics: frozenset[str],
        id: Id,
        after: Position,
        position: Position,
        events: Sequence[LiveEvent],
    ) -> list[Encoded]:
        self._hub.stats.resumes += 1
        opening = messages.Resumed(
            after=str(after), position=str(position), count=len(events), id=id, topics=sorted(topics)
        )
        return [Encoded(codec.encode(opening)), *events]

    def _resume_from_journal(self, session: Session, topics: frozenset[str], id: Id, after: Position) -> None:
        hub = self._hub
        journal, target = hub.journal, hub.position
        if journal is None or hub.query is None or hub.queued_replies.bytes > hub.limits.max_waiting_bytes:
            self.snapshot(session, topics, id)
            return
        hub.stats.far_resumes += 1
        session.pause_for_reply()

        def done(events: "list[Event] | None | BaseException") -> None:
            if session.closed:
                return
            if hub.epoch != target.epoch:
                session.finish_reply([])
            elif events is None or isinstance(events, BaseException):
                if isinstance(events, BaseException):
                    logger.warning("Cannot read the events after %s (%s); sending a snapshot", after, events)
                self._drop_covered(session, topics)
                self.snapshot(session, topics, id)
                session.run_deferred()
            else:
                live = [event for event in map(hub.frame, events) if event.topics]
                session.finish_reply(self._resumed(topics, id, after, target, live))

        hub.query(lambda: _between(journal, after, target, topics), done)

    def _resume_ahead(self, session: Session, topics: frozenset[str], id: Id, after: Position) -> None:
        """Reply to a client that is ahead of this process: it was served by another, whose doorbell is on its way.

        Read the journal up to the client's position first.
        """
        hub = self._hub
        journal, known = hub.journal, hub.position
        if journal is None or hub.query is None:
            self.snapshot(session, topics, id)
            return
        session.pause_for_reply()

        def done(events: "list[Event] | BaseException") -> None:
            if not isinstance(events, BaseException):
                hub.publish(known.epoch, events)
            if session.closed:
                return
            if hub.epoch != known.epoch:
                session.finish_reply([])
                return
            self._drop_covered(session, topics)
            if after.offset <= hub.offset:
                self.resume(session, topics, id, after)
            else:
                self.snapshot(session, topics, id)
            session.run_deferred()

        hub.query(lambda: journal.after(known, min(PAGE, after.offset - known.offset)), done)

    @staticmethod
    def _drop_covered(session: Session, topics: frozenset[str]) -> None:
        """Drop the waiting events of the topics: the reply that follows is as of now, and covers them."""
        session.catch_up()
        session.resume(session.topics - topics)


def _flights(journal: Journal, ids: Iterable[str]) -> list[FlightRecord]:
    records = []
    for flight_id in ids:
        try:
            record = journal.flight(FlightKey.parse(flight_id))
        except (WindsockError, ValueError) as error:
            if isinstance(error, JournalError):
                raise
            continue
        if record is not None:
            records.append(record)
    return records


def _between(
    journal: Journal, after: Position, target: Position, topics: frozenset[str]
) -> list[Event] | None:
    """Return the events of the topics after `after`, up to `target`; None where a snapshot is the better reply."""
    if target.offset - after.offset > MAX_READ:
        return None
    found: list[Event] = []
    position = after
    while position.offset < target.offset:
        try:
            page = journal.after(position, min(PAGE, target.offset - position.offset))
        except (PositionTrimmed, PositionUnknown):
            return None
        if not page:
            return None
        found += [event for event in page if not topics.isdisjoint(event.topics)]
        if len(found) > MAX_EVENTS:
            return None
        position = Position(position.epoch, page[-1].offset)
    return found

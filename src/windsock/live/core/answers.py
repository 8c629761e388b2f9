"""How a subscription is answered: from the live board, from the ring, and only beyond them from the journal.

The session is registered before anything is read, and what happens meanwhile waits behind the answer. So nothing falls
between the answer and the live events, and nothing is told twice.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from windsock.errors import JournalError, PositionTrimmed, PositionUnknown, WindsockError
from windsock.flights import FlightKey, FlightRecord
from windsock.journal.base import Event, Journal
from windsock.live.core.frames import Encoded, LiveEvent
from windsock.live.core.session import Session
from windsock.protocol import codec, messages
from windsock.protocol.messages import RequestId
from windsock.protocol.positions import Position

if TYPE_CHECKING:
    from windsock.live.core.hub import Hub

logger = logging.getLogger(__name__)

# Who has missed more than this is better served by a snapshot: it is smaller, and it is in memory.
MOST_EVENTS = 5_000
MOST_READ = 50_000
PAGE = 1_000

Id = RequestId | msgspec.UnsetType


def answer(hub: "Hub", session: Session, topics: frozenset[str], id: Id, after: Position | None) -> None:
    """`resumed` and the missed events where `after` can be honoured, else a snapshot of the topics."""
    if after is None or after.epoch != hub.epoch or after.offset < hub.floor:
        answer_snapshot(hub, session, topics, id)
    elif after.offset > hub.offset:
        _wait_for(hub, session, topics, id, after)
    elif (events := hub.ring.after(after.offset, topics)) is not None:
        if len(events) > MOST_EVENTS:
            answer_snapshot(hub, session, topics, id)
        else:
            session.answer(_resumed(hub, topics, id, after, hub.position, events))
    else:
        _resume_from_journal(hub, session, topics, id, after)


def answer_snapshot(hub: "Hub", session: Session, topics: frozenset[str], id: Id) -> None:
    """A snapshot of the topics. Flights that are asked for by name and are not on the board come from the journal."""
    named = [topic.removeprefix("flight:") for topic in topics if topic.startswith("flight:")]
    absent = [flight for flight in named if flight not in hub.board]
    hub.stats.snapshots += 1
    journal = hub.journal
    if not absent or journal is None or hub.ask is None:
        session.answer(hub.board.snapshot(topics, hub.position, id))
        hub.bound_snapshots()
        return
    session.hold()
    epoch = hub.epoch

    def found(records: "list[FlightRecord] | BaseException") -> None:
        if session.closed:
            return
        if isinstance(records, BaseException):
            logger.warning("Flights %s could not be read from the journal: %s", ", ".join(absent), records)
            records = []
        if hub.epoch != epoch:  # a snapshot of the new journal is owed already
            session.release([])
            return
        # As of now, like every snapshot, so that it is shared; a flight that came back to the board meanwhile is in it.
        _unhold_for(hub, session, topics)
        flights = [record.flight for record in records if record.flight.id not in hub.board]
        session.answer(hub.board.snapshot(topics, hub.position, id, [*map(msgspec.json.encode, flights)]))
        hub.bound_snapshots()
        session.go_on()

    hub.ask(lambda: _flights(journal, absent), found)


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


def _resumed(
    hub: "Hub",
    topics: frozenset[str],
    id: Id,
    after: Position,
    position: Position,
    events: Sequence[LiveEvent],
) -> list[Encoded]:
    hub.stats.resumes += 1
    opening = messages.Resumed(
        after=str(after), position=str(position), count=len(events), id=id, topics=sorted(topics)
    )
    return [Encoded(codec.encode(opening)), *events]


def _resume_from_journal(
    hub: "Hub", session: Session, topics: frozenset[str], id: Id, after: Position
) -> None:
    journal, target = hub.journal, hub.position
    if journal is None or hub.ask is None or hub.waiting_bytes > hub.limits.max_waiting_bytes:
        answer_snapshot(hub, session, topics, id)
        return
    hub.stats.far_resumes += 1
    session.hold()

    def found(events: "list[Event] | None | BaseException") -> None:
        if session.closed:
            return
        if hub.epoch != target.epoch:
            session.release([])
        elif events is None or isinstance(events, BaseException):
            if isinstance(events, BaseException):
                logger.warning("A resume after %s could not be read: %s; a snapshot is given", after, events)
            _unhold_for(hub, session, topics)
            answer_snapshot(hub, session, topics, id)
            session.go_on()
        else:
            live = [event for event in map(hub.live, events) if event.topics]
            session.release(_resumed(hub, topics, id, after, target, live))

    hub.ask(lambda: _between(journal, after, target, topics), found)


def _between(
    journal: Journal, after: Position, target: Position, topics: frozenset[str]
) -> list[Event] | None:
    """The events of the topics after `after` up to `target`; None when a snapshot serves better."""
    if target.offset - after.offset > MOST_READ:
        return None
    found: list[Event] = []
    place = after
    while place.offset < target.offset:
        try:
            page = journal.after(place, min(PAGE, target.offset - place.offset))
        except (PositionTrimmed, PositionUnknown):
            return None
        if not page:
            return None
        found += [event for event in page if not topics.isdisjoint(event.topics)]
        if len(found) > MOST_EVENTS:
            return None
        place = Position(place.epoch, page[-1].offset)
    return found


def _wait_for(hub: "Hub", session: Session, topics: frozenset[str], id: Id, after: Position) -> None:
    """The client has seen more than we: from another process, whose doorbell is on its way. Look into the journal."""
    journal, known = hub.journal, hub.position
    if journal is None or hub.ask is None:
        answer_snapshot(hub, session, topics, id)
        return
    session.hold()

    def found(events: "list[Event] | BaseException") -> None:
        if not isinstance(events, BaseException):
            hub.publish(known.epoch, events)
        if session.closed:
            return
        if hub.epoch != known.epoch:
            session.release([])
            return
        _unhold_for(hub, session, topics)
        if after.offset <= hub.offset:
            answer(hub, session, topics, id, after)
        else:
            answer_snapshot(hub, session, topics, id)
        session.go_on()

    hub.ask(lambda: journal.after(known, min(PAGE, after.offset - known.offset)), found)


def _unhold_for(hub: "Hub", session: Session, topics: frozenset[str]) -> None:
    """Events of the topics that waited are dropped, as the answer that follows, as of now, tells them."""
    hub.catch_up(session)
    session.unhold(session.topics - topics)

"""What is queued for one session, in the order in which it will be sent: replies, notices, and conflated events."""

from collections.abc import Sequence

from windsock.live.core.frames import ByteCount, Encoded, LiveEvent

# A session writes what is queued in pieces of this size: about what a socket's buffer takes at once.
PIECE_BYTES = 64 * 1024


class Outbox:
    """The queue of one session, and beside it the events that wait behind a reply that is still being read.

    A reply or a notice is never dropped. Of events, a newer state of a flight may take the place of an older one.
    """

    __slots__ = ("_number", "_shared_count", "behind_reply", "event_bytes", "queue", "reply_bytes")

    def __init__(self, count: ByteCount) -> None:
        # Bytes of queued replies that no other session shares, summed over all sessions of the hub.
        self._shared_count = count
        # Numbers the replies in `queue`; events are known there by text, an id or a position.
        self._number = 0
        # The messages to send next, in order.
        self.queue: dict[object, Encoded] = {}
        # The events since a reply was asked of the journal; None while no reply is being read.
        self.behind_reply: dict[object, Encoded] | None = None
        # Bytes of the events in `queue` and `behind_reply`.
        self.event_bytes = 0
        # Bytes of everything else in `queue`.
        self.reply_bytes = 0

    def add_reply(self, message: Encoded) -> None:
        """Queue a message that must not be dropped."""
        self._number += 1
        self.queue[self._number] = message
        self.reply_bytes += message.size
        self._shared_count.bytes += message.own_size

    def add_events(self, events: Sequence[LiveEvent], conflate: bool) -> int:
        """Queue events, behind the reply that is being read if there is one; return how many they replaced."""
        # One loop without calls: a slow session passes here with every event.
        waiting = self.queue if self.behind_reply is None else self.behind_reply
        size, replaced = self.event_bytes, 0
        for event in events:
            key = event.flight_id if conflate else event.position
            older = waiting.pop(key, None)
            if older is not None:
                size -= len(older.data)
                replaced += 1
            waiting[key] = event
            size += len(event.data)
        self.event_bytes = size
        return replaced

    def end_reply(self, keep: frozenset[str] | None, *, conflate: bool) -> int:
        """Move the events that waited behind a reply into the queue; return how many older ones they replaced.

        With `keep`, only those that concern these topics: the reply itself covered the others.
        """
        waited, self.behind_reply = self.behind_reply, None
        events: list[LiveEvent] = []
        for event in (waited or {}).values():
            assert isinstance(event, LiveEvent)
            self.event_bytes -= len(event.data)
            if keep is None or not keep.isdisjoint(event.topics):
                events.append(event)
        return self.add_events(events, conflate)

    def drop_events(self) -> int:
        """Drop the queued events and return how many.

        The events of a resume stay, since `resumed` has promised exactly that many: they were queued as a reply.
        """
        dropped = 0
        for waiting in (self.queue, self.behind_reply or {}):
            events = [key for key in waiting if isinstance(key, str)]
            for key in events:
                self.event_bytes -= len(waiting.pop(key).data)
            dropped += len(events)
        return dropped

    def take_piece(self) -> tuple[list[Encoded], int]:
        """Take about PIECE_BYTES from the front of the queue; return them, and how many of them are events."""
        queue = self.queue
        piece: list[Encoded] = []
        size = events = 0
        while queue and size < PIECE_BYTES:
            key = next(iter(queue))
            message = queue.pop(key)
            length = message.size
            if isinstance(key, str):
                self.event_bytes -= length
            else:
                self.reply_bytes -= length
                self._shared_count.bytes -= message.own_size
            events += isinstance(message, LiveEvent)
            size += length
            piece.append(message)
        return piece, events

    def discard(self) -> None:
        """Forget everything: the connection is gone."""
        for key, message in self.queue.items():
            if not isinstance(key, str):
                self._shared_count.bytes -= message.own_size
        self.queue.clear()
        self.behind_reply = None

"""One connection's side of the hub: what it subscribes to, what it was sent, what is queued for its slow reader."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import Any, Protocol

from windsock.live.core.frames import Batch, ByteCount, Encoded, LiveEvent
from windsock.live.core.outbox import Outbox
from windsock.live.core.outlet import Outlet
from windsock.live.core.ports import HubLimits, Stats
from windsock.live.core.subscriptions import Audience, Mode
from windsock.protocol import close_reasons
from windsock.protocol.codes import CloseCode

# Larger than any offset: a closed session has been "delivered" everything.
NEVER = 2**63


class SessionState(Enum):
    """How a session stands between the hub and its reader."""

    DIRECT = "direct"  # its reader keeps up and nothing is queued: batches are written at once
    QUEUED = "queued"  # its reader is behind, a reply is being read, or a snapshot is due: the outbox takes everything
    CLOSED = "closed"  # the connection is gone; nothing is written any longer


# As module names: the fan-out compares them once for every session and event.
DIRECT, QUEUED, CLOSED = SessionState.DIRECT, SessionState.QUEUED, SessionState.CLOSED


class SessionHost(Protocol):
    """The part of the hub that a session uses."""

    offset: int  # of the newest published event
    limits: HubLimits
    stats: Stats
    queued_replies: ByteCount
    time: Callable[[], float]

    def end(self, session: "Session", code: int, reason: str) -> None: ...

    def send_snapshot(self, session: "Session") -> None: ...

    def send_head(self, session: "Session") -> None: ...


class Session:
    """The hub's record of one connection. Made by `Hub.attach`; all calls are made on the hub's loop.

    While its state is DIRECT, batches are written at once. While it is QUEUED, events wait in the `outbox`, where a
    newer state of a flight takes the place of an older one (`skipped` counts the lost steps); replies and notices wait
    there too and are never dropped, and the order of all stays. When the queued events outgrow `max_pending_bytes` they
    are dropped, and a snapshot becomes due instead: by the standing law it says the same.

    While a reply is read from the journal, each event waits behind it, since it is not the reader that is slow.
    """

    __slots__ = (
        "audience", "connection", "counted", "deferred", "deflated", "delivered", "heartbeat_due",
        "heartbeat_slot", "host", "identity", "mode", "on_close", "outbox", "outlet", "plain", "sent", "skipped",
        "snapshot_due", "stalled_at", "state", "topics", "wire",
    )  # fmt: skip

    def __init__(
        self, host: SessionHost, outlet: Outlet, identity: Any, connection: str, plain: bool
    ) -> None:
        self.host = host
        self.outlet = outlet
        self.identity = identity
        # The name by which `welcome` and the log know the connection.
        self.connection = connection
        # A client without the subprotocol: it gets events and nothing else.
        self.plain = plain
        # The names under which its address is counted; see `ConnectionLimits`.
        self.counted: tuple[str, ...] = ()
        # What it subscribes to, and the audience of all who do the same; None while it subscribes to nothing.
        self.topics: frozenset[str] = frozenset()
        self.mode: Mode = "every"
        self.audience: Audience[Session] | None = None
        # Set by the outlet before there are topics: compression was agreed on.
        self.deflated = False
        self.heartbeat_slot = 0
        # The offset up to which every event of its topics was written or queued, or was covered by a reply.
        self.delivered = host.offset
        # Events written, and events left out because a newer one took their place: what a heartbeat reports.
        self.sent = 0
        self.skipped = 0
        self.state = DIRECT
        # Since when the reader is behind (seconds of the loop's clock); None while it keeps up.
        self.stalled_at: float | None = None
        # What is queued; made when first needed, and dropped when empty. None while DIRECT.
        self.outbox: Outbox | None = None
        # Commands that arrived while a reply was being read or a snapshot was due; None when there are none.
        self.deferred: deque[Callable[[], None]] | None = None
        # The queued events were dropped: a snapshot of all topics is sent as soon as the queue is empty.
        self.snapshot_due = False
        # A heartbeat had its turn while QUEUED: it is sent as soon as the queue is empty.
        self.heartbeat_due = False
        # Called once, with code and reason, when the hub ends the session.
        self.on_close: Callable[[int, str], None] | None = None
        # The transport's `write`, once the outlet has one: the fan-out calls it directly while DIRECT, and the outlet
        # reports a slow reader through `stalled`.
        self.wire: Callable[[bytes], object] | None = None

    @property
    def closed(self) -> bool:
        """Whether the connection is gone."""
        return self.state is CLOSED

    @property
    def awaits_reply(self) -> bool:
        """Whether a reply to it is being read from the journal."""
        return self.outbox is not None and self.outbox.behind_reply is not None

    @property
    def event_bytes(self) -> int:
        """Bytes of the queued events."""
        return 0 if self.outbox is None else self.outbox.event_bytes

    @property
    def reply_bytes(self) -> int:
        """Bytes of the queued replies and notices."""
        return 0 if self.outbox is None else self.outbox.reply_bytes

    # What the hub sends -------------------------------------------------------------------------------------------

    def send(self, message: Encoded) -> None:
        """Send one message that is not an event: a reply, a notice, a heartbeat. It is never dropped."""
        if self.state is CLOSED:
            return
        if self.state is DIRECT:
            self._write(Batch((message,)), 0)
        elif self.awaits_reply and self.stalled_at is None and not self._open_outbox().queue:
            # Only a reply from the journal is awaited; what is not an event need not wait for it.
            if not self.outlet.write(Batch((message,))):
                self.stalled()
        else:
            self._open_outbox().add_reply(message)

    def reply(self, messages: Iterable[Encoded]) -> None:
        """Send messages that belong together: the parts of a snapshot, or a resume and its events. None is dropped."""
        if self.state is CLOSED:
            return
        outbox = self._open_outbox()
        for message in messages:
            outbox.add_reply(message)
        if self.stalled_at is None:
            self._flush()

    def deliver(self, events: Sequence[LiveEvent]) -> None:
        """Send the events this session has not seen: at once if its reader keeps up, otherwise queued and conflated."""
        news = [event for event in events if event.offset > self.delivered]
        if not news:
            return
        self.delivered = news[-1].offset
        if self.mode == "latest":
            latest = latest_of(news)
            self._count_skipped(len(news) - len(latest))
            news = latest
        if self.state is DIRECT:
            self._write(Batch(news), len(news))
        elif self.snapshot_due:
            self._count_skipped(len(news))
        else:
            # `_conflates` is spelled out: a slow session passes here with every event.
            outbox = self.outbox or self._open_outbox()
            replaced = outbox.add_events(news, self.stalled_at is not None or self.mode == "latest")
            if replaced:
                self._count_skipped(replaced)
            if outbox.event_bytes > self.host.limits.max_pending_bytes:
                self._overflow()

    def catch_up(self) -> None:
        """Take now what the running flush and the next one would bring; the session then stands at the hub's offset."""
        audience = self.audience
        if audience is not None:
            if audience.flushing:
                self.deliver(audience.flushing)
            if audience.gathered:
                self.deliver(audience.gathered)
        if self.state is not CLOSED:
            self.delivered = self.host.offset

    # What the outlet reports --------------------------------------------------------------------------------------

    def stalled(self) -> None:
        """Queue events from now on: called by the outlet when its reader does not keep up."""
        if self.state is not CLOSED and self.stalled_at is None:
            self.state = QUEUED
            self.stalled_at = self.host.time()

    def drained(self) -> None:
        """Write what is queued: called by the outlet when its reader has caught up."""
        if self.state is not CLOSED:
            self.stalled_at = None
            self._flush()

    # While a reply is read ----------------------------------------------------------------------------------------

    def pause_for_reply(self) -> None:
        """Queue events from now on: a reply that comes before them is being read from the journal."""
        self._open_outbox().behind_reply = {}

    def finish_reply(self, messages: Iterable[Encoded]) -> None:
        """Send the reply, then the events that waited for it, then run the deferred commands."""
        if self.state is CLOSED:
            return
        outbox = self._open_outbox()
        for message in messages:
            outbox.add_reply(message)
        self.resume()
        self.run_deferred()

    def resume(self, keep: frozenset[str] | None = None) -> None:
        """Send the events that waited for a reply; with `keep`, only those of these topics: it covers the rest."""
        if self.state is CLOSED:
            return
        self._count_skipped(self._open_outbox().end_reply(keep, conflate=self._conflates))
        if self.stalled_at is None:
            self._flush()

    def defer(self, command: Callable[[], None]) -> None:
        """Run `command` when the reply that is awaited has gone out."""
        if self.deferred is None:
            self.deferred = deque()
        self.deferred.append(command)

    def run_deferred(self) -> None:
        """Run the deferred commands, up to one that has to wait for a reply itself, or until a snapshot is due."""
        while self.deferred and not self.must_defer and self.state is not CLOSED:
            self.deferred.popleft()()
        if not self.deferred:
            self.deferred = None

    @property
    def must_defer(self) -> bool:
        """Whether a command has to wait: for a reply that is being read, or for a snapshot that is due."""
        return self.snapshot_due or self.awaits_reply

    def request_snapshot(self) -> None:
        """Drop the queued events and send a snapshot instead: they outgrew their limit, or the journal was replaced."""
        if self.state is CLOSED:
            return
        if self.outbox is not None:
            self._count_skipped(self.outbox.drop_events())
        self.snapshot_due = True
        self.state = QUEUED

    @property
    def can_take_snapshot(self) -> bool:
        """Whether a snapshot that is due may be sent now: nothing is queued, and the reader keeps up."""
        return (
            self.state is not CLOSED
            and self.stalled_at is None
            and (self.outbox is None or (self.outbox.behind_reply is None and not self.outbox.queue))
        )

    def close(self) -> None:
        """Forget everything that is queued: the connection is gone. Harmless when repeated."""
        self.state = CLOSED
        self.delivered = NEVER
        if self.outbox is not None:
            self.outbox.discard()
        self.outbox = self.deferred = self.on_close = None

    # Inside -----------------------------------------------------------------------------------------------------------

    @property
    def _conflates(self) -> bool:
        """Whether a newer state of a flight takes the place of a queued one: not while only a reply is awaited."""
        return self.stalled_at is not None or self.mode == "latest"

    def _open_outbox(self) -> Outbox:
        if self.outbox is None:
            self.outbox = Outbox(self.host.queued_replies)
            if self.state is DIRECT:
                self.state = QUEUED
        return self.outbox

    def _write(self, batch: Batch, events: int) -> None:
        self.sent += events
        self.host.stats.delivered += events
        if not self.outlet.write(batch):
            self.stalled()

    def _count_skipped(self, steps: int) -> None:
        self.skipped += steps
        self.host.stats.skipped += steps

    def _overflow(self) -> None:
        if self.plain:
            self.host.end(self, CloseCode.TOO_SLOW, close_reasons.SEND_QUEUE_FULL)
        else:
            self.request_snapshot()

    def _flush(self) -> None:
        """Write what is queued until the outlet is full again or nothing is left."""
        outbox = self.outbox
        if outbox is not None:
            while outbox.queue:
                piece, events = outbox.take_piece()
                self.sent += events
                self.host.stats.delivered += events
                if not self.outlet.write(Batch(piece)):
                    self.stalled()
                    return
            if outbox.behind_reply is not None:
                return
            self.outbox = None
        if self.state is CLOSED:  # by the outlet, while it was written to
            return
        if self.snapshot_due:
            self.host.send_snapshot(self)
            return
        self.state = DIRECT
        if self.heartbeat_due:
            self.host.send_head(self)


def latest_of(events: Sequence[LiveEvent]) -> list[LiveEvent]:
    """Return only the newest event of each flight, in order of their positions."""
    latest: dict[str, LiveEvent] = {}
    for event in events:
        latest.pop(event.flight_id, None)
        latest[event.flight_id] = event
    return list(latest.values())

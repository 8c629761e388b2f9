"""Sockets given to the hub: after the accept nothing stands between a session and its transport.

The server offers the scope extension `EXTENSION` (see `windsock.service.edge`): a callable that takes an
`asyncio.Protocol` and gives the accepted socket's transport, paused, or None where it cannot. What a connection then
costs is its transport, this outlet and the hub's session: no task, no queue, no coroutine, no handshake.
"""

import asyncio
from typing import TYPE_CHECKING, Any, cast

from windsock.live.conversation import Conversation
from windsock.live.frames import Batch
from windsock.live.websocket import Closing, Message, MessageReader, Ping, close_frame, ping_frame, pong_frame

if TYPE_CHECKING:
    from windsock.live.service import LiveService

EXTENSION = "windsock.handover"

# How long the other side has to answer our close frame, or to take it at all (RFC 6455, 7.1.1).
CLOSE_SECONDS = 5.0

# A reader may be so far behind before the hub begins to hold back; with the kernel's buffers, what a stuck one costs.
HIGH_WATER_BYTES = 64 * 1024


class SocketOutlet(asyncio.Protocol):
    """A session's outlet that writes frames to its transport, and the protocol that reads the client's.

    `heard` is True when anything came since the last look; the pulse uses it to find connections that died silently.
    """

    __slots__ = ("_behind", "_closing", "_conversation", "_reader", "_service", "heard", "transport")

    def __init__(self, service: "LiveService") -> None:
        self._service = service
        self._conversation: Conversation | None = None
        self._reader: MessageReader | None = None
        self._behind = False
        self._closing = False
        self.heard = True
        self.transport: asyncio.Transport | None = None

    # As asyncio.Protocol ------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is ours."""
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=HIGH_WATER_BYTES)
        self._service.pulse.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended, by whomever: nothing of it stays."""
        self.transport = None
        self._closing = True
        self._service.pulse.discard(self)
        conversation, self._conversation = self._conversation, None
        if conversation is not None:
            self._service.detach(conversation)

    def pause_writing(self) -> None:
        """The reader is behind."""
        self._behind = True

    def resume_writing(self) -> None:
        """The reader has caught up."""
        self._behind = False
        if self._conversation is not None:
            self._conversation.session.drained()

    def data_received(self, data: bytes) -> None:
        """Bytes from the client. The reader is kept only while a message is incomplete."""
        self.heard = True
        reader = self._reader or MessageReader(2 * self._service.settings.max_message_bytes)
        for received in reader.feed(data):
            match received:
                case Message():
                    if self._conversation is not None and not self._closing:
                        self._conversation.receive(received.data)
                case Ping():
                    if not self._closing and not self._behind:
                        self._write(pong_frame(received.payload))
                case Closing():
                    self._closed_by_peer(received)
                    return
        self._reader = None if reader.idle else reader

    # As Outlet ----------------------------------------------------------------------------------------------------

    def write(self, batch: Batch) -> bool:
        """As `Outlet` says: one write, whatever the number of messages."""
        transport = self.transport
        if transport is not None and not self._closing:
            transport.write(batch.frames)
        return not self._behind

    def close(self, code: int, reason: str) -> None:
        """As `Outlet` says. A reader that does not take or answer the close frame is let go after `CLOSE_SECONDS`."""
        if self._closing or self.transport is None:
            return
        self._write(close_frame(int(code), reason))
        self._closing = True
        self.transport.resume_reading()  # the answer must be read, also of one that was never begun
        self._service.loop.call_later(CLOSE_SECONDS, self.abort)

    # For those who hold it ----------------------------------------------------------------------------------------

    def begin(self, conversation: Conversation, topics: list[str]) -> None:
        """From now on the client is heard and served."""
        if self.transport is None:
            self._service.detach(conversation)
            return
        self._conversation = conversation
        conversation.open(topics)
        self.transport.resume_reading()

    def ping(self) -> None:
        """Asks for a sign of life; behind a backlog it would wait in vain, and `stalled_at` watches that already."""
        if not self._closing and not self._behind:
            self._write(ping_frame())

    def abort(self) -> None:
        """Lets go of the socket at once."""
        if self.transport is not None:
            self.transport.abort()

    def _write(self, data: bytes) -> None:
        if self.transport is not None:
            self.transport.write(data)

    def _closed_by_peer(self, closing: Closing) -> None:
        transport = self.transport
        if transport is None:
            return
        if not self._closing:
            # The status is sent back as it came; for a broken frame it says what was wrong (5.5.1, 7.1.7).
            self._write(close_frame(closing.code, "" if closing.by_peer else closing.reason))
            self._closing = True
        transport.close()


class Pulse:
    """Finds connections that died without a word. Our own sends prove nothing: they fill buffers for many minutes.

    Every `seconds`, who was silent is pinged, and who was silent since the last ping is let go. One timer for all.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._loop = loop
        self._seconds = seconds
        self._outlets: dict[SocketOutlet, bool] = {}  # outlet → it was pinged and has not been heard since
        self._sweep: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._outlets)

    def add(self, outlet: SocketOutlet) -> None:
        """From now on this connection is watched."""
        self._outlets[outlet] = False
        if self._sweep is None:
            self._sweep = self._loop.create_task(self._run())

    def discard(self, outlet: SocketOutlet) -> None:
        """The connection has ended."""
        self._outlets.pop(outlet, None)

    def stop(self) -> None:
        """Ends the watch and lets go of every socket that is still held."""
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        for outlet in list(self._outlets):
            outlet.abort()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._seconds)
            for number, outlet in enumerate(list(self._outlets)):
                if outlet not in self._outlets:
                    continue
                if outlet.heard:
                    outlet.heard, self._outlets[outlet] = False, False
                elif self._outlets[outlet]:
                    outlet.abort()
                else:
                    self._outlets[outlet] = True
                    outlet.ping()
                if number % 256 == 255:
                    await asyncio.sleep(0)


def offered(scope: Any) -> Any:
    """The server's hand-over for this connection, or None: then the consumer serves it itself."""
    return (scope.get("extensions") or {}).get(EXTENSION)

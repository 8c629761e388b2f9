"""Sockets given to the hub: after the accept nothing stands between a session and its transport.

The server offers the scope extension `EXTENSION` (see `windsock.service.websocket_protocol`): a callable that takes an
`asyncio.Protocol` and gives the accepted socket's transport, paused, or None where it cannot. What a connection then
costs is its transport, this outlet and the hub's session: no task, no queue, no coroutine, no handshake.
"""

import asyncio
import logging
import socket
from typing import TYPE_CHECKING, Any, cast

from windsock.live.core.frames import Batch
from windsock.live.transport.framing import (
    Closing,
    Message,
    MessageReader,
    Ping,
    close_frame,
    ping_frame,
    pong_frame,
)
from windsock.live.transport.keepalive import Keepalive
from windsock.protocol import close_reasons
from windsock.protocol.codes import CloseCode

if TYPE_CHECKING:  # uvicorn's workers load the protocol class before the application: no models here
    from windsock.live.conversation import Conversation
    from windsock.live.service import LiveService

__all__ = ["CLOSE_SECONDS", "EXTENSION", "Keepalive", "SocketOutlet", "offered"]

logger = logging.getLogger(__name__)

EXTENSION = "windsock.handover"

# In `websocket.accept`, for such a server: the application would have messages compressed, if the client offers to.
DEFLATE = "windsock.deflate"

# How long the other side has to answer our close frame, or to take it at all (RFC 6455, 7.1.1).
CLOSE_SECONDS = 5.0

# A reader may be so far behind before the hub begins to hold back. The bytes are shared with all who wait for the same.
HIGH_WATER_BYTES = 64 * 1024

# The kernel's part of the same: it doubles this for its bookkeeping, and without it would take up to 4 MB a socket.
# 64 KiB in flight are still 5 Mbit/s at 100 ms.
SEND_BUFFER_BYTES = 64 * 1024

# What is still read, and let by, after our close frame while its answer is awaited: who is in the midst of sending ten
# megabytes shall learn from the frame why not, and a socket closed on unread bytes would take it back.
PATIENCE_BYTES = 16 * 1024 * 1024

# Of that, this much is still read for its frames, which may hold the answer; a flood of small ones is not worth it.
ANSWER_BYTES = 64 * 1024

# RFC 6455, 7.4.1: an internal error. Clients back off, then reconnect.
INTERNAL_ERROR = 1011


class SocketOutlet(asyncio.Protocol):
    """A session's outlet that writes frames to its transport, and the protocol that reads the client's.

    `heard` is True when anything came since the last look; the pulse uses it to find connections that died silently.
    `frames` counts pings, pongs and fragments since then: messages have their own limit, those have this.
    `deflates` is set by the caller, which agreed with the client on compression (`windsock.live.core.deflate`).
    """

    __slots__ = (
        "_closer", "_conversation", "_patience", "_reader", "_service", "behind", "closing", "deflates",
        "frames", "heard", "transport",
    )  # fmt: skip

    def __init__(self, service: "LiveService") -> None:
        self._service = service
        self._conversation: Conversation | None = None
        self._reader: MessageReader | None = None
        self._closer: asyncio.TimerHandle | None = None
        self._patience = PATIENCE_BYTES
        self.behind = False
        self.closing = False
        self.deflates = False
        self.heard = True
        self.frames = 0
        self.transport: asyncio.Transport | None = None

    # As asyncio.Protocol ------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over the socket."""
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=HIGH_WATER_BYTES)
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        self._service.pulse.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection, which has ended, from whichever side."""
        self.transport = self._reader = None
        self.closing = True
        if self._closer is not None:
            self._closer.cancel()
            self._closer = None
        self._service.pulse.discard(self)
        self._leave()

    def pause_writing(self) -> None:
        """Hold back: the reader is behind."""
        self.behind = True
        if self._conversation is not None:
            self._conversation.session.stalled()

    def resume_writing(self) -> None:
        """Resume: the reader has caught up."""
        self.behind = False
        if self._conversation is not None and not self.closing:
            self._conversation.session.drained()

    def data_received(self, data: bytes) -> None:
        """Bytes from the client. The reader is kept only while a message is incomplete."""
        self.heard = True
        if self.closing:
            self._patience -= len(data)
            if self._patience < PATIENCE_BYTES - ANSWER_BYTES:
                if self._patience < 0:
                    self.abort()
                return
        reader = self._reader or MessageReader(2 * self._service.settings.max_message_bytes, self.deflates)
        if reader.closed:
            return  # all was said; what still comes is let by until the other side goes
        try:
            for received in reader.feed(data):
                match received:
                    case Message():
                        if self._conversation is not None and not self.closing:
                            self._conversation.receive(received.data)
                    case Closing():
                        self._closed_by_peer(received)
                    case _:
                        self._count()
                        if isinstance(received, Ping) and not self.closing and not self.behind:
                            self._write(pong_frame(received.payload))
        except Exception:
            # It ends this connection and no other.
            logger.exception("A message could not be handled; closing its connection")
            self._fault()
        self._reader = None if reader.idle and not reader.closed else reader

    # As Outlet ----------------------------------------------------------------------------------------------------

    def write(self, batch: Batch) -> bool:
        """As `Outlet` says: one write, whatever the number of messages."""
        transport = self.transport
        if transport is not None and not self.closing:
            transport.write(batch.deflated if self.deflates else batch.frames)
        return not self.behind

    def close(self, code: int, reason: str) -> None:
        """As `Outlet` says. A reader that does not take or answer the close frame is let go after `CLOSE_SECONDS`."""
        transport = self.transport
        if self.closing or transport is None or transport.is_closing():
            return
        self._write(close_frame(int(code), reason))
        self.closing = True
        transport.resume_reading()  # the answer must be read, also of one that was never begun
        self._closer = self._service.loop.call_later(CLOSE_SECONDS, self.abort)

    # For those who hold it ----------------------------------------------------------------------------------------

    def begin(self, conversation: "Conversation", topics: list[str]) -> None:
        """From now on the client is heard and served."""
        transport = self.transport
        if transport is None or transport.is_closing():
            self._service.detach(conversation)
            return
        self._conversation = conversation
        conversation.session.wire = transport.write
        conversation.session.deflated = self.deflates
        if self.behind:
            conversation.session.stalled()
        conversation.open(topics)
        transport.resume_reading()

    def ping(self) -> None:
        """Asks for a sign of life."""
        if not self.closing:
            self._write(ping_frame())

    def abort(self) -> None:
        """Lets go of the socket at once."""
        if self.transport is not None:
            self.transport.abort()

    # Inside ---------------------------------------------------------------------------------------------------------

    def _write(self, data: bytes) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    def _leave(self) -> None:
        conversation, self._conversation = self._conversation, None
        if conversation is not None:
            conversation.session.wire = None
            self._service.detach(conversation)

    def _end(self, code: int, reason: str) -> None:
        """End the session through the hub, which counts the code; without a session, close the connection."""
        if self._conversation is not None:
            self._conversation.end(code, reason)
        self.close(code, reason)

    def _count(self) -> None:
        self.frames += 1
        limit = self._service.settings.max_messages_per_minute
        if self.frames > limit and not self.closing:
            self._end(CloseCode.TOO_MANY_MESSAGES, close_reasons.too_many_frames(limit))

    def _fault(self) -> None:
        try:
            self._end(INTERNAL_ERROR, close_reasons.INTERNAL_ERROR)
        except Exception:
            logger.exception("Could not end the session either")
            self._leave()
            self.close(INTERNAL_ERROR, close_reasons.INTERNAL_ERROR)

    def _closed_by_peer(self, closing: Closing) -> None:
        """Close the socket: both close frames are out, or the other side's bytes make no sense."""
        transport = self.transport
        if transport is None or transport.is_closing():
            return
        said = self.closing
        if not said:
            # The status is sent back as it came; for a broken frame it says what was wrong (5.5.1, 7.1.7).
            self._write(close_frame(closing.code, "" if closing.by_peer else closing.reason))
            self.closing = True
        self._leave()
        if self._closer is None:
            self._closer = self._service.loop.call_later(CLOSE_SECONDS, self.abort)
        if closing.by_peer or said or not transport.can_write_eof():
            transport.close()
        else:
            # Closed with bytes unread, the kernel would answer them with a reset, and our close frame would be lost.
            transport.write_eof()


def offered(scope: Any) -> Any:
    """Return the server's hand-over for this connection, or None: then the consumer serves it itself."""
    return (scope.get("extensions") or {}).get(EXTENSION)

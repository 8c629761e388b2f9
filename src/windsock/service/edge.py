"""uvicorn's protocols with what they lack: a WebSocket class that can give an accepted socket away, and a deadline for
the head of a request.

Everything up to the accept is uvicorn's own: parsing, routing into the ASGI application, refusals, the closing of
connections that are not handed over. After the accept the application may call the scope extension that
`windsock.live.handover` names; from then on the transport belongs to the protocol it gave, and the task, queue and
parser of the handshake are free to go.

uvicorn's protocol classes are internal API: its minor version is pinned, and the live layer's contract also runs on
uvicorn's own class and on Daphne, where the extension is absent and the consumer serves the connection itself.
"""

import asyncio
import logging
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from windsock.live.handover import EXTENSION

# uvicorn and websockets tell of each connection three times. With thousands a second that is most of the work, so only
# warnings come through; LOGGING may set a level for this name.
logger = logging.getLogger("windsock.connections")

# Within this time the head of a request must be complete. uvicorn itself waits for ever, on a connection's first one.
HEAD_SECONDS = 10.0


class PatientHttpProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol; who does not finish the head of a request in time is let go with a 408."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """As uvicorn's; the time runs."""
        super().connection_made(transport)
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        """As uvicorn's."""
        self._in_time()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """As uvicorn's; on a kept connection the time runs from the first byte of the next request."""
        super().data_received(data)
        cycle: Any = self.cycle  # None before the first request
        idle = cycle is not None and cycle.response_complete and self.timeout_keep_alive_task is None
        if idle and self._deadline is None and not self.transport.is_closing():
            self._deadline = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def on_headers_complete(self) -> None:
        """As uvicorn's; the head was in time."""
        self._in_time()
        super().on_headers_complete()

    def _in_time(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.write(
                b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            )
            self.transport.close()


class _HandedOver:
    """Stands where the transport was, so that the end of the ASGI task does not close the socket of another."""

    def close(self) -> None:
        """Does nothing."""

    def is_closing(self) -> bool:
        """True: whatever the handshake's protocol would still write, it must not."""
        return True


class HandoverProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol, offering the hand-over in `scope["extensions"]`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.WARNING)
        self.logger = self.conn.logger = logger
        self._requested = False
        self._early = False
        self._before: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As uvicorn's; remembers the HTTP protocol that read the request."""
        self._before = getattr(transport, "get_protocol", lambda: None)()
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """As uvicorn's; the cycles of the handshake are cut, so that no garbage collection is needed."""
        super().connection_lost(exc)
        self._cut()

    def handle_connect(self, event: Request) -> None:
        """Starts the ASGI application as uvicorn does; its task first runs in a later turn of the loop."""
        super().handle_connect(event)
        self._requested = True
        scope: Any = getattr(self, "scope", None)  # absent where the handshake itself was refused
        if scope is not None:
            scope["extensions"][EXTENSION] = self.hand_over

    def data_received(self, data: bytes) -> None:
        """As uvicorn's; remembers whether the client spoke before it was handed over."""
        self._early = self._early or self._requested
        super().data_received(data)

    def hand_over(self, protocol: asyncio.Protocol) -> asyncio.Transport | None:
        """The transport, paused and now driven by `protocol`; None where that cannot be.

        Call it in the same turn as the accept. It cannot be when the client is gone, or when it sent frames before it
        was accepted: they are in the handshake's parser already.
        """
        transport = self.transport
        if (
            not self.handshake_complete
            or self.close_sent
            or self.disconnected
            or self._early
            or transport.is_closing()
        ):
            return None
        self.stop_keepalive()
        self.connections.discard(self)
        self.disconnected = True
        self.transport = _HandedOver()  # type: ignore[assignment]
        transport.pause_reading()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        self._cut()
        # Now the parser is not needed either: nobody reads or writes by it any more.
        parser = getattr(self.conn, "parser", None)
        if parser is not None:
            parser.close()
        self.conn = None  # type: ignore[assignment]
        return transport

    def _cut(self) -> None:
        """Cuts what refers to itself. Else a connect's 100 objects wait for the collector, and it stops everybody."""
        before, self._before = self._before, None
        if before is not None and hasattr(before, "parser"):
            before.parser = None
        scope: Any = getattr(self, "scope", None)
        if scope is not None:
            scope["extensions"].pop(EXTENSION, None)

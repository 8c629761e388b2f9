"""A uvicorn WebSocket protocol class that can give an accepted socket away.

Everything up to the accept is uvicorn's own: parsing, routing into the ASGI application, refusals, the closing of
connections that are not handed over. After the accept the application may call the scope extension that
`windsock.live.handover` names; from then on the transport belongs to the protocol it gave, and the task, queue and
parser of the handshake are free to go.

uvicorn's protocol classes are internal API: its minor version is pinned, and the live layer's contract also runs on
uvicorn's own class and on Daphne, where the extension is absent and the consumer serves the connection itself.
"""

import asyncio
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from windsock.live.handover import EXTENSION


class _HandedOver:
    """Stands where the transport was, so that the end of the ASGI task does not close the socket of another."""

    def close(self) -> None:
        """Does nothing."""

    def is_closing(self) -> bool:
        """True: whatever the handshake's protocol would still write, it must not."""
        return True


class HandoverProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol, offering the hand-over in `scope["extensions"]`."""

    _requested = False
    _early = False

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
        if not self.handshake_complete or self.close_sent or self.disconnected or self._early or transport.is_closing():
            return None
        self.stop_keepalive()
        self.connections.discard(self)
        self.disconnected = True
        self.transport = _HandedOver()  # type: ignore[assignment]
        transport.pause_reading()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        return transport

"""uvicorn's WebSocket protocol, which can also give an accepted socket away.

Everything up to the accept is uvicorn's own: parsing, routing into the ASGI application, refusals, the closing of
connections that are not handed over. After the accept the application may call the scope extension that
`windsock.live.transport.handover` names; from then on the transport belongs to the protocol it gave, and the task,
queue and parser of the handshake are freed.

uvicorn's protocol classes are internal API: its minor version is pinned, and the live layer's contract also runs on
uvicorn's own class and on Daphne, where the extension is absent and the consumer serves the connection itself.
"""

import asyncio
import logging
from functools import cached_property
from typing import TYPE_CHECKING, Any

from uvicorn.config import Config
from uvicorn.protocols.utils import get_client_addr, get_path_with_query_string
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.http11 import Request
from websockets.server import ServerProtocol

from windsock.live.core.deflate import extension
from windsock.live.transport.handover import DEFLATE, EXTENSION
from windsock.service.connections import address_of, logger
from windsock.service.handshake_head import PlainHead
from windsock.service.head_limits import Refusal

if TYPE_CHECKING:
    from windsock.service.http_protocol import PatientHttpProtocol


class _HandedOver:
    """Replaces the transport, so that the end of the ASGI task does not close a socket that is no longer its own."""

    def close(self) -> None:
        """Do nothing."""

    def is_closing(self) -> bool:
        """Return True, so that the handshake's protocol writes nothing more."""
        return True


class HandoverProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol, which offers the hand-over in `scope["extensions"]`.

    Its parser, queue and event are created on first use. A handshake that starts with `begin` and is handed over after
    the accept needs none of them; in every other case they are what uvicorn's own would be.
    """

    # Attributes that uvicorn sets on each instance, and that never change in a handshake that is handed over.
    transport: asyncio.Transport = None  # type: ignore[assignment]
    server = None
    client = None
    handshake_initiated = False
    handshake_complete = False
    close_sent = False
    disconnected = False
    close_timer = None
    close_timeout = 10.0
    initial_response = None
    read_paused = False
    ping_timer = None
    pong_timer = None
    pending_ping_payload = None
    ping_sent_at = 0.0
    last_ping_rtt = 0.0
    curr_msg_data_type = "bytes"

    _requested = False
    _early = False
    _before: Any = None
    _head: PlainHead | None = None
    _connect_due = False  # the application has not received `websocket.connect` yet
    _deflates = False
    _ignore_sends = False  # the handshake has ended: drop what the application still sends

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        # uvicorn's own is not called: the objects it creates are a third of the cost of a connect.
        if not config.loaded:
            config.load()
        self.config = config
        self.app = config.loaded_app
        self.loop = _loop or asyncio.get_event_loop()
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.WARNING)
        self.logger = logger
        self.root_path = config.root_path
        self.asgi_version = config.asgi_version
        self.app_state = app_state
        self.connections = server_state.connections
        self.tasks = server_state.tasks
        self.default_headers = server_state.default_headers
        self.ping_interval = config.ws_ping_interval
        self.ping_timeout = config.ws_ping_timeout
        self.frames: list[bytes] = []

    @cached_property
    def conn(self) -> ServerProtocol:  # type: ignore[override]
        """The parser. In a handshake that began without it, its state is as if it had been there from the start."""
        deflate = ServerPerMessageDeflateFactory(
            server_max_window_bits=12, client_max_window_bits=12, compress_settings={"memLevel": 5}
        )
        parser = ServerProtocol(
            extensions=[deflate] if self.config.ws_per_message_deflate else [],
            max_size=self.config.ws_max_size,
            logger=logger,
        )
        if self._head is not None:
            parser.receive_data(self._head.raw())
            (self.request,) = parser.events_received()  # type: ignore[assignment]
            self.response = parser.accept(self.request)
            if self.handshake_complete:
                parser.send_response(self.response)
                parser.data_to_send()  # `_accept` has written it
                if self._deflates:
                    parser.extensions = [extension()]
        return parser

    @cached_property
    def queue(self) -> "asyncio.Queue[Any]":  # type: ignore[override]
        """The messages that the application has not received yet."""
        return asyncio.Queue()

    @cached_property
    def writable(self) -> asyncio.Event:  # type: ignore[override]
        """Clear while the transport's buffer is full."""
        event = asyncio.Event()
        event.set()
        return event

    def begin(self, before: "PatientHttpProtocol", head: PlainHead) -> None:
        """Start the ASGI application for a request that the HTTP protocol has read and validated.

        As with `handle_connect`, its task first runs in a later iteration of the event loop.
        """
        self._before, self._head, self._connect_due = before, head, True
        self.transport, self.server, self.client = before.transport, before.server, before.client
        self.scheme = "wss" if before.scheme == "https" else "ws"
        self.connections.add(self)
        self.handshake_initiated = self._requested = True
        scope = head.scope(self)
        scope["extensions"][EXTENSION] = self.hand_over
        self.scope = scope  # type: ignore[assignment]
        task = self.loop.create_task(self.run_asgi())
        task.add_done_callback(self.on_task_complete)
        self.tasks.add(task)

    async def receive(self) -> Any:
        """Do what uvicorn does, after `websocket.connect`."""
        if self._connect_due:
            self._connect_due = False
            return {"type": "websocket.connect"}
        return await super().receive()

    async def send(self, message: Any) -> None:
        """Do what uvicorn does, but write the plain accept of a plain request without a parser."""
        if not self.handshake_complete and self.transport.is_closing():
            self._ignore_sends = self.handshake_complete = True  # the client has disconnected
        if self._ignore_sends:
            return
        if self._head is not None and "conn" not in self.__dict__:
            subprotocol = message.get("subprotocol")
            if (
                message["type"] == "websocket.accept"
                and not self.handshake_complete
                and not self.disconnected
                and not message.get("headers")
                and (not subprotocol or subprotocol in self.scope["subprotocols"])
            ):
                self._accept(self._head, subprotocol, bool(message.get(DEFLATE)))
                return
            self.conn  # noqa: B018 - uvicorn's `send` relies on the attributes that creating it sets
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            # uvicorn forgets this, and logs an error for each handshake that was answered with a status: anybody can
            # send those, and a server without room answers so to everybody.
            self.handshake_complete = True

    def _accept(self, head: PlainHead, subprotocol: str | None, compress: bool) -> None:
        if logger.isEnabledFor(logging.INFO):
            path = get_path_with_query_string(self.scope)
            logger.info('%s - "WebSocket %s" [accepted]', get_client_addr(self.scope), path)
        if self.transport.is_closing():
            return
        self.handshake_complete = True
        compression = head.compression() if compress else None
        self._deflates = compression is not None
        self.transport.write(head.answer(self.default_headers, subprotocol, compression))
        self.start_keepalive()

    def shutdown(self) -> None:
        """Do what uvicorn does; its response to an unfinished handshake is final, whatever the application sends."""
        ended = self.handshake_complete
        try:
            super().shutdown()
        except Exception:
            # uvicorn closes one connection after another: an error in this one must not affect the rest.
            logger.exception("A handshake could not be ended; aborting its connection")
            self.transport.abort()
        if not ended:
            self._ignore_sends = self.handshake_complete = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Do what uvicorn does, and remember the HTTP protocol that read the request."""
        self._before = getattr(transport, "get_protocol", lambda: None)()
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Do what uvicorn does, and cut the handshake's reference cycles, so that no garbage collection is needed."""
        super().connection_lost(exc)
        self._cut()

    def handle_connect(self, event: Request) -> None:
        """Start the ASGI application as uvicorn does; its task first runs in a later iteration of the event loop."""
        super().handle_connect(event)
        self._requested = True
        scope: Any = getattr(self, "scope", None)  # absent where the handshake itself was refused
        if scope is not None:
            scope["extensions"][EXTENSION] = self.hand_over

    def data_received(self, data: bytes) -> None:
        """Do what uvicorn does, and remember whether the client sent frames before the hand-over."""
        self._early = self._early or self._requested
        try:
            super().data_received(data)
        except Exception:
            if self.handshake_initiated:
                raise
            logger.exception("A handshake could not be read")
        if not self.handshake_initiated:
            self._unanswered()

    def _unanswered(self) -> None:
        """Respond to a head that the parser consumed without yielding a request; uvicorn would wait forever."""
        parser = self.conn
        answer = b"".join(parser.data_to_send())
        why = str(parser.handshake_exc or "not a WebSocket handshake")
        if not answer:
            answer = Refusal(400, f"The handshake could not be read: {why}.").answer(self.default_headers)
        self.handshake_initiated = self.handshake_complete = self.close_sent = self._ignore_sends = True
        status = answer.split(b" ", 2)[1].decode("ascii", "replace")
        logger.warning("%s - handshake refused with %s: %s", address_of(self.client), status, why)
        self.transport.write(answer)
        self.transport.close()

    def hand_over(self, protocol: asyncio.Protocol) -> asyncio.Transport | None:
        """Return the transport, paused and now driven by `protocol`; None where that is not possible.

        Call it in the same iteration of the event loop as the accept. It is not possible when the client has
        disconnected, or sent frames before the accept: those are already in the handshake's parser.
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
        if self._deflates:
            protocol.deflates = True  # type: ignore[attr-defined]
        protocol.connection_made(transport)
        self._cut()
        # Nothing reads or writes with the parser from now on.
        parser = getattr(self.__dict__.get("conn"), "parser", None)
        if parser is not None:
            parser.close()
        self.conn = self._head = None  # type: ignore[assignment]
        return transport

    def _cut(self) -> None:
        """Cut the reference cycles; otherwise 100 objects per connect wait for the collector's pause."""
        before, self._before = self._before, None
        if before is not None and hasattr(before, "parser"):
            before.parser = None
        scope: Any = getattr(self, "scope", None)
        if scope is not None:
            scope["extensions"].pop(EXTENSION, None)

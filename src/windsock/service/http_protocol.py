"""uvicorn's HTTP protocol with limits in time and size on a request's head, and a response wherever uvicorn has none.

uvicorn's protocol classes are internal API, so its minor version is pinned.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from windsock.api.responselimit import ABORT
from windsock.service.connections import address_of, logger
from windsock.service.handshake_head import plain_head
from windsock.service.head_limits import (
    MAX_HEAD_BYTES,
    Refusal,
    handshake_refusal,
    head_refusal,
    head_too_long,
)

HEAD_SECONDS = 10.0
"""A request's head must be complete within this time. For a connection's first one, uvicorn itself waits forever."""

LINGER_SECONDS = 2.0
"""After a refusal the client's bytes are read and discarded for this long, so that it can read the response: if unread
bytes were left, the kernel would send a reset, which discards what the client has not read yet."""

LAST_BODY_SECONDS = 0.5
"""On shutdown, a body may still arrive for this long: half of what `windsock serve` waits for requests."""


class PatientHttpProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol with limits on the head of a request: 408 when it is late, 431 when it is too long."""

    _deadline: asyncio.TimerHandle | None = None
    _upgrade_of: Any = None
    _upgrade: bytes | None = None
    _in_head = True
    _head_bytes = 0  # received since the head began, counted in whole reads
    _refusal: Refusal | None = None
    _refused: Any = False  # Any: it changes inside calls, which mypy cannot see
    # Requests still being answered when the next one arrived.
    _overtaken: tuple[RequestResponseCycle, ...] = ()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Do what uvicorn does, and start the head's deadline."""
        super().connection_made(transport)
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        """Do what uvicorn does, for every request of the connection, and cancel the deadline."""
        self._in_time()
        super().connection_lost(exc)
        # uvicorn marks the newest request only; an older one would write to a closed connection.
        for cycle in self._overtaken:
            cycle.disconnected = True
            cycle.message_event.set()

    def data_received(self, data: bytes) -> None:
        """Do what uvicorn does; on a kept-alive connection, start the deadline with the next request's first byte."""
        if self._refused:
            return
        self._head_bytes += len(data)
        try:
            super().data_received(data)
        except Exception:
            # An error that uvicorn or the WebSocket parser did not expect ends this connection with a response, not
            # silently. The parser's own errors have had a 400 before they get here.
            logger.exception("A request could not be read")
            self.refuse(Refusal(400, "The request could not be read."))
            return
        if self._refused or self.transport.get_protocol() is not self:
            return
        if self._in_head and self._head_bytes > MAX_HEAD_BYTES:
            self.refuse(head_too_long(self._head_bytes))
            return
        cycle: Any = self.cycle  # None before the first request
        idle = cycle is not None and cycle.response_complete and self.timeout_keep_alive_task is None
        if idle and self._deadline is None and not self.transport.is_closing():
            self._deadline = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def on_message_begin(self) -> None:
        """Do what uvicorn does, count the head's bytes from here, and let the application abort the connection."""
        self._in_head, self._head_bytes = True, 0
        super().on_message_begin()
        self.scope["extensions"] = {ABORT: self.transport.abort}  # type: ignore[dict-item]  # uvicorn says: dictionaries

    def on_headers_complete(self) -> None:
        """Do what uvicorn does with a head that came in time; raise _StopParsing if it is refused."""
        self._in_head = False
        self._in_time()
        upgrade = self.parser.should_upgrade() and self._should_upgrade()
        refusal = head_refusal(self.headers, self.url)
        if refusal is None and upgrade:
            refusal = handshake_refusal(self.headers, self.url)
            cycle: Any = self.cycle  # None before the first request
            if cycle is not None and not cycle.response_complete:
                refusal = Refusal(400, "A handshake must wait for the response to the previous request.")
        if refusal is not None:
            self._refusal = refusal
            raise _StopParsing
        before: Any = self.cycle
        super().on_headers_complete()
        if before is not None and not before.response_complete:
            self._overtaken = (*(cycle for cycle in self._overtaken if not cycle.response_complete), before)
        if not upgrade and self.scope["http_version"] == "1.0":
            self.cycle.__class__ = UnchunkedCycle

    def send_400_response(self, msg: str) -> None:
        """Do what uvicorn does, unless another refusal stopped the parser."""
        self._in_time()
        self.refuse(self._refusal or Refusal(400, msg))

    def refuse(self, refusal: Refusal) -> None:
        """Respond with `refusal`, close the connection, and log it."""
        self._in_time()
        if self._refused or self.transport.is_closing():
            return
        self._refused = True
        logger.warning("%s - refused with %d: %s", address_of(self.client), refusal.status, refusal.detail)
        cycle: Any = self.cycle
        if cycle is not None and cycle.response_started and not cycle.response_complete:
            self.transport.close()  # a response has begun: another one would be read as part of it
            return
        self.transport.write(refusal.answer(self.server_state.default_headers))
        if self.transport.can_write_eof():
            self.transport.write_eof()
            self._deadline = self.loop.call_later(LINGER_SECONDS, self.transport.close)
        else:
            self.transport.close()

    def shutdown(self) -> None:
        """Do what uvicorn does; an error in closing this connection must not affect the others."""
        if self._refused:
            self.transport.close()
            return
        try:
            super().shutdown()
        except Exception:
            logger.exception("A connection could not be closed; aborting it")
            self.transport.abort()
            return
        if self._receiving():
            self.loop.call_later(LAST_BODY_SECONDS, self._end_body)

    def _receiving(self) -> bool:
        cycle: Any = self.cycle
        return cycle is not None and cycle.more_body and not cycle.response_started

    def _end_body(self) -> None:
        # Otherwise its task would be cancelled in the middle, with a traceback, and the client would not learn why.
        if self._receiving() and not self.transport.is_closing():
            self.refuse(
                Refusal(503, "The server is shutting down and the body was incomplete. Send it again.")
            )
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    def handle_websocket_upgrade(self) -> None:
        """Do what uvicorn does, but do not parse a plain, valid head a second time."""
        kind: Any = self.ws_protocol_class
        head = None
        if hasattr(kind, "begin") and not self.config.ws_per_message_deflate:
            method, version = self.scope["method"], self.scope["http_version"]
            head = plain_head(method, version, self.url, self.headers)
        if head is None:
            super().handle_websocket_upgrade()
            return
        self.connections.discard(self)
        protocol = kind(self.config, self.server_state, self.app_state, self.loop)
        self.transport.set_protocol(protocol)
        protocol.begin(self, head)

    def _get_upgrade(self) -> bytes | None:
        # uvicorn asks three times for one request.
        if self._upgrade_of is not self.headers:
            self._upgrade_of, self._upgrade = self.headers, super()._get_upgrade()
        return self._upgrade

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


class _StopParsing(Exception):
    """Stops the HTTP parser; the protocol's `_refusal` is the response."""


class UnchunkedCycle(RequestResponseCycle):
    """A response to an HTTP/1.0 client: without a length, it ends when the connection closes.

    uvicorn would send it in chunks, which such a client (such as nginx with its default for upstreams) does not
    understand: it reads the sizes of the chunks as part of the body.
    """

    _until_close = False

    async def send(self, message: Any) -> None:
        """Do what uvicorn does, without chunks."""
        if message["type"] == "http.response.start" and not self.response_started:
            names = {name.lower() for name, _ in message.get("headers", ())}
            if names.isdisjoint((b"content-length", b"transfer-encoding")):
                self._until_close, self.chunked_encoding = True, False
                self.keep_alive = False
        elif self._until_close:
            self.expected_content_length = len(message.get("body", b""))  # any length is right
        await super().send(message)

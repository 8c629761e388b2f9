"""uvicorn's HTTP protocol with limits in time and size on a request's head, and a response wherever uvicorn has none.

uvicorn's protocol classes are internal API, so its minor version is pinned.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from windsock.service.connections import address_of, logger
from windsock.service.handshake_head import plain_head
from windsock.service.head_limits import (
    MAX_HEAD_BYTES,
    Refusal,
    handshake_refusal,
    head_refusal,
    head_too_long,
)

# Within this time the head of a request must be complete. uvicorn itself waits for ever, on a connection's first one.
HEAD_SECONDS = 10.0

# After a refusal the client's bytes are read and dropped for this long, so that it gets to read the answer: closed on
# unread bytes, the kernel would send a reset, which discards what the client has not read yet.
LINGER_SECONDS = 2.0

# When the server ends, a body that is on its way may still arrive: half of what `windsock serve` waits for requests.
LAST_BODY_SECONDS = 0.5


class PatientHttpProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol with bounds on the head of a request: 408 when it is late, 431 when it is too long."""

    _deadline: asyncio.TimerHandle | None = None
    _upgrade_of: Any = None
    _upgrade: bytes | None = None
    _in_head = True
    _head_bytes = 0  # received since the head began, as far as whole reads tell
    _refusal: Refusal | None = None
    _refused: Any = False  # set within calls of which mypy does not know that they do

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
        if self._refused:
            return
        self._head_bytes += len(data)
        try:
            super().data_received(data)
        except Exception:
            # Whatever uvicorn or the WebSocket parser did not expect ends this connection with an answer, not in
            # silence. The parser's own errors are answered with a 400 before they come here.
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
        """As uvicorn's; the head begins."""
        self._in_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """As uvicorn's; the head was in time. Raises _StopParsing if it is refused."""
        self._in_head = False
        self._in_time()
        upgrade = self.parser.should_upgrade() and self._should_upgrade()
        refusal = head_refusal(self.headers, self.url)
        if refusal is None and upgrade:
            refusal = handshake_refusal(self.headers, self.url)
            cycle: Any = self.cycle  # None before the first request
            if cycle is not None and not cycle.response_complete:
                refusal = Refusal(400, "A handshake must wait for the answer to the request before it.")
        if refusal is not None:
            self._refusal = refusal
            raise _StopParsing
        super().on_headers_complete()
        if not upgrade and self.scope["http_version"] == "1.0":
            self.cycle.__class__ = UnchunkedCycle

    def send_400_response(self, msg: str) -> None:
        """As uvicorn's, unless another refusal stopped the parser."""
        self._in_time()
        self.refuse(self._refusal or Refusal(400, msg))

    def refuse(self, refusal: Refusal) -> None:
        """Answer with `refusal` and end the connection; log it."""
        self._in_time()
        if self._refused or self.transport.is_closing():
            return
        self._refused = True
        logger.warning("%s - refused with %d: %s", address_of(self.client), refusal.status, refusal.detail)
        cycle: Any = self.cycle
        if cycle is not None and cycle.response_started and not cycle.response_complete:
            self.transport.close()  # an answer is on its way: another one in its midst would be taken for part of it
            return
        self.transport.write(refusal.answer(self.server_state.default_headers))
        if self.transport.can_write_eof():
            self.transport.write_eof()
            self._deadline = self.loop.call_later(LINGER_SECONDS, self.transport.close)
        else:
            self.transport.close()

    def shutdown(self) -> None:
        """As uvicorn's; a connection that cannot be ended in peace does not keep the others from it."""
        if self._refused:
            self.transport.close()
            return
        try:
            super().shutdown()
        except Exception:
            logger.exception("A connection could not be closed; it is aborted")
            self.transport.abort()
            return
        if self._receiving():
            self.loop.call_later(LAST_BODY_SECONDS, self._end_body)

    def _receiving(self) -> bool:
        cycle: Any = self.cycle
        return cycle is not None and cycle.more_body and not cycle.response_started

    def _end_body(self) -> None:
        # Otherwise its task would be cancelled in the midst, with a traceback, and the client would not learn why.
        if self._receiving() and not self.transport.is_closing():
            self.refuse(Refusal(503, "The server shuts down, and the body was not complete. Send it again."))
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    def handle_websocket_upgrade(self) -> None:
        """As uvicorn's, without a second parsing of the head where it is plainly good."""
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
    """A response to an HTTP/1.0 client: without a length it ends where the connection does.

    uvicorn would send it in chunks, which such a client (nginx's default towards its upstreams among them) does not
    know: it takes the sizes of the chunks for part of the body.
    """

    _until_close = False

    async def send(self, message: Any) -> None:
        """As uvicorn's."""
        if message["type"] == "http.response.start" and not self.response_started:
            names = {name.lower() for name, _ in message.get("headers", ())}
            if names.isdisjoint((b"content-length", b"transfer-encoding")):
                self._until_close, self.chunked_encoding = True, False
                self.keep_alive = False
        elif self._until_close:
            self.expected_content_length = len(message.get("body", b""))  # whatever comes fits
        await super().send(message)

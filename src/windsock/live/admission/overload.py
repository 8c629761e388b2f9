"""Refuse handshakes cheaply, before any lookup, while there is no time to serve one more."""

import asyncio
import logging
from collections.abc import Iterable
from typing import Any

import msgspec

from windsock.access.problems import HttpProblem
from windsock.protocol import close_reasons
from windsock.protocol.codes import CloseCode

logger = logging.getLogger(__name__)

# A loop that is this late serves nobody well; the connections that exist come first.
LATE_SECONDS = 1.0
SAMPLE_SECONDS = 0.25
RETRY_SECONDS = 2


class HandshakeGate:
    """Counts the handshakes under way and watches how late the event loop is. One per live service."""

    def __init__(self, loop: asyncio.AbstractEventLoop, limit: int) -> None:
        self.limit = limit
        self.under_way = 0
        self.refused = 0
        self.late = 0.0  # seconds, in the last sample
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Start watching the loop."""
        if self._timer is None:
            self._next(self._loop.time())

    def stop(self) -> None:
        """Stop watching."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def refuses(self, *, full: bool = False) -> str | None:
        """Return why no further handshake is accepted, or None. `full`: the connection limit is reached."""
        if full:
            why = close_reasons.SERVER_FULL
        elif self.under_way >= self.limit:
            why = close_reasons.TOO_MANY_HANDSHAKES
        elif self.late > LATE_SECONDS:
            why = close_reasons.SERVER_OVERLOADED
        else:
            return None
        self.refused += 1
        return f"{why}; retry in {RETRY_SECONDS} s"

    def __enter__(self) -> None:
        self.under_way += 1

    def __exit__(self, *_: object) -> None:
        self.under_way -= 1

    def _next(self, due: float) -> None:
        now = self._loop.time()
        self.late = max(0.0, now - due)
        due = now + SAMPLE_SECONDS
        self._timer = self._loop.call_at(due, self._next, due)


async def refuse_handshake(scope: Any, send: Any, why: str) -> None:
    """Refuse a handshake: HTTP 503 with Retry-After, or where the server cannot send that, close code 4150.

    Never by a close before the accept: that is HTTP 403, on which a client stops for good.
    """
    if not _answers_http(scope):
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": int(CloseCode.OVERLOADED), "reason": why})
        return
    await _answer(send, 503, "overloaded", why, [(b"retry-after", b"%d" % RETRY_SECONDS)])


async def refuse_unknown_path(scope: Any, receive: Any, send: Any) -> None:
    """Answer handshakes at paths without a socket with HTTP 404, and log them. An ASGI application."""
    await receive()
    logger.info("There is no socket at %s", ascii(scope["path"])[:200])
    if not _answers_http(scope):
        await send(
            {"type": "websocket.close"}
        )  # before the accept this is HTTP 403, all that such a server can say
        return
    # Channels' routers leave the rest of the path; people know the whole.
    why = f"There is no socket at {scope['path'][:200]}. Windsock's is at ws/flight-delay/."
    await _answer(send, 404, "no_such_socket", why)


def _answers_http(scope: Any) -> bool:
    return "websocket.http.response" in (scope.get("extensions") or {})


async def _answer(
    send: Any, status: int, code: str, why: str, headers: Iterable[tuple[bytes, bytes]] = ()
) -> None:
    problem = HttpProblem(status, code, why)
    sent = [(b"content-type", b"application/problem+json"), *headers, (b"cache-control", b"no-store")]
    await send({"type": "websocket.http.response.start", "status": status, "headers": sent})
    await send({"type": "websocket.http.response.body", "body": msgspec.json.encode(problem.document())})

"""A bound on request bodies, before Django reads them.

Django's ASGI handler takes a whole body in (onto the disk, when it is large) before any view is asked, so a view's own
bound comes too late to protect the machine. This wraps the application:
`application = BodyLimit(get_asgi_application())`.
"""

import asyncio
from typing import Any

import msgspec

from windsock.api.bodies import too_large
from windsock.conf import config

# Most clients send all of a body before they read the answer, and to close on them would tell them only that the
# connection broke. So much is let by, so long, with nothing kept.
LET_BY_BYTES = 16 * 1024 * 1024
LET_BY_SECONDS = 5.0


class BodyLimit:
    """An ASGI application that answers 413 as soon as a body is, or says it is, longer than `limit` bytes.

    `limit` None: `config().max_body_bytes`. At most that much of a body is ever held.
    """

    def __init__(self, application: Any, limit: int | None = None) -> None:
        self._application = application
        self._limit = limit

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        limit = self._limit if self._limit is not None else config().max_body_bytes
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
        if declared.isdigit() and int(declared) > limit:
            await _refuse(receive, send, limit, int(declared))
            return
        size = 0
        refused = False

        async def bounded_receive() -> Any:
            nonlocal size, refused
            if refused:
                return {"type": "http.disconnect"}
            message = await receive()
            if message["type"] == "http.request":
                size += len(message.get("body", b""))
                if size > limit:
                    # To Django this looks like a client that went away: it drops what it has read.
                    refused = True
                    await _refuse(receive, send, limit)
                    return {"type": "http.disconnect"}
            return message

        async def guarded_send(message: Any) -> None:
            if not refused:
                await send(message)

        await self._application(scope, bounded_receive, guarded_send)


async def _refuse(receive: Any, send: Any, limit: int, given: int | None = None) -> None:
    problem = too_large(limit, given)
    body = msgspec.json.encode(problem.document())
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        # What is still on its way is not read, so this connection cannot serve another request.
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    # The whole answer is out now; whoever waits for it before sending need not send.
    await send({"type": "http.response.body", "body": body, "more_body": True})
    try:
        async with asyncio.timeout(LET_BY_SECONDS):
            await _let_by(receive)
    except TimeoutError:
        pass
    await send({"type": "http.response.body", "body": b""})


async def _let_by(receive: Any) -> None:
    size = 0
    while size <= LET_BY_BYTES:
        message = await receive()
        if message["type"] != "http.request" or not message.get("more_body", False):
            return
        size += len(message.get("body", b""))

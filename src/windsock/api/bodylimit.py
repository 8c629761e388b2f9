"""Read request bodies before Django does: credentials first, then the bytes, with limits on size and time.

Django's ASGI handler reads a whole body (onto the disk, when it is large) before it calls any view, so a view's own
limit comes too late to protect the machine. This wraps the application and reads the bodies for Windsock's addresses:
`application = BodyLimit(ReportsLane(get_asgi_application()))`. A host sets the limits of its own addresses itself.

A client with invalid credentials, or with none where some are needed, gets its response without its body being read.
"""

import asyncio
import time
from typing import Any

import msgspec
from asgiref.sync import sync_to_async
from django.db import DatabaseError, close_old_connections

from windsock.access import passwords
from windsock.access.address import client_address
from windsock.access.limits import FEED_FAILURES
from windsock.access.lookup import bulk
from windsock.access.problems import HttpProblem
from windsock.access.rights import Identity
from windsock.access.session_cookie import session_key
from windsock.api.bearers import Bearers
from windsock.api.bodies import too_large
from windsock.api.bodyrules import SIGNED_BYTES, STRANGER_BYTES, Rule, rule_for, unprefixed

BEARER = "windsock.bearer"
"""The scope key that carries the bearer's identity, so that it is looked up once."""

GRACE_SECONDS = 10.0
"""A body has this long at first; a stranger's body has no more."""
MIN_BYTES_PER_SECOND = 4_096
"""A body gets another second for this many bytes (an upload over a weak mobile network is faster), but never has more
than GRACE_SECONDS in reserve: a sender that went silent is not waited for, however much it sent before."""
LONGEST_SECONDS = 300.0
"""No body may take longer than this."""

KNOWN_IN_FLIGHT = 64 * 1024 * 1024
"""Bytes of authenticated clients' bodies that a process holds at once: twelve full batches. Beyond it, 503."""
STRANGERS_IN_FLIGHT = 4 * 1024 * 1024
"""The same for all unauthenticated clients together."""
FREE_BYTES = 4_096
"""A stranger's body up to this size does not count, so that a sign-in always gets through; the server buffers as much
for any connection."""
RETRY_SECONDS = 2

DISCARD_BYTES = 16 * 1024 * 1024
"""Most clients send a whole body before they read the response, and would see only a broken connection if it were
closed. So the rest of a body is read and discarded, up to this much and for at most DISCARD_SECONDS."""
DISCARD_SECONDS = 5.0


class Room:
    """A budget of bytes that may be held at once."""

    def __init__(self, bytes_: int) -> None:
        self.left = bytes_

    def take(self, size: int) -> bool:
        """Take `size` bytes from the budget; return False if fewer are left."""
        if size > self.left:
            return False
        self.left -= size
        return True

    def give(self, size: int) -> None:
        """Return `size` bytes to the budget."""
        self.left += size


class BodyLimit:
    """Read the bodies for an ASGI `application`, each within its address's limit.

    `elsewhere` is the limit of addresses that are not Windsock's; None leaves them to the project.
    """

    def __init__(self, application: Any, elsewhere: int | None = None) -> None:
        self._application = application
        self._elsewhere = elsewhere
        self._bearers = Bearers()
        self.known = Room(KNOWN_IN_FLIGHT)
        self.strangers = Room(STRANGERS_IN_FLIGHT)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = dict(scope["headers"]) if scope["type"] == "http" else {}
        length = headers.get(b"content-length", b"")
        if length in (b"", b"0") and b"transfer-encoding" not in headers:
            await self._application(scope, receive, send)
            return
        rule = rule_for(unprefixed(scope))
        if rule.signs_in and (wait := passwords.refused(client_address(scope) or "")) is not None:
            # Before Django does anything: whoever tries passwords in a loop must hardly cost the others anything.
            await refuse_sign_in(receive, send, passwords.refusal(wait), wait)
            return
        limit = rule.limit(self._elsewhere)
        if limit is None:
            await self._application(scope, receive, send)
            return
        declared = int(length) if length.isdigit() else None
        if declared is not None and declared > limit:
            await refuse(receive, send, too_large(limit, declared))
            return
        try:
            bearer = await self._bearer(headers)
            known = rule.admits(bearer) or await self._vouched_for(rule, scope, headers, declared)
        except DatabaseError:
            text = "The database is not responding. Nothing from this request was recorded; try again."
            await refuse(
                receive, send, HttpProblem(503, "database_unavailable", text, retry_after=RETRY_SECONDS)
            )
            return
        if bearer is not None:
            scope = {**scope, BEARER: bearer}
        if not known:
            if b"authorization" in headers or not _may_prove(rule, scope["headers"], declared):
                # Django responds with the reason; it needs no body for that.
                await self._application(scope, _without_body(), _Closing(receive, send).send)
                return
            limit = min(limit, SIGNED_BYTES if rule.feed is not None else STRANGER_BYTES)
            if declared is not None and declared > limit:
                await refuse(receive, send, too_large(limit, declared))
                return
        reading = BodyReading(self.known if known else self.strangers, known=known)
        try:
            body = await reading.body(receive, limit)
            if body is not None:
                await self._application(scope, _replayed(body, receive), send)
        except HttpProblem as problem:
            await refuse(receive, send, problem)
        finally:
            reading.end()

    async def _bearer(self, headers: dict[bytes, bytes]) -> Identity | None:
        scheme, _, secret = headers.get(b"authorization", b"").partition(b" ")
        return await self._bearers.identity(secret.strip()) if scheme.lower() == b"bearer" else None

    async def _vouched_for(
        self, rule: Rule, scope: Any, headers: dict[bytes, bytes], declared: int | None
    ) -> bool:
        """Return whether a session, or a secret in the address, authenticates the sender.

        The session of a small body is not looked up.
        """
        if b"authorization" in headers:
            return False
        if rule.opened_by_secret():
            # While its secrets are not looked at, an address must not learn from the way the body is treated which of
            # them is right.
            return await sync_to_async(FEED_FAILURES.retry_after)(client_address(scope) or "") is None
        if declared is not None and declared <= STRANGER_BYTES:
            return False
        key = session_key(scope["headers"])
        return key is not None and await sync_to_async(_signed_in)(key)


class BodyReading:
    """A body while it is being read. It counts as held until `end`."""

    def __init__(self, room: Room, *, known: bool) -> None:
        self._room = room
        self._free = 0 if known else FREE_BYTES
        self._longest = LONGEST_SECONDS if known else GRACE_SECONDS
        self._taken = 0

    async def body(self, receive: Any, limit: int) -> bytes | None:
        """Return the whole body; None if the client disconnected. Raise HttpProblem 413, 408 or 503."""
        now = time.monotonic()
        last = now + self._longest
        ends = now + min(GRACE_SECONDS, self._longest)
        parts: list[bytes] = []
        size = 0
        while True:
            try:
                async with asyncio.timeout(max(0.0, min(ends, last) - time.monotonic())):
                    message = await receive()
            except TimeoutError:
                raise too_slow(size) from None
            if message["type"] != "http.request":
                return None
            part = message.get("body", b"")
            if part:
                size += len(part)
                ends = min(ends + len(part) / MIN_BYTES_PER_SECOND, time.monotonic() + GRACE_SECONDS)
                if size > limit:
                    raise too_large(limit)
                self._make_room(size)
                parts.append(part)
            if not message.get("more_body"):
                return parts[0] if len(parts) == 1 else b"".join(parts)

    def _make_room(self, size: int) -> None:
        more = max(0, size - self._free) - self._taken
        if not self._room.take(more):
            raise HttpProblem(
                503,
                "overloaded",
                "This server is receiving too many request bodies at the moment. Send yours again later.",
                retry_after=RETRY_SECONDS,
            )
        self._taken += more

    def end(self) -> None:
        """Return the bytes to the budget."""
        self._room.give(self._taken)
        self._taken = 0


def too_slow(size: int) -> HttpProblem:
    """Return the error for a body that arrives too slowly."""
    return HttpProblem(
        408,
        "body_too_slow",
        f"The body did not arrive in time: {size:,} bytes were received. The limit is {GRACE_SECONDS:.0f} s, plus 1 s "
        f"for every {MIN_BYTES_PER_SECOND:,} bytes, but never more than {GRACE_SECONDS:.0f} s without data. Send it "
        "again, in smaller parts if the connection is slow.",
    )


def _may_prove(rule: Rule, headers: list[tuple[bytes, bytes]], declared: int | None) -> bool:
    """Return whether a sender without an Authorization header may still prove that it may send here."""
    if not rule.needs_credentials:
        return True
    if rule.feed is not None:
        return rule.secret is None and any(name == b"webhook-signature" for name, _ in headers)
    # A larger body's session was looked up.
    return declared is not None and declared <= STRANGER_BYTES and session_key(headers) is not None


def _signed_in(key: str) -> bool:
    try:
        return key in bulk.by_session_keys([key])
    finally:
        close_old_connections()


def _without_body() -> Any:
    sent = False

    async def receive() -> Any:
        nonlocal sent
        if sent:
            # Never completes; it ends with its task.
            return await asyncio.get_running_loop().create_future()
        sent = True
        return {"type": "http.request", "body": b"", "more_body": False}

    return receive


def _replayed(body: bytes, receive: Any) -> Any:
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Any:
        return messages.pop() if messages else await receive()

    return again


class _Closing:
    """Respond to a request whose body was not read: its connection cannot serve another request."""

    def __init__(self, receive: Any, send: Any) -> None:
        self._receive = receive
        self._send = send

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            headers = [pair for pair in message.get("headers", ()) if pair[0].lower() != b"connection"]
            await self._send({**message, "headers": [*headers, (b"connection", b"close")]})
        elif message.get("more_body"):
            await self._send(message)
        else:
            # The whole response is out now; a client that waits for it before sending need not send its body.
            await self._send({**message, "more_body": True})
            try:
                async with asyncio.timeout(DISCARD_SECONDS):
                    await _discard_body(self._receive)
            except TimeoutError:
                pass
            await self._send({"type": "http.response.body", "body": b""})


async def refuse(receive: Any, send: Any, problem: HttpProblem) -> None:
    """Respond with `problem`, discard the rest of the body, and close the connection."""
    body = msgspec.json.encode(problem.document())
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    if (wait := problem.headers.get("Retry-After")) is not None:
        headers.append((b"retry-after", wait.encode()))
    closing = _Closing(receive, send)
    await closing.send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await closing.send({"type": "http.response.body", "body": body})


async def refuse_sign_in(receive: Any, send: Any, text: str, wait: int) -> None:
    """Answer 429 with a text for people, and close the connection as `refuse` does."""
    body = text.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"retry-after", str(wait).encode()),
    ]
    closing = _Closing(receive, send)
    await closing.send({"type": "http.response.start", "status": 429, "headers": headers})
    await closing.send({"type": "http.response.body", "body": body})


async def _discard_body(receive: Any) -> None:
    size = 0
    while size <= DISCARD_BYTES:
        message = await receive()
        if message["type"] != "http.request" or not message.get("more_body", False):
            return
        size += len(message.get("body", b""))

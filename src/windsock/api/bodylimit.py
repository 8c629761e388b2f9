"""Request bodies, read before Django is asked: credentials first, then the bytes, within bounds of size and time.

Django's ASGI handler takes a whole body in (onto the disk, when it is large) before any view is asked, so a view's own
bound comes too late to protect the machine. This wraps the application and reads the bodies for Windsock's addresses:
`application = BodyLimit(ReportsLane(get_asgi_application()))`. What a host's own addresses take is the host's affair.

Who shows credentials that open nothing, or none where some are needed, is answered without their body being read.
"""

import asyncio
import time
from typing import Any

import msgspec
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError, close_old_connections

from windsock.access.limits import FEED_FAILURES
from windsock.access.lookup import bulk
from windsock.access.problems import Problem
from windsock.access.rights import Identity
from windsock.api.bearers import Bearers
from windsock.api.bodies import too_large
from windsock.api.bodyrules import SIGNED_BYTES, STRANGER_BYTES, Rule, rule_for, unprefixed

# The scope's key under which the bearer's identity is left, so that it is looked up once.
BEARER = "windsock.bearer"

# A body has this long to begin with, and a second more for each so many bytes that come: an upload over a weak mobile
# network is faster. It never has more than the first in reserve, so that a sender that went away is not waited for,
# however much it sent before. No body takes longer than the last, and a stranger's no longer than the first.
GRACE_SECONDS = 10.0
MIN_BYTES_PER_SECOND = 4_096
LONGEST_SECONDS = 300.0

# Bytes of bodies held by one process at once. Twelve full batches of reports; who comes then is told to come again.
KNOWN_IN_FLIGHT = 64 * 1024 * 1024
# Those of strangers together. A sign-in is free, however many others do what: it is less than FREE_BYTES, which is no
# more than what the server holds of a connection anyway.
STRANGERS_IN_FLIGHT = 4 * 1024 * 1024
FREE_BYTES = 4_096
RETRY_SECONDS = 2

# Most clients send all of a body before they read the answer, and to close on them would only say that the connection
# broke. Up to this much is read and dropped, for at most this long.
LET_BY_BYTES = 16 * 1024 * 1024
LET_BY_SECONDS = 5.0


class Room:
    """How many bytes may still be held."""

    def __init__(self, bytes_: int) -> None:
        self.left = bytes_

    def take(self, size: int) -> bool:
        """Take `size` bytes, if there are so many left."""
        if size > self.left:
            return False
        self.left -= size
        return True

    def give(self, size: int) -> None:
        """Give back what was taken."""
        self.left += size


class BodyLimit:
    """An ASGI application that reads the bodies for `application`, each within its address's bound.

    `elsewhere` bounds those of addresses that are not Windsock's; None leaves them to the project.
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
            text = "The database does not answer now. Nothing of this request was recorded; try again."
            await refuse(receive, send, Problem(503, "database_unavailable", text, retry_after=RETRY_SECONDS))
            return
        if bearer is not None:
            scope = {**scope, BEARER: bearer}
        if not known:
            if b"authorization" in headers or not _may_prove(rule, headers, declared):
                # Django says why not; for that it needs no body.
                await self._application(scope, _without_body(), _Closing(receive, send).send)
                return
            limit = min(limit, SIGNED_BYTES if rule.feed is not None else STRANGER_BYTES)
            if declared is not None and declared > limit:
                await refuse(receive, send, too_large(limit, declared))
                return
        reading = Reading(self.known if known else self.strangers, known=known)
        try:
            body = await reading.body(receive, limit)
            if body is not None:
                await self._application(scope, _replayed(body, receive), send)
        except Problem as problem:
            await refuse(receive, send, problem)
        finally:
            reading.end()

    async def _bearer(self, headers: dict[bytes, bytes]) -> Identity | None:
        scheme, _, secret = headers.get(b"authorization", b"").partition(b" ")
        return await self._bearers.identity(secret.strip()) if scheme.lower() == b"bearer" else None

    async def _vouched_for(
        self, rule: Rule, scope: Any, headers: dict[bytes, bytes], declared: int | None
    ) -> bool:
        """Whether a session or an address with a secret speaks for the sender; small bodies ask for no session."""
        if b"authorization" in headers:
            return False
        if rule.opened_by_secret():
            # While its secrets are not looked at, an address must not learn from the way the body is treated which of
            # them is right.
            address = (scope.get("client") or ("",))[0]
            return await sync_to_async(FEED_FAILURES.retry_after)(address) is None
        if declared is not None and declared <= STRANGER_BYTES:
            return False
        key = _cookie(headers.get(b"cookie", b""))
        return key is not None and await sync_to_async(_signed_in)(key)


class Reading:
    """One body as it comes in. `end` gives back its room; until then the body counts as held."""

    def __init__(self, room: Room, *, known: bool) -> None:
        self._room = room
        self._free = 0 if known else FREE_BYTES
        self._longest = LONGEST_SECONDS if known else GRACE_SECONDS
        self._taken = 0

    async def body(self, receive: Any, limit: int) -> bytes | None:
        """Return the whole body; None if the client went away. Raises Problem 413, 408 or 503."""
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
            raise Problem(
                503,
                "overloaded",
                "Too many bodies are being sent to this server at this moment. Send yours again a little later.",
                retry_after=RETRY_SECONDS,
            )
        self._taken += more

    def end(self) -> None:
        """Give the room back."""
        self._room.give(self._taken)
        self._taken = 0


def too_slow(size: int) -> Problem:
    """Return the refusal of a body that comes too slowly."""
    return Problem(
        408,
        "body_too_slow",
        f"The body was not complete in time: {size:,} bytes came. A body has {GRACE_SECONDS:.0f} s, and one more for "
        f"every {MIN_BYTES_PER_SECOND:,} bytes, but never "
        f"more than {GRACE_SECONDS:.0f} s at once. Send it again, in smaller parts if the connection is slow.",
    )


def _may_prove(rule: Rule, headers: dict[bytes, bytes], declared: int | None) -> bool:
    """Whether somebody without an Authorization header may yet turn out to be one who may send here."""
    if not rule.needs_credentials:
        return True
    if rule.feed is not None:
        return rule.secret is None and b"webhook-signature" in headers
    # A larger body's session was looked up.
    return (
        declared is not None
        and declared <= STRANGER_BYTES
        and _cookie(headers.get(b"cookie", b"")) is not None
    )


def _cookie(header: bytes) -> str | None:
    name = settings.SESSION_COOKIE_NAME
    for part in header.decode("latin-1").split(";"):
        cookie, _, given = part.strip().partition("=")
        if cookie == name and given:
            return given.strip('"')
    return None


def _signed_in(key: str) -> bool:
    try:
        return key in bulk.by_session_keys([key])
    finally:
        close_old_connections()


def _without_body() -> Any:
    told = False

    async def receive() -> Any:
        nonlocal told
        if told:
            return (
                await asyncio.get_running_loop().create_future()
            )  # ends with the task: nobody waits for more
        told = True
        return {"type": "http.request", "body": b"", "more_body": False}

    return receive


def _replayed(body: bytes, receive: Any) -> Any:
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Any:
        return messages.pop() if messages else await receive()

    return again


class _Closing:
    """An answer to a request whose body was not read: its connection cannot serve another one."""

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
            # The whole answer is out now; whoever waits for it before sending need not send.
            await self._send({**message, "more_body": True})
            try:
                async with asyncio.timeout(LET_BY_SECONDS):
                    await _let_by(self._receive)
            except TimeoutError:
                pass
            await self._send({"type": "http.response.body", "body": b""})


async def refuse(receive: Any, send: Any, problem: Problem) -> None:
    """Answer with `problem` and end the connection, after what the client still sends has been let by."""
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


async def _let_by(receive: Any) -> None:
    size = 0
    while size <= LET_BY_BYTES:
        message = await receive()
        if message["type"] != "http.request" or not message.get("more_body", False):
            return
        size += len(message.get("body", b""))

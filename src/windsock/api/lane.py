"""A short way for the request that comes a hundred times a second: reports, POSTed with a bearer token.

Through Django's middleware each such request goes a dozen times from the event loop into a thread and back, for
sessions, cookies, CSRF and messages that a program with a token does not have. Here it is read, recorded and
answered in the event loop; only the writer works in its thread. Whatever is not plainly such a request, or would not
succeed (a wrong token, a body that is no JSON), goes on to Django, which answers it as ever. So this wraps the
application: `application = BodyLimit(ReportsLane(get_asgi_application()))`.
"""

import time
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.http import HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from windsock.access import secrets, tokens
from windsock.access.identity import Identity
from windsock.api.bodies import JSON_TYPES, NDJSON_TYPES, Batch, reports_in
from windsock.api.problems import Problem
from windsock.api.reports import record_all
from windsock.errors import JournalError

KNOWN_SECONDS = 1.0
"""How long a token that was looked up counts as known. A revoked one records nothing later than this after its end."""

MOST_KNOWN = 1024

_TYPES = {name.encode() for name in JSON_TYPES | NDJSON_TYPES}
# What Django's middleware adds to the same answer, as far as it means anything to a program.
_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
]
_Receive = Callable[[], Awaitable[Any]]


class ReportsLane:
    """An ASGI application: takes `POST …/reports` with a bearer token itself and gives all else to `application`."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._known: dict[str, tuple[float, Identity]] = {}
        self._path: str | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] != self._address():
            await self._application(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        media_type = headers.get(b"content-type", b"")
        scheme, _, secret = headers.get(b"authorization", b"").partition(b" ")
        if media_type not in _TYPES or scheme.lower() != b"bearer" or scope.get("root_path"):
            await self._application(scope, receive, send)
            return
        body, replayed = await _whole(receive)
        asker = None if body is None else await self._asker(secret.strip())
        given = None if asker is None or body is None else _understood(media_type.decode(), body)
        if asker is None or given is None:
            await self._application(scope, replayed, send)
            return
        try:
            answer = await record_all(given, asker.source)
        except JournalError as error:
            text = f"{error} Nothing of this request was recorded."
            answer = Problem(503, "journal_unavailable", text, retry_after=2).response()
        await _send(send, answer)

    def _address(self) -> str:
        """Where reports are POSTed to, as the project's URLs say; nowhere if they do not."""
        if self._path is None:
            try:
                self._path = reverse("windsock-api:publish")
            except NoReverseMatch:
                self._path = ""
        return self._path

    async def _asker(self, secret: bytes) -> Identity | None:
        """Who may publish with this token; None if nobody may, or it is to be asked anew why not."""
        try:
            text = secret.decode("ascii")
        except UnicodeDecodeError:
            return None
        if not secrets.well_formed(text, secrets.TOKEN_MARK):
            return None
        digest = secrets.digest(text)
        until, identity = self._known.get(digest, (0.0, None))
        now = time.monotonic()
        if identity is None or now > until:
            self._known.pop(digest, None)
            identity = await sync_to_async(_authenticated)(text)
            if identity is None or not identity.may_publish:
                return None
            while len(self._known) >= MOST_KNOWN:
                del self._known[next(iter(self._known))]
            # From before it was looked up: what is revoked meanwhile is not known for longer either.
            self._known[digest] = (now + KNOWN_SECONDS, identity)
        if identity.expires_at is not None and timezone.now() >= identity.expires_at:
            return None
        return identity


def _authenticated(secret: str) -> Identity | None:
    try:
        return tokens.authenticate(secret)
    except Exception:  # Django's own way meets it too, and has an answer for it
        return None
    finally:
        close_old_connections()


def _understood(media_type: str, body: bytes) -> Batch | None:
    try:
        return reports_in(media_type, body)
    except Problem:
        return None


async def _whole(receive: _Receive) -> tuple[bytes | None, _Receive]:
    """The body (None: the client went away), and a `receive` that gives it again."""
    parts: list[bytes] = []
    end: Any = None
    while end is None:
        message = await receive()
        if message["type"] != "http.request":
            end = message
            break
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    body = b"".join(parts)
    messages = [{"type": "http.request", "body": body, "more_body": end is not None}]
    if end is not None:
        messages.append(end)

    async def again() -> Any:
        return messages.pop(0) if messages else await receive()

    return (body if end is None else None), again


async def _send(send: Any, answer: HttpResponse) -> None:
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.items()]
    headers += [(b"content-length", str(len(answer.content)).encode()), *_HEADERS]
    await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": answer.content})

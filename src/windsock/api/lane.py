"""A fast path for the most frequent request: reports POSTed with a bearer token, hundreds per second.

Django's middleware would move each such request a dozen times between the event loop and a thread, for sessions,
cookies, CSRF and messages that a program with a token does not have. Here it is read, recorded and answered in the
event loop; only the writer works in its thread. Any other request, and one that would not succeed (a wrong token, a
body that is not valid JSON), is passed to Django, which answers it as usual. So this wraps the application:
`application = BodyLimit(ReportsLane(get_asgi_application()))`.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from django.db import DatabaseError
from django.http import HttpResponse

from windsock.access.rights import Identity
from windsock.api.bearers import Bearers
from windsock.api.bodies import JSON_TYPES, NDJSON_TYPES, ReportBatch, reports_in
from windsock.api.bodylimit import BEARER
from windsock.api.bodyrules import rule_for, unprefixed
from windsock.api.problems import HttpProblem
from windsock.api.reports import record_all
from windsock.errors import JournalError

_TYPES = {name.encode() for name in JSON_TYPES | NDJSON_TYPES}
# The headers that Django's middleware adds to the same response, as far as they matter to a program.
_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
]
_Receive = Callable[[], Awaitable[Any]]


class ReportsLane:
    """Handle `POST …/reports` with a bearer token; pass every other request to the ASGI `application`."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._bearers = Bearers()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if (
            scope["type"] != "http"
            or scope["method"] != "POST"
            or not rule_for(unprefixed(scope)).takes_reports
        ):
            await self._application(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        media_type = headers.get(b"content-type", b"")
        scheme, _, secret = headers.get(b"authorization", b"").partition(b" ")
        if media_type not in _TYPES or scheme.lower() != b"bearer" or b"content-encoding" in headers:
            await self._application(scope, receive, send)
            return
        body, replayed = await _whole(receive)
        asker = None if body is None else await self._asker(scope, secret.strip())
        given = None if asker is None or body is None else _understood(media_type.decode(), body)
        if asker is None or given is None:
            await self._application(scope, replayed, send)
            return
        try:
            answer = await record_all(given, asker)
        except JournalError as error:
            text = f"{error} Nothing from this request was recorded."
            answer = HttpProblem(503, "journal_unavailable", text, retry_after=2).response()
        await _send(send, answer)

    async def _asker(self, scope: Any, secret: bytes) -> Identity | None:
        """Return the token's identity if it may publish; None otherwise, and Django finds out why."""
        asker: Identity | None = scope.get(BEARER)
        if asker is None:
            try:
                asker = await self._bearers.identity(secret)
            except DatabaseError:  # Django will meet it too, and responds to it
                return None
        return asker if asker is not None and asker.may_publish else None


def _understood(media_type: str, body: bytes) -> ReportBatch | None:
    try:
        return reports_in(media_type, body)
    except HttpProblem:
        return None


async def _whole(receive: _Receive) -> tuple[bytes | None, _Receive]:
    """Return the body (None: the client disconnected), and a `receive` that delivers it again."""
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

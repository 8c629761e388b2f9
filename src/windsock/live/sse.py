"""The same sessions as Server-Sent Events: `GET /api/v1/stream?topics=departures:JFK,flight:…`.

Each message is one `data:` line of the same JSON as on the socket, so one reader of messages serves both. `id:` is the
position, so that a browser's EventSource resumes by itself with `Last-Event-ID`. Heartbeats are comments.
(https://html.spec.whatwg.org/multipage/server-sent-events.html)
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, path

from windsock.access import tokens
from windsock.access.identity import Identity, anonymous_identity, identity_of_user
from windsock.errors import ProtocolError
from windsock.live.conversation import Conversation
from windsock.live.frames import Batch, Encoded, LiveEvent
from windsock.live.hub import Refused
from windsock.live.service import LiveService
from windsock.live.session import Session
from windsock.protocol.codes import CloseCode
from windsock.protocol.positions import Position
from windsock.protocol.topics import Topic

# A reader who leaves so much untaken is slow: what comes then is conflated.
ROOM_BYTES = 256 * 1024

_COMMENT = b'{"type":"head"'
_SNAPSHOT = b'{"type":"snapshot"'


class StreamOutlet:
    """Keeps what was written until the response's iterator takes it."""

    def __init__(self) -> None:
        self.session: Session | None = None
        self._messages: list[Encoded] = []
        self._bytes = 0
        self._full = False
        self._ended = False
        self._news = asyncio.Event()

    def write(self, batch: Batch) -> bool:
        """As `Outlet` says."""
        self._messages += batch.messages
        self._bytes += batch.size
        self._full = self._bytes > ROOM_BYTES
        self._news.set()
        return not self._full

    def close(self, code: int, reason: str) -> None:
        """As `Outlet` says; a stream has no close codes, its client simply asks again."""
        self._ended = True
        self._news.set()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            await self._news.wait()
            self._news.clear()
            messages, self._messages, self._bytes = self._messages, [], 0
            if self._full:
                self._full = False
                if self.session is not None:
                    self.session.drained()
            if messages:
                yield b"".join([entry(message) for message in messages])
            if self._ended and not self._messages:
                return


def entry(message: Encoded) -> bytes:
    """One message as an entry of the stream. JSON has no line breaks, so one `data:` line holds it."""
    data = message.data
    if data.startswith(_COMMENT):
        return b": %s\n\n" % data
    if isinstance(message, LiveEvent):
        return b"id: %s\ndata: %s\n\n" % (message.position.encode(), data)
    if data.startswith(_SNAPSHOT):
        position, part, parts = _place(data)
        if part == parts:  # only a whole snapshot can be resumed from
            return b"id: %s\ndata: %s\n\n" % (position.encode(), data)
    return b"data: %s\n\n" % data


class _Place(msgspec.Struct):
    position: str
    part: int = 1
    parts: int = 1


def _place(snapshot: bytes) -> tuple[str, int, int]:
    place = msgspec.json.decode(snapshot, type=_Place)
    return place.position, place.part, place.parts


async def stream_view(request: HttpRequest) -> HttpResponseBase:
    """The stream of the asked topics (default `all`): a snapshot first, or after `Last-Event-ID` what was missed."""
    if request.method != "GET":
        return _problem(
            405, "method_not_allowed", f"{request.method} is not possible here; GET is.", Allow="GET"
        )
    asked = [name for name in request.GET.get("topics", "all").split(",") if name.strip()] or ["all"]
    last = request.headers.get("Last-Event-ID") or request.GET.get("after")
    service = await LiveService.running()
    try:
        topics = [str(Topic.parse(name)) for name in asked]
        after = Position.parse(last) if last else None
    except ProtocolError as error:
        return _problem(422, error.code, error.message)
    if len(topics) > service.settings.max_topics:
        most = service.settings.max_topics
        return _problem(422, "too_many_topics", f"{len(topics)} topics were asked for; {most} are possible.")
    identity = await _who(request)
    if identity is None or not identity.may_read:
        text = "Nobody is signed in who may read. Sign in, or send 'Authorization: Bearer TOKEN'."
        return _problem(401, "not_authenticated", text)
    outlet = StreamOutlet()
    try:
        conversation = await service.attach(outlet, identity)
    except Refused as refused:
        status = 429 if refused.code == CloseCode.TOO_MANY_CONNECTIONS else 503
        return _problem(status, "overloaded", refused.reason, **{"Retry-After": "5"})
    outlet.session = conversation.session
    service.hub.subscribe(conversation.session, topics, after=after)
    response = StreamingHttpResponse(
        _until_gone(service, conversation, outlet), content_type="text/event-stream; charset=utf-8"
    )
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"  # nginx would gather the stream into pages
    return response


async def _until_gone(
    service: LiveService, conversation: Conversation, outlet: StreamOutlet
) -> AsyncIterator[bytes]:
    try:
        async for entries in outlet:
            yield entries
    finally:
        service.detach(conversation)


async def _who(request: HttpRequest) -> Identity | None:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return await tokens.aauthenticate(secret.strip())
    session = getattr(request, "session", None)

    def look() -> Identity | None:
        user: Any = getattr(request, "user", None)
        return identity_of_user(user, session_key=getattr(session, "session_key", None))

    return await sync_to_async(look)() or anonymous_identity()


def _problem(status: int, code: str, detail: str, **headers: str) -> HttpResponse:
    """RFC 9457, as everywhere in the API."""
    body = {
        "type": "about:blank",
        "title": code.replace("_", " "),
        "status": status,
        "code": code,
        "detail": detail,
    }
    return HttpResponse(
        msgspec.json.encode(body), status=status, content_type="application/problem+json", headers=headers
    )


urlpatterns: list[URLPattern | URLResolver] = [path("api/v1/stream", stream_view, name="stream")]

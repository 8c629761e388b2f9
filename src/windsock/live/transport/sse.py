"""The same sessions as Server-Sent Events: `GET /api/v1/stream?topics=departures:JFK,flight:…`.

Each message is one `data:` line of the same JSON as on the socket, so one reader of messages serves both. `id:` is the
position, so that a browser's EventSource resumes by itself with `Last-Event-ID`. Heartbeats are comments.
(https://html.spec.whatwg.org/multipage/server-sent-events.html)
"""

import asyncio
import random
from collections.abc import AsyncIterator

import msgspec
from asgiref.sync import sync_to_async
from django.db import connections
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, path

from windsock.access.http import address_of, identity_of_request
from windsock.access.problems import HttpProblem
from windsock.access.rights import Identity, require_read
from windsock.conf import config
from windsock.errors import AccessDenied, ProtocolError
from windsock.live.admission.origin import normal
from windsock.live.admission.overload import RETRY_SECONDS
from windsock.live.conversation import Conversation
from windsock.live.core.connection_limits import SessionRefused
from windsock.live.core.frames import Batch, Encoded, LiveEvent
from windsock.live.core.session import Session
from windsock.live.service import LiveService
from windsock.protocol import codec, messages
from windsock.protocol.codes import CloseCode, ErrorCode, Reaction, reaction
from windsock.protocol.positions import Position
from windsock.protocol.topics import Topic

# A reader that leaves this much unread is slow: later events are conflated.
ROOM_BYTES = 256 * 1024
RETRY_MILLISECONDS = (500, 4_000)

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
        """As `Outlet` says. A stream has no close codes: an `error` event says so where a client must not reconnect."""
        if reaction(code) is Reaction.STOP:
            forbidden = code == CloseCode.FORBIDDEN
            told = ErrorCode.FORBIDDEN if forbidden else ErrorCode.NOT_AUTHENTICATED
            self._messages.append(Encoded(codec.encode(messages.Error(code=str(told), message=reason))))
        self._ended = True
        self._news.set()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        # Without `retry`, browsers all wait equally long before they reconnect, and arrive as a herd.
        lead = b"retry: %d\n" % random.randint(*RETRY_MILLISECONDS)
        while True:
            await self._news.wait()
            self._news.clear()
            taken, self._messages, self._bytes = self._messages, [], 0
            if self._full:
                self._full = False
                if self.session is not None:
                    self.session.drained()
            if taken:
                yield lead + b"".join([entry(message) for message in taken])
                lead = b""
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
    """Answer as `_stream`; pages of ALLOWED_ORIGINS may read it, as visitors without a session."""
    response = await _stream(request)
    origin = request.headers.get("Origin", "")
    if origin and any(normal(known) == normal(origin) for known in config().allowed_origins):
        response["Access-Control-Allow-Origin"] = origin
    response["Vary"] = "Origin"
    return response


async def _stream(request: HttpRequest) -> HttpResponseBase:
    """Stream the topics asked for (default `all`): first a snapshot, or what was missed after `Last-Event-ID`."""
    if request.method != "GET":
        text = f"{request.method} is not possible here; GET is."
        return HttpProblem(405, "method_not_allowed", text, headers={"Allow": "GET"}).response()
    asked = [name for name in request.GET.get("topics", "all").split(",") if name.strip()] or ["all"]
    # An EventSource ends for good at an error status, and its page cannot change the id it sends. So an id that is not
    # ours (another service's behind the same address, a proxy's) counts as none: a snapshot comes.
    last = _position(request.headers.get("Last-Event-ID", ""))
    given = request.GET.get("after")
    service = await LiveService.running()
    if (why := service.gate.refuses(full=service.hub.full)) is not None:
        return HttpProblem(503, "overloaded", why, retry_after=RETRY_SECONDS).response()
    try:
        topics = [str(Topic.parse(name)) for name in asked]
        after = last or (Position.parse(given) if given else None)
    except ProtocolError as error:
        return HttpProblem(422, str(error.code), error.message).response()
    if len(topics) > service.settings.max_topics:
        limit = service.settings.max_topics
        text = f"{len(topics)} topics were asked for; at most {limit} are allowed."
        return HttpProblem(422, "too_many_topics", text).response()
    outlet = StreamOutlet()
    try:
        with service.gate:
            identity = require_read(await sync_to_async(_identity)(request))
        address = address_of(request) or None
        conversation = await service.attach(outlet, identity, address=address)
    except HttpProblem as problem:
        return problem.response()
    except AccessDenied as denied:
        return HttpProblem(401, "not_authenticated", str(denied)).response()
    except SessionRefused as refused:
        many = refused.code == CloseCode.TOO_MANY_CONNECTIONS
        wait = max(1, round(refused.retry_after))
        code = "too_many_connections" if many else "overloaded"
        return HttpProblem(429 if many else 503, code, refused.reason, retry_after=wait).response()
    outlet.session = conversation.session
    service.hub.subscribe(conversation.session, topics, after=after)
    response = StreamingHttpResponse(
        _until_gone(service, conversation, outlet), content_type="text/event-stream; charset=utf-8"
    )
    # Compressed on the way (Django's GZipMiddleware, a proxy) it would be gathered, or made of parts of which browsers
    # read the first only. Whoever finds an encoding adds none.
    response["Content-Encoding"] = "identity"
    response["Cache-Control"] = "no-store, no-transform"
    response["X-Accel-Buffering"] = "no"  # nginx would gather the stream into pages
    return response


def _identity(request: HttpRequest) -> Identity | None:
    """Return the client's identity, and leave no database connection open: this request lasts for hours."""
    try:
        return identity_of_request(request)
    finally:
        for connection in connections.all(initialized_only=True):
            if not connection.in_atomic_block:
                connection.close()


def _position(text: str) -> Position | None:
    try:
        return Position.parse(text)
    except ProtocolError:
        return None


async def _until_gone(
    service: LiveService, conversation: Conversation, outlet: StreamOutlet
) -> AsyncIterator[bytes]:
    try:
        async for entries in outlet:
            yield entries
    finally:
        service.detach(conversation)


urlpatterns: list[URLPattern | URLResolver] = [path("api/v1/stream", stream_view, name="stream")]

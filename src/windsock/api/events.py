"""GET /events: read the journal by polling."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from windsock import journal
from windsock.api import openapi
from windsock.api.auth import READERS, reader
from windsock.api.blocking import in_thread
from windsock.api.problems import HttpProblem
from windsock.errors import PositionTrimmed, PositionUnknown, ProtocolError
from windsock.journal.base import Event, Head, Journal
from windsock.protocol.positions import Position
from windsock.protocol.topics import Topic

router = Router(tags=["events"])

MAX_SCANNED = 5_000
"""Events that a request scans at most, however few match its topics: the response stays quick, and the next request
continues at its `position`."""


@router.get(
    "/events",
    auth=READERS,
    operation_id="list_events",
    summary="Read the journal",
    openapi_extra=openapi.operation({200: ("Events in order.", "Events")}, [401, 403, 410, 422, 429, 503]),
)
async def events(
    request: HttpRequest,
    after: Annotated[
        str | None,
        Query(
            description="Return the events after this position. Absent: from the oldest event held.",
            max_length=80,
        ),
    ] = None,
    topics: Annotated[
        str, Query(description="Comma-separated, such as `departures:JFK,carrier:DL`.", max_length=8000)
    ] = "all",
    limit: Annotated[int, Query(ge=1, le=1000, description="Maximum number of events.")] = 500,
) -> HttpResponse:
    """List the events after `after` that belong to one of the topics, oldest first, without gaps.

    Continue with the response's `position`; `more` is true when there is more to read right away. 410: the position is
    not, or no longer, in this journal; start again from the state of the flights.
    """
    reader(request)
    wanted = _topics(topics)
    position = _position(after)
    head, found, reached, more = await in_thread(_read, journal.current(), position, wanted, limit)
    body = b",".join(event.message(head.epoch) for event in found if event.readable)
    return HttpResponse(
        b'{"events":[%s],"position":"%s","head":"%s","more":%s}'
        % (body, str(reached).encode(), str(head.position).encode(), b"true" if more else b"false"),
        content_type="application/json",
        headers={"Cache-Control": "no-cache"},
    )


def _read(
    source: Journal, after: Position | None, topics: frozenset[str], limit: int
) -> tuple[Head, list[Event], Position, bool]:
    head = source.head()
    position = after or Position(head.epoch, head.floor)
    everything = "all" in topics
    found: list[Event] = []
    looked_at = 0
    while True:
        wanted = min(1000, limit - len(found) if everything else 1000)
        try:
            part = source.after(position, wanted)
        except (PositionTrimmed, PositionUnknown) as error:
            raise _gone(position, source.head(), error) from error
        for event in part:
            position = Position(head.epoch, event.offset)
            if not topics.isdisjoint(event.topics):  # `all` does not include the topics of programmes
                found.append(event)
                if len(found) == limit:
                    return head, found, position, head.offset > event.offset
        looked_at += len(part)
        if len(part) < wanted:
            return head, found, position, False
        if looked_at >= MAX_SCANNED:
            return head, found, position, True


def _gone(position: Position, head: Head, error: Exception) -> HttpProblem:
    trimmed = isinstance(error, PositionTrimmed)
    why = "older than the oldest event held" if trimmed else "from another journal or ahead of its head"
    return HttpProblem(
        410,
        "position_trimmed" if trimmed else "position_unknown",
        f"Position {position} is {why}. Fetch the flights again, then continue from the head.",
        field="after",
        value=str(position),
        oldest=str(Position(head.epoch, head.floor)),
        head=str(head.position),
    )


def _position(text: str | None) -> Position | None:
    if text is None:
        return None
    try:
        return Position.parse(text)
    except ProtocolError as error:
        raise HttpProblem(
            422,
            "invalid_position",
            error.message,
            field="after",
            value=text,
            expected="EPOCH:OFFSET, such as an event's position",
        ) from error


def _topics(text: str) -> frozenset[str]:
    try:
        names = frozenset(str(Topic.parse(part.strip())) for part in text.split(",") if part.strip())
    except ProtocolError as error:
        raise HttpProblem(
            422,
            "invalid_topic",
            error.message,
            field="topics",
            value=text,
            expected="a topic such as departures:JFK",
        ) from error
    if not names:
        raise HttpProblem(
            422,
            "invalid_topic",
            "No topics were given.",
            field="topics",
            value=text,
            expected="a topic such as all",
        )
    return names

"""GET /programmes: what holds up whole airports now."""

from typing import Annotated

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from windsock import journal
from windsock.api import openapi
from windsock.api.auth import READERS, reader
from windsock.api.blocking import in_thread
from windsock.api.parameters import airport_code

router = Router(tags=["programmes"])


@router.get(
    "/programmes",
    auth=READERS,
    operation_id="list_programmes",
    summary="What holds up airports",
    openapi_extra=openapi.operation(
        {200: ("The programmes of airports, by airport.", "Standings")}, [401, 403, 422, 429, 503]
    ),
)
async def programmes(
    request: HttpRequest,
    airport: Annotated[
        str | None, Query(description="IATA or ICAO code. Absent: all airports.", examples=["JFK"])
    ] = None,
) -> HttpResponse:
    """Ground stops, ground delays, closures: of each airport that has any what all sources say, as of `position`.

    Follow them from there on the topic `programmes:JFK`, by the socket, the stream or GET /events.
    """
    reader(request)
    code = airport_code(airport)
    head, standings = await in_thread(journal.current().standings)
    found = [one for one in standings if one.programmes and code in (None, one.airport)]
    return HttpResponse(
        msgspec.json.encode({"standings": found, "position": str(head.position)}),
        content_type="application/json",
        headers={"Cache-Control": "no-cache"},
    )

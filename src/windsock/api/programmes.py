"""GET /programmes: what is holding up whole airports now."""

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
    summary="List what is holding up airports",
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
    """List ground stops, ground delays and closures of each airport that has any, from all sources, as of `position`.

    Follow them from there on the topic `programmes:JFK`, over the socket, the stream or GET /events.
    """
    reader(request)
    code = airport_code(airport)
    head, standings = await in_thread(journal.current().standings)
    found = [standing for standing in standings if standing.programmes and code in (None, standing.airport)]
    return HttpResponse(
        msgspec.json.encode({"standings": found, "position": str(head.position)}),
        content_type="application/json",
        headers={"Cache-Control": "no-cache"},
    )

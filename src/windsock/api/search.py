"""GET /search: what people type, found: flights, airports and routes."""

from typing import Annotated

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from windsock.api import openapi
from windsock.api.auth import READERS, reader
from windsock.api.blocking import in_thread
from windsock.api.problems import HttpProblem, quoted
from windsock.search.reading import MAX_TEXT
from windsock.search.service import search as search_now

router = Router(tags=["flights"])


@router.get(
    "/search",
    auth=READERS,
    operation_id="search",
    summary="Search as people do",
    openapi_extra=openapi.operation({200: ("What the text may mean.", "Found")}, [401, 403, 422, 429, 503]),
)
async def search(
    request: HttpRequest,
    q: Annotated[
        str,
        Query(
            description="A flight number in any spelling (`dl 1865`, `DL0001`, `delta 1865`, `DAL1865`), a codeshare, "
            "a registration, a carrier, an airport or city, or a route (`JFK LAX`, `New York to Los Angeles`).",
            max_length=MAX_TEXT,
        ),
    ],
) -> HttpResponse:
    """Return flights of today with their state in words, flights of the same number on other days, airports and routes.

    `only_flight` or `only_airport` is set if the text means only one thing. If nothing is found, `known_on` and
    `similar_…` say what is known instead.
    """
    reader(request)
    if not q.isprintable():
        raise HttpProblem(
            422,
            "invalid_parameter",
            "The search text contains characters that cannot be printed.",
            field="q",
            value=quoted(q),
            expected="printable characters",
        )
    found = await in_thread(search_now, q)
    return HttpResponse(
        msgspec.json.encode(found), content_type="application/json", headers={"Cache-Control": "no-cache"}
    )

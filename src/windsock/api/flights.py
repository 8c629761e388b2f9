"""GET /flights: boards and searches; a flight with its provenance; its history."""

from datetime import date as Date
from typing import Annotated, Literal

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router
from pydantic import BeforeValidator

from windsock import journal
from windsock.api import openapi
from windsock.api.auth import READERS, reader
from windsock.api.blocking import in_thread
from windsock.api.parameters import airport_code, iso_date
from windsock.api.problems import HttpProblem, quoted
from windsock.flights import FlightKey, FlightRecord, airlines
from windsock.ingest import pipeline
from windsock.journal.base import FlightQuery

router = Router(tags=["flights"])

FlightId = Annotated[
    str,
    Path(
        description="Carrier and number, local date at the origin, origin.",
        examples=["DL1865.2015-01-02.ATL"],
    ),
]

IsoDate = Annotated[Date, BeforeValidator(iso_date)]


@router.get(
    "/flights",
    auth=READERS,
    operation_id="list_flights",
    summary="Find flights",
    openapi_extra=openapi.operation(
        {200: ("Flights, ordered by time.", "Flights")}, [401, 403, 422, 429, 503]
    ),
)
async def find(
    request: HttpRequest,
    airport: Annotated[str | None, Query(description="IATA or ICAO code.", examples=["JFK"])] = None,
    direction: Annotated[
        Literal["departures", "arrivals", "both"], Query(description="Seen from `airport`.")
    ] = "both",
    carrier: Annotated[str | None, Query(description="IATA or ICAO designator.", examples=["DL"])] = None,
    date: Annotated[
        IsoDate | None, Query(description="Flight date, by the origin's calendar, such as 2015-01-02.")
    ] = None,
    q: Annotated[
        str | None,
        Query(
            description="The beginning of a designator, or a whole designator, codeshare, registration, airport code "
            "or flight id, as people type it (`DL 1`, `dal0001`). Exact matches come first.",
            max_length=64,
        ),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500, description="Maximum number of flights on this page.")] = 100,
    after: Annotated[str | None, Query(description="`next` of the previous page.", max_length=64)] = None,
) -> HttpResponse:
    """List flights that meet all given conditions, exact matches first, then by best known time and id.

    `next` is null on the last page, otherwise the value of `after` for the next page.
    """
    reader(request)
    if q is not None and not q.isprintable():
        raise HttpProblem(
            422,
            "invalid_parameter",
            "The search text contains characters that cannot be printed.",
            field="q",
            value=quoted(q),
            expected="printable characters",
        )
    query = FlightQuery(
        airport=airport_code(airport),
        direction=direction,
        carrier=_carrier(carrier, date),
        date=date,
        text=(q or "").strip() or None,
        limit=limit + 1,
        after_id=str(_key(after, "after")) if after else None,
    )
    found = await in_thread(journal.current().find, query)
    page = [record.flight for record in found[:limit]]
    following = page[-1].id if len(found) > limit else None
    return _json(msgspec.json.encode({"flights": page, "next": following}))


@router.get(
    "/flights/{flight_id}",
    auth=READERS,
    operation_id="get_flight",
    summary="Get a flight with its provenance",
    openapi_extra=openapi.operation(
        {200: ("The flight, and who reported what for each field.", "FlightWithProvenance")},
        [401, 403, 404, 422, 429, 503],
    ),
)
async def one(request: HttpRequest, flight_id: FlightId) -> HttpResponse:
    """Return the flight as now believed, and for each field (`provenance`) the source believed, why, and the others."""
    reader(request)
    record = await _existing(_key(flight_id, "flight_id"))
    return _json(
        msgspec.json.encode({"flight": record.flight, "provenance": record.provenance(pipeline().rules)})
    )


@router.get(
    "/flights/{flight_id}/history",
    auth=READERS,
    operation_id="get_flight_history",
    summary="Get a flight's history",
    openapi_extra=openapi.operation(
        {200: ("The flight's events that are still held, oldest first.", "History")},
        [401, 403, 404, 422, 429, 503],
    ),
)
async def history(
    request: HttpRequest,
    flight_id: FlightId,
    limit: Annotated[int, Query(ge=1, le=1000, description="Maximum number of events.")] = 1000,
) -> HttpResponse:
    """List the flight's events as they were sent, oldest first. `complete` is false when older ones were pruned."""
    reader(request)
    key = _key(flight_id, "flight_id")
    record = await _existing(key)
    events = await in_thread(journal.current().history, key, limit)
    head = await in_thread(journal.current().head)
    complete = bool(events) and events[0].version == 1 and events[-1].version >= record.flight.version
    body = b",".join(event.message(head.epoch) for event in events if event.readable)
    return _json(b'{"events":[%s],"complete":%s}' % (body, b"true" if complete else b"false"))


async def _existing(key: FlightKey) -> FlightRecord:
    record = await in_thread(journal.current().flight, key)
    if record is None:
        raise HttpProblem(
            404,
            "unknown_flight",
            f"Unknown flight {key}. Search for flights with GET /api/v1/flights.",
            value=str(key),
        )
    return record


def _key(text: str, field: str) -> FlightKey:
    try:
        return FlightKey.parse(text)
    except ValueError as error:
        raise HttpProblem(
            422,
            "invalid_flight_id",
            str(error),
            field=field,
            value=text,
            expected="CARRIER+NUMBER.DATE.ORIGIN, such as DL1865.2015-01-02.ATL",
        ) from error


def _carrier(code: str | None, on: Date | None) -> str | None:
    if code is None:
        return None
    text = code.strip().upper()
    if airlines.airline(text, on) is not None:
        return airlines.canonical(text, on)
    if not (text.isascii() and text.isalnum() and len(text) in (2, 3)):
        raise HttpProblem(
            422,
            "invalid_carrier",
            f"{code!r} is not a carrier designator.",
            field="carrier",
            value=code,
            expected="an IATA or ICAO designator, such as DL or DAL",
        )
    return text


def _json(body: bytes) -> HttpResponse:
    return HttpResponse(body, content_type="application/json", headers={"Cache-Control": "no-cache"})

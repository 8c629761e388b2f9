"""POST /tickets: a single-use ticket, with which a browser on another origin opens a socket."""

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Router

from windsock.access import tickets
from windsock.api import openapi
from windsock.api.auth import MEMBERS, identity
from windsock.conf import config

router = Router(tags=["access"])


@router.post(
    "/tickets",
    auth=MEMBERS,
    operation_id="create_ticket",
    summary="Create a ticket for a socket",
    openapi_extra=openapi.operation(
        {201: ("The ticket. It opens a single socket, before it expires.", "Ticket")}, [401, 403, 429, 503]
    ),
)
async def create(request: HttpRequest) -> HttpResponse:
    """Create a ticket with the sender's rights. Offer it as a second subprotocol, `windsock.ticket.TICKET`."""
    asker = identity(request)
    text = await tickets.aissue(asker.user_id, "socket", token=asker.token_id, session_key=asker.session_key)
    body = {"ticket": text, "expires_in": config().ticket_seconds, "subprotocol": f"windsock.ticket.{text}"}
    return HttpResponse(
        msgspec.json.encode(body),
        status=201,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )

"""Issue and redeem tickets: secrets for a single use. Thirty seconds for a socket, longer for a sign-in link."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from asgiref.sync import sync_to_async
from django.urls import reverse
from django.utils import timezone

from windsock.access import secrets
from windsock.access.lookup import redemption
from windsock.access.models import Ticket, TicketPurpose, Token
from windsock.access.rights import Identity
from windsock.conf import config
from windsock.errors import AccessDenied

# Long enough to copy a link from a terminal into a browser, short enough that one found in a log opens nothing.
SIGN_IN_SECONDS = 900
# Used and expired tickets are kept this long, so that "was it used, and when?" can be answered.
KEEP = timedelta(days=1)


def issue(
    user: Any,
    purpose: TicketPurpose,
    *,
    token: Token | int | None = None,
    session_key: str | None = None,
    seconds: int | None = None,
    now: datetime | None = None,
) -> str:
    """Return a new ticket's text for `user` (or for the bearer of `token`); it can be used once, within `seconds`.

    `seconds` None: `config().ticket_seconds` for a socket, fifteen minutes for a sign-in. A ticket gives the rights its
    user and token have when it is redeemed; with `session_key`, only as long as that session lasts.

    Raises:
        AccessDenied: neither is given, or a sign-in has no user.
    """
    token_id = token.pk if isinstance(token, Token) else token
    if getattr(user, "pk", user) is None and token_id is None:
        raise AccessDenied("A ticket is for somebody: sign in or give a token.")
    if purpose == "sign-in" and (user is None or token_id is not None):
        raise AccessDenied("A sign-in link can only be created for a user, not for a token.")
    moment = now or timezone.now()
    if seconds is None:
        seconds = config().ticket_seconds if purpose == "socket" else SIGN_IN_SECONDS
    text = secrets.make(secrets.TICKET_MARK)
    Ticket.objects.filter(expires_at__lt=moment - KEEP).delete()
    Ticket.objects.create(
        digest=secrets.digest(text),
        purpose=purpose,
        user_id=getattr(user, "pk", user),
        token_id=token_id,
        session_key=session_key or "",
        created_at=moment,
        expires_at=moment + timedelta(seconds=seconds),
    )
    return text


def redeem(text: str, purpose: TicketPurpose, *, now: datetime | None = None) -> Identity | None:
    """Return who the ticket is for, exactly once; afterwards None, as for an unknown, expired or other-purpose ticket.

    However many try at the same moment, one single conditional UPDATE decides who gets it.
    """
    return redemption.redeem_all([text], purpose, now).get(text)


def sign_in_link(user: Any, base_url: str, *, next_path: str = "/", seconds: int | None = None) -> str:
    """Return an address that signs `user` in once and leads to `next_path`. Anyone who has it becomes that user."""
    text = issue(user, "sign-in", seconds=seconds)
    address = f"{base_url.rstrip('/')}{reverse('windsock:sign-in-link', args=[text])}"
    return address if next_path == "/" else f"{address}?{urlencode({'next': next_path}, safe='/')}"


aissue = sync_to_async(issue)
aredeem = sync_to_async(redeem)

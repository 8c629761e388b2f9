"""Link screens that nobody operates: a screen shows a code, an operator approves it, and the screen may read.

The screen makes no secret known: it keeps one in a cookie that scripts cannot read, and shows a short code beside it.
Whoever approves the code makes a read-only token of the secret (RFC 8628 without the second trip). The code opens
nothing, works once and expires. See docs/adr/0042-linked-displays.md.
"""

import secrets as random
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import router, transaction
from django.utils import timezone

from windsock.access import secrets, tokens
from windsock.access.models import Display, DisplayLink, Token
from windsock.errors import AccessDenied

COOKIE = "windsock_display"
COOKIE_SECONDS = 400 * 86_400
"""The longest that browsers keep a cookie. Each visit renews it."""

ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
"""No vowels, so that no code is a word, and no digits that look like letters."""

CODE_LENGTH = 8
"""20 to the power of 8 codes: with ten wrong ones in five minutes, nobody finds one that waits."""

CODE_LIVES = timedelta(minutes=10)
"""As long as an operator needs from the screen to a desk. The screen shows a new code by itself."""

MAX_WAITING = 500
"""Screens that wait at the same time. More are not screens."""

SEEN_STEP = timedelta(seconds=30)
"""How exact `seen_at` is: a write for each request would cost more than it is worth."""


class Waiting(NamedTuple):
    """A screen that waits: what it keeps, what it shows, and until when."""

    secret: str
    code: str
    expires_at: datetime


def begin(
    *, shows: str = "", address: str = "", agent: str = "", now: datetime | None = None
) -> Waiting | None:
    """Return a new code and secret for a screen; None while too many screens wait."""
    moment = now or timezone.now()
    DisplayLink.objects.filter(expires_at__lte=moment).delete()
    if DisplayLink.objects.count() >= MAX_WAITING:
        return None
    secret = secrets.make(secrets.TOKEN_MARK)
    code = "".join(random.choice(ALPHABET) for _ in range(CODE_LENGTH))
    expires = moment + CODE_LIVES
    DisplayLink.objects.create(
        code=code,
        digest=secrets.digest(secret),
        prefix=secrets.prefix(secret),
        shows=shows[:500],
        address=address[:64],
        agent=agent[:200],
        created_at=moment,
        expires_at=expires,
    )
    return Waiting(secret, code, expires)


def waiting(secret: str, now: datetime | None = None) -> Waiting | None:
    """Return the code of the screen that keeps this secret; None if it expired or never waited."""
    if not secrets.well_formed(secret, secrets.TOKEN_MARK):
        return None
    found = DisplayLink.objects.filter(
        digest=secrets.digest(secret), expires_at__gt=now or timezone.now()
    ).first()
    return Waiting(secret, found.code, found.expires_at) if found else None


def normal_code(text: str) -> str:
    """Return the code that a person typed, without spaces and hyphens, in capitals."""
    return "".join(character for character in text.upper() if character.isalnum())[: CODE_LENGTH + 1]


def spelled(code: str) -> str:
    """Return the code as people read it: "BCDF-GHJK"."""
    return f"{code[:4]}-{code[4:]}"


def find(code: str, now: datetime | None = None) -> DisplayLink | None:
    """Return the screen that waits with this code; None if none does, or not any longer."""
    return DisplayLink.objects.filter(code=normal_code(code), expires_at__gt=now or timezone.now()).first()


def approve(code: str, *, name: str, shows: str, by: Any, now: datetime | None = None) -> Display:
    """Link the screen with this code: from now on its secret is a token that may read. Each code works once.

    Raises:
        AccessDenied: no name is given, or no screen waits with this code.
    """
    moment = now or timezone.now()
    if not name.strip():
        raise AccessDenied("A display needs a name that says where it hangs.")
    with transaction.atomic(using=router.db_for_write(Token)):
        found = find(code, moment)
        # Whoever deletes the row has it: of two operators who approve one code, the second learns that it is used.
        if found is None or not DisplayLink.objects.filter(pk=found.pk).delete()[0]:
            raise AccessDenied(
                "No screen waits with this code. It was used, or it expired: read the code again."
            )
        token = Token.objects.create(
            user=None,
            name=name.strip()[:100],
            scopes=["read"],
            prefix=found.prefix,
            digest=found.digest,
            created_at=moment,
        )
        return Display.objects.create(
            token=token, shows=shows, linked_at=moment, linked_by=by, agent=found.agent
        )


def of_secret(secret: str, now: datetime | None = None) -> Display | None:
    """Return the display that keeps this secret, revoked or not; None if the secret never was one."""
    if not secrets.well_formed(secret, secrets.TOKEN_MARK):
        return None
    return Display.objects.select_related("token").filter(token__digest=secrets.digest(secret)).first()


def seen(display: Display, *, screen: str = "", now: datetime | None = None) -> None:
    """Note that the display asked just now, and the size of its screen."""
    moment = now or timezone.now()
    size = screen[:20] if screen.replace("x", "").isdecimal() else display.screen
    if display.seen_at is None or moment - display.seen_at >= SEEN_STEP or size != display.screen:
        Display.objects.filter(pk=display.pk).update(seen_at=moment, screen=size)


def revoke(display: Display) -> bool:
    """Unlink the display for good: its page and its socket end at once. Return False if it was revoked before."""
    return tokens.revoke(display.token)

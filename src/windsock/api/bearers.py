"""Cache bearer tokens of clients that send often: one lookup per second instead of one per request."""

import time

from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.utils import timezone

from windsock.access import secrets, tokens
from windsock.access.rights import Identity

KNOWN_SECONDS = 1.0
"""How long a looked-up token stays cached. A revoked one can still record reports for at most this long."""

MAX_KNOWN = 1024
"""Tokens cached per process; beyond it the oldest entry goes."""


class Bearers:
    """The tokens that were valid a moment ago, and their identities."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, Identity]] = {}

    async def identity(self, secret: bytes) -> Identity | None:
        """Return who bears this token, or None if it is not valid. Raises the database's errors."""
        try:
            text = secret.decode("ascii")
        except UnicodeDecodeError:
            return None
        if not secrets.well_formed(text, secrets.TOKEN_MARK):
            return None
        digest = secrets.digest(text)
        until, identity = self._known.get(digest, (0.0, None))
        now = time.monotonic()
        if identity is None or now > until:
            self._known.pop(digest, None)
            identity = await sync_to_async(_authenticated)(text)
            if identity is None:
                return None
            while len(self._known) >= MAX_KNOWN:
                del self._known[next(iter(self._known))]
            # Counted from before the lookup: a token revoked meanwhile is not cached any longer either.
            self._known[digest] = (now + KNOWN_SECONDS, identity)
        if identity.expires_at is not None and timezone.now() >= identity.expires_at:
            return None
        return identity


def _authenticated(secret: str) -> Identity | None:
    try:
        return tokens.authenticate(secret)
    finally:
        close_old_connections()

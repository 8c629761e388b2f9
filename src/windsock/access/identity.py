"""Who asks, and what they may do: the answer every door (REST, socket, page) works with."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.utils import timezone

from windsock.access.models import Token
from windsock.conf import config

PUBLISH = "windsock.publish"
"""The permission to publish reports, as Django spells it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One asker and their rights at the moment they were looked up. `expires_at` None: no end is known.

    `session_key` is set when a Django session vouches for them, `token_id` when a token does; `access.recheck` asks
    that again.
    """

    user_id: Any = None
    name: str = ""
    may_read: bool = True
    may_publish: bool = False
    expires_at: datetime | None = None
    token_id: int | None = None
    session_key: str | None = None

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody vouches for them: a visitor of a public board."""
        return self.user_id is None and self.token_id is None

    @property
    def key(self) -> str:
        """A short stable name for limits and logs: `user:7`, `token:3` or `anonymous`."""
        if self.user_id is not None:
            return f"user:{self.user_id}"
        return f"token:{self.token_id}" if self.token_id is not None else "anonymous"

    @property
    def source(self) -> str:
        """Who said it, for reports that do not name their source: the name in lower case, without special signs.

        The same person or program is the same source through every door.
        """
        plain = re.sub(r"[^a-z0-9_.@+-]+", "-", self.name.lower()).strip("-.") or "unnamed"
        # "windsock." marks what Windsock infers itself.
        return f"user-{plain}" if plain.startswith("windsock.") else plain[:64]


def anonymous_identity() -> Identity | None:
    """What a visitor without credentials is: a reader where `WINDSOCK["PUBLIC_READ"]` is on, else nobody."""
    return Identity(name="anonymous") if config().public_read else None


def identity_of_user(user: Any, *, session_key: str | None = None) -> Identity | None:
    """The rights of a signed-in user; None for anonymous and deactivated ones. Asks the database for permissions."""
    if user is None or not user.is_authenticated or not user.is_active:
        return None
    return Identity(
        user_id=user.pk,
        name=user.get_username(),
        may_publish=user.has_perm(PUBLISH),
        session_key=session_key,
    )


def identity_of_token(token: Token, now: datetime | None = None) -> Identity | None:
    """The rights of a token: its scopes, and never more than its user has; None when it or its user is not valid."""
    if not token.is_valid(now or timezone.now()):
        return None
    may_publish = token.has_scope("publish")
    if token.user_id is not None:
        user = token.user
        if user is None or not user.is_active:
            return None
        may_publish = may_publish and user.has_perm(PUBLISH)
    return Identity(
        user_id=token.user_id,
        name=token.name,
        may_read=token.has_scope("read"),
        may_publish=may_publish,
        expires_at=token.expires_at,
        token_id=token.pk,
    )


aidentity_of_user = sync_to_async(identity_of_user)

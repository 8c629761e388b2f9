"""Who asks, and what they may do: the answer every entrance (REST, socket, page) works with.

Here users and tokens are looked up one by one; `access.many` does it for many at once, `access.redemption` for tickets.
What a row gives its bearer is decided in `access.rights` alone.
"""

from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.utils import timezone

from windsock.access import rights
from windsock.access.models import Token
from windsock.access.rights import Identity, Person
from windsock.conf import config

__all__ = [
    "PUBLISH",
    "Identity",
    "aidentity_of_user",
    "anonymous_identity",
    "identity_of_token",
    "identity_of_user",
    "person_of",
]

PUBLISH = "windsock.publish"
"""The permission to publish reports, as Django spells it."""


def anonymous_identity() -> Identity | None:
    """What a visitor without credentials is: a reader where `WINDSOCK["PUBLIC_READ"]` is on, else nobody."""
    return Identity(name="anonymous") if config().public_read else None


def person_of(user: Any, may_publish: bool | None = None) -> Person | None:
    """Return a user as `rights` needs it; without `may_publish` the user's backends are asked, if it counts."""
    if user is None or not user.is_authenticated:
        return None

    def publishes() -> bool:
        return bool(user.has_perm(PUBLISH) if may_publish is None else may_publish)

    return Person(user.pk, user.get_username(), bool(user.is_active), publishes)


def identity_of_user(user: Any, *, session_key: str | None = None) -> Identity | None:
    """The rights of a signed-in user; None for anonymous and deactivated ones. Asks the database for permissions."""
    return rights.of_person(person_of(user), session_key=session_key)


def identity_of_token(token: Token, now: datetime | None = None) -> Identity | None:
    """The rights of a token: its scopes, and never more than its user has; None when it or its user is not valid."""
    owner = person_of(token.user) if token.user_id is not None else None
    return rights.of_token(token, owner, now or timezone.now())


aidentity_of_user = sync_to_async(identity_of_user)

"""Give the identity of a single user or token whose row is already loaded."""

from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.utils import timezone

from windsock.access import rights
from windsock.access.models import Token
from windsock.access.rights import PUBLISH, Identity, Person
from windsock.conf import config


def anonymous_identity() -> Identity | None:
    """Return a visitor's identity: a reader where `WINDSOCK["PUBLIC_READ"]` is on, otherwise None."""
    return rights.of_visitor(config().public_read)


def person_of(user: Any, may_publish: bool | None = None) -> Person | None:
    """Return a user as `rights` needs it. Without `may_publish`, ask the user's backends when it matters."""
    if user is None or not user.is_authenticated:
        return None

    def publishes() -> bool:
        return bool(user.has_perm(PUBLISH) if may_publish is None else may_publish)

    return Person(user.pk, user.get_username(), bool(user.is_active), publishes)


def identity_of_user(user: Any, *, session_key: str | None = None) -> Identity | None:
    """Return a signed-in user's rights; None for an anonymous or deactivated one. Queries their permissions."""
    return rights.of_person(person_of(user), session_key=session_key)


def identity_of_token(token: Token, now: datetime | None = None) -> Identity | None:
    """Return a token's rights, never more than its user has; None when it or its user is no longer valid."""
    owner = person_of(token.user) if token.user_id is not None else None
    return rights.of_token(token, owner, now or timezone.now())


aidentity_of_user = sync_to_async(identity_of_user)

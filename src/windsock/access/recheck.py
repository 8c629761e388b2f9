"""What those who are connected may do as of now: asked for all at once, so that many cost a few questions."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone

from windsock.access import many, rights
from windsock.access.identity import Identity, anonymous_identity, person_of
from windsock.access.models import Token


def recheck(identity: Identity, now: datetime | None = None) -> Identity | None:
    """The same asker's rights as of now; None when they ended (logout, deactivated user, revoked or expired token).

    For connections that outlive the request that opened them. Synchronous, asks the database; a right that was
    lost shows as a lowered `may_publish` or `may_read`.
    """
    return recheck_all([identity], now)[identity]


def recheck_all(
    identities: Iterable[Identity], now: datetime | None = None
) -> dict[Identity, Identity | None]:
    """As `recheck`, for many: one question per kind (tokens, sessions, users with their permission) and 500 askers."""
    moment = now or timezone.now()
    asked = list(dict.fromkeys(identities))
    tokens: dict[Any, Token] = {}
    for some in many.parts({one.token_id for one in asked if one.token_id is not None}):
        tokens |= {token.pk: token for token in Token.objects.filter(pk__in=some)}
    sessions = many.sessions({one.session_key for one in asked if one.session_key is not None}, moment)
    people = many.people(
        {
            str(one.user_id)
            for one in asked
            if one.user_id is not None and (one.session_key is None or one.token_id is not None)
        }
    )
    visitor = anonymous_identity()
    found: dict[Identity, Identity | None] = {}
    for one in asked:
        token = tokens.get(one.token_id)
        user_id = one.user_id if token is None else token.user_id
        found[one] = rights.renewed(
            one,
            moment,
            token=token,
            signed_in=sessions.get(one.session_key or ""),
            person=person_of(*people.get(str(user_id), (None, None))),
            visitor=visitor,
        )
    return found

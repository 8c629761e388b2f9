"""Look up the present rights of connected clients: many at once, so that they cost a few queries."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone

from windsock.access import rights
from windsock.access.lookup import bulk
from windsock.access.lookup.single import anonymous_identity, person_of
from windsock.access.models import Token
from windsock.access.rights import Identity


def recheck(identity: Identity, now: datetime | None = None) -> Identity | None:
    """Return the same bearer's rights as of now; None when they ended (logout, deactivated user, revoked token).

    For connections that outlive the request that opened them. Synchronous, queries the database. A lost right shows as
    a lowered `may_publish` or `may_read`.
    """
    return recheck_all([identity], now)[identity]


def recheck_all(
    identities: Iterable[Identity], now: datetime | None = None
) -> dict[Identity, Identity | None]:
    """Do what `recheck` does, for many: one query per kind (tokens, sessions, users) and 500 identities."""
    moment = now or timezone.now()
    asked = list(dict.fromkeys(identities))
    tokens: dict[Any, Token] = {}
    for chunk in bulk.in_chunks({identity.token_id for identity in asked if identity.token_id is not None}):
        tokens |= {token.pk: token for token in Token.objects.filter(pk__in=chunk)}
    sessions = bulk.by_session_keys(
        {identity.session_key for identity in asked if identity.session_key is not None}, moment
    )
    users = bulk.active_users(
        {
            str(identity.user_id)
            for identity in asked
            if identity.user_id is not None
            and (identity.session_key is None or identity.token_id is not None)
        }
    )
    visitor = anonymous_identity()
    found: dict[Identity, Identity | None] = {}
    for identity in asked:
        token = tokens.get(identity.token_id)
        user_id = identity.user_id if token is None else token.user_id
        found[identity] = rights.renewed(
            identity,
            moment,
            token=token,
            signed_in=sessions.get(identity.session_key or ""),
            person=person_of(*users.get(str(user_id), (None, None))),
            visitor=visitor,
        )
    return found

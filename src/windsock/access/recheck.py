"""What those who are connected may do as of now: asked for all at once, so that many cost a few questions."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils import timezone

from windsock.access import many
from windsock.access.identity import PUBLISH, Identity, anonymous_identity
from windsock.access.models import Token

People = dict[str, tuple[Any, bool | None]]


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
    found: dict[Identity, Identity | None] = {}
    for one in asked:
        if one.expires_at is not None and moment >= one.expires_at:
            found[one] = None
        elif one.token_id is not None:
            found[one] = _of_token(tokens.get(one.token_id), people, moment)
        elif one.user_id is None:
            found[one] = anonymous_identity()
        elif one.session_key is not None:
            signed_in = sessions.get(one.session_key)
            theirs = signed_in is not None and signed_in.user_id == one.user_id
            found[one] = replace(signed_in, expires_at=one.expires_at) if signed_in and theirs else None
        else:
            found[one] = _of_user(one, people)
    return found


def _of_user(identity: Identity, people: People) -> Identity | None:
    user, may_publish = people.get(str(identity.user_id), (None, None))
    if user is None or not user.is_active:
        return None
    if may_publish is None:
        may_publish = bool(user.has_perm(PUBLISH))
    return replace(identity, name=user.get_username(), may_publish=may_publish)


def _of_token(token: Token | None, people: People, now: datetime) -> Identity | None:
    if token is None or not token.is_valid(now):
        return None
    may_publish = token.has_scope("publish")
    if token.user_id is not None:
        user, may = people.get(str(token.user_id), (None, None))
        if user is None or not user.is_active:
            return None
        may_publish = may_publish and bool(user.has_perm(PUBLISH) if may is None else may)
    return Identity(
        user_id=token.user_id,
        name=token.name,
        may_read=token.has_scope("read"),
        may_publish=may_publish,
        expires_at=token.expires_at,
        token_id=token.pk,
    )

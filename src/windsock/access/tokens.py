"""Create, authenticate and revoke tokens for programs: shown once, looked up by their hash, revoked for good."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.db import router, transaction
from django.db.models import Q
from django.utils import timezone

from windsock.access import revocations, secrets, token_sources
from windsock.access.lookup import bulk
from windsock.access.models import SCOPES, Token
from windsock.access.rights import Identity
from windsock.errors import AccessDenied


def create(
    user: Any,
    name: str,
    scopes: Iterable[str] = ("read",),
    expires: datetime | None = None,
    *,
    source: str | None = None,
    speaks_for: Iterable[str] = (),
) -> tuple[Token, str]:
    """Create a token; return it and its secret, which cannot be shown again. `user` None makes a machine's own token.

    A token with the scope "publish" reports as `source` (None: a free one made from its name), which no other token
    may use, and may name the sources in `speaks_for` ("*": any that is not reserved).

    Raises:
        AccessDenied: no name, no scope or an unknown one, or a source that is taken or reserved.
    """
    wanted = sorted(set(scopes), key=lambda scope: SCOPES.index(scope) if scope in SCOPES else -1)
    unknown = [scope for scope in wanted if scope not in SCOPES]
    if unknown or not wanted:
        given = ", ".join(repr(scope) for scope in unknown) or "none"
        raise AccessDenied(f"A token needs scopes among {', '.join(SCOPES)}; given: {given}.")
    if not name.strip():
        raise AccessDenied("A token needs a name that says who or what uses it.")
    own, others = sources_of(name, wanted, source, speaks_for)
    secret = secrets.make(secrets.TOKEN_MARK)
    token = Token.objects.create(
        user=user,
        name=name.strip(),
        scopes=wanted,
        source=own,
        speaks_for=others,
        expires_at=expires,
        prefix=secrets.prefix(secret),
        digest=secrets.digest(secret),
    )
    return token, secret


def sources_of(
    name: str, scopes: Iterable[str], source: str | None = None, speaks_for: Iterable[str] = ()
) -> tuple[str, list[str]]:
    """Return the source that a new token is to have, and those it may name besides; raise AccessDenied as `create`."""
    others = list(speaks_for)
    if "publish" in scopes:
        own = token_sources.own_source(name) if source is None else token_sources.checked_source(source)
        return own, token_sources.checked_list(others)
    if source is not None or others:
        raise AccessDenied("Only a token with the scope 'publish' reports, and so has sources.")
    return "", []


def authenticate(secret: str, now: datetime | None = None) -> Identity | None:
    """Return who bears this secret, with their rights as of now; None if it is unknown, expired or revoked."""
    return bulk.by_token_secrets([secret], now).get(secret)


aauthenticate = sync_to_async(authenticate)


def revoke(token: Token, now: datetime | None = None) -> bool:
    """Revoke the token for good. Return False if it was revoked before: its first end stays on record."""
    moment = now or timezone.now()
    with transaction.atomic(using=router.db_for_write(Token)):
        if not Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=moment):
            return False
        # `update` sends no signal: this record ends the token's live connections in every process.
        revocations.record(revocations.Kind.TOKEN, token.pk, using=router.db_for_write(Token))
    token.revoked_at = moment
    return True


def find(text: str) -> list[Token]:
    """Return the tokens that a person's `text` may mean: a prefix as listed, a number, or an exact name."""
    by = Q(prefix=text) | Q(name=text)
    if text.isdecimal() and len(text) < 18:
        by |= Q(pk=int(text))
    return list(Token.objects.filter(by).select_related("user"))

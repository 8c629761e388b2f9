"""Tokens for programs: made once and shown once, looked up by their hash, revoked for good."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from asgiref.sync import sync_to_async
from django.db import DatabaseError, router, transaction
from django.db.models import Q
from django.utils import timezone

from windsock.access import changes, secrets, sources
from windsock.access.identity import Identity, identity_of_token
from windsock.access.models import SCOPES, Token
from windsock.errors import AccessDenied

# "When was it last used" is a question of days; more exactness would make every request a write.
LAST_USED_STEP = timedelta(minutes=10)


def create(
    user: Any,
    name: str,
    scopes: Iterable[str] = ("read",),
    expires: datetime | None = None,
    *,
    source: str | None = None,
    speaks_for: Iterable[str] = (),
) -> tuple[Token, str]:
    """A new token and its secret, which cannot be had again. `user` None makes a machine's own token.

    One that publishes reports as `source` (None: a free one made from its name), which is its own alone, and may name
    those of `speaks_for` ("*": any that is not reserved). Raises AccessDenied for no name, no scope, an unknown one, a
    source that is taken or reserved.
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
        own = sources.own_source(name) if source is None else sources.checked_source(source)
        return own, sources.checked_list(others)
    if source is not None or others:
        raise AccessDenied("Only a token with the scope 'publish' reports, and so has sources.")
    return "", []


def authenticate(secret: str, now: datetime | None = None) -> Identity | None:
    """Who bears this secret, with their rights as of now; None when it opens nothing (unknown, expired, revoked …)."""
    if not secrets.well_formed(secret, secrets.TOKEN_MARK):
        return None
    token = Token.objects.select_related("user").filter(digest=secrets.digest(secret)).first()
    moment = now or timezone.now()
    identity = identity_of_token(token, moment) if token else None
    if token is not None and identity is not None:
        _note_use(token, moment)
    return identity


aauthenticate = sync_to_async(authenticate)


def revoke(token: Token, now: datetime | None = None) -> bool:
    """Ends the token for good. False when it was revoked before: its first end stays on record."""
    moment = now or timezone.now()
    with transaction.atomic(using=router.db_for_write(Token)):
        if not Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=moment):
            return False
        # `update` sends no signal: live connections of this token end in every process by this note.
        changes.note(changes.Kind.TOKEN, token.pk, using=router.db_for_write(Token))
    token.revoked_at = moment
    return True


def find(text: str) -> list[Token]:
    """The tokens meant by a person's `text`: a prefix as listed, a number, or an exact name."""
    by = Q(prefix=text) | Q(name=text)
    if text.isdecimal() and len(text) < 18:
        by |= Q(pk=int(text))
    return list(Token.objects.filter(by).select_related("user"))


def _note_use(token: Token, moment: datetime) -> None:
    if token.last_used_at is not None and moment - token.last_used_at < LAST_USED_STEP:
        return
    try:
        Token.objects.filter(pk=token.pk).update(last_used_at=moment)
    except DatabaseError:
        pass  # a busy database must not refuse a reader because of a note for people

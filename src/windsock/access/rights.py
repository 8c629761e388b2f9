"""Decide what a person, a token, a session or a ticket may do: the one place where a row becomes an Identity.

Pure: `access.lookup` loads the rows, one by one or many with one query. tests/contract/test_rights.py holds every way
of loading them to the same result.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from windsock.errors import AccessDenied
from windsock.flights.sources import MAX_LENGTH

PUBLISH = "windsock.publish"
"""The permission to publish reports, as Django spells it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A client and its rights at the moment they were looked up. `expires_at` None: no end is known.

    `session_key` is set when a Django session vouches for them, `token_id` when a token does; `access.lookup.recheck`
    checks both again. `own_source` is what a token reports as, `speaks_for` are the other sources it may name.
    """

    user_id: Any = None
    name: str = ""
    may_read: bool = True
    may_publish: bool = False
    expires_at: datetime | None = None
    token_id: int | None = None
    session_key: str | None = None
    own_source: str = ""
    speaks_for: tuple[str, ...] = ()

    @property
    def is_anonymous(self) -> bool:
        """Return whether no user and no token stands behind it: a visitor of a public board."""
        return self.user_id is None and self.token_id is None

    @property
    def key(self) -> str:
        """Return a short stable name for limits and logs: `user:7`, `token:3` or `anonymous`."""
        if self.user_id is not None:
            return f"user:{self.user_id}"
        return f"token:{self.token_id}" if self.token_id is not None else "anonymous"

    @property
    def reporter(self) -> str:
        """Return what a report's record names them as: `token:3 gate displays`, `user:7 ann`."""
        key = self.key if self.token_id is None else f"token:{self.token_id}"
        return f"{key} {self.name}".strip()

    @property
    def source(self) -> str:
        """Return the source they report as, on every endpoint: the token's own, or `user:` and the user's name.

        It is theirs alone: no token or feed may have a name that begins with `user:`, and user names are unique.
        """
        if self.token_id is not None:
            return self.own_source or f"token:{self.token_id}"
        name = f"user:{self.name}"
        plain = self.name.isprintable() and self.name == self.name.strip() and len(name) <= MAX_LENGTH
        # No name of a user has a "#": Django's rules do not allow it.
        return name if plain else f"user:#{self.user_id}"[:MAX_LENGTH]


class Person(NamedTuple):
    """A user as far as rights go. `publishes` is called only where it matters: a host's backends may be slow."""

    id: Any
    name: str
    active: bool
    publishes: Callable[[], bool]


class TokenFacts(Protocol):
    """The part of a token that decides about rights; `windsock.access.models.Token` has it."""

    pk: Any
    name: str
    user_id: Any
    expires_at: datetime | None
    source: str
    speaks_for: Any

    def is_valid(self, now: datetime) -> bool: ...

    def has_scope(self, scope: str) -> bool: ...


def of_person(person: Person | None, *, session_key: str | None = None) -> Identity | None:
    """Return the rights of a user; None for nobody and for one who was deactivated."""
    if person is None or not person.active:
        return None
    return Identity(
        user_id=person.id, name=person.name, may_publish=person.publishes(), session_key=session_key
    )


def of_visitor(public_read: bool) -> Identity | None:
    """Return the rights of a visitor without credentials: a reader of a public board, otherwise nobody."""
    return Identity(name="anonymous") if public_read else None


def of_token(token: TokenFacts | None, owner: Person | None, now: datetime) -> Identity | None:
    """Return the rights of a token: its scopes, and never more than its user (`owner`) has.

    None where it is unknown, revoked or expired, or its user is gone or deactivated.
    """
    if token is None or not token.is_valid(now):
        return None
    if token.user_id is not None and (owner is None or not owner.active):
        return None
    may_publish = token.has_scope("publish") and (owner is None or owner.publishes())
    return Identity(
        user_id=token.user_id,
        name=token.name,
        may_read=token.has_scope("read"),
        may_publish=may_publish,
        expires_at=token.expires_at,
        token_id=token.pk,
        own_source=token.source,
        speaks_for=tuple(map(str, token.speaks_for or ())),
    )


def of_ticket(
    *,
    token: TokenFacts | None,
    owner: Person | None,
    session_key: str,
    signed_in: Identity | None,
    person: Person | None,
    now: datetime,
) -> Identity | None:
    """Return what a ticket that was just used gives: the rights of its token, its session, or its user, as of now.

    `signed_in` is who its session signs in, if it belongs to one.
    """
    if token is not None:
        return of_token(token, owner, now)
    return signed_in if session_key else of_person(person)


def renewed(
    before: Identity,
    now: datetime,
    *,
    token: TokenFacts | None,
    signed_in: Identity | None,
    person: Person | None,
    visitor: Identity | None,
) -> Identity | None:
    """Return the same client's rights as of now, None when they ended.

    `person` is the client's or the token's user, `signed_in` who the client's session signs in, `visitor` the rights of
    an anonymous visitor.
    """
    if before.expires_at is not None and now >= before.expires_at:
        return None
    if before.token_id is not None:
        return of_token(token, person, now)
    if before.user_id is None:
        return visitor
    if before.session_key is not None:
        if signed_in is None or signed_in.user_id != before.user_id:
            return None
        return replace(signed_in, expires_at=before.expires_at)
    fresh = of_person(person)
    return None if fresh is None else replace(fresh, expires_at=before.expires_at)


def require_read(identity: Identity | None) -> Identity:
    """Return the identity itself if it may read; raise AccessDenied otherwise."""
    if identity is None:
        raise AccessDenied("Nobody is signed in. Sign in, or send 'Authorization: Bearer TOKEN'.")
    if not identity.may_read:
        raise AccessDenied(f"{identity.name or 'This token'} may not read: its token lacks the scope 'read'.")
    return identity


def require_publish(identity: Identity | None) -> Identity:
    """Return the identity itself if it may publish; raise AccessDenied otherwise."""
    if identity is None or identity.is_anonymous:
        raise AccessDenied("Nobody is signed in. Sign in, or send 'Authorization: Bearer TOKEN'.")
    if not identity.may_publish:
        wanted = f"the permission {PUBLISH!r}"
        if identity.token_id is not None:
            wanted = "a token with the scope 'publish'" + (
                f", of a user with {wanted}" if identity.user_id is not None else ""
            )
        raise AccessDenied(f"{identity.name or 'This user'} may not publish: {wanted} is needed.")
    return identity

"""Look up many identities at once, so that a thousand reconnecting clients cost a handful of queries.

A token is looked up here even when it is the only one (`tokens.authenticate`). Sessions get the answer that Django's
`AuthMiddleware` would give each of them. Synchronous.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    get_user_model,
    load_backend,
)
from django.core.exceptions import ValidationError
from django.db import DatabaseError, router
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from windsock.access import rights, secrets
from windsock.access.lookup import session_users
from windsock.access.lookup.publish_permission import (
    users_are_plain_rows,
    uses_django_permissions,
    with_publish_permission,
)
from windsock.access.lookup.single import identity_of_token, person_of
from windsock.access.models import Token
from windsock.access.rights import Identity

MAX_PARAMETERS = 500
"""Keys per query: databases limit a statement's parameters (old SQLite versions to 999)."""

LAST_USED_STEP = timedelta(minutes=10)
"""`last_used_at` answers a question of days; more precision would make every request a write."""


def by_session_keys(keys: Collection[str], now: datetime | None = None) -> dict[str, Identity]:
    """Return who is signed in by each of these session keys; leave out a session that signs nobody in.

    One query per 500 keys, plus a second one for sessions whose user was not recorded (`access.signed_in`).
    """
    found: dict[str, Identity] = {}
    stored, users = _load_sessions(keys, now or timezone.now())
    users |= active_users(
        {str(data[SESSION_KEY]) for data in stored.values() if _has_login(data)}.difference(users)
    )
    for key, data in stored.items():
        user, may_publish = users.get(str(data.get(SESSION_KEY)), (None, None))
        if user is None or not session_is_valid(user, data):
            continue
        identity = rights.of_person(person_of(user, may_publish), session_key=key)
        if identity is not None:
            found[key] = identity
    return found


def by_token_secrets(texts: Collection[str], now: datetime | None = None) -> dict[str, Identity]:
    """Return who bears each of these secrets; leave out a secret that is unknown, expired or revoked."""
    moment = now or timezone.now()
    by_digest = {
        secrets.digest(text): text for text in texts if secrets.well_formed(text, secrets.TOKEN_MARK)
    }
    found: dict[str, Identity] = {}
    used: list[int] = []
    for digests in in_chunks(by_digest):
        for token in Token.objects.select_related("user").filter(digest__in=digests).order_by():
            identity = identity_of_token(token, moment)
            if identity is None:
                continue
            found[by_digest[token.digest]] = identity
            if token.last_used_at is None or moment - token.last_used_at >= LAST_USED_STEP:
                used.append(token.pk)
    for numbers in in_chunks(used):
        try:
            Token.objects.filter(pk__in=numbers).update(last_used_at=moment)
        except DatabaseError:
            pass  # a busy database must not refuse a reader over a note that only people read
    return found


def active_users(ids: Collection[str]) -> dict[str, tuple[Any, bool | None]]:
    """Return active users by the text of their key, each with whether they may publish (None: ask their backends).

    One query per 500 users where Django itself decides; with a host's own backend or user class, one per user.
    """
    model = get_user_model()
    key = model._meta.pk
    found: dict[str, tuple[Any, bool | None]] = {}
    ids = [text for text in ids if _is_key(key, text)]
    if not uses_django_permissions():
        backend = load_backend(settings.AUTHENTICATION_BACKENDS[0])
        for text in ids:
            user = backend.get_user(key.to_python(text))
            if user is not None:
                found[text] = (user, None)
        return found
    for chunk in in_chunks(ids):
        users = with_publish_permission(model._default_manager.filter(pk__in=chunk))
        if users_are_plain_rows():
            # A model's other columns are not needed, and reading them costs more than the rest.
            users = users.only(model.USERNAME_FIELD, "password", "is_active")
        for user in users:
            if user.is_active:
                found[key.value_to_string(user)] = (user, bool(user.windsock_may_publish))
    return found


def session_is_valid(user: Any, data: Mapping[str, Any]) -> bool:
    """Return whether a login by one of our backends began this session, with the user's present password."""
    if not _has_login(data):
        return False
    given = str(data.get(HASH_SESSION_KEY, ""))
    if constant_time_compare(given, user.get_session_auth_hash()):
        return True
    return any(constant_time_compare(given, known) for known in user.get_session_auth_fallback_hash())


def in_chunks(values: Iterable[Any]) -> list[list[Any]]:
    """Split the values into lists that a single query can take."""
    whole = list(values)
    return [whole[start : start + MAX_PARAMETERS] for start in range(0, len(whole), MAX_PARAMETERS)]


def _load_sessions(
    keys: Collection[str], now: datetime
) -> tuple[dict[str, Mapping[str, Any]], dict[str, tuple[Any, bool | None]]]:
    """Return the data of these sessions, and those of their users that the same query could load."""
    alias = router.db_for_read(get_user_model())
    if not session_users.can_use_single_query(alias):
        return _load_session_data(keys, now), {}
    reader = import_module(settings.SESSION_ENGINE).SessionStore()
    stored: dict[str, Mapping[str, Any]] = {}
    users: dict[str, tuple[Any, bool | None]] = {}
    for chunk in in_chunks(keys):
        data, their_users = session_users.load_sessions_with_users(alias, chunk, now)
        stored |= {key: reader.decode(text) for key, text in data.items()}
        users |= their_users
    return stored, users


def _load_session_data(keys: Collection[str], now: datetime) -> dict[str, Mapping[str, Any]]:
    engine = import_module(settings.SESSION_ENGINE)
    if settings.SESSION_ENGINE != "django.contrib.sessions.backends.db":
        return {key: engine.SessionStore(key).load() for key in keys}
    from django.contrib.sessions.models import Session

    reader = engine.SessionStore()
    return {
        key: reader.decode(data)
        for chunk in in_chunks(keys)
        for key, data in Session.objects.filter(session_key__in=chunk, expire_date__gt=now).values_list(
            "session_key", "session_data"
        )
    }


def _is_key(field: Any, text: str) -> bool:
    """Return False for a key of a former user model, so that it does not fail the whole query."""
    try:
        field.to_python(text)
    except ValidationError:
        return False
    return True


def _has_login(data: Mapping[str, Any]) -> bool:
    return SESSION_KEY in data and data.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS

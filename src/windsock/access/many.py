"""Who asks, for many askers at once: what a thousand reconnecting clients cost the database is a few questions.

Each function answers exactly as its counterpart for one: `AuthMiddlewareStack` for sessions, `tokens.authenticate`,
`tickets.redeem`. Synchronous.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
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
from django.db import DatabaseError, connections, router, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from windsock.access import rights, secrets, together
from windsock.access.identity import Identity, identity_of_token, person_of
from windsock.access.models import Ticket, Token
from windsock.access.publishers import django_decides, plain_users, with_rights
from windsock.access.purposes import Purpose
from windsock.access.redemption import redeem_at_once
from windsock.access.tokens import LAST_USED_STEP

# Databases bound the number of parameters of one question (SQLite of old: 999).
MOST = 500


def sessions(keys: Collection[str], now: datetime | None = None) -> dict[str, Identity]:
    """Who is signed in by these session keys; who is not is left out.

    One question to the database for up to 500 of them; a second where it was not noted whose a session is.
    """
    found: dict[str, Identity] = {}
    stored, users = _stored(keys, now or timezone.now())
    users |= people(
        {str(data[SESSION_KEY]) for data in stored.values() if _begun_here(data)}.difference(users)
    )
    for key, data in stored.items():
        user, may_publish = users.get(str(data.get(SESSION_KEY)), (None, None))
        if user is None or not _begun_here(data) or not _unchanged(user, data):
            continue
        identity = rights.of_person(person_of(user, may_publish), session_key=key)
        if identity is not None:
            found[key] = identity
    return found


def tokens(secrets_: Collection[str], now: datetime | None = None) -> dict[str, Identity]:
    """Who bears these secrets; those that open nothing are left out."""
    moment = now or timezone.now()
    by_digest = {
        secrets.digest(text): text for text in secrets_ if secrets.well_formed(text, secrets.TOKEN_MARK)
    }
    found: dict[str, Identity] = {}
    used: list[int] = []
    for part in parts(by_digest):
        for token in Token.objects.select_related("user").filter(digest__in=part):
            identity = identity_of_token(token, moment)
            if identity is None:
                continue
            found[by_digest[token.digest]] = identity
            if token.last_used_at is None or moment - token.last_used_at >= LAST_USED_STEP:
                used.append(token.pk)
    for some in parts(used):
        try:
            Token.objects.filter(pk__in=some).update(last_used_at=moment)
        except DatabaseError:
            pass  # a busy database must not refuse a reader because of a note for people
    return found


def redeemed(texts: Collection[str], purpose: Purpose, now: datetime | None = None) -> dict[str, Identity]:
    """Who these tickets are for, each exactly once; those that open nothing (any more) are left out.

    One conditional UPDATE decides for all of them. Where Django decides who may what, it says that too, and nothing
    else is asked.
    """
    moment = now or timezone.now()
    good = {secrets.digest(text): text for text in texts if secrets.well_formed(text, secrets.TICKET_MARK)}
    if not good:
        return {}
    alias = router.db_for_write(Ticket)
    if together.in_one_place(alias):
        by_digest: dict[str, Identity] = {}
        for part in parts(sorted(good)):
            by_digest |= redeem_at_once(alias, part, purpose, moment, _still_good)
        return {good[digest]: identity for digest, identity in by_digest.items()}
    found: dict[str, Identity] = {}
    for part in parts(sorted(good)):  # sorted: two processes that want the same ones must not lock crosswise
        with transaction.atomic(using=alias):
            taken = _take(alias, part, purpose, moment)
            tickets = list(Ticket.objects.using(alias).select_related("token__user").filter(pk__in=taken))
        signed_in = sessions({ticket.session_key for ticket in tickets if ticket.session_key}, moment)
        users = people(
            {str(ticket.user_id) for ticket in tickets if ticket.token is None and not ticket.session_key}
        )
        for ticket in tickets:
            owner = ticket.token.user if ticket.token is not None else None
            identity = rights.of_ticket(
                token=ticket.token,
                owner=person_of(owner),
                session_key=ticket.session_key,
                signed_in=signed_in.get(ticket.session_key),
                person=person_of(*users.get(str(ticket.user_id), (None, None))),
                now=moment,
            )
            if identity is not None:
                found[good[ticket.digest]] = identity
    return found


def _still_good(user: Any, data: Mapping[str, Any]) -> bool:
    return _begun_here(data) and _unchanged(user, data)


def _take(alias: str, digests: list[str], purpose: str, moment: datetime) -> list[int]:
    """Mark those as used that still can be, and return which they were: one conditional UPDATE decides."""
    connection = connections[alias]
    if not connection.features.can_return_columns_from_insert:
        return _take_each(alias, digests, purpose, moment)
    at = connection.ops.adapt_datetimefield_value(moment)
    marks = ",".join(["%s"] * len(digests))
    table = connection.ops.quote_name(Ticket._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET used_at = %s WHERE digest IN ({marks}) AND purpose = %s "
            "AND used_at IS NULL AND expires_at > %s RETURNING id",
            [at, *digests, purpose, at],
        )
        return [row[0] for row in cursor.fetchall()]


def _take_each(alias: str, digests: list[str], purpose: str, moment: datetime) -> list[int]:
    """As `_take`, one by one, for a database of the host that cannot return what it updated."""
    taken = []
    for digest in digests:
        ticket = Ticket.objects.using(alias).filter(digest=digest)
        if ticket.filter(purpose=purpose, used_at=None, expires_at__gt=moment).update(used_at=moment):
            taken.append(ticket.values_list("pk", flat=True).get())
    return taken


def _stored(
    keys: Collection[str], now: datetime
) -> tuple[dict[str, Mapping[str, Any]], dict[str, tuple[Any, bool | None]]]:
    """What is stored of these sessions; and those of their users that could be asked for along with it."""
    alias = router.db_for_read(get_user_model())
    if not together.in_one_place(alias):
        return _session_data(keys, now), {}
    reader = import_module(settings.SESSION_ENGINE).SessionStore()
    stored: dict[str, Mapping[str, Any]] = {}
    users: dict[str, tuple[Any, bool | None]] = {}
    for part in parts(keys):
        data, theirs = together.rows(alias, part, now)
        stored |= {key: reader.decode(text) for key, text in data.items()}
        users |= theirs
    return stored, users


def _session_data(keys: Collection[str], now: datetime) -> dict[str, Mapping[str, Any]]:
    engine = import_module(settings.SESSION_ENGINE)
    if settings.SESSION_ENGINE != "django.contrib.sessions.backends.db":
        return {key: engine.SessionStore(key).load() for key in keys}
    from django.contrib.sessions.models import Session

    reader = engine.SessionStore()
    return {
        key: reader.decode(data)
        for part in parts(keys)
        for key, data in Session.objects.filter(session_key__in=part, expire_date__gt=now).values_list(
            "session_key", "session_data"
        )
    }


def people(ids: Collection[str]) -> dict[str, tuple[Any, bool | None]]:
    """Active users by the text of their key, each with whether they may publish (None: ask their backends).

    One question to the database where Django itself decides; a host's own backend or user class is asked one by one.
    """
    model = get_user_model()
    key = model._meta.pk
    found: dict[str, tuple[Any, bool | None]] = {}
    ids = [text for text in ids if _is_key(key, text)]
    if not django_decides():
        backend = load_backend(settings.AUTHENTICATION_BACKENDS[0])
        for text in ids:
            user = backend.get_user(key.to_python(text))
            if user is not None:
                found[text] = (user, None)
        return found
    for part in parts(ids):
        users = with_rights(model._default_manager.filter(pk__in=part))
        if plain_users():
            # A model's other columns are not needed, and reading them costs more than the rest.
            users = users.only(model.USERNAME_FIELD, "password", "is_active")
        for user in users:
            if user.is_active:
                found[key.value_to_string(user)] = (user, bool(user.windsock_may_publish))
    return found


def _is_key(field: Any, text: str) -> bool:
    """False for one of a former user model, which must not cost the others their answer."""
    try:
        field.to_python(text)
    except ValidationError:
        return False
    return True


def _begun_here(data: Mapping[str, Any]) -> bool:
    return SESSION_KEY in data and data.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS


def _unchanged(user: Any, data: Mapping[str, Any]) -> bool:
    """Whether the password is still the one the session was begun with."""
    given = str(data.get(HASH_SESSION_KEY, ""))
    if constant_time_compare(given, user.get_session_auth_hash()):
        return True
    return any(constant_time_compare(given, known) for known in user.get_session_auth_fallback_hash())


def parts(of: Iterable[Any]) -> list[list[Any]]:
    """In pieces of what one question may hold."""
    whole = list(of)
    return [whole[start : start + MOST] for start in range(0, len(whole), MOST)]

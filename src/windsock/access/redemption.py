"""Tickets used up and answered for by one statement: the UPDATE that makes them single also says whose they are.

`redeem_at_once` answers as `tickets.redeem` does for each, with the rights of this moment, not those of the issue. It
is for hosts where Django itself decides who may what (see `many.django_decides`).
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user_model
from django.db import connections
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from windsock.access import rights
from windsock.access.identity import Identity
from windsock.access.models import Ticket, Token
from windsock.access.publishers import with_rights
from windsock.access.rights import Person

Convert = Callable[[Any], Any]
# How many subqueries there are; their order is that of `_answer`.
_TOKEN = ("name", "scopes", "expires_at", "revoked_at", "user_id", "source", "speaks_for")


def redeem_at_once(
    alias: str, digests: Collection[str], purpose: str, now: datetime, unchanged: Callable[[Any, Any], bool]
) -> dict[str, Identity]:
    """Who these tickets are for, by digest. `unchanged`: whether a session's data fit its user's password still."""
    connection = connections[alias]
    columns, parameters, converts = _returned(alias, get_user_model(), settings.SESSION_ENGINE)
    at = connection.ops.adapt_datetimefield_value(now)
    marks = ",".join(["%s"] * len(digests))
    table = connection.ops.quote_name(Ticket._meta.db_table)
    with connection.cursor() as cursor:
        # One statement is its own transaction: no BEGIN, no COMMIT to wait for.
        cursor.execute(
            f"UPDATE {table} SET used_at = %s WHERE digest IN ({marks}) AND purpose = %s "
            f"AND used_at IS NULL AND expires_at > %s RETURNING {columns}",
            [at, *digests, purpose, at, *parameters],
        )
        rows = cursor.fetchall()
    found = {}
    for digest, *row in rows:
        values = [convert(value) if convert else value for convert, value in zip(converts, row, strict=True)]
        identity = _answer(values, now, unchanged)
        if identity is not None:
            found[str(digest)] = identity
    return found


def _answer(row: list[Any], now: datetime, unchanged: Callable[[Any, Any], bool]) -> Identity | None:
    user_id, token_id, session_key, name, may_publish, password, data, ends = row[:8]
    token = owner = person = signed_in = None
    if token_id is not None:
        *values, active, publishes = row[8:]
        token = Token(id=token_id, **dict(zip(_TOKEN, values, strict=True)))
        # Found among the active ones only, so whoever was found is active.
        owner = None if active is None else Person(token.user_id, "", True, lambda: bool(publishes))
    elif name is not None:
        person = Person(user_id, name, True, lambda: bool(may_publish))
        if session_key:
            model = get_user_model()
            stored = _session_reader().decode(data) if data and ends > now else {}
            user = model(pk=user_id, password=password)
            theirs = stored.get(SESSION_KEY) == model._meta.pk.value_to_string(user)
            if theirs and unchanged(user, stored):
                signed_in = rights.of_person(person, session_key=session_key)
    return rights.of_ticket(
        token=token, owner=owner, session_key=session_key, signed_in=signed_in, person=person, now=now
    )


def _session_reader() -> Any:
    from django.contrib.sessions.backends.db import SessionStore

    return SessionStore()


@lru_cache(maxsize=8)
def _returned(alias: str, model: Any, engine: str) -> tuple[str, list[Any], list[Convert | None]]:
    """The RETURNING clause, its parameters, and how to read what comes back (the digest left out)."""
    from django.contrib.sessions.models import Session  # an error where the app is not installed

    quote = connections[alias].ops.quote_name
    table = quote(Ticket._meta.db_table)

    def of_ticket(column: str) -> RawSQL:
        return RawSQL(f"{table}.{quote(column)}", ())

    people = with_rights(model._default_manager.using(alias).filter(is_active=True))
    users = people.filter(pk=of_ticket("user_id"))
    # A token's user is found by way of the token; both may be the same.
    tokens = Token.objects.using(alias).order_by().filter(pk=of_ticket("token_id"))
    owners = people.filter(pk__in=tokens.values("user_id"))
    # What RETURNING gives has no type for SQLite, which then goes through all sessions for each ticket. Hence the cast,
    # and hence the session's end is compared by us.
    key = RawSQL(f"CAST({table}.{quote('session_key')} AS varchar(40))", ())
    sessions = Session.objects.using(alias).filter(session_key=key)
    asked: list[QuerySet[Any, Any]] = [
        users.values_list(model.USERNAME_FIELD),
        users.values_list("windsock_may_publish"),
        users.values_list("password"),
        sessions.values_list("session_data"),
        sessions.values_list("expire_date"),
        *(tokens.values_list(column) for column in _TOKEN),
        owners.values_list("pk"),
        owners.values_list("windsock_may_publish"),
    ]
    own = ("digest", "user_id", "token_id", "session_key")
    parts, parameters = [f"{table}.{quote(column)}" for column in own], []
    converts: list[Convert | None] = [model._meta.pk.to_python, None, None]
    for query in asked:
        compiler = query.order_by().query.get_compiler(using=alias)
        sql, given = compiler.as_sql()
        parts.append(f"({sql})")
        parameters += given
        converts.append(_conversion(alias, compiler.get_converters([compiler.select[0][0]])))
    return ", ".join(parts), parameters, converts


def _conversion(alias: str, found: Mapping[int, tuple[list[Any], Any]]) -> Convert | None:
    if not found:
        return None
    ((converters, expression),) = found.values()

    def convert(value: Any) -> Any:
        for converter in converters:
            value = converter(value, expression, connections[alias])
        return value

    return convert

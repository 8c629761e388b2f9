"""Load sessions and the users they belong to with a single query, on any process, also for sessions never seen before.

Django keeps the owner inside a session's signed data, so a database cannot join the two. `access.signed_in` therefore
records the owner beside each stored session. Its row is only a hint which user to load: the signed data decide whose
the session is, and an owner without a row is loaded by a second query.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connections, router
from django.db.models import Case, IntegerField, TextField, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast

from windsock.access.lookup.publish_permission import users_are_plain_rows, with_publish_permission
from windsock.access.models import SignedIn, Token


def can_use_single_query(alias: str) -> bool:
    """Return whether one statement can load everything: all tables in one database, and no rules of the host's own."""
    if settings.SESSION_ENGINE != "django.contrib.sessions.backends.db":
        return False
    from django.contrib.sessions.models import Session

    models = (get_user_model(), Token, Session, SignedIn)
    return (
        connections[alias].features.can_return_columns_from_insert
        and all(router.db_for_read(model) == alias for model in models)
        and users_are_plain_rows()
    )


def load_sessions_with_users(
    alias: str, keys: Sequence[str], now: datetime
) -> tuple[dict[str, str], dict[str, tuple[Any, bool]]]:
    """Return the stored data of these sessions, and their recorded users by key with whether each may publish.

    Only where `can_use_single_query(alias)` holds.
    """
    if not keys:
        return {}, {}
    connection = connections[alias]
    model = get_user_model()
    # The statement is compiled for a few sizes only; repeating the last key fills it up.
    size = 1 << (len(keys) - 1).bit_length()
    padded = [*keys, *[keys[-1]] * (size - len(keys))]
    sql, parameters = _statement(alias, model, size)
    at = connection.ops.adapt_datetimefield_value(now)
    given = [padded[value.number] if isinstance(value, _Key) else value for value in parameters]
    with connection.cursor() as cursor:
        cursor.execute(sql, [at if value is _NOW else value for value in given])
        rows = cursor.fetchall()
    data: dict[str, str] = {}
    users: dict[str, tuple[Any, bool]] = {}
    for first, second, username, publishes in rows:
        if publishes == -1:
            data[first] = second
        else:
            user = model(
                pk=model._meta.pk.to_python(first),
                password=second,
                is_active=True,
                **{model.USERNAME_FIELD: username},
            )
            users[model._meta.pk.value_to_string(user)] = (user, bool(publishes))
    return data, users


class _Key(str):
    """A placeholder in a statement's parameters for the session key with this number."""

    number: int

    def __new__(cls, number: int) -> "_Key":
        made = super().__new__(cls, f"key {number}")
        made.number = number
        return made


# A placeholder in a statement's parameters for the current time.
_NOW: Any = object()


@lru_cache(maxsize=32)
def _statement(alias: str, model: Any, size: int) -> tuple[str, list[Any]]:
    """Return the statement for `size` keys, and its parameters. Compiling it takes twenty times as long as a query."""
    from django.contrib.sessions.models import Session  # an error where the app is not installed

    keys = [_Key(number) for number in range(size)]
    text, number = TextField(), IntegerField()
    sessions = (
        Session.objects.using(alias)
        .filter(session_key__in=keys, expire_date__gt=RawSQL("%s", [_NOW]))
        .order_by()
        .values_list(Cast("session_key", text), "session_data", Value("", text), Value(-1, number))
    )
    recorded = SignedIn.objects.using(alias).filter(session_key__in=keys).values("user_id")
    may = Case(When(windsock_may_publish=True, then=Value(1)), default=Value(0), output_field=number)
    users = (
        with_publish_permission(model._default_manager.using(alias).filter(pk__in=recorded, is_active=True))
        .order_by()
        .values_list(Cast("pk", text), Cast("password", text), Cast(model.USERNAME_FIELD, text), may)
    )
    sql, parameters = sessions.union(users, all=True).query.get_compiler(using=alias).as_sql()
    return sql, list(parameters)

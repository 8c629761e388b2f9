"""Sessions and the users they belong to, by one question, whichever process asks and whether it saw them before or not.

Whose a session is stands inside its signed data, so a database cannot join the two. Therefore each session that is
saved with somebody signed in leaves a row of `SignedIn` beside it. That row is a hint at whom to ask for, never an
answer: the data say whose the session is, each time, and who has no row is asked for by a second question.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user_model
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connections, router, transaction
from django.db.models import Case, Exists, IntegerField, OuterRef, TextField, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast
from django.db.models.signals import post_save

from windsock.access.models import SignedIn, Token
from windsock.access.publishers import plain_users, with_rights

logger = logging.getLogger(__name__)

# So many sessions a process remembers to have noted, lest one that is saved at each request be noted each time.
MOST_REMEMBERED = 20_000


def in_one_place(alias: str) -> bool:
    """Whether one statement can ask for all there is to know: all tables in one database, and nobody's own rules."""
    if settings.SESSION_ENGINE != "django.contrib.sessions.backends.db":
        return False
    from django.contrib.sessions.models import Session

    models = (get_user_model(), Token, Session, SignedIn)
    return (
        connections[alias].features.can_return_columns_from_insert
        and all(router.db_for_read(model) == alias for model in models)
        and plain_users()
    )


# Noting -----------------------------------------------------------------------------------------------------------


def connect() -> None:
    """From now on this process notes whose the sessions are that it saves. Harmless when repeated."""
    if apps.is_installed("django.contrib.sessions"):
        from django.contrib.sessions.models import Session

        post_save.connect(_saved, sender=Session, dispatch_uid="windsock signed in")


def forget_ended() -> int:
    """Drops what was noted of sessions that are no more; says of how many."""
    if not apps.is_installed("django.contrib.sessions"):
        return 0
    from django.contrib.sessions.models import Session

    home = router.db_for_write(SignedIn)
    if router.db_for_write(Session) != home:
        return 0
    stored = Session.objects.filter(session_key=OuterRef("session_key"))
    return SignedIn.objects.using(home).filter(~Exists(stored)).delete()[0]


def _saved(sender: Any, instance: Any, using: str, raw: bool = False, **_: Any) -> None:
    if raw or using != router.db_for_write(SignedIn) or not in_one_place(using):
        return
    user = instance.get_decoded().get(SESSION_KEY)
    if user is None:
        return
    try:
        _note(using, instance.pk, str(user))
    except (DatabaseError, ValidationError) as error:
        # Nobody must be kept from signing in by a hint that is missing.
        logger.warning("A session could not be noted (%s: %s)", type(error).__name__, error)


@lru_cache(maxsize=MOST_REMEMBERED)
def _note(using: str, session_key: str, user: str) -> None:
    row = SignedIn(session_key=session_key, user_id=get_user_model()._meta.pk.to_python(user))
    # Of its own savepoint: a table that is not there yet must not break the transaction of the host.
    with transaction.atomic(using=using):
        SignedIn.objects.using(using).bulk_create(
            [row], update_conflicts=True, update_fields=["user"], unique_fields=["session_key"]
        )


# Asking -----------------------------------------------------------------------------------------------------------


def rows(
    alias: str, keys: Sequence[str], now: datetime
) -> tuple[dict[str, str], dict[str, tuple[Any, bool]]]:
    """The stored data of these sessions, and the users noted for them with whether they may publish, by their key.

    Only where all is `in_one_place`, which is `alias`.
    """
    if not keys:
        return {}, {}
    connection = connections[alias]
    model = get_user_model()
    # The question is made for few sizes, and filled up by asking for the last key again.
    size = 1 << (len(keys) - 1).bit_length()
    asked = [*keys, *[keys[-1]] * (size - len(keys))]
    sql, parameters = _question(alias, model, size)
    at = connection.ops.adapt_datetimefield_value(now)
    given = [asked[value.number] if isinstance(value, _Key) else value for value in parameters]
    with connection.cursor() as cursor:
        cursor.execute(sql, [at if value is _NOW else value for value in given])
        answer = cursor.fetchall()
    data: dict[str, str] = {}
    found: dict[str, tuple[Any, bool]] = {}
    for first, second, called, publishes in answer:
        if publishes == -1:
            data[first] = second
        else:
            user = model(
                pk=model._meta.pk.to_python(first),
                password=second,
                is_active=True,
                **{model.USERNAME_FIELD: called},
            )
            found[model._meta.pk.value_to_string(user)] = (user, bool(publishes))
    return data, found


class _Key(str):
    """Stands in a question for the key of this number."""

    number: int

    def __new__(cls, number: int) -> "_Key":
        made = super().__new__(cls, f"key {number}")
        made.number = number
        return made


# Stands in a question for the present.
_NOW: Any = object()


@lru_cache(maxsize=32)
def _question(alias: str, model: Any, size: int) -> tuple[str, list[Any]]:
    """The statement for so many keys, and its parameters. To make it takes twenty times as long as to ask it."""
    from django.contrib.sessions.models import Session  # an error where the app is not installed

    keys = [_Key(number) for number in range(size)]
    text, number = TextField(), IntegerField()
    sessions = (
        Session.objects.using(alias)
        .filter(session_key__in=keys, expire_date__gt=RawSQL("%s", [_NOW]))
        .order_by()
        .values_list(Cast("session_key", text), "session_data", Value("", text), Value(-1, number))
    )
    noted = SignedIn.objects.using(alias).filter(session_key__in=keys).values("user_id")
    may = Case(When(windsock_may_publish=True, then=Value(1)), default=Value(0), output_field=number)
    users = (
        with_rights(model._default_manager.using(alias).filter(pk__in=noted, is_active=True))
        .order_by()
        .values_list(Cast("pk", text), Cast("password", text), Cast(model.USERNAME_FIELD, text), may)
    )
    sql, parameters = sessions.union(users, all=True).query.get_compiler(using=alias).as_sql()
    return sql, list(parameters)

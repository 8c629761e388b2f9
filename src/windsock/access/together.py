"""Sessions and the users they belong to, by one question.

Whose a session is stands inside its signed data, so a database cannot join the two. But who was signed in by a session
once is so until it ends: this process remembers the user of each it has seen, and asks for both at once. What it
remembers is a guess at whom to ask for, never an answer: the data say whose the session is, each time.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from threading import Lock
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Case, IntegerField, TextField, Value, When
from django.db.models.functions import Cast

from windsock.access.publishers import with_rights

# Some 200 bytes each; who is not among them costs one question more.
MOST_REMEMBERED = 20_000


class Guesses:
    """The user's key, as text, of each session that was seen of late. Safe to share between threads."""

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self._most = most
        self._users: OrderedDict[str, str] = OrderedDict()
        self._lock = Lock()

    def of(self, keys: Iterable[str]) -> set[str]:
        """Whom these sessions belong to, as far as is known."""
        return {user for key in keys if (user := self._users.get(key)) is not None}

    def learn(self, users: Mapping[str, str]) -> None:
        """These sessions (→ user) are good now."""
        with self._lock:
            for key, user in users.items():
                self._users[key] = user
                self._users.move_to_end(key)
            while len(self._users) > self._most:
                self._users.popitem(last=False)


def rows(
    keys: Collection[str], ids: Collection[str], now: datetime
) -> tuple[dict[str, str], dict[str, tuple[Any, bool]]]:
    """The stored data of these sessions, and these users with whether they may publish: as `people` gives them.

    Only where users are plain rows, and both tables in one database.
    """
    from django.contrib.sessions.models import Session  # an error where the app is not installed

    model = get_user_model()
    name = model.USERNAME_FIELD
    text, number = TextField(), IntegerField()
    sessions = (
        Session.objects.filter(session_key__in=keys, expire_date__gt=now)
        .order_by()
        .values_list(Cast("session_key", text), "session_data", Value("", text), Value(-1, number))
    )
    may = Case(When(windsock_may_publish=True, then=Value(1)), default=Value(0), output_field=number)
    users = (
        with_rights(model._default_manager.filter(pk__in=ids, is_active=True))
        .order_by()
        .values_list(Cast("pk", text), Cast("password", text), Cast(name, text), may)
    )
    data: dict[str, str] = {}
    found: dict[str, tuple[Any, bool]] = {}
    for first, second, called, publishes in sessions.union(users, all=True) if ids else sessions:
        if publishes == -1:
            data[first] = second
        else:
            user = model(
                pk=model._meta.pk.to_python(first), password=second, is_active=True, **{name: called}
            )
            found[model._meta.pk.value_to_string(user)] = (user, bool(publishes))
    return data, found

"""List and end the sign-in sessions of a user: "where am I signed in?"."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import router
from django.utils import timezone

from windsock.access import revocations
from windsock.access.models import SignedIn

ID_LENGTH = 16
"""Characters of a session's digest that name it on a page: 64 bits are unique among the sessions of one user."""


@dataclass(frozen=True, slots=True)
class OwnSession:
    """A session by an id that does not give its key away; `since` is when it was last saved, as a rule its sign-in."""

    id: str
    since: datetime
    until: datetime
    current: bool


def are_listed() -> bool:
    """Return whether sessions are rows of the database, as in the ready-made service; others cannot be listed."""
    return settings.SESSION_ENGINE == "django.contrib.sessions.backends.db" and apps.is_installed(
        "django.contrib.sessions"
    )


def sessions_of(user: Any, current_key: str | None) -> list[OwnSession]:
    """Return the user's sessions that have not expired, the current one first, then the newest."""
    age = timedelta(seconds=settings.SESSION_COOKIE_AGE)
    found = [
        OwnSession(
            id=_id(row.session_key),
            since=row.expire_date - age,
            until=row.expire_date,
            current=row.session_key == current_key,
        )
        for row in _rows(user)
    ]
    return sorted(found, key=lambda each: (not each.current, -each.since.timestamp()))


def end(user: Any, current_key: str | None, session_id: str | None = None) -> int:
    """End one session of the user, or all but the current one, with its live sockets; return how many were ended."""
    ended = 0
    for row in _rows(user):
        if row.session_key == current_key or session_id not in (None, _id(row.session_key)):
            continue
        key = row.session_key
        row.delete()
        revocations.record_session(key)
        ended += 1
    return ended


def _id(session_key: str) -> str:
    return revocations.digest(session_key)[:ID_LENGTH]


def _rows(user: Any) -> list[Any]:
    """Return the rows of the user's sessions. `SignedIn` is a hint: the session's own signed data decide."""
    if not are_listed():
        return []
    from django.contrib.sessions.models import Session

    home = router.db_for_read(SignedIn)
    keys = list(SignedIn.objects.using(home).filter(user_id=user.pk).values_list("session_key", flat=True))
    rows = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    mine = user._meta.pk.value_to_string(user)
    return [row for row in rows if str(row.get_decoded().get(SESSION_KEY)) == mine]

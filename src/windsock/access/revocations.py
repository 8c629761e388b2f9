"""Record changed rights, so that every process checks its live connections again.

A right can end anywhere: in the admin on another worker, by `windsock token revoke`, in a management command. Django's
signals stay in their process, so each is turned into a row of one small table, in the same transaction; every process
with live connections reads the new rows twice a second (`Reader`). No Redis is needed.

Rows are added, never updated: a counter in a single row would stay locked until the end of every transaction that saves
a user, and two such transactions could wait for each other. See docs/adr/0011-access-changes.md.
"""

import hashlib
import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_out
from django.db import DatabaseError, router, transaction
from django.db.models import Max
from django.db.models.signals import m2m_changed, post_delete, post_save
from django.utils import timezone

from windsock.access.models import AccessChange, Token

logger = logging.getLogger(__name__)

Kind = AccessChange.Kind

LATE_SECONDS = 60.0
"""A row committed later than this after a higher-numbered one is missed; the recheck every minute catches it."""
KEEP = timedelta(hours=1)
TIDY_SECONDS = 600.0
MAX_LISTED = 50
"""When more users than this change at once, it is cheaper to recheck every connection."""

_listeners: list[Callable[[], None]] = []


class RightsChange(NamedTuple):
    """The user, token or session whose rights may have changed."""

    kind: str
    subject: str


def digest(session_key: str) -> str:
    """Return what is stored for a session key: the key itself would let its finder act as its user."""
    return hashlib.sha256(session_key.encode()).hexdigest()


# Recording -----------------------------------------------------------------------------------------------------------


def record(kind: str, subject: object = "", *, using: str | None = None) -> None:
    """Make every process recheck the live connections of this user or token (primary key), session, or everybody.

    Signals call this by themselves. Call it after a change that sends none, such as `User.objects.filter(…).update(…)`:
    otherwise a lost right takes up to a minute to be noticed. Inside a transaction it takes effect on commit. It never
    raises: a change that cannot be recorded is logged, and the recheck every minute catches it.
    """
    home = router.db_for_write(AccessChange)
    if using is not None and using != home:
        # In another database it cannot be part of the same transaction, so it follows the commit.
        transaction.on_commit(lambda: record(kind, subject), using=using)
        return
    try:
        # In a savepoint of its own: a table that does not exist yet must not break the host's transaction.
        with transaction.atomic(using=home):
            AccessChange.objects.using(home).create(kind=kind, subject=str(subject)[:64])
    except DatabaseError as error:
        logger.warning("Could not record a change of rights (%s: %s)", type(error).__name__, error)
    transaction.on_commit(_call_listeners, using=home, robust=True)


def record_session(session_key: str, *, using: str | None = None) -> None:
    """Do what `record` does, for a browser's session."""
    record(Kind.SESSION, digest(session_key), using=using)


def listen(callback: Callable[[], None]) -> Callable[[], None]:
    """Call `callback` after each change this process commits, on any thread. Return a function that stops it."""
    _listeners.append(callback)

    def unlisten() -> None:
        if callback in _listeners:
            _listeners.remove(callback)

    return unlisten


def _call_listeners() -> None:
    for callback in list(_listeners):
        callback()


# Django's signals -------------------------------------------------------------------------------------------------


def connect() -> None:
    """Record every change of rights that this process makes from now on. Harmless when repeated."""
    uid = "windsock access changes"
    user = get_user_model()
    user_logged_out.connect(_logged_out, dispatch_uid=uid)
    post_save.connect(_user_saved, sender=user, dispatch_uid=uid)
    post_delete.connect(_user_deleted, sender=user, dispatch_uid=uid)
    post_save.connect(_token_saved, sender=Token, dispatch_uid=uid)
    post_delete.connect(_token_deleted, sender=Token, dispatch_uid=uid)
    m2m_changed.connect(_rights_given_or_taken, dispatch_uid=uid)
    if apps.is_installed("django.contrib.sessions"):
        from django.contrib.sessions.models import Session

        post_delete.connect(_session_deleted, sender=Session, dispatch_uid=uid)
    if apps.is_installed("django.contrib.auth"):
        from django.contrib.auth.models import Group

        post_delete.connect(_group_deleted, sender=Group, dispatch_uid=uid)


def _logged_out(sender: Any, request: Any, **_: Any) -> None:
    # Sent just before the session is deleted. Where sessions are rows, their deletion is recorded too; elsewhere this
    # is the only record, so readers check a second time.
    key = getattr(getattr(request, "session", None), "session_key", None)
    if key:
        record_session(key)


def _session_deleted(sender: Any, instance: Any, using: str, **_: Any) -> None:
    # `clearsessions` deletes thousands of sessions that have expired already.
    if instance.expire_date > timezone.now():
        record_session(instance.pk, using=using)


def _user_saved(
    sender: Any, instance: Any, using: str, created: bool = False, update_fields: Any = None, **_: Any
) -> None:
    # Every sign-in saves `last_login`, and changes no rights.
    if not created and not (update_fields and set(update_fields) <= {"last_login"}):
        record(Kind.USER, instance.pk, using=using)


def _user_deleted(sender: Any, instance: Any, using: str, **_: Any) -> None:
    record(Kind.USER, instance.pk, using=using)


def _token_saved(sender: Any, instance: Any, using: str, created: bool = False, **_: Any) -> None:
    if not created:
        record(Kind.TOKEN, instance.pk, using=using)


def _token_deleted(sender: Any, instance: Any, using: str, **_: Any) -> None:
    record(Kind.TOKEN, instance.pk, using=using)


def _group_deleted(sender: Any, instance: Any, using: str, **_: Any) -> None:
    record(Kind.EVERYBODY, using=using)


def _rights_given_or_taken(
    sender: Any, instance: Any, action: str, model: Any, pk_set: Any, using: str, **_: Any
) -> None:
    name = sender.__name__.lower()
    if not action.startswith("post_") or not ("permission" in name or "group" in name):
        return
    user = get_user_model()
    if isinstance(instance, user):
        record(Kind.USER, instance.pk, using=using)
    elif issubclass(model, user) and pk_set is not None and len(pk_set) <= MAX_LISTED:
        for pk in pk_set:  # `group.user_set.remove(ann)`
            record(Kind.USER, pk, using=using)
    elif instance._meta.label_lower in ("auth.group", "auth.permission"):
        record(Kind.EVERYBODY, using=using)


# Reading ----------------------------------------------------------------------------------------------------------


class RightsChangeReader:
    """Read the changes recorded since the last call. Synchronous, single-threaded; one query per call.

    A row gets its number before its transaction commits, so a lower number may appear after a higher one. Each call
    therefore queries again everything younger than `LATE_SECONDS`, and returns each row once.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._floor: int | None = None
        self._seen: dict[int, float] = {}  # number → when it was first seen
        self._tidied_at = clock()

    def read(self) -> list[RightsChange] | None:
        """Return the new changes; None the first time: earlier ones are unknown, so everybody must be rechecked."""
        now = self._clock()
        rows = AccessChange.objects.using(router.db_for_read(AccessChange)).order_by()
        if self._floor is None:
            newest = list(rows.order_by("-id").values_list("id", flat=True)[:1_000])
            self._seen = dict.fromkeys(newest, now)
            self._floor = newest[-1] - 1 if newest else 0
            return None
        found = list(rows.filter(id__gt=self._floor).values_list("id", "kind", "subject"))
        new = [RightsChange(kind, subject) for id, kind, subject in found if id not in self._seen]
        for id, _, _ in found:
            self._seen.setdefault(id, now)
        settled = [id for id, at in self._seen.items() if now - at > LATE_SECONDS]
        if settled:
            self._floor = max(self._floor, *settled)
            self._seen = {id: at for id, at in self._seen.items() if id > self._floor}
        return new

    def settle(self) -> None:
        """Detect a database that was replaced by an older copy, and delete old records. Call it now and then."""
        if self._floor is None:
            return
        home = router.db_for_write(AccessChange)
        rows = AccessChange.objects.using(home)
        newest = rows.aggregate(newest=Max("id"))["newest"] or 0
        if newest < self._floor:
            self._floor, self._seen = newest, {}
        if self._clock() - self._tidied_at >= TIDY_SECONDS:
            self._tidied_at = self._clock()
            rows.filter(at__lt=timezone.now() - KEEP).delete()

"""Who has to be looked at again: notes of changed rights, written by any process and read by all.

A right ends wherever somebody ends it: in the admin on another worker, by `windsock token revoke`, in a management
command. Django's signals stay in their process, so they are turned into rows of one small table there, in the same
transaction; whoever holds live connections reads the new rows twice a second (`Reader`). No Redis is needed.

Rows are added, never counted up: one counter in one row would be locked by every transaction that saves a user until
its end, and two such transactions could wait for each other. See docs/adr/0011-access-changes.md.
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

# A transaction that noted something and commits later than this after others did is found by the minute's net instead.
LATE_SECONDS = 60.0
KEEP = timedelta(hours=1)
TIDY_SECONDS = 600.0
# Of more users at once than this it is cheaper to look at everybody who is connected.
MOST_LISTED = 50

_listeners: list[Callable[[], None]] = []


class Change(NamedTuple):
    """Whose rights may have changed."""

    kind: str
    subject: str


def digest(session_key: str) -> str:
    """What stands in a session key's place: with the key itself one could be its user."""
    return hashlib.sha256(session_key.encode()).hexdigest()


# Noting -----------------------------------------------------------------------------------------------------------


def note(kind: str, subject: object = "", *, using: str | None = None) -> None:
    """Has every process look again at the live connections of this user or token (primary key), session, or everybody.

    Signals do it by themselves. Call it after what sends none, such as `User.objects.filter(…).update(…)`: without it a
    lost right is noticed within a minute. In a transaction it counts with it. It never fails: what cannot be noted is
    logged, and the minute's net catches it.
    """
    home = router.db_for_write(AccessChange)
    if using is not None and using != home:
        # Kept elsewhere than what changed, it cannot be of the same transaction: then it follows it.
        transaction.on_commit(lambda: note(kind, subject), using=using)
        return
    try:
        # Of its own savepoint: a table that is not there yet must not break the transaction of the host.
        with transaction.atomic(using=home):
            AccessChange.objects.using(home).create(kind=kind, subject=str(subject)[:64])
    except DatabaseError as error:
        logger.warning("A change of rights could not be noted (%s: %s)", type(error).__name__, error)
    transaction.on_commit(_tell, using=home, robust=True)


def note_session(session_key: str, *, using: str | None = None) -> None:
    """As `note`, for one browser's session."""
    note(Kind.SESSION, digest(session_key), using=using)


def listen(callback: Callable[[], None]) -> Callable[[], None]:
    """Calls `callback` after each note that this process commits, in whatever thread. The answer ends it."""
    _listeners.append(callback)

    def unlisten() -> None:
        if callback in _listeners:
            _listeners.remove(callback)

    return unlisten


def _tell() -> None:
    for callback in list(_listeners):
        callback()


# Django's signals -------------------------------------------------------------------------------------------------


def connect() -> None:
    """Listens to whatever takes or gives rights in this process. Harmless when repeated."""
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
    # Sent just before the session is deleted. Where sessions are rows their deletion is noted too; elsewhere this is
    # all there is, and readers look a second time.
    key = getattr(getattr(request, "session", None), "session_key", None)
    if key:
        note_session(key)


def _session_deleted(sender: Any, instance: Any, using: str, **_: Any) -> None:
    # `clearsessions` deletes by the thousand what opens nothing any more.
    if instance.expire_date > timezone.now():
        note_session(instance.pk, using=using)


def _user_saved(
    sender: Any, instance: Any, using: str, created: bool = False, update_fields: Any = None, **_: Any
) -> None:
    # Every sign-in saves `last_login`, and takes nothing.
    if not created and not (update_fields and set(update_fields) <= {"last_login"}):
        note(Kind.USER, instance.pk, using=using)


def _user_deleted(sender: Any, instance: Any, using: str, **_: Any) -> None:
    note(Kind.USER, instance.pk, using=using)


def _token_saved(sender: Any, instance: Any, using: str, created: bool = False, **_: Any) -> None:
    if not created:
        note(Kind.TOKEN, instance.pk, using=using)


def _token_deleted(sender: Any, instance: Any, using: str, **_: Any) -> None:
    note(Kind.TOKEN, instance.pk, using=using)


def _group_deleted(sender: Any, instance: Any, using: str, **_: Any) -> None:
    note(Kind.EVERYBODY, using=using)


def _rights_given_or_taken(
    sender: Any, instance: Any, action: str, model: Any, pk_set: Any, using: str, **_: Any
) -> None:
    name = sender.__name__.lower()
    if not action.startswith("post_") or not ("permission" in name or "group" in name):
        return
    user = get_user_model()
    if isinstance(instance, user):
        note(Kind.USER, instance.pk, using=using)
    elif issubclass(model, user) and pk_set is not None and len(pk_set) <= MOST_LISTED:
        for pk in pk_set:  # `group.user_set.remove(ann)`
            note(Kind.USER, pk, using=using)
    elif instance._meta.label_lower in ("auth.group", "auth.permission"):
        note(Kind.EVERYBODY, using=using)


# Reading ----------------------------------------------------------------------------------------------------------


class Reader:
    """Reads what was noted since the last call. Synchronous, one thread; asks one question per call.

    A row's number is given before its transaction commits, so a lower one may appear after a higher. Therefore it asks
    again for everything that is younger than `LATE_SECONDS`, and tells each row once.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._floor: int | None = None
        self._seen: dict[int, float] = {}  # number → when it was first seen
        self._tidied_at = clock()

    def read(self) -> list[Change] | None:
        """The new changes; None the first time: what was noted before that is unknown, so everybody is to be asked."""
        now = self._clock()
        rows = AccessChange.objects.using(router.db_for_read(AccessChange)).order_by()
        if self._floor is None:
            newest = list(rows.order_by("-id").values_list("id", flat=True)[:1_000])
            self._seen = dict.fromkeys(newest, now)
            self._floor = newest[-1] - 1 if newest else 0
            return None
        found = list(rows.filter(id__gt=self._floor).values_list("id", "kind", "subject"))
        new = [Change(kind, subject) for id, kind, subject in found if id not in self._seen]
        for id, _, _ in found:
            self._seen.setdefault(id, now)
        settled = [id for id, at in self._seen.items() if now - at > LATE_SECONDS]
        if settled:
            self._floor = max(self._floor, *settled)
            self._seen = {id: at for id, at in self._seen.items() if id > self._floor}
        return new

    def settle(self) -> None:
        """For now and then: notices a database that was replaced by an older one, and drops old notes."""
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

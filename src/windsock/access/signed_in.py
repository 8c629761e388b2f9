"""Record which user each stored session belongs to, so that one query loads both (`lookup.session_users`)."""

import logging
from functools import lru_cache
from typing import Any

from django.apps import apps
from django.contrib.auth import SESSION_KEY, get_user_model
from django.core.exceptions import ValidationError
from django.db import DatabaseError, router, transaction
from django.db.models import Exists, OuterRef
from django.db.models.signals import post_save

from windsock.access.lookup import session_users
from windsock.access.models import SignedIn

logger = logging.getLogger(__name__)

MAX_REMEMBERED = 20_000
"""Sessions a process remembers having recorded, so that one saved at each request is not recorded each time."""


def connect() -> None:
    """Record the user of every session this process saves from now on. Harmless when repeated."""
    if apps.is_installed("django.contrib.sessions"):
        from django.contrib.sessions.models import Session

        post_save.connect(_on_session_saved, sender=Session, dispatch_uid="windsock signed in")


def forget_ended() -> int:
    """Delete the records of sessions that no longer exist; return how many were deleted."""
    if not apps.is_installed("django.contrib.sessions"):
        return 0
    from django.contrib.sessions.models import Session

    home = router.db_for_write(SignedIn)
    if router.db_for_write(Session) != home:
        return 0
    stored = Session.objects.filter(session_key=OuterRef("session_key"))
    return SignedIn.objects.using(home).filter(~Exists(stored)).delete()[0]


def _on_session_saved(sender: Any, instance: Any, using: str, raw: bool = False, **_: Any) -> None:
    if raw or using != router.db_for_write(SignedIn) or not session_users.can_use_single_query(using):
        return
    user = instance.get_decoded().get(SESSION_KEY)
    if user is None:
        return
    try:
        _record(using, instance.pk, str(user))
    except (DatabaseError, ValidationError) as error:
        # A missing hint must not keep anybody from signing in.
        logger.warning("Could not record a session's user (%s: %s)", type(error).__name__, error)


@lru_cache(maxsize=MAX_REMEMBERED)
def _record(using: str, session_key: str, user: str) -> None:
    row = SignedIn(session_key=session_key, user_id=get_user_model()._meta.pk.to_python(user))
    # In a savepoint of its own: a table that does not exist yet must not break the host's transaction.
    with transaction.atomic(using=using):
        SignedIn.objects.using(using).bulk_create(
            [row], update_conflicts=True, update_fields=["user"], unique_fields=["session_key"]
        )

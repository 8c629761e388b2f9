"""Whether every process that uses this database signs with the same SECRET_KEY.

Two machines with keys of their own each throw out whom the other has signed in. So each process notes a fingerprint of
its key in the database, again and again while it lives; where another key was in use a moment ago, both say so.
"""

import logging
import socket
import time
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError
from django.utils.crypto import salted_hmac

from windsock.access.models import KeyFingerprint
from windsock.clock import Clock, system_clock

log = logging.getLogger("windsock.access")

NOTE_SECONDS = 60.0
"""How often a process notes its key's fingerprint."""

IN_USE = timedelta(minutes=5)
"""A key that was noted this recently is in use: a few notes may be missed, and an old one is soon forgotten."""

CURE = (
    "Give all of them the same SECRET_KEY (in the environment, or the same file secret_key in the data folder); until "
    "then people are signed out whenever another machine answers."
)

_noted_at = float("-inf")


def fingerprint(key: str | bytes | None = None) -> str:
    """Return what tells one SECRET_KEY from another and does not give it away."""
    return salted_hmac(
        "windsock.access.keys", "", secret=key or settings.SECRET_KEY, algorithm="sha256"
    ).hexdigest()[:16]


def note(clock: Clock = system_clock) -> None:
    """Note that this process lives and uses its key; at most once a minute. What the database fails at is logged."""
    global _noted_at
    if time.monotonic() - _noted_at < NOTE_SECONDS:
        return
    try:
        node = socket.gethostname()[:80]
        KeyFingerprint.objects.update_or_create(
            fingerprint=fingerprint(), defaults={"node": node, "seen_at": clock()}
        )
        _noted_at = time.monotonic()
    except DatabaseError as error:
        log.debug("The key's fingerprint could not be noted: %s", error)


def complaint(clock: Clock = system_clock) -> str | None:
    """Return the sentence that says who uses another key with this database; None where nobody does."""
    # A key being replaced is in SECRET_KEY_FALLBACKS of those that have the new one: what it signed is still believed.
    ours = {fingerprint(), *(fingerprint(key) for key in settings.SECRET_KEY_FALLBACKS)}
    others = KeyFingerprint.objects.exclude(fingerprint__in=ours).filter(seen_at__gt=clock() - IN_USE)
    nodes = sorted(set(others.values_list("node", flat=True)))
    if not nodes:
        return None
    return (
        f"Another process that uses this database (on {', '.join(nodes)}) has another SECRET_KEY than this one "
        f"(on {socket.gethostname()[:80]}, fingerprint {fingerprint()}). {CURE}"
    )


def note_and_warn() -> None:
    """Note this process's key at its start, and log it if another one is in use."""
    note()
    try:
        if wrong := complaint():
            log.warning(wrong)
    except DatabaseError as error:
        log.debug("The keys in use could not be looked up: %s", error)

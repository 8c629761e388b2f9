"""Detect processes that use this database with different SECRET_KEYs.

Two machines with different keys sign out each other's users. So each process records a fingerprint of its key in the
database, again and again while it runs; where another key was in use a moment ago, both report it.
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

logger = logging.getLogger(__name__)

RECORD_SECONDS = 60.0
"""How often a process records its key's fingerprint."""

IN_USE = timedelta(minutes=5)
"""A key recorded this recently is in use: a few records may be missed, and an old key is soon forgotten."""

CURE = (
    "Give all of them the same SECRET_KEY (in the environment, or the same file secret_key in the data folder); until "
    "then people are signed out whenever another machine answers."
)

_recorded_at = float("-inf")


def fingerprint(key: str | bytes | None = None) -> str:
    """Return a value that identifies a SECRET_KEY without revealing it."""
    return salted_hmac(
        "windsock.access.keys", "", secret=key or settings.SECRET_KEY, algorithm="sha256"
    ).hexdigest()[:16]


def record(clock: Clock = system_clock) -> None:
    """Record that this process runs and uses its key; at most once a minute. A database error is only logged."""
    global _recorded_at
    if time.monotonic() - _recorded_at < RECORD_SECONDS:
        return
    try:
        node = socket.gethostname()[:80]
        KeyFingerprint.objects.update_or_create(
            fingerprint=fingerprint(), defaults={"node": node, "seen_at": clock()}
        )
        _recorded_at = time.monotonic()
    except DatabaseError as error:
        logger.debug("Could not record the fingerprint of SECRET_KEY: %s", error)


def complaint(clock: Clock = system_clock) -> str | None:
    """Return a sentence that names who uses another key with this database; None where nobody does."""
    # While a key is being replaced, processes with the new one have the old one in SECRET_KEY_FALLBACKS and accept it.
    ours = {fingerprint(), *(fingerprint(key) for key in settings.SECRET_KEY_FALLBACKS)}
    others = KeyFingerprint.objects.exclude(fingerprint__in=ours).filter(seen_at__gt=clock() - IN_USE)
    nodes = sorted(set(others.values_list("node", flat=True)))
    if not nodes:
        return None
    return (
        f"Another process that uses this database (on {', '.join(nodes)}) has another SECRET_KEY than this one "
        f"(on {socket.gethostname()[:80]}, fingerprint {fingerprint()}). {CURE}"
    )


def record_and_warn() -> None:
    """Record this process's key at its start, and log a warning if another one is in use."""
    record()
    try:
        if wrong := complaint():
            logger.warning(wrong)
    except DatabaseError as error:
        logger.debug("Could not look up the keys in use: %s", error)

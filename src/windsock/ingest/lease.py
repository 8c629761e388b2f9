"""Who runs a feed: one process at a time among all nodes, decided by one conditional UPDATE."""

import os
import secrets
import socket
from datetime import datetime, timedelta

from django.db.models import Q

from windsock.ingest.models import FeedState

LEASE = timedelta(seconds=90)
"""Longer than one poll may take; so long a feed rests when its owner dies."""


def owner_name() -> str:
    """A name no other process has, and that tells people where it runs."""
    return f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(3)}"


def take(feed: str, owner: str, now: datetime) -> bool:
    """Makes `owner` the feed's owner, or keeps it so; False while another one is."""
    free = Q(owner=owner) | Q(owner="") | Q(owned_until=None) | Q(owned_until__lt=now)
    FeedState.objects.get_or_create(name=feed)
    return bool(FeedState.objects.filter(free, name=feed).update(owner=owner, owned_until=now + LEASE))


def release(owner: str) -> None:
    """Gives up what `owner` holds, so that another process need not wait."""
    FeedState.objects.filter(owner=owner).update(owner="", owned_until=None)

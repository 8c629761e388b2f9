"""Read and merge the list of watched flights of an account."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import router, transaction
from django.utils import timezone

from windsock.watchlist.merging import Entry, merged, within_limits
from windsock.watchlist.models import WatchedFlight


def entries_of(user: Any) -> list[Entry]:
    """Return all entries of the user's list, the newest first, with those of removed flights."""
    rows = WatchedFlight.objects.filter(user_id=user.pk)
    return [Entry(flight=row.flight, since=row.since, removed=row.removed) for row in rows]


def follow(moved: Iterable[tuple[str, str]]) -> None:
    """Let watched flights follow those that got another id: old and new, in the order in which they moved."""
    for old, new in moved:
        has_new = WatchedFlight.objects.filter(flight=new).values("user_id")
        WatchedFlight.objects.filter(flight=old, user_id__in=has_new).delete()
        WatchedFlight.objects.filter(flight=old).update(flight=new)


def flights_of(user: Any) -> list[str]:
    """Return the ids of the flights that the user watches, the one added last first."""
    return [entry.flight for entry in entries_of(user) if not entry.removed]


def merge_into(user: Any, entries: Iterable[Entry], now: datetime | None = None) -> list[Entry]:
    """Merge entries into the user's list, and return the whole list.

    An entry from the future (a browser whose clock is fast) counts as of now, so that it cannot win for ever.
    """
    moment = now or timezone.now()
    sent = [
        Entry(flight=entry.flight, since=min(entry.since, moment), removed=entry.removed) for entry in entries
    ]
    database = router.db_for_write(WatchedFlight)
    with transaction.atomic(using=database):
        # Two browsers at once: one waits for the other, so that neither overwrites what the other has read.
        get_user_model()._default_manager.using(database).select_for_update().filter(pk=user.pk).first()
        before = {entry.flight: entry for entry in entries_of(user)}
        kept = within_limits(merged(before.values(), sent).values(), moment)
        rows = [
            WatchedFlight(user_id=user.pk, flight=each.flight, since=each.since, removed=each.removed)
            for each in kept
            if before.get(each.flight) != each
        ]
        WatchedFlight.objects.using(database).bulk_create(
            rows,
            update_conflicts=True,
            update_fields=["since", "removed"],
            unique_fields=["user", "flight"],
        )
        gone = before.keys() - {each.flight for each in kept}
        WatchedFlight.objects.using(database).filter(user_id=user.pk, flight__in=gone).delete()
    return kept


def remove(user: Any, flight: str, now: datetime | None = None) -> None:
    """Remove a flight from the user's list."""
    merge_into(user, [Entry(flight=flight, since=now or timezone.now(), removed=True)], now)

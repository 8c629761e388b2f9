"""Addresses of calendars: a secret that opens the calendar of one flight, since calendar programs have no session.

The secret is in the address, and so ends in logs and in other people's programs. Therefore it opens nothing but that
one calendar, is stored as a hash, belongs to the reader who made it, can be revoked, and is worth nothing as soon as
that reader may not read. See docs/adr/0045-calendars.md.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from windsock.access import secrets
from windsock.access.lookup.single import identity_of_user
from windsock.access.models import CalendarLink

MAX_LINKS = 10
"""Addresses of one flight's calendar per reader: a few programs and devices. The oldest makes room for a new one."""

FORGOTTEN_AFTER = timedelta(days=400)
"""When an address is removed: no source plans flights further ahead than a year."""


def create(user: Any, flight_id: str) -> str:
    """Return a new secret for the calendar of this flight; it cannot be shown again."""
    secret = secrets.make(secrets.CALENDAR_MARK)
    links = CalendarLink.objects.filter(user=user)
    links.filter(created_at__lt=timezone.now() - FORGOTTEN_AFTER).delete()
    kept = links.filter(flight_id=flight_id).order_by("-id").values_list("id", flat=True)[: MAX_LINKS - 1]
    links.filter(flight_id=flight_id).exclude(id__in=list(kept)).delete()
    CalendarLink.objects.create(user=user, flight_id=flight_id, digest=secrets.digest(secret))
    return secret


def follow(moved: Iterable[tuple[str, str]]) -> None:
    """Let addresses follow flights that got another id: old and new, in the order in which they moved."""
    for old, new in moved:
        CalendarLink.objects.filter(flight_id=old).update(flight_id=new)


def opens(secret: str, flight_id: str) -> bool:
    """Return whether the secret opens this flight's calendar now: it exists, and its reader may still read."""
    if not secrets.well_formed(secret, secrets.CALENDAR_MARK):
        return False
    link = (
        CalendarLink.objects.filter(digest=secrets.digest(secret), flight_id=flight_id)
        .select_related("user")
        .first()
    )
    identity = None if link is None else identity_of_user(link.user)
    return identity is not None and identity.may_read


def links_of(user: Any, flight_id: str) -> list[datetime]:
    """Return when the reader made each address of this flight's calendar, the oldest first."""
    links = CalendarLink.objects.filter(user=user, flight_id=flight_id).order_by("created_at")
    return list(links.values_list("created_at", flat=True))


def revoke(user: Any, flight_id: str) -> int:
    """Revoke every address that the reader made for this flight's calendar; return how many there were."""
    return CalendarLink.objects.filter(user=user, flight_id=flight_id).delete()[0]

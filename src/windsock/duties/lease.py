"""The lease of a duty: held by one process at a time among all nodes, by one conditional UPDATE."""

import os
import secrets
import socket
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import cast

from django.db import connections, router
from django.db.models import Q

from windsock.clock import Clock, system_clock
from windsock.duties.models import DutyState

LEASE = timedelta(seconds=20)
"""How long a duty rests when its process dies; another one then takes it over within 30 s.

Long work does not need a longer lease: a thread that does nothing else renews it (`Runner`)."""

TOO_FAR = 2 * LEASE
"""A lease that ends this far in the future was taken by a clock that has been set back since. No process holds it: a
living one would have renewed it, and a machine that was a week ahead and died must not stop every duty for a week."""


def owner_name() -> str:
    """Return a name that is unique to this process and shows people where it runs."""
    return f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(3)}"


def shared_now(clock: Clock, using: str | None = None) -> datetime:
    """Return the time by the clock that all nodes share: PostgreSQL's if they use it, otherwise the machine's.

    Two machines whose clocks differ by more than a lease would both run all duties. A test's own clock is followed.
    """
    connection = connections[using or router.db_for_read(DutyState)]
    if clock is not system_clock or connection.vendor != "postgresql":
        return clock()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    return cast(datetime, now)


def take(names: Collection[str], owner: str, now: datetime) -> set[str]:
    """Lease to `owner` the duties that are free, and renew its own; return those it holds now."""
    if not names:
        return set()
    free = (
        Q(owner=owner)
        | Q(owner="")
        | Q(owned_until=None)
        | Q(owned_until__lt=now)
        | Q(owned_until__gt=now + TOO_FAR)
    )
    rows = dict(DutyState.objects.filter(name__in=names).values_list("name", "owner"))
    if missing := [name for name in names if name not in rows]:
        DutyState.objects.bulk_create([DutyState(name=name) for name in missing], ignore_conflicts=True)
    # Read before writing: a process that has nothing to take must not write each time it looks.
    if not DutyState.objects.filter(free, name__in=names).exists():
        return set()
    DutyState.objects.filter(free, name__in=names).update(owner=owner, owned_until=now + LEASE, beat_at=now)
    return set(DutyState.objects.filter(name__in=names, owner=owner).values_list("name", flat=True))


def release(owner: str) -> None:
    """Release the duties of `owner`, so that another process need not wait."""
    DutyState.objects.filter(owner=owner).update(owner="", owned_until=None)

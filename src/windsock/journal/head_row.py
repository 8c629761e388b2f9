"""The journal's one head row: read, made, and as a Head."""

from collections.abc import Sequence
from typing import Any

import msgspec
from django.db.backends.base.base import BaseDatabaseWrapper

from windsock.clock import ReplayClock
from windsock.journal.base import Head, new_epoch
from windsock.journal.bulk import select
from windsock.journal.models import JournalHead

HEAD = ("epoch", "offset", "floor", "clock")


def read_head(connection: BaseDatabaseWrapper) -> Head:
    """The head as this connection sees it; created if there is none."""
    rows = select(connection, JournalHead, HEAD, ("id", [1]))
    if not rows:
        create_head(connection.alias)
        rows = select(connection, JournalHead, HEAD, ("id", [1]))
    return head_of(rows[0])


def head_of(row: Sequence[Any]) -> Head:
    """The Head of a row (epoch, offset, floor, clock); the clock as JSON or as what it decodes to."""
    epoch, offset, floor, clock = row
    if isinstance(clock, (str, bytes)):
        clock = msgspec.json.decode(clock, type=ReplayClock)
    elif clock is not None:
        clock = msgspec.convert(clock, ReplayClock)
    return Head(epoch, offset, floor, clock)


def create_head(using: str) -> None:
    """Makes the head row of a new journal, unless somebody else just did."""
    JournalHead.objects.using(using).bulk_create(
        [JournalHead(id=1, epoch=new_epoch())], ignore_conflicts=True
    )

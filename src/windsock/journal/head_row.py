"""Read, lock and create the one row that is the head of the journal."""

from collections.abc import Sequence
from typing import Any

import msgspec
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Subquery

from windsock.clock import ReplayClock
from windsock.journal.base import Head, new_epoch
from windsock.journal.bulk import select
from windsock.journal.models import JournalHead

HEAD = ("epoch", "offset", "floor", "clock")

HEAD_COLUMNS = ("head_epoch", "head_offset", "head_floor", "head_clock")
"""The same, as `head_columns` names them beside the columns of another table."""


def head_columns(using: str) -> dict[str, Subquery]:
    """Return the head as annotations of another table's rows. The database looks it up once per statement."""
    head = JournalHead.objects.using(using).filter(id=1)
    return {name: Subquery(head.values(name.removeprefix("head_"))[:1]) for name in HEAD_COLUMNS}


def lock_head(connection: BaseDatabaseWrapper) -> Head:
    """Return the head, locked until the end of the caller's transaction; create it if there is none.

    SQLite has no lock of its own for a row: there the transaction, being IMMEDIATE, keeps other writers out.
    """
    rows = JournalHead.objects.using(connection.alias).filter(id=1)
    if connection.features.has_select_for_update:
        rows = rows.select_for_update()
    found = rows.values_list(*HEAD).first()
    if found is None:
        create_head(connection.alias)
        found = rows.values_list(*HEAD).get()
    return head_of(found)


def read_head(connection: BaseDatabaseWrapper) -> Head:
    """Return the head as this connection sees it; create it if there is none."""
    rows = select(connection, JournalHead, HEAD, ("id", [1]))
    if not rows:
        create_head(connection.alias)
        rows = select(connection, JournalHead, HEAD, ("id", [1]))
    return head_of(rows[0])


def head_of(row: Sequence[Any]) -> Head:
    """Return the Head of a row (epoch, offset, floor, clock); the clock is JSON, or already decoded."""
    epoch, offset, floor, clock = row
    if isinstance(clock, (str, bytes)):
        clock = msgspec.json.decode(clock, type=ReplayClock)
    elif clock is not None:
        clock = msgspec.convert(clock, ReplayClock)
    return Head(epoch, offset, floor, clock)


def create_head(using: str) -> None:
    """Create the head row of a new journal, unless another process just did."""
    JournalHead.objects.using(using).bulk_create(
        [JournalHead(id=1, epoch=new_epoch())], ignore_conflicts=True
    )


def has_head(using: str) -> bool:
    """Return whether the journal was ever used. Raises what the database raises."""
    return JournalHead.objects.using(using).exists()

"""Drop what is old, in transactions so short that no writer waits for long.

Events that a named cursor has not read are kept, however old, unless the caller bounds that or the cursor was created
without `holds_events`. A cursor that is left behind is logged, and its reader gets PositionTrimmed.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from windsock.journal.connection import ask, durable_transaction
from windsock.journal.head_row import lock_head
from windsock.journal.models import CursorRow, EventRow, FlightName, FlightRow, JournalHead, ReportRow

logger = logging.getLogger(__name__)

CHUNK = 2000
"""Rows per transaction: some ten milliseconds of a write lock on a laptop's disk."""


class PrunedEvents(NamedTuple):
    """What a pruning of events did."""

    dropped: int
    held: int  # events old enough to drop, which a cursor has not read
    holding: tuple[str, ...]  # the cursors for which they are kept
    left_behind: tuple[str, ...]  # the cursors that lost events


def prune_events(using: str, before: datetime, unread_before: datetime | None = None) -> PrunedEvents:
    """Drop the oldest events up to the first one recorded at or after `before`, and raise the floor with them.

    Events that a cursor has not read stay; with `unread_before`, only those recorded at or after it.
    """
    head = ask(using, JournalHead.objects.using(using).filter(id=1).first)
    if head is None:
        return PrunedEvents(0, 0, (), ())
    old = _last_before(using, before, head.offset)
    old_unread = 0 if unread_before is None else _last_before(using, unread_before, head.offset)
    cursors = ask(using, lambda: _cursors(using, head.epoch))
    # Once left behind, a cursor has to recover: what it could still read is kept for it as for the others.
    ends = {name: max(offset, old_unread) for name, offset, holds in cursors if holds}
    last = max(head.floor, min([old, *ends.values()]))
    floor = head.floor
    while floor < last:
        upper = min(floor + CHUNK, last)
        with durable_transaction(using) as connection:
            # A cursor is created, and the journal pruned or reset, under the head's lock: look once more, now.
            now = lock_head(connection)
            if (now.epoch, now.floor) != (head.epoch, floor) or _would_lose(
                using, head.epoch, upper, cursors
            ):
                break
            JournalHead.objects.using(using).filter(id=1).update(floor=upper)
            EventRow.objects.using(using).filter(offset__lte=upper).delete()
        floor = upper
    left_behind = [(name, offset) for name, offset, _ in cursors if head.floor <= offset < floor]
    for name, offset in left_behind:
        logger.warning(
            "Pruned events that the cursor %s has not read, from %s:%d to %s:%d: it is left behind",
            name, head.epoch, offset + 1, head.epoch, floor,
        )  # fmt: skip
    return PrunedEvents(
        dropped=floor - head.floor,
        held=max(0, old - floor),
        holding=tuple(name for name, end in ends.items() if end < old),
        left_behind=tuple(name for name, _ in left_behind),
    )


def _last_before(using: str, before: datetime, newest: int) -> int:
    """Return the offset of the last event before the first one recorded at or after `before`."""
    # From the oldest on, by primary key: it stops at the first that stays, so it costs only what is dropped.
    kept = EventRow.objects.using(using).filter(recorded_at__gte=before).order_by("offset")
    first_kept = ask(using, partial(kept.values_list("offset", flat=True).first))
    return newest if first_kept is None else first_kept - 1


_Cursor = tuple[str, int, bool]
"""A cursor's name, its offset, and whether it holds events."""


def _cursors(using: str, epoch: str) -> Sequence[_Cursor]:
    rows = CursorRow.objects.using(using).filter(epoch=epoch).order_by("name")
    return list(rows.values_list("name", "offset", "holds_events"))


def _would_lose(using: str, epoch: str, upper: int, known: Sequence[_Cursor]) -> bool:
    """Return whether a cursor that was not known when the limit was computed needs events up to `upper`."""
    names = {name for name, _, _ in known}
    return any(
        holds and offset < upper and name not in names for name, offset, holds in _cursors(using, epoch)
    )


def prune_reports(using: str, before: datetime) -> int:
    """Drop the oldest raw reports up to the first one received at or after `before`."""
    reports = ReportRow.objects.using(using)
    kept = reports.filter(received_at__gte=before).order_by("id").values_list("id", flat=True)
    first_kept = ask(using, kept.first)
    old = reports if first_kept is None else reports.filter(id__lt=first_kept)
    dropped = 0
    while ids := ask(using, lambda: list(old.order_by("id").values_list("id", flat=True)[:CHUNK])):
        with durable_transaction(using):
            # Never beyond what was looked at: reports received since are newer.
            dropped += old.filter(id__lte=ids[-1]).delete()[0]
        if first_kept is None and len(ids) < CHUNK:
            break
    return dropped


def prune_flights(using: str, before: datetime) -> int:
    """Drop flights that have not mattered since `before`. No event is written, since nothing shows them."""
    flights = FlightRow.objects.using(using).filter(matters_until__lt=before)
    dropped = 0
    while True:
        with durable_transaction(using) as connection:
            rows = flights.order_by("id")
            if connection.features.has_select_for_update:
                rows = rows.select_for_update()
            ids = list(rows.values_list("id", flat=True)[:CHUNK])
            if not ids:
                return dropped
            FlightName.objects.using(using).filter(flight_id__in=ids).delete()
            dropped += FlightRow.objects.using(using).filter(id__in=ids).delete()[0]

"""Dropping what is old, in transactions so short that no writer waits for long."""

from datetime import datetime

from windsock.journal.connection import ask, durable_transaction
from windsock.journal.models import EventRow, FlightName, FlightRow, JournalHead, ReportRow

CHUNK = 2000
"""Rows per transaction: some ten milliseconds of a write lock on a laptop's disk."""


def prune_events(using: str, before: datetime) -> int:
    """Drops the oldest events up to the first one recorded at or after `before`, and raises the floor with them."""
    head = ask(using, JournalHead.objects.using(using).filter(id=1).first)
    if head is None:
        return 0
    events = EventRow.objects.using(using)
    # From the oldest on, by primary key: it stops at the first that stays, so it costs only what is dropped.
    kept = events.filter(recorded_at__gte=before).order_by("offset").values_list("offset", flat=True)
    first_kept = ask(using, kept.first)
    last = head.offset if first_kept is None else first_kept - 1
    floor = head.floor
    while floor < last:
        upper = min(floor + CHUNK, last)
        with durable_transaction(using):
            # The floor first: it is locked, and says whether somebody else pruned or reset meanwhile.
            current = JournalHead.objects.using(using).filter(id=1, epoch=head.epoch, floor=floor)
            if not current.update(floor=upper):
                break
            events.filter(offset__lte=upper).delete()
        floor = upper
    return floor - head.floor


def prune_reports(using: str, before: datetime) -> int:
    """Drops the oldest raw reports up to the first one received at or after `before`."""
    reports = ReportRow.objects.using(using)
    kept = reports.filter(received_at__gte=before).order_by("id").values_list("id", flat=True)
    first_kept = ask(using, kept.first)
    old = reports if first_kept is None else reports.filter(id__lt=first_kept)
    dropped = 0
    while ids := ask(using, lambda: list(old.order_by("id").values_list("id", flat=True)[:CHUNK])):
        with durable_transaction(using):
            # Never past what was looked at: reports that came in meanwhile are newer.
            dropped += old.filter(id__lte=ids[-1]).delete()[0]
        if first_kept is None and len(ids) < CHUNK:
            break
    return dropped


def prune_flights(using: str, before: datetime) -> int:
    """Drops flights that have not mattered since `before`. No event is written: nobody shows them any more."""
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

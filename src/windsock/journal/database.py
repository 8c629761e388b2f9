"""The journal in the host's database, by Django's ORM: SQLite or PostgreSQL, with the same promises.

Every read is one SQL statement, and thus one snapshot of the database, without a transaction: the head is read as
columns beside the rows. So reads return the same inside a host's open transaction, whatever its isolation.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.db import connections
from django.db.models import QuerySet

from windsock.clock import ReplayClock
from windsock.errors import JournalUnavailable
from windsock.flights import FlightKey, FlightRecord
from windsock.flights.programmes import Standing
from windsock.journal.base import (
    Event,
    FlightQuery,
    Head,
    Journal,
    Pruned,
    RawReport,
    Writing,
    check_position,
    lost,
    new_epoch,
)
from windsock.journal.connection import ask, durable_transaction
from windsock.journal.flight_cache import FlightCache
from windsock.journal.flight_search import find
from windsock.journal.head_row import HEAD_COLUMNS, create_head, head_columns, head_of, lock_head, read_head
from windsock.journal.high_water import remember
from windsock.journal.models import (
    EventRow,
    FlightName,
    FlightRow,
    JournalHead,
    ProgrammeSource,
    ReportRow,
    StandingRow,
    WriteProbe,
)
from windsock.journal.pruning import PrunedEvents, prune_events, prune_flights, prune_reports
from windsock.journal.report_rows import raw_report
from windsock.journal.standing_rows import read_observed, standing_of
from windsock.journal.writing import DatabaseWriting
from windsock.protocol.positions import Position

_EVENT = ("offset", "flight_id", "version", "topics", "body", "recorded_at")


class DatabaseJournal(Journal):
    """The journal in the database `using`, an alias of settings.DATABASES. Any thread may use it, and several objects
    may use one database."""

    def __init__(self, using: str = "default") -> None:
        self.using = using
        self._cache = FlightCache()

    def __repr__(self) -> str:
        return f"DatabaseJournal(using={self.using!r})"

    def head(self) -> Head:
        head = ask(self.using, lambda: read_head(connections[self.using]))
        remember(self.using, head.position)
        return head

    @contextmanager
    def write(self) -> Iterator[Writing]:
        with durable_transaction(self.using) as connection:
            writing = DatabaseWriting(connection, self._cache)
            yield writing
            writing.finish()
        if writing.advanced is not None:
            remember(self.using, writing.advanced.position)

    def after(self, position: Position, limit: int = 1000) -> list[Event]:
        while True:
            rows = ask(self.using, lambda: list(self._after(position, limit)))
            head = head_of(rows[0][:4]) if rows else self.head()
            check_position(position, head)
            if rows:
                return [_event(row[4:]) for row in rows]
            if head.offset == position.offset:
                return []
            # A writer committed between the two queries: repeat them.

    def _after(self, position: Position, limit: int) -> QuerySet[EventRow, tuple[Any, ...]]:
        rows = EventRow.objects.using(self.using).filter(offset__gt=position.offset).order_by("offset")
        return rows.annotate(**head_columns(self.using)).values_list(*HEAD_COLUMNS, *_EVENT)[:limit]

    def snapshot(self, since: datetime | None = None) -> tuple[Head, list[FlightRecord]]:
        # Read first: if there are no flights at all, the events after this head are still to be sent.
        head = self.head()
        rows = FlightRow.objects.using(self.using).order_by("id").annotate(**head_columns(self.using))
        if since is not None:
            rows = rows.filter(matters_until__gte=since)
        found = ask(self.using, lambda: list(rows.values_list(*HEAD_COLUMNS, "record")))
        if found:
            head = head_of(found[0][:4])
        return head, [FlightRecord.from_json(bytes(row[4])) for row in found]

    def standings(self) -> tuple[Head, list[Standing]]:
        head = self.head()
        rows = StandingRow.objects.using(self.using).order_by("airport").annotate(**head_columns(self.using))
        found = ask(self.using, lambda: list(rows.values_list(*HEAD_COLUMNS, "record")))
        if found:
            head = head_of(found[0][:4])
        return head, [standing_of(row[4]) for row in found]

    def programme_sources(self) -> dict[str, datetime]:
        return ask(self.using, lambda: read_observed(self.using))

    def flight(self, key: FlightKey) -> FlightRecord | None:
        row = ask(
            self.using, FlightRow.objects.using(self.using).filter(id=str(key)).values_list("record").first
        )
        return self._formerly(key) if row is None else FlightRecord.from_json(bytes(row[0]))

    def _formerly(self, key: FlightKey) -> FlightRecord | None:
        """Return the flight that had this id before it turned out to be another one."""
        names = FlightName.objects.using(self.using).filter(
            designator=str(key.designator), date=key.date, flight_id__endswith=f".{key.origin}"
        )
        found = FlightRow.objects.using(self.using).filter(id__in=names.values("flight_id"))
        for data in ask(self.using, lambda: list(found.values_list("record", flat=True)[:10])):
            record = FlightRecord.from_json(bytes(data))
            if str(key) in record.flight.former_ids:
                return record
        return None

    def _ids(self, key: FlightKey) -> list[str]:
        record = self.flight(key)
        return [str(key)] if record is None else [record.flight.id, *record.flight.former_ids]

    def history(self, key: FlightKey, limit: int = 1000) -> list[Event]:
        rows = EventRow.objects.using(self.using).filter(flight_id__in=self._ids(key)).order_by("offset")
        return [_event(row) for row in ask(self.using, lambda: list(rows.values_list(*_EVENT)[:limit]))]

    def find(self, query: FlightQuery) -> list[FlightRecord]:
        return ask(self.using, lambda: find(self.using, query))

    def reports(self, key: FlightKey, limit: int = 100) -> list[RawReport]:
        rows = (
            ReportRow.objects.using(self.using).filter(flight_id__in=self._ids(key)).order_by("-id")[:limit]
        )
        return [raw_report(row) for row in ask(self.using, lambda: list(rows))]

    def due(self, before: datetime, since: datetime | None = None, limit: int = 1000) -> list[FlightRecord]:
        rows = FlightRow.objects.using(self.using).filter(due_at__lte=before).order_by("due_at", "id")
        if since is not None:
            rows = rows.filter(due_at__gte=since)
        found = ask(self.using, lambda: list(rows.values_list("record", flat=True)[:limit]))
        return [FlightRecord.from_json(bytes(record)) for record in found]

    def ahead(self, of: datetime, limit: int = 1000) -> int:
        # A flight changed later than that also matters until later than that, and there is an index on the latter.
        rows = FlightRow.objects.using(self.using).filter(matters_until__gt=of, updated_at__gt=of)
        return ask(self.using, rows[:limit].count)

    def prune(
        self,
        *,
        events_before: datetime | None = None,
        reports_before: datetime | None = None,
        flights_before: datetime | None = None,
        unread_before: datetime | None = None,
    ) -> Pruned:
        events = PrunedEvents(0, 0, (), ())
        if events_before is not None:
            events = prune_events(self.using, events_before, unread_before)
        return Pruned(
            events=events.dropped,
            reports=0 if reports_before is None else prune_reports(self.using, reports_before),
            flights=0 if flights_before is None else prune_flights(self.using, flights_before),
            held=events.held,
            holding=events.holding,
            left_behind=events.left_behind,
        )

    def set_clock(self, clock: ReplayClock | None) -> None:
        value = None if clock is None else msgspec.to_builtins(clock)
        with durable_transaction(self.using):
            heads = JournalHead.objects.using(self.using).filter(id=1)
            if not heads.update(clock=value):
                create_head(self.using)
                heads.update(clock=value)

    def renew(self, seen: Position | None = None) -> Head:
        with durable_transaction(self.using) as connection:
            # A writer holds the head's lock until its commit, so nothing comes between the look and the update.
            head = lock_head(connection)
            if seen is None or lost(seen, head):
                JournalHead.objects.using(self.using).filter(id=1).update(epoch=new_epoch())
            return read_head(connection)

    def reset(self) -> Head:
        with durable_transaction(self.using) as connection:
            if connection.vendor == "postgresql":
                # Waits for writers in progress and keeps others out; the ORM cannot express it. SQLite has one writer.
                with connection.cursor() as cursor:
                    cursor.execute(f"LOCK TABLE {FlightRow._meta.db_table} IN EXCLUSIVE MODE")
            for model in (
                EventRow,
                ReportRow,
                FlightName,
                FlightRow,
                StandingRow,
                ProgrammeSource,
                JournalHead,
            ):
                model._default_manager.using(self.using).all().delete()
            JournalHead.objects.using(self.using).create(id=1, epoch=new_epoch())
            return read_head(connection)

    def probe(self, filler: int = 0) -> None:
        """Write a row without meaning, with `filler` bytes; raise JournalUnavailable if nothing can be written.

        It is as durable as a report: whatever keeps a report from being recorded also makes this fail.
        """
        with durable_transaction(self.using):
            values = {"at": datetime.now(UTC), "filler": bytes(filler)}
            rows = WriteProbe.objects.using(self.using)
            if not rows.filter(id=1).update(**values):
                rows.bulk_create([WriteProbe(id=1, **values)], ignore_conflicts=True)

    def ping(self) -> None:
        """Raise JournalUnavailable unless the database answers and has the journal's tables."""
        self.head()
        if not connections[self.using].is_usable():
            raise JournalUnavailable("The journal's database does not answer.")


def _event(row: tuple[Any, ...]) -> Event:
    offset, flight_id, version, topics, body, recorded_at = row
    return Event(
        offset, flight_id, version, tuple(topics.split(" ")) if topics else (), bytes(body), recorded_at
    )

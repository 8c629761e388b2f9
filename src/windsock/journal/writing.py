"""One transaction of the database journal: what it locks, and in which order.

PostgreSQL, READ COMMITTED. Flights that do not exist yet are locked by inserting empty rows for them, in key order;
then all flights are locked, in key order; the head comes last. Whoever waits therefore never holds what the other
needs. SQLite needs none of it: BEGIN IMMEDIATE lets one writer in at a time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from windsock.flights import Designator, FlightKey, FlightRecord
from windsock.flights.programmes import Standing, StandingChange
from windsock.journal.base import Draft, Event, Head, RawReport, Writing, lost, new_epoch
from windsock.journal.bulk import CHUNK, insert, insert_missing, select, update, upsert
from windsock.journal.encoding import event_body, events_of, flight_json
from windsock.journal.flight_cache import CachedFlight, FlightCache, new_stamp
from windsock.journal.flight_rows import (
    FLIGHT,
    PLACE,
    SEARCHED,
    UPDATED,
    WRITTEN,
    difference,
    identity,
    names_beside,
    placeholder,
    searched,
    written,
)
from windsock.journal.head_row import create_head, read_head
from windsock.journal.high_water import highest_seen
from windsock.journal.models import EventRow, FlightName, FlightRow, JournalHead, ReportRow
from windsock.journal.standing_rows import read_observed, read_standings, write_standings


class DatabaseWriting(Writing):
    """The writes of one transaction; created by DatabaseJournal.write()."""

    def __init__(self, connection: BaseDatabaseWrapper, recent: FlightCache) -> None:
        self._connection = connection
        self._using = connection.alias
        self._cache = recent
        self._locks_rows = bool(connection.features.has_select_for_update)
        self._existing: dict[str, int] = {}  # the stamps of flights seen, as `known` saw them
        self._loaded: dict[FlightKey, CachedFlight] = {}
        self._saved: dict[FlightKey, tuple[FlightRecord, bytes | None]] = {}
        self._placeholders: set[str] = set()
        self._removed: set[FlightKey] = set()
        self._head: Head | None = None
        self.advanced: Head | None = None  # what the commit makes the head, if this write appends

    def known(self, keys: Iterable[FlightKey]) -> set[FlightKey]:
        wanted = {str(key): key for key in keys}
        rows = select(self._connection, FlightRow, ["id", "stamp"], ("id", wanted), where=" AND version > 0")
        self._existing.update(rows)
        return {wanted[row[0]] for row in rows}

    def load(self, keys: Iterable[FlightKey]) -> dict[FlightKey, FlightRecord]:
        wanted = {str(key): key for key in keys}
        by_id = {flight_id: wanted[flight_id] for flight_id in sorted(wanted)}
        if self._locks_rows:
            self._hold_places(by_id)
            rows = self._locked(by_id)
        else:
            # No other write until this one has ended, so what `known` has read still holds.
            seen = self._existing
            rows = [(flight_id, 1, seen[flight_id]) for flight_id in by_id if flight_id in seen]
            rows += self._locked([flight_id for flight_id in by_id if flight_id not in seen])
        if self._locks_rows and len(rows) < len(by_id):
            # Pruned since `known` read them.
            gone = sorted(by_id.keys() - {row[0] for row in rows})
            for flight_id in gone:
                self._existing.pop(flight_id, None)
            self._hold_places({flight_id: by_id[flight_id] for flight_id in gone})
            rows += self._locked(gone)
        found: dict[FlightKey, CachedFlight] = {}
        stamps: dict[str, int] = {}
        for flight_id, version, stamp in rows:
            if not version:
                continue
            recent = self._cache.get(flight_id, stamp)
            if recent is None:
                stamps[flight_id] = stamp
            else:
                found[by_id[flight_id]] = recent
        if stamps:
            # The rows cannot change between the two queries: they are locked, or no other write is possible at all.
            for flight_id, data in select(self._connection, FlightRow, ["id", "record"], ("id", stamps)):
                record = FlightRecord.from_json(bytes(data))
                recent = CachedFlight(stamps[flight_id], record, searched(record.flight))
                found[by_id[flight_id]] = recent
                self._cache.keep(flight_id, recent)
        self._loaded.update(found)
        return {key: recent.record for key, recent in found.items()}

    def _locked(self, ids: Iterable[str]) -> list[tuple[Any, ...]]:
        """Return id, version and stamp of the rows, ordered by id if they have to be locked."""
        order = " ORDER BY id FOR UPDATE" if self._locks_rows else ""
        return select(self._connection, FlightRow, ["id", "version", "stamp"], ("id", ids), where=order)

    def _hold_places(self, by_id: dict[str, FlightKey]) -> None:
        """Insert an empty row (version 0) for each missing flight, so that no other write creates it meanwhile."""
        unsure = [flight_id for flight_id in by_id if flight_id not in self._existing]
        if not unsure:
            return
        existing = {row[0] for row in select(self._connection, FlightRow, ["id"], ("id", unsure))}
        missing = [flight_id for flight_id in unsure if flight_id not in existing]
        if missing:
            # Waits for a transaction that is inserting one of them, and leaves its row alone.
            places = [placeholder(by_id[flight_id]) for flight_id in missing]
            insert_missing(self._connection, FlightRow, PLACE, places)
            self._placeholders.update(missing)

    def named(
        self, names: Iterable[tuple[Designator, date]]
    ) -> dict[tuple[Designator, date], list[FlightKey]]:
        by_date: dict[date, dict[str, Designator]] = {}
        for designator, day in names:
            by_date.setdefault(day, {})[str(designator)] = designator
        found: dict[tuple[Designator, date], set[FlightKey]] = {}
        for day, designators in by_date.items():
            given = [day if self._connection.vendor == "postgresql" else day.isoformat()]
            for model, column, where in (
                (FlightRow, "id", " AND date = %s AND version > 0"),
                (FlightName, "flight_id", " AND date = %s"),
            ):
                rows = select(
                    self._connection,
                    model,
                    ["designator", column],
                    ("designator", designators),
                    where=where,
                    given=given,
                )
                for name, flight_id in rows:
                    found.setdefault((designators[name], day), set()).add(FlightKey.parse(flight_id))
        return {name: sorted(keys) for name, keys in found.items()}

    def save(self, records: Iterable[FlightRecord]) -> None:
        self._saved.update((record.key, (record, None)) for record in records)

    def remove(self, keys: Iterable[FlightKey]) -> None:
        self._removed.update(keys)

    def append(self, drafts: Sequence[Draft], reports: Sequence[RawReport] = ()) -> list[Event]:
        wires = [flight_json(draft.record.flight) for draft in drafts]
        bodies = [event_body(draft, wire) for draft, wire in zip(drafts, wires, strict=True)]
        latest = dict(
            zip((draft.record.key for draft in drafts), zip(drafts, wires, strict=True), strict=True)
        )
        for key, (draft, wire) in latest.items():
            saved = self._saved.get(key)
            if saved is None or saved[0] is draft.record:
                self._saved[key] = (draft.record, wire)
            elif saved[0].flight == draft.record.flight:
                self._saved[key] = (saved[0], wire)
        self._write_flights()
        # The head is locked from here until the commit: nothing comes after this that could be done before.
        head = self._advance(len(drafts))
        first = head.offset - len(drafts) + 1
        events = [
            Event(
                offset,
                draft.record.flight.id,
                draft.record.flight.version,
                draft.topics,
                body,
                draft.recorded_at,
            )
            for offset, (draft, body) in enumerate(zip(drafts, bodies, strict=True), first)
        ]
        self._insert(events)
        insert(
            self._connection,
            ReportRow,
            (
                "source",
                "received_at",
                "observed_at",
                "flight_id",
                "offset",
                "error",
                "body",
                "match",
                "reporter",
                "entrance",
            ),
            [
                (
                    report.source,
                    report.received_at,
                    report.observed_at,
                    report.flight_id,
                    None if report.offset is None else first + report.offset,
                    report.error,
                    report.body,
                    report.match,
                    report.reporter,
                    report.entrance,
                )
                for report in reports
            ],
        )
        return events

    def standings(self) -> tuple[dict[str, Standing], dict[str, datetime]]:
        self._hold_head(0)
        return read_standings(self._using), read_observed(self._using)

    def append_programmes(
        self, changes: Sequence[StandingChange], now: datetime, observed: Mapping[str, datetime]
    ) -> list[Event]:
        head = self._advance(len(changes))
        events = events_of(changes, head.offset - len(changes) + 1, now)
        self._insert(events)
        write_standings(self._using, changes, observed)
        return events

    def _insert(self, events: Sequence[Event]) -> None:
        insert(
            self._connection,
            EventRow,
            ("offset", "flight_id", "version", "topics", "body", "recorded_at"),
            [(e.offset, e.flight_id, e.version, " ".join(e.topics), e.body, e.recorded_at) for e in events],
        )

    def head(self) -> Head:
        return self._head or read_head(self._connection)

    def finish(self) -> None:
        """Write what was only saved and remove the places reserved in vain; the last thing before the commit."""
        self._write_flights()
        vain = sorted(self._placeholders)
        for start in range(0, len(vain), CHUNK):
            FlightRow.objects.using(self._using).filter(
                id__in=vain[start : start + CHUNK], version=0
            ).delete()

    def _advance(self, count: int) -> Head:
        """Lock the head, add `count`, and return the head as it then is."""
        if not count:
            self._head = read_head(self._connection)
            return self._head
        self._hold_head(count)
        head = read_head(self._connection)
        seen = highest_seen(self._using)
        if seen is not None and lost(seen, replace(head, offset=head.offset - count)):
            # Restored to an older state while we ran: from here on its offsets name other events.
            JournalHead.objects.using(self._using).filter(id=1).update(epoch=new_epoch())
            head = read_head(self._connection)
        self._head = self.advanced = head
        return head

    def _hold_head(self, count: int) -> None:
        """Lock the head until the commit, and add `count` to it."""
        with self._connection.cursor() as cursor:
            cursor.execute(_ADVANCE, [count])
            if not cursor.rowcount:
                create_head(self._using)
                cursor.execute(_ADVANCE, [count])

    def _write_flights(self) -> None:
        if self._removed:
            gone = sorted(str(key) for key in self._removed)
            for key in self._removed:
                self._saved.pop(key, None)
            FlightRow.objects.using(self._using).filter(id__in=gone, version__gt=0).delete()
            FlightName.objects.using(self._using).filter(flight_id__in=gone).delete()
            self._removed = set()
        if not self._saved:
            return
        stamp = new_stamp()
        new: list[tuple[object, ...]] = []
        changed: dict[tuple[str, ...], list[tuple[object, ...]]] = {}
        now: dict[FlightKey, CachedFlight] = {}
        for key, (record, wire) in self._saved.items():
            flight_id = record.flight.id
            recent = now[key] = CachedFlight(stamp, record, searched(record.flight))
            values = written(record, stamp, wire)
            before = self._loaded.get(key)
            if before is None and flight_id not in self._placeholders:
                new.append((*identity(record), *recent.searched, *values))
                continue
            columns: tuple[str, ...] = SEARCHED
            differing = recent.searched
            if before is not None and not self._locks_rows:
                # SQLite rewrites the entry of every index with a column that is set, even to an equal value.
                columns, differing = difference(before.searched, recent.searched)
            changed.setdefault(columns, []).append((*differing, *values, flight_id))
        upsert(self._connection, FlightRow, FLIGHT, new, UPDATED)
        for columns, rows in changed.items():
            update(self._connection, FlightRow, (*columns, *WRITTEN, "id"), rows)
        for recent in now.values():
            # Even before the commit: if that fails, no row has this stamp.
            self._cache.keep(recent.record.flight.id, recent)
            self._placeholders.discard(recent.record.flight.id)
        self._write_names()
        self._loaded.update(now)
        for recent in now.values():
            self._existing.pop(recent.record.flight.id, None)
        self._saved = {}

    def _write_names(self) -> None:
        gone: list[str] = []
        names: list[FlightName] = []
        for key, (record, _) in self._saved.items():
            before = self._loaded.get(key)
            codeshares = names_beside(record.flight)
            if codeshares == (() if before is None else names_beside(before.record.flight)):
                continue
            if before is not None:
                gone.append(record.flight.id)
            names += (
                FlightName(designator=name, date=key.date, flight_id=record.flight.id)
                for name in dict.fromkeys(codeshares)
            )
        for start in range(0, len(gone), CHUNK):
            FlightName.objects.using(self._using).filter(flight_id__in=gone[start : start + CHUNK]).delete()
        if names:
            FlightName.objects.using(self._using).bulk_create(names, ignore_conflicts=True)


_ADVANCE = 'UPDATE windsock_head SET "offset" = "offset" + %s WHERE id = 1'

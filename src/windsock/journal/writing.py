"""One transaction of the database journal: what it locks, and in which order.

PostgreSQL, READ COMMITTED. Flights that do not exist yet are locked by inserting empty rows for them, in key order;
then all flights are locked, in key order; the head comes last. Whoever waits therefore never holds what the other
needs. SQLite needs none of it: BEGIN IMMEDIATE lets one writer in at a time.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime

import msgspec
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F

from windsock.clock import ReplayClock
from windsock.flights import Designator, FlightKey, FlightRecord
from windsock.journal.base import Draft, Event, Head, RawReport, Writing, new_epoch
from windsock.journal.bulk import insert, insert_missing, upsert
from windsock.journal.encoding import event_body
from windsock.journal.models import EventRow, FlightName, FlightRow, JournalHead, ReportRow
from windsock.journal.projection import project

CHUNK = 1000  # ids in one IN list; below every database's limit of parameters

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class DatabaseWriting(Writing):
    """The writes of one transaction; made by DatabaseJournal.write()."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self._connection = connection
        self._using = connection.alias
        self._locks_rows = bool(connection.features.has_select_for_update)
        self._loaded: dict[FlightKey, FlightRecord] = {}
        self._saved: dict[FlightKey, FlightRecord] = {}
        self._placeholders: set[str] = set()

    def load(self, keys: Iterable[FlightKey]) -> dict[FlightKey, FlightRecord]:
        wanted = {str(key): key for key in keys}
        by_id = {flight_id: wanted[flight_id] for flight_id in sorted(wanted)}
        if self._locks_rows:
            self._hold_places(by_id)
        found: dict[FlightKey, FlightRecord] = {}
        for ids in _chunks(list(by_id)):
            rows = FlightRow.objects.using(self._using).filter(id__in=ids)
            if self._locks_rows:
                rows = rows.order_by("id").select_for_update()
            for flight_id, version, record in rows.values_list("id", "version", "record"):
                if version:
                    found[by_id[flight_id]] = FlightRecord.from_json(bytes(record))
        self._loaded.update(found)
        return found

    def _hold_places(self, by_id: dict[str, FlightKey]) -> None:
        """Inserts an empty row (version 0) for each flight not there, so that no other write creates it meanwhile."""
        rows = FlightRow.objects.using(self._using)
        existing: set[str] = set()
        for ids in _chunks(list(by_id)):
            existing.update(rows.filter(id__in=ids).values_list("id", flat=True))
        missing = [flight_id for flight_id in by_id if flight_id not in existing]
        if missing:
            # Waits for whoever is inserting one of them just now, and leaves theirs alone.
            places = [_placeholder(by_id[flight_id]) for flight_id in missing]
            insert_missing(self._connection, FlightRow, _PLACE, places)
            self._placeholders.update(missing)

    def named(
        self, names: Iterable[tuple[Designator, date]]
    ) -> dict[tuple[Designator, date], list[FlightKey]]:
        by_date: dict[date, dict[str, Designator]] = {}
        for designator, day in names:
            by_date.setdefault(day, {})[str(designator)] = designator
        found: dict[tuple[Designator, date], set[FlightKey]] = {}
        for day, designators in by_date.items():
            for chunk in _chunks(list(designators)):
                own = FlightRow.objects.using(self._using).filter(
                    date=day, designator__in=chunk, version__gt=0
                )
                shared = FlightName.objects.using(self._using).filter(date=day, designator__in=chunk)
                for name, flight_id in (
                    *own.values_list("designator", "id"),
                    *shared.values_list("designator", "flight_id"),
                ):
                    found.setdefault((designators[name], day), set()).add(FlightKey.parse(flight_id))
        return {name: sorted(keys) for name, keys in found.items()}

    def save(self, records: Iterable[FlightRecord]) -> None:
        self._saved.update((record.key, record) for record in records)

    def append(self, drafts: Sequence[Draft], reports: Sequence[RawReport] = ()) -> list[Event]:
        self._saved.update((draft.record.key, draft.record) for draft in drafts)
        self._write_flights()
        bodies = [event_body(draft) for draft in drafts]
        # The head's lock is taken here and held until the commit: nothing that could be done before comes after it.
        first = self._advance(len(drafts)) - len(drafts) + 1 if drafts else 0
        events = [
            Event(
                offset=offset,
                flight_id=str(draft.record.key),
                version=draft.record.flight.version,
                topics=draft.topics,
                body=body,
                recorded_at=draft.recorded_at,
            )
            for offset, (draft, body) in enumerate(zip(drafts, bodies, strict=True), first)
        ]
        insert(
            self._connection,
            EventRow,
            ("offset", "flight_id", "version", "topics", "body", "recorded_at"),
            [(e.offset, e.flight_id, e.version, " ".join(e.topics), e.body, e.recorded_at) for e in events],
        )
        insert(
            self._connection,
            ReportRow,
            ("source", "received_at", "observed_at", "flight_id", "offset", "error", "body"),
            [
                (
                    report.source,
                    report.received_at,
                    report.observed_at,
                    report.flight_id,
                    None if report.offset is None else first + report.offset,
                    report.error,
                    report.body,
                )
                for report in reports
            ],
        )
        return events

    def head(self) -> Head:
        return read_head(self._using)

    def finish(self) -> None:
        """Writes what was only saved and takes away the places held in vain; the last thing before the commit."""
        self._write_flights()
        for ids in _chunks(sorted(self._placeholders)):
            FlightRow.objects.using(self._using).filter(id__in=ids, version=0).delete()

    def _advance(self, count: int) -> int:
        """Takes the head's lock, adds `count`, and gives the new offset."""
        heads = JournalHead.objects.using(self._using).filter(id=1)
        if not heads.update(offset=F("offset") + count):
            create_head(self._using)
            heads.update(offset=F("offset") + count)
        return heads.values_list("offset", flat=True).get()

    def _write_flights(self) -> None:
        if not self._saved:
            return
        rows = [_flight_row(record) for record in self._saved.values()]
        upsert(self._connection, FlightRow, _FLIGHT, rows, _UPDATED)
        self._placeholders.difference_update(row[0] for row in rows)
        self._write_names()
        self._loaded.update(self._saved)
        self._saved = {}

    def _write_names(self) -> None:
        gone: list[str] = []
        names: list[FlightName] = []
        for key, record in self._saved.items():
            before = self._loaded.get(key)
            codeshares = list(dict.fromkeys(record.flight.codeshares))
            if before is not None and list(dict.fromkeys(before.flight.codeshares)) == codeshares:
                continue
            if before is not None:
                gone.append(str(key))
            names += (FlightName(designator=name, date=key.date, flight_id=str(key)) for name in codeshares)
        for ids in _chunks(gone):
            FlightName.objects.using(self._using).filter(flight_id__in=ids).delete()
        if names:
            FlightName.objects.using(self._using).bulk_create(names, ignore_conflicts=True)


def read_head(using: str) -> Head:
    """The head as this connection sees it; created if there is none."""
    heads = JournalHead.objects.using(using).filter(id=1).values_list("epoch", "offset", "floor", "clock")
    row = heads.first()
    if row is None:
        create_head(using)
        row = heads.get()
    return head_of(row)


def head_of(row: Sequence[object]) -> Head:
    """The Head of a row (epoch, offset, floor, clock)."""
    epoch, offset, floor, clock = row
    return Head(
        str(epoch),
        int(offset),  # type: ignore[call-overload]
        int(floor),  # type: ignore[call-overload]
        None if clock is None else msgspec.convert(clock, ReplayClock),
    )


def create_head(using: str) -> None:
    """Makes the head row of a new journal, unless somebody else just did."""
    JournalHead.objects.using(using).bulk_create(
        [JournalHead(id=1, epoch=new_epoch())], ignore_conflicts=True
    )


_FLIGHT = (
    "id",
    "designator",
    "carrier",
    "date",
    "origin",
    "destination",
    "diverted_to",
    "registration",
    "status",
    "departs_at",
    "arrives_at",
    "matters_until",
    "due_at",
    "version",
    "updated_at",
    "record",
)
# Everything but what is in the id, which never changes.
_UPDATED = _FLIGHT[5:]


def _flight_row(record: FlightRecord) -> tuple[object, ...]:
    """The row that keeps a flight, in the order of _FLIGHT: its record, and the columns it is searched by."""
    flight, key, times = record.flight, record.key, project(record.flight)
    return (
        flight.id,
        flight.designator,
        key.carrier,
        key.date,
        flight.origin,
        flight.destination,
        flight.diverted_to,
        flight.registration,
        flight.status,
        times.departs_at,
        times.arrives_at,
        times.matters_until,
        times.due_at,
        flight.version,
        flight.updated_at or _LONG_AGO,
        record.to_json(),
    )


_PLACE = ("id", "designator", "carrier", "date", "origin", "status", "version", "updated_at", "record")


def _placeholder(key: FlightKey) -> tuple[object, ...]:
    return (str(key), str(key.designator), key.carrier, key.date, key.origin, "", 0, _LONG_AGO, b"")


def _chunks(ids: list[str]) -> Iterable[list[str]]:
    return (ids[i : i + CHUNK] for i in range(0, len(ids), CHUNK))

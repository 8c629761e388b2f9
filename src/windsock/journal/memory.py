"""A journal in this process's memory: for tests, tools and examples. Durable until the process ends."""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime

import msgspec

from windsock.clock import ReplayClock
from windsock.flights import Designator, FlightKey, FlightRecord
from windsock.flights.programmes import Standing, StandingChange
from windsock.journal.base import (
    Draft,
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
from windsock.journal.encoding import event_body, events_of
from windsock.journal.flight_query import Search
from windsock.journal.flight_rows import names_beside
from windsock.journal.projection import Projection, project
from windsock.protocol.positions import Position


class MemoryJournal(Journal):
    """The whole contract under one lock: writers wait for each other, and readers see only what is committed."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._head = Head(new_epoch(), 0, 0)
        self._flights: dict[FlightKey, FlightRecord] = {}
        self._projections: dict[FlightKey, Projection] = {}
        self._events: list[Event] = []
        self._reports: list[RawReport] = []
        self._standings: dict[str, Standing] = {}
        self._observed: dict[str, datetime] = {}

    def head(self) -> Head:
        with self._lock:
            return self._head

    @contextmanager
    def write(self) -> Iterator[Writing]:
        with self._lock:
            writing = _MemoryWriting(self)
            yield writing
            writing.commit()

    def after(self, position: Position, limit: int = 1000) -> list[Event]:
        with self._lock:
            head = self._head
            check_position(position, head)
            start = position.offset - head.floor
            return self._events[start : start + limit]

    def snapshot(self, since: datetime | None = None) -> tuple[Head, list[FlightRecord]]:
        with self._lock:
            flights = [
                record
                for key, record in sorted(self._flights.items())
                if since is None
                or ((until := self._projections[key].matters_until) is not None and until >= since)
            ]
            return self._head, flights

    def standings(self) -> tuple[Head, list[Standing]]:
        with self._lock:
            return self._head, [standing for _, standing in sorted(self._standings.items())]

    def programme_sources(self) -> dict[str, datetime]:
        with self._lock:
            return dict(self._observed)

    def flight(self, key: FlightKey) -> FlightRecord | None:
        with self._lock:
            return self._flights.get(key) or next(
                (record for record in self._flights.values() if str(key) in record.flight.former_ids), None
            )

    def _ids(self, key: FlightKey) -> set[str]:
        record = self.flight(key)
        return {str(key)} if record is None else {record.flight.id, *record.flight.former_ids}

    def history(self, key: FlightKey, limit: int = 1000) -> list[Event]:
        with self._lock:
            ids = self._ids(key)
            return [event for event in self._events if event.flight_id in ids][:limit]

    def find(self, query: FlightQuery) -> list[FlightRecord]:
        search = Search(query)
        with self._lock:
            rows = [(search.place(r.flight, p), r) for r, p in self._rows() if search.matches(r.flight, p)]
        rows.sort(key=lambda row: row[0])
        if query.after_id is not None:
            start = next(
                (i + 1 for i, (_, record) in enumerate(rows) if str(record.key) == query.after_id), len(rows)
            )
            rows = rows[start:]
        return [record for _, record in rows[: query.limit]]

    def _rows(self) -> Iterator[tuple[FlightRecord, Projection]]:
        return ((record, self._projections[key]) for key, record in self._flights.items())

    def reports(self, key: FlightKey, limit: int = 100) -> list[RawReport]:
        with self._lock:
            ids = self._ids(key)
            return [report for report in reversed(self._reports) if report.flight_id in ids][:limit]

    def due(self, before: datetime, since: datetime | None = None, limit: int = 1000) -> list[FlightRecord]:
        with self._lock:
            found = [
                (projection.due_at, str(record.key), record)
                for record, projection in self._rows()
                if projection.due_at is not None
                and projection.due_at <= before
                and (since is None or projection.due_at >= since)
            ]
        return [record for _, _, record in sorted(found, key=lambda row: row[:2])[:limit]]

    def ahead(self, of: datetime, limit: int = 1000) -> int:
        with self._lock:
            changed = [record.flight.updated_at for record, _ in self._rows()]
        return min(sum(at is not None and at > of for at in changed), limit)

    def prune(
        self,
        *,
        events_before: datetime | None = None,
        reports_before: datetime | None = None,
        flights_before: datetime | None = None,
        unread_before: datetime | None = None,  # no cursors here, so nobody has unread events
    ) -> Pruned:
        with self._lock:
            events = reports = flights = 0
            if events_before is not None:
                kept = (i for i, event in enumerate(self._events) if event.recorded_at >= events_before)
                events = next(kept, len(self._events))
                del self._events[:events]
                self._head = replace(self._head, floor=self._head.floor + events)
            if reports_before is not None:
                remaining = [report for report in self._reports if report.received_at >= reports_before]
                reports, self._reports = len(self._reports) - len(remaining), remaining
            if flights_before is not None:
                old = [
                    k
                    for k, p in self._projections.items()
                    if p.matters_until and p.matters_until < flights_before
                ]
                flights = len(old)
                for key in old:
                    del self._flights[key], self._projections[key]
            return Pruned(events=events, reports=reports, flights=flights)

    def set_clock(self, clock: ReplayClock | None) -> None:
        with self._lock:
            self._head = replace(self._head, clock=clock)

    def renew(self, seen: Position | None = None) -> Head:
        with self._lock:
            if seen is None or lost(seen, self._head):
                self._head = replace(self._head, epoch=new_epoch())
            return self._head

    def reset(self) -> Head:
        with self._lock:
            self._head = Head(new_epoch(), 0, 0)
            self._flights.clear()
            self._projections.clear()
            self._events.clear()
            self._reports.clear()
            self._standings.clear()
            self._observed.clear()
            return self._head


class _MemoryWriting(Writing):
    """Collect what a write does and apply it at the end, so that an error leaves nothing behind."""

    def __init__(self, journal: MemoryJournal) -> None:
        self._journal = journal
        self._saved: dict[FlightKey, FlightRecord] = {}
        self._removed: set[FlightKey] = set()
        self._events: list[Event] = []
        self._reports: list[RawReport] = []
        self._standings: dict[str, Standing] = {}
        self._observed: dict[str, datetime] = {}

    def load(self, keys: Iterable[FlightKey]) -> dict[FlightKey, FlightRecord]:
        flights = self._journal._flights
        return {key: flights[key] for key in sorted(set(keys)) if key in flights}

    def known(self, keys: Iterable[FlightKey]) -> set[FlightKey]:
        return {key for key in keys if key in self._journal._flights}

    def named(
        self, names: Iterable[tuple[Designator, date]]
    ) -> dict[tuple[Designator, date], list[FlightKey]]:
        wanted = {(str(designator), day): (designator, day) for designator, day in names}
        found: dict[tuple[Designator, date], list[FlightKey]] = {}
        for key, record in sorted(self._journal._flights.items()):
            for name in dict.fromkeys((str(key.designator), *names_beside(record.flight))):
                if (pair := wanted.get((name, key.date))) is not None:
                    found.setdefault(pair, []).append(key)
        return found

    def save(self, records: Iterable[FlightRecord]) -> None:
        self._saved.update((record.key, record) for record in records)

    def remove(self, keys: Iterable[FlightKey]) -> None:
        self._removed.update(keys)

    def append(self, drafts: Sequence[Draft], reports: Sequence[RawReport] = ()) -> list[Event]:
        first = self._journal._head.offset + 1
        self._events = [
            Event(
                offset=offset,
                flight_id=str(draft.record.key),
                version=draft.record.flight.version,
                topics=draft.topics,
                body=event_body(draft),
                recorded_at=draft.recorded_at,
            )
            for offset, draft in enumerate(drafts, first)
        ]
        self._saved = {draft.record.key: draft.record for draft in drafts} | self._saved
        self._reports = [
            report if report.offset is None else msgspec.structs.replace(report, offset=first + report.offset)
            for report in reports
        ]
        return self._events

    def standings(self) -> tuple[dict[str, Standing], dict[str, datetime]]:
        return dict(self._journal._standings), dict(self._journal._observed)

    def append_programmes(
        self, changes: Sequence[StandingChange], now: datetime, observed: Mapping[str, datetime]
    ) -> list[Event]:
        self._events = events_of(changes, self._journal._head.offset + 1, now)
        self._standings = {change.standing.airport: change.standing for change in changes}
        self._observed = dict(observed)
        return self._events

    def head(self) -> Head:
        head = self._journal._head
        return replace(head, offset=head.offset + len(self._events))

    def commit(self) -> None:
        journal = self._journal
        for key in self._removed:
            self._saved.pop(key, None)
            journal._flights.pop(key, None)
            journal._projections.pop(key, None)
        journal._flights.update(self._saved)
        journal._projections.update((key, project(record.flight)) for key, record in self._saved.items())
        journal._events.extend(self._events)
        journal._reports.extend(self._reports)
        journal._standings.update(self._standings)
        journal._observed.update(self._observed)
        journal._head = replace(journal._head, offset=journal._head.offset + len(self._events))

"""Merge reports in memory, one after the other, into the flights that a write has loaded. No threads, no database."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache

import msgspec
from msgspec import UNSET

from windsock.errors import InvalidReport, ReportError
from windsock.flights import (
    Change,
    FlightKey,
    FlightRecord,
    Merged,
    MergeRules,
    Report,
    absorb,
    apply_report,
)
from windsock.ingest.agreement import goes_elsewhere, scheduled_departure
from windsock.ingest.provisional import (
    date_at,
    days_at,
    flight_of_day,
    is_of_day,
    joined,
    marked,
    moved,
    other_date,
    stated_day,
)
from windsock.ingest.resolution import (
    Name,
    Names,
    candidates,
    check_same_leg,
    late_neighbour,
    names_of,
    resolve,
    sold_as,
    with_names,
)
from windsock.ingest.submissions import ParsedSubmission, reject_alone, reject_as_internal_error
from windsock.journal.base import Draft, Writing
from windsock.protocol.topics import topics_of


class Merging:
    """The flights of a write as they change, report by report; `save` hands them to the write."""

    def __init__(
        self,
        writing: Writing,
        reports: Iterable[ParsedSubmission],
        rules: MergeRules,
        others: Iterable[FlightKey] = (),
        *,
        now: datetime | None = None,
    ) -> None:
        """Load the flights that the reports may mean, and `others`. `now` is the time by a clock that runs on."""
        understood = [parsed for parsed in reports if parsed.report is not None]
        others = set(others).union(*(_recovered(parsed) for parsed in understood))
        # A report that names an existing flight by date and origin means it, even if another one has that number too.
        own = {parsed.own for parsed in understood if parsed.own is not None}
        self._names = names = Names(writing.known(others.union(own, *(parsed.near for parsed in understood))))
        late: set[FlightKey] = set()
        for parsed in understood:
            assert parsed.report is not None
            if parsed.own not in names and (key := late_neighbour(parsed.report, parsed.own)) is not None:
                parsed.near += (key,)
                late.add(key)
        if late:
            names.add(writing.known(late))
        wanted: dict[Name, None] = {}
        for parsed in understood:
            assert parsed.report is not None
            if parsed.own not in names or parsed.report.date is UNSET:
                with reject_alone(parsed):
                    wanted.update(
                        dict.fromkeys(names_of(parsed.report, parsed.received_at, parsed.submission.hints))
                    )
        names.know(writing.named(wanted) if wanted else {})
        keys: set[FlightKey] = set()
        for parsed in understood:
            if parsed.report is not None and parsed.error is None:
                with reject_alone(parsed):
                    keys.update(
                        candidates(
                            parsed.report,
                            parsed.received_at,
                            names,
                            parsed.own,
                            parsed.submission.hints,
                            parsed.near,
                        )
                    )
        # Flights under a name that a report uses for another flight: they may turn out to be that one.
        sold = {
            other
            for parsed in understood
            if parsed.report is not None and parsed.error is None and _names_others(parsed)
            for key in candidates(
                parsed.report, parsed.received_at, names, parsed.own, parsed.submission.hints, parsed.near
            )
            for other in sold_as(parsed.report, key, parsed.submission.hints)
        }
        if sold:
            keys |= writing.known(sold)
        self._writing = writing
        self.records = writing.load(keys | others)
        self._removed: set[FlightKey] = set()
        self.drafts: list[Draft] = []
        self._saved: dict[FlightKey, FlightRecord] = {}
        self._rules = rules
        self._now = now

    def apply(self, parsed: ParsedSubmission) -> FlightKey | None:
        """Merge a parsed report; return the key of its flight if it changed anything."""
        assert parsed.report is not None
        if parsed.error is not None:
            return None
        draft: Draft | None = None
        making_way: dict[FlightKey, FlightKey] = {}
        gave_way: dict[FlightKey, FlightRecord] = {}
        try:
            making_way = self._making_way(parsed)
            gave_way = {old: self.records.pop(old) for old in making_way}
            match = resolve(
                parsed.report,
                parsed.received_at,
                self._names,
                parsed.own,
                parsed.submission.hints,
                self.records,
                parsed.near,
            )
            key, parsed.match = match.key, match.reason
            before = self.records.get(key)
            if before is not None:
                check_same_leg(parsed.report, before)
            if isinstance(parsed.report.codeshares, tuple) or parsed.submission.hints is not None:
                parsed.report = with_names(parsed.report, key, parsed.submission.hints)
            recovered = self._to_recover(parsed.report, key)
            merged = apply_report(
                before,
                key,
                parsed.report,
                received_at=parsed.received_at,
                rules=self._rules,
                place=parsed.place,
                latest=parsed.latest,
                now=self._now,
            )
            if before is None:
                merged = _dated(parsed, merged, gave_way.get(key))
            same = self._same_flights(parsed, key) if _names_others(parsed) else []
            if same:
                merged = absorb(
                    None if before is None else before.flight,
                    merged.record,
                    same,
                    received_at=parsed.received_at,
                    rules=self._rules,
                )
            if merged.changes:
                draft = _draft(before or gave_way.get(key), merged.record, merged.changes, parsed.received_at)
                self._names.learn(merged.record)
            mirrored = None if recovered is None else self._mirrored(parsed, recovered, merged.record)
        except ReportError as error:
            parsed.error = error
            self.records.update(gave_way)
            return None
        except Exception as error:
            reject_as_internal_error(parsed, error)
            self.records.update(gave_way)
            return None
        for old, new in making_way.items():
            self._move(gave_way[old], new, parsed.received_at)
        parsed.record, parsed.changes = merged.record, merged.changes
        self.records[key] = merged.record
        for other in same:
            if draft is not None:
                topics = _in_order(frozenset(draft.topics) | topics_of(other.flight))
                draft = msgspec.structs.replace(draft, topics=topics)
            self._removed.add(other.key)
            self._saved.pop(other.key, None)
            self._names.forget(other.key)
            del self.records[other.key]
        if draft is not None:
            parsed.draft = len(self.drafts)
            self.drafts.append(draft)
        if merged.changes or merged.facts_changed:
            self._saved[key] = merged.record
        if mirrored is not None:
            other, draft = mirrored
            self.records[other.key] = self._saved[other.key] = other
            if draft is not None:
                self.drafts.append(draft)
        return key if merged.changes else None

    def _to_recover(self, report: Report, key: FlightKey) -> FlightRecord | None:
        """Return the diverted flight that the report's flight is said to complete; an error if there is none."""
        if not isinstance(report.recovery_of, str):
            return None
        found = self.records.get(FlightKey.parse(report.recovery_of))
        if found is None or found.key == key:
            why = "is not known" if found is None else "is the same flight"
            raise InvalidReport(
                f"recovery_of is {report.recovery_of!r}, which {why}. Report the diverted flight first.",
                code="unknown_recovered_flight",
                field="recovery_of",
                value=report.recovery_of,
                expected="the id of the diverted flight, which must be known",
            )
        return found

    def _mirrored(
        self, parsed: ParsedSubmission, diverted: FlightRecord, after: FlightRecord
    ) -> tuple[FlightRecord, Draft | None] | None:
        """Return the diverted flight with the flight that completes it; None if that is nothing new."""
        assert parsed.report is not None
        if after.flight.recovery_of != diverted.flight.id:
            return None  # another source is believed
        merged = apply_report(
            diverted,
            diverted.key,
            Report(
                flight=diverted.flight.designator,
                source=parsed.report.source,
                observed_at=after.facts["recovery_of"][parsed.report.source].observed_at,
                recovered_by=after.flight.id,
            ),
            received_at=parsed.received_at,
            rules=self._rules,
        )
        if not merged.facts_changed:
            return None
        draft = (
            _draft(diverted, merged.record, merged.changes, parsed.received_at) if merged.changes else None
        )
        return merged.record, draft

    def _making_way(self, parsed: ParsedSubmission) -> dict[FlightKey, FlightKey]:
        """Return the moves that free the date of a report's flight: old key → new key, the last to move first.

        The date is taken by a flight whose own date was made from another UTC day, and is that flight's no longer once
        a plan says so.
        """
        assert parsed.report is not None
        own, scheduled = parsed.own, scheduled_departure(parsed.report)
        if own is None or scheduled is None or (record := self.records.get(own)) is None:
            return {}
        if (stated := stated_day(record)) is None:
            return {}
        day = scheduled.astimezone(UTC).date()
        if stated == day or date_at(scheduled, own.origin) != own.date:
            return {}
        if (late := late_neighbour(parsed.report, own)) is not None and late not in parsed.near:
            parsed.near += (late,)
            if late not in self.records and late not in self._removed:
                self.records.update(self._writing.load([late]))
                self._names.add(self.records.keys() & {late})
        if flight_of_day(own, day, self.records) is not None:
            return {}  # the report lands there
        moves: dict[FlightKey, FlightKey] = {}
        while stated is not None:
            target = other_date(record.key, stated)
            if target is None or target in moves or target == own:
                return {}
            moves[record.key] = target
            there = self._writing.load([target]).get(target) if target not in self.records else None
            if there is not None and target not in self._removed:
                self.records[target] = there
            record = self.records.get(target)
            if record is None or is_of_day(record, stated):
                return dict(reversed(moves.items()))
            stated = stated_day(record)
        return {}  # all dates are taken by flights that are sure of theirs

    def _move(self, record: FlightRecord, to: FlightKey, at: datetime) -> None:
        """Give the flight its other date; its former id belongs to another flight from now on."""
        there = self.records.get(to)
        after = moved(record, to, at) if there is None else joined(there, record, self._rules, at)
        change = Change(kind="flight.corrected", field="date", from_=record.key.date, to=to.date)
        self.drafts.append(_draft(record, after, (change,), at))
        self.records[to] = self._saved[to] = after
        self._names.learn(after)

    def save(self, writing: Writing) -> None:
        """Hand the changed flights to the write."""
        writing.save(self._saved.values())
        if self._removed:
            writing.remove(self._removed)

    def _same_flights(self, parsed: ParsedSubmission, key: FlightKey) -> list[FlightRecord]:
        """Return the flights under other names that the report gives for the flight `key`."""
        assert parsed.report is not None
        found = {}
        for other in sold_as(parsed.report, key, parsed.submission.hints):
            record = self.records.get(other)
            if record is not None and other != key and not goes_elsewhere(parsed.report, record.flight):
                found[other] = record
        return [found[other] for other in sorted(found)]


def _dated(parsed: ParsedSubmission, merged: Merged, gave_way: FlightRecord | None) -> Merged:
    """Return the new flight with the UTC day that its date was made from, and with a version after all of its id."""
    record = merged.record
    assert parsed.report is not None
    day = None if parsed.submission.hints is None else parsed.submission.hints.utc_day
    undated = parsed.report.date is UNSET and scheduled_departure(parsed.report) is None
    if undated and day is not None and len(days_at(record.key.origin, day)) > 1:
        record = marked(record, parsed.report, day, parsed.received_at)
    if gave_way is not None:
        flight = msgspec.structs.replace(record.flight, version=gave_way.flight.version + 1)
        record = FlightRecord(key=record.key, facts=record.facts, flight=flight)
    return msgspec.structs.replace(merged, record=record)


def _recovered(parsed: ParsedSubmission) -> set[FlightKey]:
    """Return the diverted flight that a report names in `recovery_of`, if it does."""
    named: set[FlightKey] = set()
    if parsed.report is not None and isinstance(parsed.report.recovery_of, str):
        with reject_alone(parsed):
            named.add(FlightKey.parse(parsed.report.recovery_of))
    return named


def _names_others(parsed: ParsedSubmission) -> bool:
    assert parsed.report is not None
    hints = parsed.submission.hints
    return bool(parsed.report.codeshares) or (hints is not None and bool(hints.names))


def _draft(
    before: FlightRecord | None, after: FlightRecord, changes: tuple[Change, ...], recorded_at: datetime
) -> Draft:
    topics = topics_of(after.flight)
    if before is not None and (left := topics_of(before.flight)) is not topics:
        topics |= left
    return Draft(after, changes, _in_order(topics), recorded_at)


@lru_cache(maxsize=16_384)
def _in_order(topics: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(topics))

"""Give stored flights the keys that the current tables of carriers and airports give them.

A key holds a carrier's code and a date in the calendar of the origin. When a table is corrected, new reports about the
same flight get another key, and a second flight would be born. So flights move to their new key with their reports,
names and events; where a flight stands there already the two become one, with the word of every source of both.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date as Day
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from windsock.flights import Designator, Flight, FlightKey, FlightRecord, airports
from windsock.flights.belief import believe, blank, carrier_of
from windsock.flights.facts import Facts, join
from windsock.flights.rules import DEFAULT_RULES, MergeRules
from windsock.journal.base import new_epoch
from windsock.journal.flight_cache import new_stamp
from windsock.journal.flight_rows import FLIGHT, flight_row


@dataclass(slots=True)
class Rekeyed:
    """What changed: old id → new id, and which of the new ids existed before and absorbed the other flight."""

    moved: list[tuple[str, str]] = field(default_factory=list)
    joined: set[str] = field(default_factory=set)

    def lines(self) -> Iterator[str]:
        """Return one line per flight, for people."""
        for old, new in self.moved:
            yield f"{old} is now {new}" + (" (two flights became one)" if new in self.joined else "")


def key_now(flight: Flight) -> FlightKey:
    """Return the key that the current tables give a stored flight.

    The date moves only where it was that of the first schedule by the clocks of a zone that has been corrected since:
    a date that a source stated itself stays.
    """
    key = flight.key
    place = airports.airport(key.origin)
    origin = place.code if place else key.origin
    date = key.date
    scheduled = flight.departure.first_scheduled or flight.departure.scheduled
    if place is not None and scheduled is not None:
        today = _local_day(scheduled, place.zone)
        if date != today and any(
            _local_day(scheduled, zone) == date for zone in airports.former_zones(place)
        ):
            date = today
    return FlightKey.of(Designator.parse(str(key.designator), date), date, origin)


def _local_day(moment: datetime, zone: str) -> Day:
    return moment.astimezone(ZoneInfo(zone)).date()


def rekey(using: str, models: Any, rules: MergeRules = DEFAULT_RULES) -> Rekeyed:
    """Move every flight whose key is not the current one; run it in a transaction, with no other writer.

    `models` has FlightRow, FlightName, ReportRow, EventRow and JournalHead (a migration gives its own). If anything
    changed the journal starts a new epoch, so that every reader takes a fresh snapshot.
    """
    rows = models.FlightRow.objects.using(using).filter(version__gt=0)
    moves: dict[str, FlightKey] = {}
    for flight_id, record in rows.values_list("id", "record").iterator():
        flight = FlightRecord.from_json(bytes(record)).flight
        if (key := key_now(flight)) != flight.key:
            moves[flight_id] = key
    done = Rekeyed()
    for old in _vacating(moves):
        key = moves[old]
        new = str(key)
        record = _moved(FlightRecord.from_json(bytes(rows.get(id=old).record)), key)
        rows.filter(id=old).delete()
        standing = rows.filter(id=new).values_list("record", flat=True).first()
        if standing is not None:
            record = _joined(FlightRecord.from_json(bytes(standing)), record, rules)
            done.joined.add(new)
        _write(rows, models.FlightRow, record)
        _follow(using, models, old, key)
        done.moved.append((old, new))
    if done.moved:
        models.JournalHead.objects.using(using).update(epoch=new_epoch())
    return done


def _vacating(moves: dict[str, FlightKey]) -> Iterator[str]:
    """Yield the old ids in an order in which each new id is free before a flight moves there, as daily flights need."""
    waiting = dict.fromkeys(sorted(moves))
    while waiting:
        chain = [next(iter(waiting))]
        del waiting[chain[0]]
        while (following := str(moves[chain[-1]])) in waiting:
            del waiting[following]
            chain.append(following)
        yield from reversed(chain)


def _moved(record: FlightRecord, key: FlightKey) -> FlightRecord:
    """Return the same flight under another key, otherwise unchanged."""
    own = str(key.designator)
    flight = msgspec.structs.replace(
        record.flight,
        id=str(key),
        designator=own,
        codeshares=tuple(name for name in record.flight.codeshares if name != own),
        carrier=carrier_of(key.carrier, key.date),
        date=key.date,
        origin=key.origin,
    )
    return FlightRecord(key=key, facts=record.facts, flight=flight)


def _joined(one: FlightRecord, other: FlightRecord, rules: MergeRules) -> FlightRecord:
    """Return one flight with what the sources of both reported."""
    facts: Facts = one.facts
    for path, by_source in other.facts.items():
        for source, fact in by_source.items():
            facts = join(facts, source, [(path, fact.value)], fact.observed_at, fact.received_at)
    version = max(one.flight.version, other.flight.version) + 1
    at = max((f.updated_at for f in (one.flight, other.flight) if f.updated_at), default=None)
    reported = max((f.reported_at for f in (one.flight, other.flight) if f.reported_at), default=None)
    flight = believe(blank(one.key), facts, rules)
    flight = msgspec.structs.replace(flight, version=version, updated_at=at, reported_at=reported)
    return FlightRecord(key=one.key, facts=facts, flight=flight)


def _write(rows: Any, model: Any, record: FlightRecord) -> None:
    columns = {column.name for column in model._meta.get_fields()}
    values = dict(zip(FLIGHT, flight_row(record, new_stamp()), strict=True))
    rows.update_or_create(
        id=values.pop("id"), defaults={name: value for name, value in values.items() if name in columns}
    )


def _follow(using: str, models: Any, old: str, key: FlightKey) -> None:
    """Point the names, reports and events of the flight to its new id."""
    for model in (models.ReportRow, models.EventRow):
        model.objects.using(using).filter(flight_id=old).update(flight_id=str(key))
    names = models.FlightName.objects.using(using)
    held = list(names.filter(flight_id=old).values_list("designator", flat=True))
    if not held:
        return
    names.filter(flight_id=old).delete()
    designators = {str(Designator.parse(name, key.date)) for name in held} - {str(key.designator)}
    names.bulk_create(
        [
            models.FlightName(designator=name, date=key.date, flight_id=str(key))
            for name in sorted(designators)
        ],
        ignore_conflicts=True,
    )

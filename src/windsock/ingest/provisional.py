"""Dates that were made from an operating day in UTC, and the flights that give them up again. Pure.

A source that states only an operating day in UTC leaves open which of two dates it is at an origin far from UTC. The
flight gets one of them, and its record keeps the day that was stated. When a plan shows that the date belongs to the
flight of another operating day, the flight moves to its other date. It never leaves an id unused: an id that a client
has seen stands for some flight for good.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from datetime import date as Day

import msgspec

from windsock.flights import FlightKey, FlightRecord, MergeRules, Report, airports
from windsock.flights.belief import believe
from windsock.flights.facts import Fact, join_all
from windsock.flights.fields import UTC_DAY

Records = Mapping[FlightKey, FlightRecord | None]

_DAY = timedelta(days=1)


def date_at(time: datetime, origin: str) -> Day | None:
    """Return the date of that moment by the clocks of the airport; None if the airport is not known."""
    where = airports.airport(origin)
    return None if where is None else time.astimezone(where.tz).date()


def days_at(origin: str, stated: Day) -> tuple[Day, ...]:
    """Return the dates that there are at the origin during that UTC day: one or two."""
    where = airports.airport(origin)
    if where is None:
        return (stated,)
    first = datetime(stated.year, stated.month, stated.day, tzinfo=UTC)
    last = (first + _DAY - timedelta(minutes=1)).astimezone(where.tz).date()
    return tuple(dict.fromkeys((first.astimezone(where.tz).date(), last)))


def days_of(key: FlightKey) -> tuple[Day, ...]:
    """Return the UTC days that there are at the origin on the flight's date."""
    return tuple(
        day for day in (key.date - _DAY, key.date, key.date + _DAY) if key.date in days_at(key.origin, day)
    )


def marked(record: FlightRecord, report: Report, stated: Day, received_at: datetime) -> FlightRecord:
    """Return the new record with the UTC day that its date was made from."""
    at = report.observed_at if isinstance(report.observed_at, datetime) else received_at
    facts = {**record.facts, UTC_DAY: {report.source: Fact(stated.isoformat(), at, received_at)}}
    return FlightRecord(key=record.key, facts=facts, flight=record.flight)


def stated_day(record: FlightRecord | None) -> Day | None:
    """Return the UTC day from which the record's date was made; None if its date is certain, or was given as a date."""
    if record is None or not record.has_fact(UTC_DAY):
        return None  # nearly all
    departure = record.flight.departure
    first = departure.first_scheduled or departure.scheduled
    if first is not None and date_at(first, record.key.origin) == record.key.date:
        return None
    return Day.fromisoformat(min(fact.value for fact in record.facts[UTC_DAY].values()))


def other_date(key: FlightKey, stated: Day) -> FlightKey | None:
    """Return the key of the other date that the flight of that UTC day may have."""
    for day in days_at(key.origin, stated):
        if day != key.date:
            return FlightKey(key.carrier, key.number, key.suffix, day, key.origin)
    return None


def flight_of_day(own: FlightKey, day: Day, records: Records) -> FlightKey | None:
    """Return the flight with the number and origin of `own` whose date was made from that UTC day."""
    for on in days_at(own.origin, day):
        key = FlightKey(own.carrier, own.number, own.suffix, on, own.origin)
        if stated_day(records.get(key)) == day:
            return key
    return None


def is_of_day(record: FlightRecord, day: Day) -> bool:
    """Return whether a flight that is sure of its date may be the one of that UTC day."""
    departure = record.flight.departure
    first = departure.first_scheduled or departure.scheduled
    if stated_day(record) is not None:
        return stated_day(record) == day
    return day in days_of(record.key) if first is None else first.astimezone(UTC).date() == day


def joined(record: FlightRecord, other: FlightRecord, rules: MergeRules, at: datetime) -> FlightRecord:
    """Return `record` with what was known of `other`, which turned out to be the same flight."""
    facts = join_all(record.facts, other.facts)
    version = max(record.flight.version, other.flight.version) + 1
    flight = msgspec.structs.replace(
        believe(record.flight, facts, rules), version=version, updated_at=at, reported_at=at
    )
    return FlightRecord(key=record.key, facts=facts, flight=flight)


def moved(record: FlightRecord, key: FlightKey, at: datetime) -> FlightRecord:
    """Return the same flight on its other date."""
    flight = msgspec.structs.replace(
        record.flight,
        id=str(key),
        date=key.date,
        version=record.flight.version + 1,
        updated_at=at,
        reported_at=at,
    )
    return FlightRecord(key=key, facts=record.facts, flight=flight)

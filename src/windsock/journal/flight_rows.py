"""Turn a flight into a row: its record, and the columns by which it is searched."""

from datetime import UTC, datetime

from windsock.flights import Flight, FlightKey, FlightRecord
from windsock.journal.flight_cache import Searched
from windsock.journal.projection import project

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

SEARCHED = (
    "destination",
    "diverted_to",
    "registration",
    "status",
    "departs_at",
    "arrives_at",
    "matters_until",
    "due_at",
)
WRITTEN = ("version", "updated_at", "stamp", "record")
UPDATED = SEARCHED + WRITTEN
"""All columns but those that are in the id, which never change."""
FLIGHT = ("id", "designator", "carrier", "date", "origin", *UPDATED)


def searched(flight: Flight) -> Searched:
    """Return the values of the columns SEARCHED."""
    times = project(flight)
    return (
        flight.destination,
        flight.diverted_to,
        flight.registration,
        flight.status,
        times.departs_at,
        times.arrives_at,
        times.matters_until,
        times.due_at,
    )


def written(record: FlightRecord, stamp: int, wire: bytes | None = None) -> tuple[object, ...]:
    """Return the values of the columns WRITTEN; `wire` is the flight's JSON, if the caller already has it."""
    flight = record.flight
    return (flight.version, flight.updated_at or LONG_AGO, stamp, record.to_json(wire))


def names_beside(flight: Flight) -> tuple[str, ...]:
    """Return the other designators of a flight on its date: codeshares, and those it had before."""
    if not flight.former_ids:
        return flight.codeshares
    former = (id.partition(".")[0] for id in flight.former_ids)
    return tuple(dict.fromkeys((*flight.codeshares, *former)))


def flight_row(record: FlightRecord, stamp: int = 0) -> tuple[object, ...]:
    """Return the whole row, in the order of FLIGHT."""
    return (*identity(record), *searched(record.flight), *written(record, stamp))


def identity(record: FlightRecord) -> tuple[object, ...]:
    """Return the values of the columns that never change, the id first."""
    flight, key = record.flight, record.key
    return (flight.id, flight.designator, key.carrier, key.date, flight.origin)


def difference(before: Searched, after: Searched) -> tuple[tuple[str, ...], tuple[object, ...]]:
    """Return the searched columns that have changed, and their new values."""
    if before == after:
        return (), ()
    changed = [index for index, value in enumerate(after) if value != before[index]]
    return tuple(SEARCHED[index] for index in changed), tuple(after[index] for index in changed)


PLACE = (
    "id",
    "designator",
    "carrier",
    "date",
    "origin",
    "status",
    "version",
    "updated_at",
    "stamp",
    "record",
)


def placeholder(key: FlightKey) -> tuple[object, ...]:
    """Return an empty row that reserves a flight's place, in the order of PLACE."""
    return (str(key), str(key.designator), key.carrier, key.date, key.origin, "", 0, LONG_AGO, 0, b"")

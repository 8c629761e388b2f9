"""Encode events: once, when they are written; every client then receives the same bytes."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from windsock.flights import Flight
from windsock.flights.programmes import Standing, StandingChange
from windsock.journal.base import PROGRAMMES, Draft, Event

_encode = msgspec.json.Encoder().encode


def wire_time(time: datetime) -> str:
    """Return the wire form of a time: UTC, "Z", no fraction unless it has one."""
    return time.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def flight_json(flight: Flight) -> bytes:
    """Return a flight's wire form, as events and records hold it."""
    return _encode(flight)


def event_body(draft: Draft, flight: bytes | None = None) -> bytes:
    """Return what follows the position in an `event` message: flight, changes, recorded_at, and the closing brace.

    `flight` is the flight's JSON, if the caller already has it.
    """
    return b'"flight":%s,"changes":%s,"recorded_at":"%s"}' % (
        flight_json(draft.record.flight) if flight is None else flight,
        _encode(draft.changes),
        wire_time(draft.recorded_at).encode(),
    )


def standing_json(standing: Standing) -> bytes:
    """Return the wire form of an airport's programmes."""
    return _encode(standing)


def standing_body(change: StandingChange, recorded_at: datetime) -> bytes:
    """Return what follows the position in a `programmes` message: standing, changes, recorded_at, closing brace."""
    return b'"standing":%s,"changes":%s,"recorded_at":"%s"}' % (
        standing_json(change.standing),
        _encode(change.changes),
        wire_time(recorded_at).encode(),
    )


def events_of(changes: Sequence[StandingChange], first: int, now: datetime) -> list[Event]:
    """Return the events of these changes, from offset `first` on."""
    return [
        Event(
            offset,
            f"{PROGRAMMES}{change.standing.airport}",
            change.standing.version,
            (f"{PROGRAMMES}{change.standing.airport}",),
            standing_body(change, now),
            now,
        )
        for offset, change in enumerate(changes, first)
    ]

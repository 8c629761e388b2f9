"""The bytes of an event: encoded once, when it is written, and the same for everybody ever after."""

from datetime import UTC, datetime

import msgspec

from windsock.flights import Flight
from windsock.journal.base import Draft

_encode = msgspec.json.Encoder().encode


def wire_time(time: datetime) -> str:
    """The wire form of a time: UTC, "Z", no fraction unless it has one."""
    return time.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def flight_json(flight: Flight) -> bytes:
    """A flight's wire form, as it stands in events and in its record."""
    return _encode(flight)


def event_body(draft: Draft, flight: bytes | None = None) -> bytes:
    """What follows the position in an `event` message: flight, changes, recorded_at, and the closing brace.

    Whoever has the flight's JSON at hand gives it as `flight`.
    """
    return b'"flight":%s,"changes":%s,"recorded_at":"%s"}' % (
        flight_json(draft.record.flight) if flight is None else flight,
        _encode(draft.changes),
        wire_time(draft.recorded_at).encode(),
    )

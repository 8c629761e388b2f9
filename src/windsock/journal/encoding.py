"""The bytes of an event: encoded once, when it is written, and the same for everybody ever after."""

from datetime import UTC, datetime

import msgspec

from windsock.journal.base import Draft

_encode = msgspec.json.Encoder().encode


def wire_time(time: datetime) -> str:
    """The wire form of a time: UTC, "Z", no fraction unless it has one."""
    return time.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def event_body(draft: Draft) -> bytes:
    """What follows the position in an `event` message: flight, changes, recorded_at, and the closing brace."""
    return b'"flight":%s,"changes":%s,"recorded_at":"%s"}' % (
        _encode(draft.record.flight),
        _encode(draft.changes),
        wire_time(draft.recorded_at).encode(),
    )

"""What time it is for the service: the machine's clock, or a replay's simulated one.

A replay plays a past day as if it happened now. Everything that depends on "now" (overdue flights, the age of data,
which flights a board shows) asks a `Clock`, so that a replayed day behaves like a live one and gives the same events
each time.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec

Clock = Callable[[], datetime]
"""Anything that answers with an aware UTC `datetime` when called."""


def system_clock() -> datetime:
    """Return the machine's time, aware, in UTC."""
    return datetime.now(UTC)


class ReplayClock(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A simulated clock that any process or browser can read: simulated = anchor + (real - anchor) × speed.

    Also its wire form (the optional `clock` of `welcome` and `head`). `speed` 0 means paused.
    `label` is for people: "8 February 2013, New York".
    """

    label: str
    simulated_at: datetime
    real_at: datetime
    speed: float

    def at(self, real: datetime) -> datetime:
        """Return the simulated time when the machine's clock shows `real`."""
        return self.simulated_at + timedelta(seconds=(real - self.real_at).total_seconds() * self.speed)

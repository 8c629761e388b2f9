"""Flights as this process last read or wrote them, so that a write need not decode again what nobody has changed.

Each row bears a stamp: 62 random bits, drawn anew whenever the row is written. So whoever holds a flight with the stamp
that stands in the row holds exactly what the row holds, whoever wrote it, in whatever process, however often; and what
was written by a transaction that was rolled back bears a stamp that stands nowhere. Nothing has to be forgotten.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from windsock.flights import FlightRecord

MOST = 4096
"""Flights held: those in the air over a continent at one time. Some 7 KB each."""

Searched = tuple[object, ...]
"""The values by which a flight is searched, as its row holds them."""


@dataclass(frozen=True, slots=True)
class CachedFlight:
    """A flight, and the searched columns of its row."""

    stamp: int
    record: FlightRecord
    searched: Searched


def new_stamp() -> int:
    """A number that no row bears yet: 62 random bits, which any database's big integer holds."""
    return secrets.randbits(62)


class FlightCache:
    """The last `most` flights that were read or written. Any thread may use it."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._held: dict[str, CachedFlight] = {}

    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._held))

    def get(self, flight_id: str, stamp: int) -> CachedFlight | None:
        """The flight as the row with this stamp holds it; None when that is not known."""
        found = self._held.get(flight_id)
        return found if found is not None and found.stamp == stamp else None

    def keep(self, flight_id: str, recent: CachedFlight) -> None:
        """Remembers a flight; forgets the one that was used longest ago, if there are too many."""
        held = self._held
        held.pop(flight_id, None)
        held[flight_id] = recent
        while len(held) > self._most:
            try:
                held.pop(next(iter(held)), None)
            except (StopIteration, RuntimeError):  # another thread is at it, too
                return

"""Cache flights as this process last read or wrote them, so that a write need not decode unchanged ones again.

Each row has a stamp: 62 random bits, drawn whenever the row is written. A cached flight with the stamp of the row is
therefore exactly what the row holds, whichever process wrote it; and the stamps of a transaction that was rolled back
are in no row. So nothing ever has to be invalidated.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from windsock.flights import FlightRecord

MAX_FLIGHTS = 4096
"""Flights in the cache, of about 7 KB each: as many as are in the air over a continent at one time."""

Searched = tuple[object, ...]
"""The values of the columns by which flights are searched."""


@dataclass(frozen=True, slots=True)
class CachedFlight:
    """A flight, and the searched columns of its row."""

    stamp: int
    record: FlightRecord
    searched: Searched


def new_stamp() -> int:
    """Return a number that no row has yet: 62 random bits, which fit a big integer of any database."""
    return secrets.randbits(62)


class FlightCache:
    """The last `limit` flights that were read or written. Any thread may use it."""

    def __init__(self, limit: int = MAX_FLIGHTS) -> None:
        self._limit = limit
        self._held: dict[str, CachedFlight] = {}

    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._held))

    def get(self, flight_id: str, stamp: int) -> CachedFlight | None:
        """Return the flight as the row with this stamp holds it; None if it is not cached."""
        found = self._held.get(flight_id)
        return found if found is not None and found.stamp == stamp else None

    def keep(self, flight_id: str, recent: CachedFlight) -> None:
        """Cache a flight; drop the least recently used one if there are too many."""
        held = self._held
        held.pop(flight_id, None)
        held[flight_id] = recent
        while len(held) > self._limit:
            try:
                held.pop(next(iter(held)), None)
            except (StopIteration, RuntimeError):  # another thread is dropping one too
                return

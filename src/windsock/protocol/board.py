"""The client's local board: the flights of the subscribed topics, each in its newest state."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from windsock.flights import Flight
from windsock.protocol.topics import topics_of

# How many flights that left are remembered, so that a resume does not report them twice.
REMEMBERED = 10_000

_FOR_GOOD = 2**53
"""A version that no flight reaches: a flight that left in it does not return."""


class Board(Mapping[str, Flight]):
    """Flight id → flight, always current. A flight is here while it belongs to one of the subscribed topics.

    Read-only for its users; the client session writes. Flights know their place in the journal (an offset), so that an
    old snapshot cannot undo a newer event.
    """

    def __init__(self) -> None:
        self._flights: dict[str, Flight] = {}
        self._offsets: dict[str, int] = {}
        self._left: dict[str, int] = {}  # id → version in which the flight left; a resume may bring it again

    def __getitem__(self, id: str) -> Flight:
        return self._flights[id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._flights)

    def __len__(self) -> int:
        return len(self._flights)

    def departures(self, airport: str) -> list[Flight]:
        """Return the flights that leave from the airport (by its code), in order of their best known time."""
        found = [flight for flight in self._flights.values() if flight.origin == airport]
        return sorted(found, key=lambda f: (departure_time(f) or _NEVER, f.id))

    def arrivals(self, airport: str) -> list[Flight]:
        """Return the flights that arrive at the airport, or were to, in order of their best known time."""
        found = [f for f in self._flights.values() if airport in (f.destination, f.diverted_to)]
        return sorted(found, key=lambda f: (arrival_time(f) or _NEVER, f.id))

    # For the client session -------------------------------------------------------------------------------------------

    def put(self, flight: Flight, offset: int, topics: Iterable[str]) -> bool:
        """Keep the flight if it is newer than the one held; return whether it was. It leaves if no topic claims it."""
        self._leave_former(flight)
        held = self._flights.get(flight.id)
        known = held.version if held is not None else self._left.get(flight.id, 0)
        if known >= flight.version:
            return False
        self._take(flight, offset, topics)
        return True

    def load(
        self, flights: Iterable[Flight], offset: int, covered: frozenset[str], topics: frozenset[str]
    ) -> None:
        """Apply a snapshot of the topics `covered`, as of `offset`; `topics` are all that are subscribed.

        A flight that the snapshot does not have goes, unless it is newer than the snapshot, or another topic, of which
        the snapshot says nothing, still claims it.
        """
        present = set()
        for flight in flights:
            present.add(flight.id)
            self._leave_former(flight)
            held = self._flights.get(flight.id)
            if (
                held is None or held.version < flight.version
            ):  # one that left may be back by a topic that is new
                self._take(flight, offset, topics)
        for id, held in list(self._flights.items()):
            claims = topics_of(held) & topics
            if id not in present and self._offsets[id] <= offset and claims <= covered:
                self.drop(id)

    def keep(self, topics: frozenset[str]) -> None:
        """Drop the flights that belong to none of the topics."""
        for id, held in list(self._flights.items()):
            if topics_of(held).isdisjoint(topics):
                self.drop(id)

    def drop(self, id: str) -> None:
        """Remove one flight, if it is there, and remember in which version it left."""
        held = self._flights.pop(id, None)
        self._offsets.pop(id, None)
        if held is not None:
            self._remember(id, held.version)

    def clear(self) -> None:
        """Remove all flights: the journal was replaced."""
        self._flights.clear()
        self._offsets.clear()
        self._left.clear()

    def _leave_former(self, flight: Flight) -> None:
        """Drop, for good, the flights that turned out to be this one."""
        for id in flight.former_ids:
            self.drop(id)
            self._remember(id, _FOR_GOOD)

    def _take(self, flight: Flight, offset: int, topics: Iterable[str]) -> None:
        if not topics_of(flight).isdisjoint(topics):
            self._left.pop(flight.id, None)
            self._flights[flight.id] = flight
            self._offsets[flight.id] = offset
            return
        self.drop(flight.id)
        self._remember(flight.id, flight.version)

    def _remember(self, id: str, version: int) -> None:
        self._left[id] = version
        if len(self._left) > REMEMBERED:
            del self._left[next(iter(self._left))]


def departure_time(flight: Flight) -> datetime | None:
    """Return the best known time of leaving the gate: actual, else estimated, else scheduled, else None."""
    return flight.departure.actual or flight.departure.estimated or flight.departure.scheduled


def arrival_time(flight: Flight) -> datetime | None:
    """Return the best known time of reaching the gate: actual, else estimated, else scheduled, else None."""
    return flight.arrival.actual or flight.arrival.estimated or flight.arrival.scheduled


_NEVER = datetime.max.replace(tzinfo=UTC)

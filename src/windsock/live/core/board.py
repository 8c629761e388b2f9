"""The live board: the current encoded state of every active flight and of airports' programmes, and snapshots of them.

Never asks the database.
"""

import sys
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import msgspec

from windsock.flights import Flight
from windsock.flights.programmes import Standing
from windsock.journal.base import PROGRAMMES, Event
from windsock.journal.projection import project
from windsock.live.core.frames import ByteCount, SnapshotPart, SnapshotRest
from windsock.protocol.codec import snapshot_opening, snapshot_rests
from windsock.protocol.messages import RequestId
from windsock.protocol.positions import Position
from windsock.protocol.topics import topics_of

# Snapshots that many clients ask for at once (a reconnect storm) are made once; this much of them is kept.
CACHE_BYTES = 64 * 1024 * 1024


class _Version(msgspec.Struct):
    version: int


_version = msgspec.json.Decoder(_Version)
_flight = msgspec.json.Decoder(Flight)


class _Cached:
    """A snapshot as it is shared, and of when."""

    __slots__ = ("position", "rests", "size")

    def __init__(self, position: Position, rests: list[SnapshotRest]) -> None:
        self.position, self.rests = position, rests
        self.size = sum(len(rest.data) for rest in rests)


class LiveFlight:
    """One flight as the board holds it."""

    __slots__ = ("flight", "matters_until", "topics", "version")

    def __init__(
        self, flight: bytes, version: int, topics: frozenset[str], matters_until: datetime | None
    ) -> None:
        self.flight = flight
        self.version = version
        self.topics = topics
        self.matters_until = matters_until


class LiveBoard:
    """Flights by id and by topic. `changed` offsets make a cached snapshot good for as long as nothing in it moved."""

    def __init__(self) -> None:
        self._rows: dict[str, LiveFlight] = {}
        self._by_topic: dict[str, dict[str, None]] = {}
        self._standings: dict[str, tuple[int, bytes]] = {}  # topic → version, encoded
        self._changed: dict[str, int] = {}
        self._cache: OrderedDict[tuple[frozenset[str], bool], _Cached] = OrderedDict()
        self._cached_bytes = 0
        self._alive = ByteCount()

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, flight_id: object) -> bool:
        return flight_id in self._rows

    def load(self, flights: Iterable[Flight], standings: Iterable[Standing] = ()) -> None:
        """Replace everything with these flights and programmes."""
        self._rows.clear()
        self._by_topic.clear()
        self._changed.clear()
        self._forget_snapshots()
        for flight in flights:
            self._put(flight.id, live_flight(flight, msgspec.json.encode(flight)))
        self._standings = {
            f"{PROGRAMMES}{standing.airport}": (standing.version, msgspec.json.encode(standing))
            for standing in standings
        }

    def apply(self, event: Event) -> Flight:
        """Make the flight of an event the current state, and return it."""
        flight_id, offset = event.flight_id, event.offset
        raw = event.flight_json()
        flight = _flight.decode(raw)
        row = live_flight(flight, raw)
        before = self._rows.get(flight_id)
        for former in flight.former_ids:
            if (gone := self._rows.pop(former, None)) is not None:
                self._unlist(former, gone.topics)
                self._changed.update(dict.fromkeys(gone.topics, offset))
        self._put(flight_id, row)
        for topic in row.topics if before is None else row.topics | before.topics:
            self._changed[topic] = offset
        return flight

    def apply_programmes(self, event: Event) -> None:
        """Make the standing of an event the current one, unless a newer one was loaded already."""
        topic, offset = event.flight_id, event.offset
        raw = event.standing_json()
        version = _version.decode(raw).version
        if version > self._standings.get(topic, (0, b""))[0]:
            self._standings[topic] = (version, raw)
            self._changed[topic] = offset

    def standings(self, topics: Iterable[str]) -> list[bytes]:
        """Return the encoded programmes of these topics."""
        return [self._standings[topic][1] for topic in sorted(topics) if topic in self._standings]

    def evict(self, before: datetime) -> int:
        """Drop the flights that no longer matter at `before`, and return how many."""
        gone = [
            flight_id
            for flight_id, row in self._rows.items()
            if row.matters_until is not None and row.matters_until < before
        ]
        for flight_id in gone:
            row = self._rows.pop(flight_id)
            self._unlist(flight_id, row.topics)
        if gone:
            self._forget_snapshots()
        for topic in [
            topic
            for topic in self._changed
            if topic != "all" and topic not in self._by_topic and topic not in self._standings
        ]:
            del self._changed[topic]
        return len(gone)

    def flights(self, topics: Iterable[str]) -> Iterator[bytes]:
        """Return the encoded flights of any of the topics, each once, oldest on the board first."""
        wanted = set(topics)
        if "all" in wanted:
            chosen: Iterable[str] = self._rows
        elif len(wanted) == 1:
            chosen = self._by_topic.get(wanted.pop(), ())
        else:
            chosen = dict.fromkeys(id for topic in sorted(wanted) for id in self._by_topic.get(topic, ()))
        return (self._rows[flight_id].flight for flight_id in chosen)

    def snapshot(
        self,
        topics: frozenset[str],
        position: Position,
        id: RequestId | msgspec.UnsetType,
        absent: Sequence[bytes] = (),
    ) -> list[SnapshotPart]:
        """Return the `snapshot` messages of these topics; flights that are `absent` from the board come last.

        Apart from their openings, and the part with the absent flights, they are shared by all requests for the same
        flights until anything in them changes. A shared one may have an older position: since then no event concerned
        these topics.
        """
        opening = snapshot_opening(sorted(topics), id)
        cached = self._shared(topics, position, bool(absent))
        parts = [SnapshotPart(opening, rest) for rest in cached.rests]
        if absent:
            last = snapshot_rests(cached.position, absent, part_bytes=sys.maxsize, first=len(parts) + 1)
            parts += [SnapshotPart(opening, SnapshotRest(rest, self._alive)) for rest in last]
        return parts

    def _shared(self, topics: frozenset[str], position: Position, one_follows: bool) -> "_Cached":
        if "all" in topics:
            # Whatever else is named is in it, so that nobody gets a copy of everything to themselves.
            topics = frozenset(topic for topic in topics if topic == "all" or topic.startswith(PROGRAMMES))
        key = (topics, one_follows)
        if (cached := self._cache.get(key)) is not None:
            if max((self._changed.get(topic, 0) for topic in topics), default=0) <= cached.position.offset:
                self._cache.move_to_end(key)
                return cached
            self._cached_bytes -= cached.size
            del self._cache[key]
        found = snapshot_rests(
            position, self.flights(topics), standings=self.standings(topics), follow=int(one_follows)
        )
        cached = _Cached(position, [SnapshotRest(rest, self._alive) for rest in found])
        self._cache[key] = cached
        self._cached_bytes += cached.size
        while self._cached_bytes > CACHE_BYTES:
            self._cached_bytes -= self._cache.popitem(last=False)[1].size
        return cached

    @property
    def snapshot_bytes(self) -> int:
        """The memory of all snapshots that are cached, or that a reader has not taken yet."""
        return self._alive.bytes

    def _forget_snapshots(self) -> None:
        self._cache.clear()
        self._cached_bytes = 0

    def _put(self, flight_id: str, row: LiveFlight) -> None:
        before = self._rows.get(flight_id)
        if before is not None and before.topics != row.topics:
            self._unlist(flight_id, before.topics - row.topics)
        self._rows[flight_id] = row
        for topic in row.topics if before is None else row.topics - before.topics:
            if topic != "all":
                self._by_topic.setdefault(topic, {})[flight_id] = None

    def _unlist(self, flight_id: str, topics: Iterable[str]) -> None:
        for topic in topics:
            if (listed := self._by_topic.get(topic)) is not None:
                listed.pop(flight_id, None)
                if not listed:
                    del self._by_topic[topic]


def live_flight(flight: Flight, encoded: bytes) -> LiveFlight:
    """Return the flight as a row of the board."""
    return LiveFlight(encoded, flight.version, topics_of(flight), project(flight).matters_until)

"""The judge of the acceptance tests: what each follower saw, what was acknowledged, and what the journal holds."""

import asyncio
import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from windsock.client import WindsockClient
from windsock.protocol.client_outputs import Happened, Loaded
from windsock.protocol.positions import Position


@dataclass
class Follower:
    """One client and what it was told. `disorder` lists every position that did not grow within its epoch."""

    client: WindsockClient
    seen: list[Position] = field(default_factory=list)
    versions: list[tuple[str, int]] = field(default_factory=list)  # (flight, version) of each that was seen
    at: list[float] = field(default_factory=list)  # when each was seen, by the loop's clock
    snapshots: list[Position] = field(default_factory=list)
    disorder: list[tuple[str, str]] = field(default_factory=list)

    async def follow(self) -> None:
        """Reads until the client is closed."""
        now = asyncio.get_running_loop().time
        async for news in self.client.updates():
            if isinstance(news, Loaded):
                self.snapshots.append(Position.parse(news.position))
            if isinstance(news, Happened):
                position = Position.parse(news.event.position)
                if (
                    self.seen
                    and self.seen[-1].epoch == position.epoch
                    and self.seen[-1].offset >= position.offset
                ):
                    self.disorder.append((str(self.seen[-1]), str(position)))
                self.seen.append(position)
                self.versions.append((news.event.flight.id, news.event.flight.version))
                self.at.append(now())

    @property
    def board(self) -> dict[str, Any]:
        """The flights as this client believes them, as JSON values by id."""
        return {id: json.loads(msgspec.json.encode(flight)) for id, flight in self.client.board.items()}


@dataclass
class Acknowledged:
    """One report that was said to be durable, at `at` by the loop's clock."""

    position: Position
    flight: str
    version: int
    at: float = 0.0


class JournalTables:
    """The journal as it lies in its database, read without Windsock's own reader."""

    def __init__(self, database: Path | str) -> None:
        """A path of an SQLite file, or the URL of a PostgreSQL database."""
        if isinstance(database, Path):
            self._db: Any = sqlite3.connect(database)
        else:
            import psycopg

            self._db = psycopg.connect(database, autocommit=True)

    def _rows(self, query: str) -> list[Any]:
        return list(self._db.execute(query).fetchall())

    def head(self) -> Position:
        """The head row."""
        epoch, offset = self._rows('SELECT epoch, "offset" FROM windsock_head')[0]
        return Position(epoch, offset)

    def offsets(self) -> list[int]:
        """All events' offsets, in order."""
        return [row[0] for row in self._rows('SELECT "offset" FROM windsock_event ORDER BY "offset"')]

    def versions(self) -> dict[int, tuple[str, int]]:
        """Offset → (flight, version)."""
        rows = self._rows('SELECT "offset", flight_id, version FROM windsock_event')
        return {offset: (flight, version) for offset, flight, version in rows}

    def flights(self) -> dict[str, Any]:
        """The newest state of each flight, taken from its last event."""
        found = {}
        for flight_id, body in self._rows('SELECT flight_id, body FROM windsock_event ORDER BY "offset"'):
            found[flight_id] = json.loads(b"{" + bytes(body))["flight"]
        return found

    def sound(self) -> str:
        """SQLite's own verdict: "ok"."""
        return str(self._db.execute("PRAGMA integrity_check").fetchone()[0])

    def close(self) -> None:
        """Lets go of the database."""
        self._db.close()


def judge(
    journal: JournalTables, followers: Sequence[Follower], acknowledged: Iterable[Acknowledged]
) -> list[str]:
    """Everything that breaks a promise, in words; nothing if all hold.

    The promises: no hole in the journal; what was acknowledged is durable; positions strictly increase; nothing is
    delivered that is not in the journal; no event is lost unless superseded by a newer state of its flight (told as an
    event or in a snapshot); at the end every client equals the database. For journals of one epoch that hold all their
    events.
    """
    head, held, truth = journal.head(), journal.versions(), journal.flights()
    wrong: list[str] = []
    if sorted(held) != list(range(1, head.offset + 1)):
        wrong.append(f"the journal has holes: {len(held)} events, its head is {head}")
    durable = set(held.values())
    # A report that was durable before its answer got lost, and is sent again, bears the version that it made.
    wrong += [
        f"acknowledged, but not there: {one}"
        for one in acknowledged
        if (one.flight, one.version) not in durable
    ]
    for number, follower in enumerate(followers):
        wrong += [f"client {number}: {line}" for line in _judged(follower, head, held, truth)]
    return wrong


def _judged(
    follower: Follower, head: Position, held: dict[int, tuple[str, int]], truth: dict[str, Any]
) -> Iterable[str]:
    yield from (f"{later} came after {earlier}" for earlier, later in follower.disorder)
    for position, version in zip(follower.seen, follower.versions, strict=True):
        if position.epoch != head.epoch or held.get(position.offset) != version:
            yield f"{position} {version} was delivered, but is not in the journal"
    if not follower.snapshots:
        yield "never had a snapshot"
        return
    seen = {position.offset for position in follower.seen}
    newest: dict[str, int] = {}  # flight → highest offset told as an event
    for position, (flight, _) in zip(follower.seen, follower.versions, strict=True):
        newest[flight] = max(newest.get(flight, 0), position.offset)
    start, covered = follower.snapshots[0].offset, max(one.offset for one in follower.snapshots)
    for offset, (flight, version) in held.items():
        if offset > start and offset not in seen and offset > covered and newest.get(flight, 0) < offset:
            yield f"{flight} version {version} at {offset} was lost"
    if follower.client.position != str(head):
        yield f"stands at {follower.client.position}, the journal at {head}"
    if follower.board != truth:
        differing = [id for id in {*follower.board, *truth} if follower.board.get(id) != truth.get(id)]
        yield f"its board differs from the database in {sorted(differing)}"


def latencies(followers: Iterable[Follower], acknowledged: Iterable[Acknowledged]) -> list[float]:
    """Seconds from each acknowledgement to each delivery, sorted; what came before its acknowledgement counts as 0."""
    since = {one.position: one.at for one in acknowledged}
    return sorted(
        max(0.0, at - since[position])
        for follower in followers
        for position, at in zip(follower.seen, follower.at, strict=True)
        if position in since
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the sorted values do not exceed."""
    return values[min(len(values) - 1, int(len(values) * share))] if values else 0.0

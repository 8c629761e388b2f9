"""The judge of the acceptance tests: what each follower saw, what was acknowledged, and what the journal holds."""

import json
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from windsock.client import WindsockClient
from windsock.protocol.client_outputs import Happened
from windsock.protocol.positions import Position


@dataclass
class Follower:
    """One client and what it was told. `disorder` lists every position that did not grow within its epoch."""

    client: WindsockClient
    seen: list[Position] = field(default_factory=list)
    disorder: list[tuple[str, str]] = field(default_factory=list)

    async def follow(self) -> None:
        """Reads until the client is closed."""
        async for news in self.client.updates():
            if isinstance(news, Happened):
                position = Position.parse(news.event.position)
                if (
                    self.seen
                    and self.seen[-1].epoch == position.epoch
                    and self.seen[-1].offset >= position.offset
                ):
                    self.disorder.append((str(self.seen[-1]), str(position)))
                self.seen.append(position)

    @property
    def board(self) -> dict[str, Any]:
        """The flights as this client believes them, as JSON values by id."""
        return {id: json.loads(msgspec.json.encode(flight)) for id, flight in self.client.board.items()}


@dataclass
class Acknowledged:
    """One report that was said to be durable."""

    position: Position
    flight: str
    version: int


class JournalFile:
    """The journal as it lies in an SQLite file, read without Windsock's own reader."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path)

    def head(self) -> Position:
        """The head row."""
        epoch, offset = self._db.execute('SELECT epoch, "offset" FROM windsock_head').fetchone()
        return Position(epoch, offset)

    def offsets(self) -> list[int]:
        """All events' offsets, in order."""
        return [row[0] for row in self._db.execute('SELECT "offset" FROM windsock_event ORDER BY "offset"')]

    def versions(self) -> dict[int, tuple[str, int]]:
        """Offset → (flight, version)."""
        return {
            offset: (flight, version)
            for offset, flight, version in self._db.execute(
                'SELECT "offset", flight_id, version FROM windsock_event'
            )
        }

    def flights(self) -> dict[str, Any]:
        """The newest state of each flight, taken from its last event."""
        found = {}
        for flight_id, body in self._db.execute(
            'SELECT flight_id, body FROM windsock_event ORDER BY "offset"'
        ):
            found[flight_id] = json.loads(b"{" + bytes(body))["flight"]
        return found

    def sound(self) -> str:
        """SQLite's own verdict: "ok"."""
        return str(self._db.execute("PRAGMA integrity_check").fetchone()[0])

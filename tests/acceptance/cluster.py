"""Several nodes of one service, clients that follow them, and reporters that never give up on a report."""

import asyncio
import contextlib
import json
import os
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx2

from tests.acceptance.history import Acknowledged, Follower, JournalTables, judge, latencies, percentile
from tests.running_service import RunningService
from tests.services import free_port, patience
from windsock.client import WindsockClient
from windsock.protocol.backoff import BackOff
from windsock.protocol.positions import Position

FLIGHTS = 20


# What a release is asked to survive; see README.md here. Defaults are what fits into a test run.
ASKED = {"NODE_KILLS": 50, "WRITER_KILLS": 100, "ROLLS": 20, "STOP_SECONDS": 30, "KILLS": 50}


def times(name: str, default: int) -> int:
    """How often a fault is repeated, or how many seconds it lasts.

    `WINDSOCK_TEST_<name>` if set; else by `WINDSOCK_FAULT_ROUNDS`: "asked", or a number of rounds (no seconds).
    """
    if own := os.environ.get(f"WINDSOCK_TEST_{name}"):
        return int(own)
    rounds = os.environ.get("WINDSOCK_FAULT_ROUNDS", "")
    if rounds == "asked":
        return ASKED[name]
    if not rounds or name.endswith("_SECONDS"):
        return default
    if not rounds.isdigit() or int(rounds) < 1:
        raise ValueError(f"WINDSOCK_FAULT_ROUNDS is {rounds!r}; give a number of rounds above 0, or 'asked'")
    return int(rounds)


def report(number: int, minute: int) -> dict[str, Any]:
    """A report that changes the flight each time: its estimate moves on by a minute."""
    return {
        "flight": f"DL{100 + number}",
        "date": "2015-01-02",
        "origin": "ATL",
        "destination": "MCO",
        "source": "operations",
        "observed_at": f"2015-01-0{2 + minute // 1440}T{minute // 60 % 24:02d}:{minute % 60:02d}:00Z",
        "departure": {
            "scheduled": "2015-01-02T23:00:00Z",
            "estimated": f"2015-01-02T23:{minute % 60:02d}:00Z",
            "gate": f"A{minute}",
        },
    }


async def until(condition: Callable[[], bool], seconds: float, what: str | Callable[[], str]) -> None:
    """Return as soon as the condition holds; fail with `what` after `patience(seconds)`."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience(seconds)
    while not condition():
        assert loop.time() < deadline, what if isinstance(what, str) else what()
        await asyncio.sleep(0.05)


@dataclass
class Reporter:
    """Sends reports one after another, to any of the nodes, each until it is answered; keeps what was acknowledged."""

    nodes: Sequence[RunningService]
    http: httpx2.AsyncClient
    flights: Sequence[int] = range(FLIGHTS)
    dice: random.Random = field(default_factory=lambda: random.Random(1))
    acknowledged: list[Acknowledged] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)  # what a 503 said
    minutes: dict[int, int] = field(default_factory=dict)
    ended: bool = False

    async def go_on(self, pause: float = 0.01) -> None:
        """Reports until `ended`."""
        while not self.ended:
            await self.one()
            await asyncio.sleep(pause)

    async def one(self) -> None:
        """One report about a random flight."""
        number = self.dice.choice(self.flights)
        self.minutes[number] = self.minutes.get(number, 0) + 1
        await self.send(report(number, self.minutes[number]))

    async def send(self, body: dict[str, Any]) -> None:
        """Sends it until a node has acknowledged it."""
        while True:
            node = self.dice.choice(self.nodes)
            headers = {
                "Authorization": f"Bearer {node.tokens['publisher']}",
                "Content-Type": "application/json",
            }
            try:
                answer = await self.http.post(
                    f"{node.url}/api/v1/reports", content=json.dumps(body), headers=headers
                )
            except httpx2.TransportError:
                await asyncio.sleep(0.05)  # the node is down, or does not answer
                continue
            if answer.status_code == 503:
                self.refused.append(answer.text)
                await asyncio.sleep(0.05)
                continue
            assert answer.status_code == 200, answer.text
            (recorded,) = answer.json()["results"]
            if recorded["changes"]:  # a repetition tells the position of what was known already
                now = asyncio.get_running_loop().time()
                position = Position.parse(recorded["position"])
                self.acknowledged.append(Acknowledged(position, recorded["flight"], recorded["version"], now))
            return


@dataclass
class Cluster:
    """Nodes on one journal. `load()` runs followers and reporters; `verdict` waits for everybody and judges."""

    nodes: list[RunningService]
    database: Path | str
    followers: list[Follower] = field(default_factory=list)
    reporters: list[Reporter] = field(default_factory=list)

    @classmethod
    def prepare(cls, folder: Path, size: int, database: str | None = None, **settings: str) -> "Cluster":
        """So many nodes, not started, on an SQLite file in `folder` or on the PostgreSQL database of this URL."""
        more = {"DATABASE_URL": database} if database else {}
        first = RunningService.prepare(folder, LOG_LEVEL="WARNING", **more, **settings)
        nodes = [first, *(replace(first, port=free_port(), process=None) for _ in range(size - 1))]
        return cls(nodes, database or folder / "windsock.sqlite3")

    async def start(self) -> None:
        """Starts all nodes."""
        for node in self.nodes:
            await asyncio.to_thread(node.start)

    def stop(self) -> None:
        """Ends whatever still runs, for good."""
        for node in self.nodes:
            if node.process is not None and node.process.poll() is None:
                node.kill()

    @property
    def acknowledged(self) -> list[Acknowledged]:
        """All that was acknowledged, in order."""
        return sorted((a for r in self.reporters for a in r.acknowledged), key=lambda a: a.at)

    @property
    def head(self) -> Position:
        """The journal's head, from the database itself."""
        tables = JournalTables(self.database)
        try:
            return tables.head()
        finally:
            tables.close()

    @asynccontextmanager
    async def load(
        self, *, followers: int = 30, reporters: int = 2, pause: float = 0.01
    ) -> AsyncIterator[None]:
        """While inside, clients follow all nodes and reports come in; at the end the reports stop."""
        chance = random.Random(20150102)
        names = ("reader", "publisher")
        self.followers = [
            Follower(
                WindsockClient(
                    node.url,
                    token=node.tokens[names[number % 2]],
                    patient=True,  # a server that is busy with so many at once says "later", and means it
                    backoff=BackOff(first_ceiling=0.2, last_ceiling=0.5, random=chance.random),
                )
            )
            for number in range(followers)
            for node in [self.nodes[number % len(self.nodes)]]
        ]
        await asyncio.gather(*(follower.client.__aenter__() for follower in self.followers))
        reading = [asyncio.create_task(follower.follow()) for follower in self.followers]
        async with httpx2.AsyncClient(timeout=3) as http:
            self.reporters = [
                Reporter(self.nodes, http, range(n, FLIGHTS, reporters), random.Random(n))
                for n in range(reporters)
            ]
            work = [asyncio.create_task(reporter.go_on(pause)) for reporter in self.reporters]
            try:
                yield
                for reporter in self.reporters:
                    reporter.ended = True
                await asyncio.gather(*work)
                await self._settled()
            finally:
                for task in work:
                    task.cancel()
                await asyncio.gather(*work, return_exceptions=True)
                await asyncio.gather(
                    *(follower.client.__aexit__(None, None, None) for follower in self.followers)
                )
                with contextlib.suppress(Exception):
                    await asyncio.gather(*reading)

    async def _settled(self) -> None:
        head = self.head
        behind = lambda: [f.client.position for f in self.followers if f.client.position != str(head)]  # noqa: E731
        await until(lambda: not behind(), 20, lambda: f"not every client came to {head}: {behind()}")

    def verdict(self, fault: str) -> str:
        """Fails with everything that breaks a promise; else one line with figures."""
        tables = JournalTables(self.database)
        wrong = judge(tables, self.followers, self.acknowledged)
        tables.close()
        assert wrong == []
        seconds = latencies(self.followers, self.acknowledged)
        line = (
            f"{fault}: {len(self.acknowledged)} reports acknowledged, {self.head.offset} events, "
            f"{sum(len(f.seen) for f in self.followers)} deliveries to {len(self.followers)} clients, "
            f"p50 {percentile(seconds, 0.5) * 1000:.0f} ms, p99 {percentile(seconds, 0.99) * 1000:.0f} ms, "
            f"load {os.getloadavg()[0]:.1f}"
        )
        print(line)
        return line

    def p99(self, since: float, before: float) -> tuple[float, int]:
        """The 99th percentile of the seconds to a client, for what was acknowledged in this time; and how many."""
        some = [one for one in self.acknowledged if since <= one.at < before]
        found = latencies(self.followers, some)
        return percentile(found, 0.99), len(found)

    def usual(self, since: float, before: float) -> float:
        """Return the median of the seconds to a client of the slowest node, for what was acknowledged in this time.

        A machine that stands still for a moment moves the 99th percentile, and not this; a node that nobody rings does.
        """
        some = [one for one in self.acknowledged if since <= one.at < before]
        size = len(self.nodes)
        by_node = [latencies(self.followers[place::size], some) for place in range(size)]
        return max(percentile(found, 0.5) for found in by_node)

"""Nodes die, hang and are replaced, one after another, while clients follow and reports come in.

`WINDSOCK_FAULT_ROUNDS` says how often: a number, or "asked" for 50 kills, 20 rolling restarts and 30 s of SIGSTOP.
By default 5, 1 and 5 s. See README.md here.
"""

import asyncio
import random
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.acceptance.backends import OwnPostgreSQL, Redis
from tests.acceptance.cluster import Cluster, times, until


@pytest.fixture(params=["sqlite", "postgresql"])
async def cluster(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Cluster]:
    """Three nodes, running: on one SQLite file without Redis, or on PostgreSQL with Redis."""
    if request.param == "sqlite":
        cluster = Cluster.prepare(tmp_path, 3)
        await cluster.start()
        yield cluster
        cluster.stop()
        return
    redis, postgresql = Redis(), OwnPostgreSQL()
    try:
        redis.start()
        postgresql.start()
        cluster = Cluster.prepare(
            tmp_path, 3, postgresql.server.create_database("windsock"), REDIS_URL=redis.url
        )
        await cluster.start()
        yield cluster
        cluster.stop()
    finally:
        redis.kill()
        postgresql.end()


async def test_one_of_three_nodes_is_killed_again_and_again(cluster: Cluster) -> None:
    chance = random.Random(7)
    kills = times("NODE_KILLS", 5)
    async with cluster.load():
        for _ in range(kills):
            await asyncio.sleep(chance.uniform(0.1, 0.6))  # the moment is the test's dice, not a wait
            node = chance.choice(cluster.nodes)
            await asyncio.to_thread(node.kill)
            await asyncio.to_thread(node.start)
    cluster.verdict(f"kill -9 of one of three nodes × {kills}")


async def test_a_node_that_stands_still_holds_nobody_else_up(cluster: Cluster) -> None:
    loop = asyncio.get_running_loop()
    seconds = times("STOP_SECONDS", 5)
    async with cluster.load():
        await asyncio.sleep(1)
        still = cluster.nodes[1].process
        assert still is not None
        # A sender that waits for a silent node would send nothing to the others. And a node that is stopped while it
        # writes keeps the lock: on PostgreSQL for five seconds (tests/integration/journal has a test of its own), of an
        # SQLite file as long as it is stopped.
        for reporter in cluster.reporters:
            reporter.nodes = [cluster.nodes[0], cluster.nodes[2]]
        before = [len(reporter.acknowledged) for reporter in cluster.reporters]
        await until(
            lambda: all(len(r.acknowledged) > had for r, had in zip(cluster.reporters, before, strict=True)),
            10,
            "the end of each report that was under way",
        )
        begun = loop.time()
        still.send_signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        ended = loop.time()
        still.send_signal(signal.SIGCONT)
        await asyncio.sleep(1)
    line = cluster.verdict(f"SIGSTOP of a node for {seconds} s")
    others = [f for number, f in enumerate(cluster.followers) if number % 3 != 1]
    cluster.followers = others
    p99, count = cluster.p99(begun, ended)
    print(f"the other nodes' clients meanwhile: p99 {p99 * 1000:.0f} ms of {count}")
    assert count > 0, line
    assert p99 < seconds - 1, "who was held up waited until the node went on"


async def test_a_rolling_restart_loses_and_doubles_nothing_and_nobody_sees_a_broken_connection(
    cluster: Cluster,
) -> None:
    rounds = times("ROLLS", 1)
    broken: list[str] = []
    async with cluster.load():
        await asyncio.sleep(0.5)
        for follower in cluster.followers:
            _note_breaks(follower.client, broken)
        for _ in range(rounds):
            for node in cluster.nodes:
                process = node.process
                assert process is not None
                process.send_signal(signal.SIGTERM)
                assert await asyncio.to_thread(process.wait, 90) == 0
                await asyncio.to_thread(node.start)
                await asyncio.sleep(0.5)
    cluster.verdict(f"rolling restart of three nodes × {rounds}")
    assert broken == []
    assert "Traceback" not in cluster.nodes[0].log.read_text()


def _note_breaks(client: object, broken: list[str]) -> None:
    """Notes every connection that ended without a close frame (1006)."""
    session = client._session  # type: ignore[attr-defined]
    lost = session.lost

    def noted(connection: int, code: int | None, reason: str = "") -> None:
        if code is None and connection in session._links:
            broken.append(f"connection {connection} broke: {reason}")
        lost(connection, code, reason)

    session.lost = noted

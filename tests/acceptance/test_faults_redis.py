"""The doorbell falls silent in every way there is: delivery goes on by looking at the journal, and heals."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.acceptance.backends import Redis
from tests.acceptance.cluster import Cluster
from tests.services import PostgreSQL

pytestmark = pytest.mark.timed

SILENT_SECONDS = 5
# Looking at the head every half second, and a reconnect of what hangs, are well below this; silence is above.
WITHOUT_DOORBELL = 4.0
# By the doorbell it is some ten milliseconds; by looking every half second, a quarter of one in the median.
NORMAL = 0.15

Fault = Callable[[Redis], None]


def killed(redis: Redis) -> None:
    redis.kill()


def flushed(redis: Redis) -> None:
    assert redis.ask("FLUSHALL").startswith(b"+OK")


def frozen(redis: Redis) -> None:
    redis.send(signal.SIGSTOP)


def connections_cut(redis: Redis) -> None:
    redis.ask("CLIENT KILL TYPE normal")
    redis.ask("CLIENT KILL TYPE pubsub")


def healed(redis: Redis, fault: Fault) -> None:
    if fault is killed:
        redis.start()
    elif fault is frozen:
        redis.send(signal.SIGCONT)


@pytest.fixture
async def redis() -> AsyncIterator[Redis]:
    redis = Redis()
    redis.start()
    yield redis
    redis.kill()


@pytest.mark.parametrize("fault", [killed, flushed, frozen, connections_cut])
async def test_delivery_goes_on_and_is_normal_again_within_five_seconds(
    fault: Fault, redis: Redis, tmp_path: Path, postgresql: PostgreSQL
) -> None:
    database = postgresql.create_database(f"windsock_{fault.__name__}")
    cluster = Cluster.prepare(tmp_path, 2, database, REDIS_URL=redis.url)
    loop = asyncio.get_running_loop()
    try:
        await cluster.start()
        async with cluster.load(followers=20, pause=0.05):
            await asyncio.sleep(2)
            begun = loop.time()
            await asyncio.to_thread(fault, redis)
            await asyncio.sleep(SILENT_SECONDS)
            ended = loop.time()
            await asyncio.to_thread(healed, redis, fault)
            await asyncio.sleep(5)
            normal = loop.time()
            await asyncio.sleep(3)
            stop = loop.time()
        cluster.verdict(f"Redis {fault.__name__}")
        before = cluster.usual(0, begun)
        silent, count = cluster.p99(begun, ended)
        after, (_, later) = cluster.usual(normal, stop), cluster.p99(normal, stop)
        print(
            f"  median before {before * 1000:.0f} ms, p99 meanwhile {silent * 1000:.0f} ms of {count}, "
            f"5 s after a median of {after * 1000:.0f} ms of {later}"
        )
        assert count > 100
        assert later > 100
        assert silent < WITHOUT_DOORBELL
        assert after < max(NORMAL, 2 * before)
    finally:
        cluster.stop()

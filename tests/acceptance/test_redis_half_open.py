"""Redis half-open: the connections stand, and nothing comes through. Delivery goes on by looking, and heals.

Unlike a Redis that is killed or frozen there is nobody who would ever answer: the relay between service and Redis
stops forwarding and closes nothing. Afterwards the old connections either go on, or stay dead and open for good.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.acceptance.backends import Redis
from tests.acceptance.cluster import Cluster
from tests.acceptance.relay import Relay
from tests.services import PostgreSQL
from windsock.protocol.client_outputs import State

pytestmark = pytest.mark.timed

# Longer than the five seconds after which the service takes a silent subscription for dead.
SILENT_SECONDS = 8
# Giving up a dead connection, a back-off, and joining again; the doorbell must be in use by then.
HEAL_SECONDS = 15
# Looking at the head every half second is well below this; silence is above.
WITHOUT_DOORBELL = 6.0
# By the doorbell it is some ten milliseconds; by looking every half second, a quarter of one in the median.
NORMAL = 0.15


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    redis = Redis()
    redis.start()
    relay = Relay(redis.port)
    await relay.start()
    yield relay
    await relay.stop()
    redis.kill()


async def rung(cluster: Cluster) -> list[int]:
    """How many events each node has heard by the doorbell of the others."""
    answers = [await asyncio.to_thread(node.get, "/metrics") for node in cluster.nodes]
    found = [
        re.search(r"^windsock_live_doorbell_heard\S* (\S+)$", a.body.decode(), re.MULTILINE) for a in answers
    ]
    return [int(float(one[1])) if one else 0 for one in found]


async def rings_beyond(cluster: Cluster, before: list[int], deadline: float) -> list[int]:
    """Wait until every node has heard more doorbells than `before`; return how many each has."""
    loop = asyncio.get_running_loop()
    while True:
        heard = await rung(cluster)
        if all(now > then for then, now in zip(before, heard, strict=True)):
            return heard
        assert loop.time() < deadline, f"a node is deaf to the others: {before} → {heard}"
        await asyncio.sleep(0.25)


@pytest.mark.parametrize("forget", [False, True], ids=["connections go on", "connections stay dead"])
async def test_delivery_goes_on_by_looking_and_is_normal_again_when_the_way_is_free(
    forget: bool, relay: Relay, tmp_path: Path, postgresql: PostgreSQL
) -> None:
    database = postgresql.create_database(f"windsock_half_open_{'dead' if forget else 'alive'}")
    cluster = Cluster.prepare(tmp_path, 2, database, REDIS_URL=f"redis://127.0.0.1:{relay.port}/0")
    loop = asyncio.get_running_loop()
    try:
        await cluster.start()
        async with cluster.load(followers=20, pause=0.05):
            await asyncio.sleep(2)
            begun = loop.time()
            relay.fall_silent()
            await asyncio.sleep(SILENT_SECONDS)
            ended = loop.time()
            assert relay.held > 0, "nothing was on its way to Redis: the test would prove nothing"
            assert all(f.client.state is State.LIVE for f in cluster.followers), "a client was thrown off"
            deaf = await rung(cluster)
            relay.work_again(forget=forget)
            heals = loop.time()
            # What the relay had held back rings too, once; a second time they ring by themselves.
            for _ in range(2):
                deaf = await rings_beyond(cluster, deaf, heals + HEAL_SECONDS)
                await asyncio.sleep(1)
            normal, heard = loop.time(), await rung(cluster)
            await asyncio.sleep(4)
            stop = loop.time()
            again = await rung(cluster)
        cluster.verdict(
            f"Redis half-open for {SILENT_SECONDS} s, connections {'dead' if forget else 'go on'}"
        )
        before = cluster.usual(0, begun)
        silent, count = cluster.p99(begun, ended)
        after, (_, later) = cluster.usual(normal, stop), cluster.p99(normal, stop)
        print(
            f"  median before {before * 1000:.0f} ms, p99 meanwhile {silent * 1000:.0f} ms of {count}, "
            f"{normal - heals:.1f} s after a median of {after * 1000:.0f} ms of {later}; "
            f"doorbells heard {heard} → {again}"
        )
        assert count > 100
        assert later > 100
        assert silent < WITHOUT_DOORBELL
        assert after < max(NORMAL, 2 * before)
        assert all(now > then for then, now in zip(heard, again, strict=True)), "a node is deaf to the others"
    finally:
        cluster.stop()

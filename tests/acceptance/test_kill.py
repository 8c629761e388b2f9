"""The server is killed between any two reports while 200 clients follow; nobody is told less, or in another order.

`WINDSOCK_FAULT_ROUNDS` says how often: a number, or "asked" for 50, which CI runs too; by default 10.
"""

import asyncio
import random
from pathlib import Path

import httpx2

from tests.acceptance.cluster import Reporter, times, until
from tests.acceptance.history import Follower, JournalTables, judge
from tests.running_service import RunningService
from windsock.client import WindsockClient
from windsock.protocol.backoff import BackOff

FOLLOWERS = 200
FLIGHTS = 40


async def send(reporter: Reporter, count: int) -> None:
    """So many reports, one after another."""
    for _ in range(count):
        await reporter.one()


async def test_killed_again_and_again_nothing_acknowledged_is_lost_and_every_board_equals_the_journal(
    tmp_path: Path,
) -> None:
    kills = times("KILLS", 10)
    service = RunningService.prepare(tmp_path)
    service.start()
    chance = random.Random(20150102)
    followers = [
        Follower(
            WindsockClient(
                service.url,
                token=service.tokens["reader" if number % 2 else "publisher"],  # at most 100 sockets a user
                patient=True,  # a server that is busy with so many at once says "later", and means it
                backoff=BackOff(first_ceiling=0.2, last_ceiling=0.5, random=chance.random),
            )
        )
        for number in range(FOLLOWERS)
    ]
    try:
        await asyncio.gather(*(follower.client.__aenter__() for follower in followers))
        reading = [asyncio.create_task(follower.follow()) for follower in followers]
        async with httpx2.AsyncClient(timeout=10) as http:
            reporter = Reporter([service], http, range(FLIGHTS))
            await send(reporter, FLIGHTS)
            for _ in range(kills):
                reports = asyncio.create_task(send(reporter, 12))
                await asyncio.sleep(
                    chance.uniform(0, 0.25)
                )  # the moment of the kill is the test's dice, not a wait
                await asyncio.to_thread(service.kill)
                await asyncio.to_thread(service.start)
                await reports
        journal = JournalTables(tmp_path / "windsock.sqlite3")
        head = journal.head()
        await until(
            lambda: all(f.client.position == str(head) for f in followers),
            30,
            f"not every client came to {head}",
        )
        assert journal.sound() == "ok"
        assert judge(journal, followers, reporter.acknowledged) == []
        print(
            f"{kills} kills, {FOLLOWERS} followers, {len(reporter.acknowledged)} reports acknowledged, "
            f"{head.offset} events, {sum(len(f.seen) for f in followers)} deliveries seen"
        )
        await asyncio.gather(*(follower.client.__aexit__(None, None, None) for follower in followers))
        await asyncio.gather(*reading)
    finally:
        service.stop()

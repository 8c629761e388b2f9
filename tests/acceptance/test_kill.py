"""The server is killed between any two reports while 200 clients follow; nobody is told less, or in another order."""

import asyncio
import json
import random
from pathlib import Path
from typing import Any

import httpx2

from tests.acceptance.history import Acknowledged, Follower, JournalFile
from tests.running_service import RunningService
from windsock.client import WindsockClient
from windsock.protocol.backoff import BackOff
from windsock.protocol.positions import Position

KILLS = 50
FOLLOWERS = 200
FLIGHTS = 40


def report(number: int, minute: int) -> dict[str, Any]:
    """A report that changes the flight each time: its estimate moves on by a minute."""
    return {
        "flight": f"DL{100 + number}",
        "date": "2015-01-02",
        "origin": "ATL",
        "destination": "MCO",
        "source": "operations",
        "observed_at": f"2015-01-02T{10 + minute // 60:02d}:{minute % 60:02d}:00Z",
        "departure": {
            "scheduled": "2015-01-02T23:00:00Z",
            "estimated": f"2015-01-02T23:{minute % 60:02d}:00Z",
            "gate": f"A{minute}",
        },
    }


class Reporter:
    """Sends reports one after another and keeps what was acknowledged; a report without an answer is sent again."""

    def __init__(self, service: RunningService, seed: int) -> None:
        self.service = service
        self.random = random.Random(seed)
        self.acknowledged: list[Acknowledged] = []
        self.minutes = dict.fromkeys(range(FLIGHTS), 0)

    async def send(self, count: int, http: httpx2.AsyncClient) -> None:
        """So many reports about random flights."""
        for _ in range(count):
            number = self.random.randrange(FLIGHTS)
            self.minutes[number] += 1
            await self.send_until_answered(report(number, self.minutes[number]), http)

    async def send_until_answered(self, body: dict[str, Any], http: httpx2.AsyncClient) -> None:
        headers = {
            "Authorization": f"Bearer {self.service.tokens['publisher']}",
            "Content-Type": "application/json",
        }
        while True:
            try:
                answer = await http.post(
                    f"{self.service.url}/api/v1/reports", content=json.dumps(body), headers=headers
                )
            except httpx2.TransportError:
                await asyncio.sleep(0.05)  # the server is being started again
                continue
            if answer.status_code == 503:
                continue
            assert answer.status_code == 200, answer.text
            (recorded,) = answer.json()["results"]
            self.acknowledged.append(
                Acknowledged(Position.parse(recorded["position"]), recorded["flight"], recorded["version"])
            )
            return


async def until(condition: Any, seconds: float, what: str) -> None:
    """Returns when the condition holds."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not condition():
        assert loop.time() < deadline, what
        await asyncio.sleep(0.05)


async def test_killed_fifty_times_nothing_acknowledged_is_lost_and_every_board_equals_the_journal(
    tmp_path: Path,
) -> None:
    service = RunningService.prepare(tmp_path)
    service.start()
    chance = random.Random(20150102)
    followers = [
        Follower(
            WindsockClient(
                service.url,
                token=service.tokens["reader" if number % 2 else "publisher"],  # at most 100 sockets a user
                backoff=BackOff(first_ceiling=0.2, last_ceiling=0.5, random=chance.random),
            )
        )
        for number in range(FOLLOWERS)
    ]
    try:
        await asyncio.gather(*(follower.client.__aenter__() for follower in followers))
        reading = [asyncio.create_task(follower.follow()) for follower in followers]
        reporter = Reporter(service, seed=1)
        async with httpx2.AsyncClient(timeout=10) as http:
            await reporter.send(FLIGHTS, http)
            for _ in range(KILLS):
                reports = asyncio.create_task(reporter.send(12, http))
                await asyncio.sleep(
                    chance.uniform(0, 0.25)
                )  # the moment of the kill is the test's dice, not a wait
                await asyncio.to_thread(service.kill)
                await asyncio.to_thread(service.start)
                await reports
        journal = JournalFile(tmp_path / "windsock.sqlite3")
        head = journal.head()
        await until(
            lambda: all(f.client.position == str(head) for f in followers),
            30,
            f"not every client came to {head}",
        )
        held = journal.versions()
        assert journal.sound() == "ok"
        assert journal.offsets() == list(range(1, head.offset + 1))
        # A report that was durable before the kill, and is sent again, tells nothing new: it bears the version it made.
        durable = set(held.values())
        assert [a for a in reporter.acknowledged if (a.flight, a.version) not in durable] == []
        assert [a for a in reporter.acknowledged if a.position.offset > head.offset] == []
        assert [f.disorder for f in followers if f.disorder] == []
        assert all(position.offset in held for f in followers for position in f.seen)
        truth = journal.flights()
        assert set(truth) == {a.flight for a in reporter.acknowledged}
        assert [f.client.position for f in followers if f.board != truth] == []
        print(
            f"{KILLS} kills, {FOLLOWERS} followers, {len(reporter.acknowledged)} reports acknowledged, "
            f"{head.offset} events, {sum(len(f.seen) for f in followers)} deliveries seen"
        )
        await asyncio.gather(*(follower.client.__aexit__(None, None, None) for follower in followers))
        await asyncio.gather(*reading)
    finally:
        service.stop()

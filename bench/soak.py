"""Hours of ordinary life: does memory, or the number of descriptors, threads or tasks, grow?

    python -m bench.soak --minutes 60

Starts the real service on SQLite; clients follow, leave, come back and resume, some stop reading for a while; reports
come steadily. Every minute a row is printed: what the server holds. At the end, the growth per hour from the second
third of the run to the last (medians), which is what a leak would show.
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import redis

from tests.running_service import RunningService
from tests.services import running_redis
from windsock.client import WindsockClient

FLIGHTS = 300
GROWING = ("rss_kb", "descriptors", "threads", "tasks", "redis_keys")


@dataclass
class Sample:
    """What the server process holds at one moment."""

    minute: float
    rss_kb: int
    descriptors: int
    threads: int
    sessions: float
    tasks: float
    redis_keys: int

    def __str__(self) -> str:
        return (
            f"{self.minute:7.1f} {self.rss_kb:9,} {self.descriptors:6} {self.threads:7} {self.sessions:8.0f} "
            f"{self.tasks:6.0f} {self.redis_keys:6}"
        )


def process_figures(pid: int) -> tuple[int, int, int]:
    """Resident KiB, open descriptors and threads, from /proc."""
    status = Path(f"/proc/{pid}/status").read_text()
    fields = dict(line.split(":", 1) for line in status.splitlines())
    return int(fields["VmRSS"].split()[0]), len(os.listdir(f"/proc/{pid}/fd")), int(fields["Threads"])


def report(chance: random.Random, minute: int) -> dict[str, Any]:
    """A report that moves the estimate or the gate of a random flight."""
    number = chance.randrange(FLIGHTS)
    return {
        "flight": f"DL{100 + number}",
        "date": "2015-01-02",
        "origin": "ATL",
        "destination": "MCO",
        "departure": {
            "scheduled": "2015-01-02T23:00:00Z",
            "estimated": f"2015-01-02T23:{minute % 60:02d}:00Z",
            "gate": f"A{chance.randrange(90)}",
        },
    }


class Soak:
    """One run."""

    def __init__(self, service: RunningService, redis_url: str | None, clients: int, rate: float) -> None:
        self.service = service
        self.redis = redis.Redis.from_url(redis_url) if redis_url else None
        self.clients = clients
        self.rate = rate
        self.chance = random.Random(1)
        self.reports = 0
        self.connects = 0
        self.end = False

    async def publish(self) -> None:
        """Reports at the rate, each acknowledged before the next."""
        headers = {"Authorization": f"Bearer {self.service.tokens['publisher']}"}
        async with httpx2.AsyncClient(headers=headers, timeout=30) as http:
            while not self.end:
                answer = await http.post(
                    f"{self.service.url}/api/v1/reports", json=report(self.chance, self.reports)
                )
                answer.raise_for_status()
                self.reports += 1
                await asyncio.sleep(1 / self.rate)

    async def live(self, number: int) -> None:
        """A client that stays for a while, reads (or does not), leaves, and resumes."""
        token = self.service.tokens["reader" if number % 2 else "publisher"]
        topics = ["all"] if number % 3 else [f"designator:DL{100 + number % FLIGHTS}", "departures:ATL"]
        position, board = None, ()
        while not self.end:
            client = WindsockClient(
                self.service.url, token=token, topics=topics, after=position, board=board, patient=True
            )
            self.connects += 1
            async with client:
                stay = asyncio.get_running_loop().time() + self.chance.expovariate(1 / 60)
                while not self.end and asyncio.get_running_loop().time() < stay:
                    await asyncio.sleep(1)
                position, board = client.position, tuple(client.board.values())

    async def gauges(self) -> tuple[float, float]:
        """Sessions and tasks, as /metrics says."""
        async with httpx2.AsyncClient(timeout=30) as http:
            text = (await http.get(f"{self.service.url}/metrics")).text
        figures = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        return float(figures["windsock_live_sessions"]), float(figures["windsock_live_tasks"])

    async def run(self, minutes: float) -> list[Sample]:
        """The samples, one a minute."""
        assert self.service.process is not None
        pid = self.service.process.pid
        tasks = [asyncio.create_task(self.live(number)) for number in range(self.clients)]
        tasks.append(asyncio.create_task(self.publish()))
        begun = asyncio.get_running_loop().time()
        samples = []
        print(" minute   RSS KiB    fds threads sessions  tasks   keys", flush=True)
        while (past := asyncio.get_running_loop().time() - begun) < minutes * 60:
            await asyncio.sleep(min(60.0, minutes * 60 - past))
            figures = process_figures(pid)
            at = (asyncio.get_running_loop().time() - begun) / 60
            keys = self.redis.dbsize() if self.redis is not None else 0
            samples.append(Sample(at, *figures, *await self.gauges(), keys))
            print(samples[-1], flush=True)
            if broken := [task for task in tasks if task.done()]:
                broken[0].result()
        self.end = True
        await asyncio.gather(*tasks)
        return samples


def growth(samples: list[Sample], name: str) -> float:
    """Per hour, between the medians of the second and the last third."""
    third = len(samples) // 3
    middle, last = samples[third : 2 * third], samples[2 * third :]
    hours = (statistics.median(s.minute for s in last) - statistics.median(s.minute for s in middle)) / 60
    return (
        statistics.median(getattr(s, name) for s in last)
        - statistics.median(getattr(s, name) for s in middle)
    ) / hours


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--clients", type=int, default=150, help="at most 100 a user, of which there are two")
    parser.add_argument("--rate", type=float, default=5, help="reports a second")
    parser.add_argument("--redis", action="store_true", help="with a Redis of its own as doorbell")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="windsock-soak-") as folder, ExitStack() as stack:
        url = stack.enter_context(running_redis()) if options.redis else None
        # The ring of recent events grows until it is full, which is no leak; a small one is full within minutes.
        settings = {"WINDSOCK_RING_EVENTS": "1000", **({"REDIS_URL": url} if url else {})}
        service = RunningService.prepare(Path(folder), **settings)
        service.start()
        try:
            soak = Soak(service, url, options.clients, options.rate)
            samples = asyncio.run(soak.run(options.minutes))
        finally:
            service.stop()
    print(f"{soak.reports:,} reports, {soak.connects:,} connects")
    if len(samples) >= 6:
        grown = {name: round(growth(samples, name), 1) for name in GROWING}
        print("growth per hour, second third to last:", json.dumps(grown))


if __name__ == "__main__":
    main()

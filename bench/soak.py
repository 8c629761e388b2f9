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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from tests.running_service import RunningService
from windsock.client import WindsockClient

FLIGHTS = 300


@dataclass
class Sample:
    """What the server process holds at one moment."""

    minute: float
    rss_kb: int
    descriptors: int
    threads: int
    sessions: float

    def __str__(self) -> str:
        return (
            f"{self.minute:7.1f} {self.rss_kb:9,} {self.descriptors:6} {self.threads:7} {self.sessions:8.0f}"
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

    def __init__(self, service: RunningService, clients: int, rate: float) -> None:
        self.service = service
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

    async def sessions(self) -> float:
        """What /metrics says."""
        async with httpx2.AsyncClient(timeout=30) as http:
            text = (await http.get(f"{self.service.url}/metrics")).text
        found = [line for line in text.splitlines() if line.startswith("windsock_live_sessions ")]
        return sum(float(line.rsplit(" ", 1)[1]) for line in found)

    async def run(self, minutes: float) -> list[Sample]:
        """The samples, one a minute."""
        assert self.service.process is not None
        pid = self.service.process.pid
        tasks = [asyncio.create_task(self.live(number)) for number in range(self.clients)]
        tasks.append(asyncio.create_task(self.publish()))
        begun = asyncio.get_running_loop().time()
        samples = []
        print(" minute   RSS KiB    fds threads sessions", flush=True)
        while (past := asyncio.get_running_loop().time() - begun) < minutes * 60:
            await asyncio.sleep(min(60.0, minutes * 60 - past))
            figures = process_figures(pid)
            at = (asyncio.get_running_loop().time() - begun) / 60
            samples.append(Sample(at, *figures, await self.sessions()))
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
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="windsock-soak-") as folder:
        # The ring of recent events grows until it is full, which is no leak; a small one is full within minutes.
        service = RunningService.prepare(Path(folder), WINDSOCK_RING_EVENTS="1000")
        service.start()
        try:
            soak = Soak(service, options.clients, options.rate)
            samples = asyncio.run(soak.run(options.minutes))
        finally:
            service.stop()
    print(f"{soak.reports:,} reports, {soak.connects:,} connects")
    if len(samples) >= 6:
        grown = {name: round(growth(samples, name), 1) for name in ("rss_kb", "descriptors", "threads")}
        print("growth per hour, second third to last:", json.dumps(grown))


if __name__ == "__main__":
    main()

"""Prints how long a publisher waits for the acknowledgement of a single report by REST, at a steady rate.

Run: python bench/rest.py [--rate 100] [--seconds 20] [--connections 10] [--only sqlite|postgresql]

A real `windsock serve` with one process; the reports are POSTed to /api/v1/reports with a bearer token over connections
that are kept alive, each at its own time whether or not the ones before are acknowledged. Each changes the gate of one
of 500 flights, so each makes an event. Times run from when a report was due to be sent until its answer was read.
Aim: p99 below 50 ms at 100/s.
"""

import argparse
import asyncio
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests import services  # noqa: E402
from tests.running_service import RunningService  # noqa: E402

FLIGHTS = 500


def report(number: int, gate: str) -> dict[str, object]:
    """One about a flight of the bench."""
    return {
        "flight": f"DL{number}",
        "date": "2015-01-02",
        "origin": "ATL",
        "destination": "MCO",
        "departure": {"scheduled": "2015-01-02T13:55:00Z", "gate": gate},
    }


class Connection:
    """A kept-alive connection that asks one thing at a time."""

    def __init__(self, service: RunningService) -> None:
        self._service = service
        self._head = (
            f"POST /api/v1/reports HTTP/1.1\r\nHost: 127.0.0.1:{service.port}\r\n"
            f"Authorization: Bearer {service.tokens['publisher']}\r\nContent-Type: application/json\r\n"
        )

    async def open(self) -> None:
        """Connects."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._service.port)

    async def post(self, document: object) -> None:
        """Posts reports; every one must be recorded."""
        body = json.dumps(document).encode()
        self._writer.write(f"{self._head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        head = await self._reader.readuntil(b"\r\n\r\n")
        lines = head.decode().lower().split("\r\n")
        length = next(int(line.split(":")[1]) for line in lines if line.startswith("content-length"))
        answer = await self._reader.readexactly(length)
        if " 200 " not in lines[0]:
            raise SystemExit(f"{lines[0]}: {answer.decode()}")


async def publish(service: RunningService, rate: int, seconds: float, connections: int) -> list[float]:
    """The waits of `rate` reports a second."""
    pool: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(connections):
        connection = Connection(service)
        await connection.open()
        pool.put_nowait(connection)
    first = await pool.get()
    await first.post([report(number, "A1") for number in range(1, FLIGHTS + 1)])
    pool.put_nowait(first)
    times: list[float] = []

    async def one(turn: int, due: float) -> None:
        connection = await pool.get()
        await connection.post(report(1 + turn % FLIGHTS, f"B{turn}"))
        times.append(time.perf_counter() - due)
        pool.put_nowait(connection)

    for warm in range(rate):
        await one(warm, 0.0)
    times.clear()
    started = time.perf_counter()
    tasks = []
    for turn in range(int(rate * seconds)):
        due = started + turn / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(rate + turn, due)))
    await asyncio.gather(*tasks)
    return times


def cpu_seconds(pid: int) -> float:
    """What the process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(backend: str, options: argparse.Namespace) -> None:
    """One backend's line."""
    folder = Path(tempfile.mkdtemp(prefix="windsock-bench-"))
    settings = {}
    if backend == "postgresql":
        server = services.start_postgresql()
        server.create_database("rest")
        settings["DATABASE_URL"] = f"postgres://{server.user}@{server.host}:{server.port}/rest"
    service = RunningService.prepare(folder, **settings)
    service.start()
    try:
        assert service.process is not None
        before = cpu_seconds(service.process.pid)
        times = asyncio.run(publish(service, options.rate, options.seconds, options.connections))
        used = cpu_seconds(service.process.pid) - before
        cuts = statistics.quantiles(times, n=1000, method="inclusive")
        print(
            f"{backend:<11} {len(times):>7} {cuts[499] * 1000:>8.1f} {cuts[949] * 1000:>8.1f} "
            f"{cuts[989] * 1000:>8.1f} {max(times) * 1000:>8.1f} {used / (len(times) + options.rate) * 1000:>8.1f}",
            flush=True,
        )
    finally:
        service.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Runs the bench and prints its table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--connections", type=int, default=10)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    options = parser.parse_args()
    backends = [options.only] if options.only else ["sqlite", "postgresql"]
    if "postgresql" in backends and (missing := services.postgresql_missing()):
        print(f"{missing}; only SQLite is measured.")
        backends.remove("postgresql")
    print(
        f"{options.rate}/s over {options.connections} connections, load {os.getloadavg()[0]:.1f}; times in ms"
    )
    print(f"{'':<11} {'reports':>7} {'p50':>8} {'p95':>8} {'p99':>8} {'max':>8} {'cpu':>8}")
    for backend in backends:
        measure(backend, options)


if __name__ == "__main__":
    main()

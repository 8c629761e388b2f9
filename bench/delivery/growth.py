"""How the cost of an event grows: always ten subscribers, with ever more connections, flights and subscriptions."""

import json
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from bench.delivery import machine, run, servers
from bench.delivery.run import Data, Load, Result
from bench.delivery.scenes import EACH, stride, subscriptions

PORTS = (9600, 9604)


@dataclass(frozen=True)
class Case:
    """So many of each. `flights` 0: only those that have subscribers, a tenth of the connections."""

    connections: int
    flights: int = 0
    topics_each: int = 1
    processes: int = 1


# The last has everything at once. A process has 20,000 descriptors here, so 36,000 connections need two.
CASES = (
    Case(1_000),
    Case(10_000),
    Case(1_000, flights=1_000),
    Case(1_000, flights=100_000),
    Case(1_000, flights=1_000_000),
    Case(5_000, topics_each=20),
    Case(5_000, topics_each=200),
    Case(36_000, flights=1_000_000, topics_each=28, processes=2),
)
QUICK = (
    Case(200),
    Case(200, flights=1_000),
    Case(200, topics_each=20),
    Case(400, flights=1_000, topics_each=28, processes=2),
)


def growth(seconds: float, quick: bool = False) -> list[dict[str, Any]]:
    """A row for each case."""
    rows = []
    for case in QUICK if quick else CASES:
        row = _measure(case, seconds)
        rows.append(row)
        print(
            f"  {row['connections']} connections, {row['flights']} flights, {row['subscriptions']} subscriptions, "
            f"{case.processes} processes: {row['per_second']:,.0f}/s, {row['cpu_us_event']:.0f} µs an event, "
            f"lost {row['lost']}, board {row['kib'] / 1024:.0f} MiB in {row['fill_seconds']:.1f} s"
        )
    return rows


def _measure(case: Case, seconds: float) -> dict[str, Any]:
    here = case.connections // case.processes  # of each process
    with run.prepared(flights=here // EACH) as data, ExitStack() as stack:
        loads = [_opened(stack, data, case, here, port) for port in PORTS[: case.processes]]
        pids = [pid for load, _ in loads for pid in load.pids]
        before = machine.cpu_seconds(pids)
        for load, _ in loads:
            load.begin(f"closed 100 {seconds} {EACH}")
        results = [load.finish() for load, _ in loads]
        used = machine.cpu_seconds(pids) - before
        crowds = [_crowd(data, load) for load, _ in loads]
    return {
        "connections": sum(opened["open"] for _, opened in loads),
        "flights": max(case.flights, here // EACH),
        "subscriptions": case.connections * case.topics_each,
        "processes": case.processes,
        "per_second": sum(result["per_second"] for result in results),
        "lost": sum(result["lost"] for result in results),
        "cpu_us_event": used * 1e6 / max(1, sum(result["published"] for result in results)),
        # Each process has a board of its own: the larger one is told.
        "kib": max(crowd["kib"] for crowd in crowds),
        "fill_seconds": max(crowd["cpu_seconds"] for crowd in crowds),
        "load": machine.load_average(),
    }


def _opened(stack: ExitStack, data: Data, case: Case, here: int, port: int) -> tuple[Load, Result]:
    server = servers.windsock(data.folder, data.token, case.flights, port)
    process = stack.enter_context(run.serving(server, data.folder))
    options = [*server.load, "--events", str(run.templates(data, server, "real")), *stride(server)]
    options += ["--hello-lines", str(subscriptions(data, case.topics_each))]
    load = stack.enter_context(run.loading(server, process, here, options))
    return load, load.open()


def _crowd(data: Data, load: Load) -> dict[str, Any]:
    file = run.crowd_file(data.folder, load.server.port)
    told: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {"kib": 0, "cpu_seconds": 0.0}
    return told

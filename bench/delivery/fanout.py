"""One event to all: Windsock against the limit in C and the peers, in alternating runs."""

import statistics
from contextlib import ExitStack
from typing import Any

from bench.delivery import machine, run, servers
from bench.delivery.build import Missing
from bench.delivery.run import Broken, Load, Result

# Each peer's best window differs a little; this is near the best of all.
PIPELINED = 64
STEADY = 10


def measure(names: list[str], clients: int, reps: int, size: str, seconds: float) -> dict[str, Any]:
    """For each server: medians of the repetitions, and of the ratios to the limit and to others of the same round.

    All servers run and hold their connections at the same time; each is asked in turn, so that whatever else the
    machine does meanwhile falls on all of them.
    """
    found: dict[str, dict[str, list[Result]]] = {}
    opened: dict[str, Result] = {}
    skipped: dict[str, str] = {}
    with run.prepared() as data, ExitStack() as stack:
        loads: dict[str, Load] = {}
        for name in names:
            try:
                server = servers.PEERS[name](data.folder, data.token)
                process = stack.enter_context(run.serving(server, data.folder))
                options = [*server.load, "--events", str(run.templates(data, server, size))]
                options += ["--stride", "1300" if size == "real" else "300"]
                load = stack.enter_context(run.loading(server, process, clients, options))
                opened[name] = load.open()
                loads[name] = load
                rate, each = opened[name]["per_second"], opened[name]["kib_each"]
                print(f"  {name}: {rate:,.0f} connections/s, {each:.1f} KiB each")
            except (Missing, Broken, OSError) as reason:
                skipped[name] = str(reason)
                print(f"  {name} is left out: {reason}")
        for rep in range(reps):
            for kind, command in (
                ("one", "closed 1 {s} 0"),
                ("pipelined", f"closed {PIPELINED} {{s}} 0"),
                ("steady", f"rate {STEADY} {{s}} 0"),
            ):
                for name, load in list(loads.items()):
                    if load.server.slow and (rep or kind != "one"):
                        continue  # seconds for one event: once is enough
                    try:
                        length = seconds * (2 if kind == "steady" else 1)
                        result = load.ask(command.format(s=length))
                    except Broken as broken:
                        skipped[name] = str(broken)
                        del loads[name]
                        continue
                    found.setdefault(name, {}).setdefault(kind, []).append(result)
                    print(
                        f"  {rep + 1} {kind} {name}: {result['per_second']:,.0f}/s p99 {result['p99_ms']:.1f} ms, "
                        f"{result.get('cpu_us', 0):.2f} µs, lost {result['lost']}, load {result['load']:.1f}"
                    )
    return {
        "clients": clients, "reps": reps, "size": size, "seconds": seconds, "commit": machine.commit(),
        "opened": opened, "skipped": skipped, "found": found,
    }  # fmt: skip


def median(results: list[Result], key: str) -> float:
    """The middle of that value."""
    return statistics.median(result.get(key, 0) for result in results)


def ratio(mine: list[Result], others: list[Result], key: str = "per_second") -> float:
    """The median of the ratios within each round; with fewer rounds of the other, against its median."""
    if len(mine) == len(others):
        return statistics.median(a[key] / b[key] for a, b in zip(mine, others, strict=True) if b[key])
    return median(mine, key) / median(others, key)

"""One event to all: Windsock against the limit in C and the peers, in alternating runs."""

import statistics
import time
from contextlib import ExitStack
from typing import Any

from bench.delivery import machine, run, servers
from bench.delivery.build import Missing
from bench.delivery.run import Broken, Load, Result

# Each peer's best window differs a little; this is near the best of all.
PIPELINED = 64
# Events a second: the aim's ten, or fewer where the limit in C could not carry so many with room to spare.
STEADY = (10, 5, 2, 1)
ROOM = 0.6

# A server that was given more than it can carry works on it long after its run, on the core where the others are
# measured. They wait for it so long; then it is ended.
QUIET_SECONDS = 30.0
QUIET_SHARE = 0.05

# One group member per client: so many connect within two minutes, and an event takes seconds.
MOST_SLOW = 1_000


def measure(names: list[str], clients: int, reps: int, size: str, seconds: float) -> dict[str, Any]:
    """For each server: medians of the repetitions, and of the ratios to the limit and to others of the same round.

    All servers run and hold their connections at the same time; each is asked in turn, so that whatever else the
    machine does meanwhile falls on all of them. None is asked before all the others are quiet.
    """
    found: dict[str, dict[str, list[Result]]] = {}
    opened: dict[str, Result] = {}
    skipped: dict[str, str] = {}
    with run.prepared() as data, ExitStack() as stack:
        loads: dict[str, Load] = {}
        for name in names:
            try:
                server = servers.PEERS[name](data.folder, data.token)
                if server.slow and clients > MOST_SLOW:
                    raise Missing(f"measured with {MOST_SLOW:,} clients only, more take minutes to connect")
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
        steady = STEADY[0]
        for rep in range(reps):
            for kind in ("one", "pipelined", "steady"):
                if kind == "steady" and not rep and "climit" in found:
                    steady = sustainable(clients, found["climit"]["one"])
                for name, load in list(loads.items()):
                    if load.server.slow and (rep or kind != "one"):
                        continue  # seconds for one event: once is enough
                    command = {
                        "one": f"closed 1 {seconds} 0",
                        "pipelined": f"closed {PIPELINED} {seconds} 0",
                        "steady": f"rate {steady} {2 * seconds} 0",
                    }[kind]
                    for busy in quieten(loads):
                        skipped[busy] = f"still busy {QUIET_SECONDS:.0f} s after its run, and ended"
                        print(f"  {busy} is left out from here: {skipped[busy]}")
                    if name not in loads:
                        continue
                    try:
                        result = load.ask(command)
                    except Broken as broken:
                        skipped[name] = str(broken)
                        print(f"  {name} is left out from here: {broken}")
                        loads.pop(name).close()
                        continue
                    found.setdefault(name, {}).setdefault(kind, []).append(result)
                    print(
                        f"  {rep + 1} {kind} {name}: {result['per_second']:,.0f}/s p99 {result['p99_ms']:.1f} ms, "
                        f"{result.get('cpu_us', 0):.2f} µs, lost {result['lost']}, load {result['load']:.1f}"
                    )
    return {
        "clients": clients, "reps": reps, "size": size, "seconds": seconds, "commit": machine.commit(),
        "opened": opened, "skipped": skipped, "found": found, "steady": steady,
    }  # fmt: skip


def sustainable(clients: int, limit: list[Result]) -> int:
    """The rate at which all are compared: the limit must not be at its limit, or the queue is measured."""
    most = ROOM * median(limit, "per_second") / clients
    return next((rate for rate in STEADY if rate <= most), STEADY[-1])


def quieten(loads: dict[str, Load]) -> list[str]:
    """Waits until no server and no load generator works; ends those that do not come to rest, and names them."""
    until = time.monotonic() + QUIET_SECONDS
    busy = list(loads)
    while busy and time.monotonic() < until:
        before, since = {name: loads[name].worked() for name in busy}, time.monotonic()
        time.sleep(0.1)
        most = QUIET_SHARE * (time.monotonic() - since)
        busy = [name for name in busy if loads[name].worked() - before[name] > most]
    for name in busy:
        loads.pop(name).end_all()
    return busy


def median(results: list[Result], key: str) -> float:
    """The middle of that value."""
    return statistics.median(result.get(key, 0) for result in results)


def ratio(mine: list[Result], others: list[Result], key: str = "per_second") -> float:
    """The median of the ratios within each round; with fewer rounds of the other, against its median."""
    if len(mine) == len(others):
        return statistics.median(a[key] / b[key] for a, b in zip(mine, others, strict=True) if b[key])
    return median(mine, key) / median(others, key)

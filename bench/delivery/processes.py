"""Several processes on one database: what reaches the clients of another one, and what a second one is worth."""

import statistics
import time
from contextlib import ExitStack
from typing import Any

from bench.delivery import machine, run, servers
from bench.delivery.run import Load, Result
from bench.delivery.scenes import report_lines, stride, whole_way

PORTS = (9600, 9604)

# So many events of 1.4 KB lie in a socket's receive buffer (128 KiB) without the sender noticing that nobody reads.
BURST = 16
BURSTS = 5  # in one round


def two_processes(
    clients: int, rate: float, seconds: float, reps: int, cores: tuple[int, int] = (machine.SERVER_CORE,) * 2
) -> dict[str, Any]:
    """Two services on one SQLite file without Redis, half of the clients at each; reports come to the first by HTTP."""
    with run.prepared(flights=100) as data, ExitStack() as stack:
        loads = []
        for port, core in zip(PORTS, cores, strict=True):
            server = servers.service(data.folder, data.token, port)
            process = stack.enter_context(run.serving(server, data.folder, core))
            options = [*server.load, "--events", str(report_lines(data))]
            if loads:
                options += ["--publish", "none"]
            loads.append(stack.enter_context(run.loading(server, process, clients // 2, options)))
        # The first one last: the server closes a publisher that is silent for five seconds.
        opened = [load.open() for load in reversed(loads)][::-1]
        loads[0].ask(f"rate {rate} 2 0")  # the first reports find nothing warm
        pids = [pid for load in loads for pid in load.pids]
        here: list[Result] = []
        there: list[Result] = []
        costs: list[float] = []
        for _ in range(reps):
            before = machine.cpu_seconds(pids)
            loads[1].begin(f"listen {seconds + 3}")
            first = loads[0].ask(f"rate {rate} {seconds} 0")
            # Read before the other one has heard the rest of its time, which is silence and would be divided, too.
            time.sleep(0.3)
            used = machine.cpu_seconds(pids) - before
            second = loads[1].finish()
            delivered = first["delivered"] + second["delivered"]
            second["lost"] = first["published"] * opened[1]["open"] - second["delivered"]
            here.append(first)
            there.append(second)
            costs.append(used * 1e6 / max(1, delivered))
            print(
                f"  {sum(each['open'] for each in opened)} connections in two processes: p99 {first['p99_ms']:.1f} ms"
                f" where the reports come in, {second['p99_ms']:.1f} ms at the other; {delivered} delivered"
            )
        for load in loads:
            load.close()  # before any server: a publisher left alone would complain
    return {
        "clients": clients, "rate": rate, "opened": opened, "first": here, "second": there,
        "cpu_us": statistics.median(costs),
    }  # fmt: skip


def workers(clients: int, reps: int, seconds: float) -> dict[str, Any]:
    """What two workers with a core each deliver, beside one.

    There is no core left for who receives. So nobody reads meanwhile: a burst is small enough for the sockets' buffers,
    and one event follows the other when the last client, which alone is awake and whom the server serves last, has had
    the one before. What it costs to bring the bytes to the receiver's socket is all paid by the sender on loopback.
    Afterwards everything is read and counted. Both kinds alternate.

    The events come to each worker by the bench's own port, so what the journal and finding its events cost is not in
    this. It is in the second measure: reports by HTTP, and the processor time of a delivery with one and two workers.
    """
    rounds: list[dict[str, Result]] = []
    with run.prepared() as data, ExitStack() as stack:
        loads = []
        for port, core, crowd in (
            (9600, machine.SERVER_CORE, clients),
            (9604, machine.SERVER_CORE, clients // 2),
            (9608, machine.LOAD_CORE, clients // 2),
        ):
            server = servers.windsock(data.folder, data.token, port=port)
            process = stack.enter_context(run.serving(server, data.folder, core))
            options = [*server.load, "--events", str(run.templates(data, server, "real")), *stride(server)]
            options += ["--last-alone", "1"]
            loads.append(stack.enter_context(run.loading(server, process, crowd, options, core=None)))
            loads[-1].open()
        alone, together = loads[:1], loads[1:]
        for each in (alone, together):
            _burst(each)  # the first finds nothing warm
        for _ in range(reps):
            for _ in range(BURSTS):
                rounds.append({"one": _burst(alone), "two": _burst(together)})
            one, two = (
                statistics.median(each[kind]["per_second"] for each in rounds) for kind in ("one", "two")
            )
            print(f"  one worker {one:,.0f}/s, two {two:,.0f}/s, load {machine.load_average():.1f}")
    rate = 10.0  # many enough that what an idle worker uses does not show
    return {
        "clients": clients,
        "burst": BURST,
        "rounds": rounds,
        "rate": rate,
        "journal": {
            "one": whole_way(clients, rate, seconds, reps),
            "two": two_processes(clients, rate, seconds, reps, (machine.SERVER_CORE, machine.LOAD_CORE)),
        },
    }


def _burst(loads: list[Load]) -> Result:
    """One burst to all of these at the same time, read afterwards: deliveries a second and the CPU of each."""
    before = [machine.cpu_seconds(load.pids) for load in loads]
    for load in loads:
        load.begin(f"burst {BURST}")
    told = [load.finish() for load in loads]
    used = [machine.cpu_seconds(load.pids) - since for load, since in zip(loads, before, strict=True)]
    for load in loads:
        load.begin("drain")
    read = [load.finish() for load in loads]
    delivered = sum(each["delivered"] for each in read)
    took = max(each["until_us"] for each in told) - min(each["from_us"] for each in told)
    return {
        "per_second": delivered * 1e6 / took,
        # What it would be if each had had its core for itself; the same on a quiet machine.
        "per_cpu_second": delivered / max(used),
        "cpu_us": sum(used) * 1e6 / max(1, delivered),
        "lost": sum(each["lost"] for each in read),
        "load": machine.load_average(),
    }

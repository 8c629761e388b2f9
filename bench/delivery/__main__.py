"""python -m bench.delivery: measures the delivery and writes the tables into docs/performance.md."""

import argparse
import json
import sys
from typing import Any

from bench.delivery import build, fanout, growth, machine, processes, report, scenes
from bench.delivery.servers import PEERS

SCENES = ("fanout", "topics", "way", "connects", "memory", "growth", "two", "workers")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.delivery", description=__doc__)
    parser.add_argument("--clients", default="1000,10000", help="numbers of connections, comma-separated")
    parser.add_argument("--reps", type=int, default=3, help="rounds of alternating runs")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of one run")
    parser.add_argument(
        "--peers", default=",".join(PEERS), help="who is compared; what is not installed is left out"
    )
    parser.add_argument(
        "--sizes", default="real,small", help="real: our events of 1.4 KB; small: of 400 bytes"
    )
    parser.add_argument("--only", default=",".join(SCENES), help="which scenes, comma-separated")
    parser.add_argument(
        "--quick", action="store_true", help="small and short, to see that all works; writes nothing"
    )
    return parser.parse_args()


def keep(name: str, result: Any) -> None:
    """The raw numbers, for those who want more than the table."""
    build.WORK.mkdir(parents=True, exist_ok=True)
    (build.WORK / f"{name}.json").write_text(json.dumps(result, indent=1))


def main() -> None:
    asked = arguments()
    if machine.cores() < 2:
        sys.exit("The server and the load generator each need a core of their own; this machine has one.")
    clients = [int(number) for number in asked.clients.split(",")]
    seconds, reps = (0.5, 1) if asked.quick else (asked.seconds, asked.reps)
    if asked.quick:
        clients = [min(200, number) for number in clients[:1]]
    most = max(clients)
    only = set(asked.only.split(","))
    peers = [name for name in PEERS if name in asked.peers.split(",")]

    def done(name: str, result: Any, lines: list[str]) -> None:
        keep(name, result)
        if asked.quick:
            print("\n".join(lines))
        else:
            report.write(name, lines)

    if not asked.quick:
        report.write("machine", report.the_machine())
    if "fanout" in only:
        for size in asked.sizes.split(","):
            for number in clients:
                print(f"One event to all: {number:,} clients, {size} events")
                result = fanout.measure(peers, number, reps, size, seconds)
                done(f"fanout-{size}-{number}", result, report.fanout(result))
    if "topics" in only:
        print("Many topics")
        result = scenes.many_topics(most, reps, seconds)
        done("topics", result, report.topics(result))
    if "way" in only:
        print("From the report to the last client")
        ways = [(min(most, 1_000), 10.0), (most, 5.0)]
        results = [scenes.whole_way(number, rate, 5 * seconds, reps) for number, rate in ways]
        two = processes.two_processes(min(most, 1_000), 10.0, 5 * seconds, reps)
        done("way", {"one": results, "two": two}, report.whole_way(results, two))
    if "connects" in only:
        print("Connects")
        result = scenes.connects(min(most, 3_000), reps)
        done("connects", result, report.connects(result))
    if "memory" in only:
        print("Memory, and all thrown off at once")
        result = scenes.memory_and_storm(most, 20)
        done("memory", result, report.memory_and_storm(result))
    if "growth" in only:
        print("How the cost grows")
        rows = growth.growth(seconds, asked.quick)
        done("growth", rows, report.growth(rows))
    if "two" in only:
        print("Two processes")
        result = processes.two_processes(400 if asked.quick else 36_000, 1, 5 * seconds, reps)
        done("two", result, report.two_processes(result))
    if "workers" in only:
        print("Two workers beside one")
        result = processes.workers(min(most, 4_000), reps, 5 * seconds)
        done("workers", result, report.workers(result))


if __name__ == "__main__":
    main()

"""The measurements as tables, put between the markers of docs/performance.md that bear their names."""

import re
import statistics
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.delivery import machine
from bench.delivery.build import ROOT
from bench.delivery.fanout import median, ratio
from bench.delivery.run import Result
from bench.delivery.servers import PEERS

PAGE = ROOT / "docs/performance.md"


def write(name: str, lines: list[str], page: Path = PAGE) -> None:
    """Replaces what stands between `<!-- bench: NAME -->` and `<!-- end -->`; says when there is no such place."""
    text = page.read_text()
    place = re.compile(rf"(<!-- bench: {re.escape(name)} -->\n).*?(<!-- end -->)", re.DOTALL)
    if not place.search(text):
        print(f"docs/performance.md has no place for {name!r}:\n" + "\n".join(lines))
        return
    body = "\n".join(lines) + "\n"
    page.write_text(place.sub(lambda found: found[1] + body + found[2], text))


def measured(loads: list[float]) -> str:
    """When, on what state of the code, and how busy the machine was."""
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"Measured {when} at `{machine.commit()}`, load average {min(loads):.1f} to {max(loads):.1f}."


def the_machine() -> list[str]:
    return [f"- {line}" for line in machine.describe()]


def thousands(number: float) -> str:
    """For a table: 3.4 k, 223 k, 1.17 M."""
    if number >= 1e6:
        return f"{number / 1e6:.2f} M"
    return (
        f"{number / 1e3:.0f} k"
        if number >= 1e4
        else f"{number / 1e3:.1f} k"
        if number >= 1e3
        else f"{number:.0f}"
    )


TITLES = {
    "climit": "C, one `send()` per message: the limit",
    "climit-10": "C, ten messages per `send()`",
    "windsock": "**Windsock**",
    "nchan": "nginx nchan",
    "nats": "NATS (WebSocket)",
    "mosquitto": "Mosquitto (WebSocket)",
    "ws": "node ws",
    "socketio": "Socket.IO",
    "channels": "Channels, one group member per client: uvicorn",
    "daphne": "… Daphne",
}


def fanout(measured_by: dict[str, Any]) -> list[str]:
    """The table of one event to all, and our ratios."""
    found, opened = measured_by["found"], measured_by["opened"]
    lines = [
        "| | one at a time, deliveries/s | × C | CPU µs each | pipelined, deliveries/s | CPU µs each |"
        f" {measured_by['steady']}/s: p50 / p99 ms | connects/s | KiB each |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name in PEERS:
        if name not in found:
            continue
        mine = found[name]
        one, many, steady = (mine.get(kind, []) for kind in ("one", "pipelined", "steady"))
        limit = found.get("climit", {}).get("one")
        lines.append(
            "| "
            + " | ".join(
                [
                    TITLES[name],
                    thousands(median(one, "per_second")) + lost(one) if one else "–",
                    f"{ratio(one, limit):.2f}" if one and limit else "–",
                    f"{median(one, 'cpu_us'):.1f}" if one else "–",
                    thousands(median(many, "per_second")) + lost(many) if many else "–",
                    f"{median(many, 'cpu_us'):.2f}" if many else "–",
                    latency(steady) if steady else "–",
                    thousands(opened[name]["per_second"]),
                    f"{opened[name]['kib_each']:.1f}",
                ]
            )
            + " |"
        )
    lines += ["", *ratios(found, measured_by["steady"])]
    lines += [
        f"Left out: {TITLES.get(name, name)}: {reason}" for name, reason in measured_by["skipped"].items()
    ]
    every = [result["load"] for kinds in found.values() for results in kinds.values() for result in results]
    lines += ["", f"{measured_by['reps']} rounds of {measured_by['seconds']:g} s. " + measured(every)]
    return lines


def PEERS_TITLE(name: str) -> str:
    return TITLES.get(name, name)


def latency(results: list[Result]) -> str:
    return f"{median(results, 'p50_ms'):.1f} / {median(results, 'p99_ms'):.1f}" + lost(results)


def lost(results: list[Result]) -> str:
    """A note where deliveries did not come."""
    total = sum(result["lost"] for result in results)
    return f" ({total:,} not within 10 s)" if total > 0 else ""


def ratios(found: dict[str, dict[str, list[Result]]], rate: int) -> list[str]:
    """What the aims ask for, each a ratio within the same run."""
    ours = found.get("windsock")
    if not ours:
        return []
    said = []

    def both(name: str, kind: str) -> tuple[list[Result], list[Result]] | None:
        """Our results and theirs, where there are any: who was left out from some round on may have none."""
        mine, theirs = ours.get(kind, []), found.get(name, {}).get(kind, [])
        return (mine, theirs) if mine and theirs else None

    if pair := both("climit", "one"):
        by_cpu = statistics.median(
            theirs["cpu_us"] / mine["cpu_us"] for mine, theirs in zip(*pair, strict=False)
        )
        said.append(f"one at a time {ratio(*pair):.2f} × C in deliveries/s, {by_cpu:.2f} in CPU")
    if pair := both("climit", "steady"):
        said.append(f"p99 at {rate}/s {ratio(*pair, 'p99_ms'):.2f} × C")
    if pair := both("nchan", "steady"):
        said.append(f"{ratio(*pair, 'p99_ms'):.2f} × nchan")
    if pair := both("nats", "pipelined"):
        said.append(f"pipelined {ratio(*pair):.1f} × NATS")
    for name in ("channels", "daphne"):
        theirs = found.get(name, {})
        kind = "pipelined" if "pipelined" in theirs else "one"
        if theirs.get(kind) and median(theirs[kind], "per_second"):
            said.append(f"pipelined {ratio(ours['pipelined'], theirs[kind]):,.0f} × Channels ({name})")
    return ["Windsock: " + "; ".join(said) + ".", ""] if said else []


def topics(result: dict[str, Any]) -> list[str]:
    rounds = result["rounds"]
    one, many = ([each[kind] for each in rounds] for kind in ("one", "many"))
    return [
        f"| {result['clients']:,} clients | deliveries/s | CPU µs each | p99 ms |",
        "|---|---|---|---|",
        f"| on one topic, one event at a time | {thousands(median(one, 'per_second'))} | {median(one, 'cpu_us'):.1f} |"
        f" {median(one, 'p99_ms'):.0f} |",
        f"| on {result['clients'] // 10:,} topics, 10 subscribers an event | {thousands(median(many, 'per_second'))} |"
        f" {median(many, 'cpu_us'):.1f} | {median(many, 'p99_ms'):.0f} |",
        "",
        f"Ratio {ratio(many, one):.2f}. " + measured([each["load"] for each in [*one, *many]]),
    ]


def whole_way(results: list[dict[str, Any]], two: dict[str, Any]) -> list[str]:
    """One process, then two on the same SQLite file without Redis: where the reports come in, and at the other one."""
    lines = [
        "| clients | reports/s | p50 ms | p99 ms | acknowledged after, ms | lost |",
        "|---|---|---|---|---|---|",
    ]
    for each in results:
        lines.append(f"| {each['clients']:,} | {each['rate']:g} | {way(each['results'])} |")
    first, second = two["first"], two["second"]
    lines += [
        f"| {two['opened'][0]['open']:,} at one of two processes, where the reports come in | {two['rate']:g} |"
        f" {way(first)} |",
        f"| {two['opened'][1]['open']:,} at the other one | {two['rate']:g} | {way(second)} |",
    ]
    every = [
        *(result["load"] for each in results for result in each["results"]),
        *(one["load"] for one in first),
    ]
    return [*lines, "", f"Medians of {len(first)} runs. " + measured(every)]


def way(results: list[Result]) -> str:
    """Cells: p50, p99, how long until the acknowledgement where that was asked, and how many were lost in all runs."""
    asked = "answer_ms" in results[0]
    acknowledged = f"{median(results, 'answer_ms'):.1f}" if asked and median(results, "answer_ms") else "–"
    lost = sum(result["lost"] for result in results)
    return f"{median(results, 'p50_ms'):.1f} | {median(results, 'p99_ms'):.1f} | {acknowledged} | {lost}"


def connects(result: dict[str, Any]) -> list[str]:
    lines = ["| signed in by | connects/s | CPU µs each |", "|---|---|---|"]
    for way, results in result["found"].items():
        lines.append(
            f"| {way} | {thousands(median(results, 'per_second'))} | {median(results, 'cpu_us_each'):.0f} |"
        )
    every = [each["load"] for results in result["found"].values() for each in results]
    return [*lines, "", f"{result['each']:,} connections, 256 at once. " + measured(every)]


def memory_and_storm(result: dict[str, Any]) -> list[str]:
    storm, clients = result["storm"], result["clients"]
    return [
        f"- An idle, signed-in, subscribed connection: **{result['opened']['kib_each']:.1f} KiB** resident"
        f" ({clients:,} connections).",
        f"- {clients:,} dropped at once, {storm['missed_each']} events meanwhile: {storm['back']:,} back, resumed and"
        f" with every event after **{storm['seconds']:.1f} s**, {storm['equal']:,} with each of them exactly once;"
        f" {storm['cpu_seconds'] * 1e6 / max(1, storm['back']):.0f} µs of CPU for each.",
        "",
        measured([result["opened"]["load"], storm["load"]]),
    ]


def growth(rows: list[dict[str, Any]]) -> list[str]:
    lines = [
        "| connections | flights | subscriptions | processes | deliveries/s | CPU µs an event (10 deliveries) | lost |"
        " board, MiB | filled in CPU s |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        board = f"{row['kib'] / 1024:,.0f} | {row['fill_seconds']:.1f}" if row["kib"] else "– | –"
        lines.append(
            f"| {row['connections']:,} | {row['flights']:,} | {row['subscriptions']:,} | {row['processes']} |"
            f" {thousands(row['per_second'])} | {row['cpu_us_event']:.0f} | {row['lost']} | {board} |"
        )
    return [*lines, "", measured([row["load"] for row in rows])]


def two_processes(result: dict[str, Any]) -> list[str]:
    first, second = result["first"], result["second"]
    opened = sum(each["open"] for each in result["opened"])
    missing = sum(each["lost"] for each in [*first, *second])
    here, there = (
        f"p50 {median(some, 'p50_ms'):.0f} and p99 {median(some, 'p99_ms'):.0f} ms"
        for some in (first, second)
    )
    return [
        f"{opened:,} connections, {result['rate']:g} reports/s, {len(first)} runs: {here} where the reports come in,"
        f" {there} at the other process; lost {missing}; {result['cpu_us']:.1f} µs of CPU a delivery. "
        + measured([each["load"] for each in first]),
    ]


def workers(result: dict[str, Any]) -> list[str]:
    """Deliveries of one and of two workers, by bursts that nobody reads meanwhile, and by the journal."""
    rounds, journal = result["rounds"], result["journal"]
    one, two = ([each[kind] for each in rounds] for kind in ("one", "two"))
    by_journal = [median(journal["one"]["results"], "cpu_us"), journal["two"]["cpu_us"]]
    lines = [
        f"| {result['clients']:,} clients | deliveries/s | CPU µs each | lost | by the journal: CPU µs each |",
        "|---|---|---|---|---|",
    ]
    for title, results, through in (("one worker", one, by_journal[0]), ("two workers", two, by_journal[1])):
        missing = sum(each["lost"] for each in results)
        lines.append(
            f"| {title} | {thousands(median(results, 'per_second'))} | {median(results, 'cpu_us'):.2f} | {missing} |"
            f" {through:.1f} |"
        )
    loads = [each["load"] for each in [*one, *two]]
    loads += [each["load"] for each in [*journal["one"]["results"], *journal["two"]["first"]]]
    return [
        *lines,
        "",
        f"Two workers deliver **{ratio(two, one):.2f} ×** what one does (each {len(rounds)} bursts of {result['burst']}"
        f" events); by the processor time of the slower one, which other programs do not disturb,"
        f" {ratio(two, one, 'per_cpu_second'):.2f} ×. By the journal, {result['rate']:g} reports/s, processor time"
        f" alone would allow {2 * by_journal[0] / by_journal[1]:.2f} ×. " + measured(loads),
    ]

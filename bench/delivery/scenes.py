"""Windsock alone, in one process: many topics, the whole way of a report, connects, a reconnect storm."""

import itertools
import json
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.delivery import run, servers
from bench.delivery.run import Data, Load, Result
from bench.delivery.servers import PATH, SPOKEN, Server

EACH = 10  # subscribers of an event where there are many topics


def stride(server: Server) -> list[str]:
    """The load generator need not look for the time in the rest of our events."""
    return ["--stride", "1200"] if "BENCH_PUBLISHER" in server.environment else []


def subscriptions(data: Data, topics_each: int = 1) -> Path:
    """A file of greetings: one for each flight's own topic, with so many other topics that nothing is told of."""
    others = unheard()
    lines = []
    for told in data.events:
        topics = ["flight:" + told["flight_id"], *itertools.islice(others, topics_each - 1)]
        lines.append(json.dumps({"type": "subscribe", "id": 1, "topics": topics}))
    target = data.folder / f"hellos-{topics_each}.txt"
    target.write_text("\n".join(lines) + "\n")
    return target


def unheard() -> "itertools.chain[str]":
    """Designators that nobody flies, as many as one likes."""
    carriers = [
        "AA",
        "B6",
        "DL",
        "UA",
        "WN",
        "AS",
        "F9",
        "NK",
        "HA",
        "BA",
        "LH",
        "AF",
        "KL",
        "IB",
        "AY",
        "SK",
        "LX",
    ]
    return itertools.chain.from_iterable(
        (f"designator:{carrier}{number}{suffix}" for number in range(5000, 9999))
        for suffix in ("", "A", "B", "C", "D", "E", "F", "G", "H", "J", "K", "L")
        for carrier in carriers
    )


def warmed(stack: ExitStack, server: Server, data: Data, connections: int, options: list[str]) -> Load:
    """A load generator for a server that has had connections before, so that imports and threads are not counted."""
    process = stack.enter_context(run.serving(server, data.folder))
    with run.loading(server, process, 200, options) as first:
        first.open()
    time.sleep(1)
    return stack.enter_context(run.loading(server, process, connections, options))


def report_lines(data: Data) -> Path:
    """Reports that each change one flight's gate."""
    lines = []
    for told in data.events:
        flight = json.loads("{" + told["body"])["flight"]
        known = {name: flight[name] for name in ("date", "origin")} | {"flight": flight["designator"]}
        lines.append(json.dumps(known | {"departure": {"gate": "%T"}}))
    target = data.folder / "reports.txt"
    target.write_text("\n".join(lines) + "\n")
    return target


# The measures -------------------------------------------------------------------------------------------------------


def many_topics(clients: int, reps: int, seconds: float) -> dict[str, Any]:
    """As many sockets on one topic, then on clients / 10 topics of which each event concerns one."""
    with run.prepared(flights=clients // EACH) as data, ExitStack() as stack:
        server = servers.windsock(data.folder, data.token)
        events = ["--events", str(run.templates(data, server, "real")), *stride(server)]
        process = stack.enter_context(run.serving(server, data.folder))
        rounds: list[dict[str, Result]] = []
        several = [*server.load, *events, "--hello-lines", str(subscriptions(data))]
        one = [*server.load, *events]
        for _ in range(reps):
            got: dict[str, Result] = {}
            with run.loading(server, process, clients, one) as load:
                load.open()
                got["one"] = load.ask(f"closed 1 {seconds} 0")
            time.sleep(2)
            with run.loading(server, process, clients, several) as load:
                load.open()
                got["many"] = load.ask(f"closed {clients // EACH} {seconds} {EACH}")
            time.sleep(2)
            rounds.append(got)
            print(f"  one topic {got['one']['per_second']:,.0f}/s, many {got['many']['per_second']:,.0f}/s")
    return {"clients": clients, "rounds": rounds}


def whole_way(clients: int, rate: float, seconds: float, reps: int) -> dict[str, Any]:
    """From a report sent by HTTP, through the durable journal, to every client."""
    with run.prepared(flights=100) as data, ExitStack() as stack:
        server = servers.service(data.folder, data.token)
        process = stack.enter_context(run.serving(server, data.folder))
        options = [*server.load, "--events", str(report_lines(data))]
        load = stack.enter_context(run.loading(server, process, clients, options))
        load.open()
        load.ask(f"rate {rate} 2 0")  # the first reports find nothing warm
        results = []
        for _ in range(reps):
            result = load.ask(f"rate {rate} {seconds} 0")
            results.append(result)
            print(
                f"  {clients} clients, {rate}/s: p50 {result['p50_ms']:.1f} p99 {result['p99_ms']:.1f} ms, acknowledged"
                f" in {result['answer_ms']:.1f} ms, lost {result['lost']}, load {result['load']:.1f}"
            )
    return {"clients": clients, "rate": rate, "results": results}


def connects(each: int, reps: int) -> dict[str, Any]:
    """Connections a second by token, by ticket and by session, each signed in and welcomed, and their CPU."""
    found: dict[str, list[Result]] = {"token": [], "ticket": [], "session": []}
    with run.prepared(sign_ins=each * reps) as data, ExitStack() as stack:
        server = servers.service(data.folder, data.token)
        process = stack.enter_context(run.serving(server, data.folder))
        speaks = f"Sec-WebSocket-Protocol: {SPOKEN}"
        page = f"Origin: http://127.0.0.1:{server.port}"
        common = ["--path", PATH, "--ready", '"type":"welcome"', "--at-once", "256"]
        by_token = f"Authorization: Bearer {data.token}"
        with run.loading(server, process, 200, [*common, "--header", speaks, "--header", by_token]) as first:
            first.open()  # imports and threads are not counted
        time.sleep(1)
        for rep in range(reps):
            mine = slice(rep * each, (rep + 1) * each)
            ways = {
                "token": [f"{speaks}\t{by_token}"],
                "ticket": [f"{speaks}, windsock.ticket.{text}" for text in data.tickets[mine]],
                "session": [f"{speaks}\t{page}\tCookie: sessionid={key}" for key in data.sessions[mine]],
            }
            for way, lines in ways.items():
                file = data.folder / f"{way}.txt"
                file.write_text("\n".join(lines) + "\n")  # a tab stands between two headers
                with run.loading(server, process, each, [*common, "--header-lines", str(file)]) as load:
                    result = load.open()
                time.sleep(1)
                found[way].append(result)
                print(
                    f"  by {way}: {result['per_second']:,.0f}/s, {result['cpu_us_each']:.0f} µs each, "
                    f"{result['open']} open, load {result['load']:.1f}"
                )
    return {"each": each, "found": found}


def memory_and_storm(clients: int, missed: int) -> dict[str, Any]:
    """What an idle, signed-in, subscribed connection costs; then all are dropped at once and come back.

    The storm's time runs from the first reset until the last client has been resumed and has had every event that was
    told meanwhile: then all are equal again. Clients come 1,000 at a time; who is refused comes again later.
    """
    with run.prepared() as data, ExitStack() as stack:
        server = servers.windsock(data.folder, data.token)
        options = [*server.load, "--events", str(run.templates(data, server, "real")), *stride(server)]
        load = warmed(stack, server, data, clients, [*options, "--at-once", "1000"])
        opened = load.open()
        load.ask("closed 1 0.5 0")
        storm = load.ask(f"thrown {missed}")
        print(
            f"  {opened['kib_each']:.2f} KiB each; {storm['back']} of {clients} back, {storm['equal']} equal, after "
            f"{storm['seconds']:.2f} s"
        )
    return {"clients": clients, "opened": opened, "storm": storm}

"""Servers and load generators as processes: started on their cores, asked, measured, and surely ended."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.delivery import machine
from bench.delivery.build import ROOT, program
from bench.delivery.servers import TIMED, Server

Result = dict[str, Any]

# A million flights take about a minute to invent and index, and more while the machine is busy.
CROWD_SECONDS = 300.0


class Broken(Exception):
    """A server or load generator ended, or never began; the text says what it said."""


@dataclass
class Data:
    """A prepared data folder of the service."""

    folder: Path
    token: str
    tickets: list[str]
    sessions: list[str]
    events: list[dict[str, Any]]


@contextmanager
def prepared(flights: int = 10, sign_ins: int = 0) -> Iterator[Data]:
    """A fresh database with real flights, in a folder that goes at the end."""
    with tempfile.TemporaryDirectory(prefix="windsock-bench-") as name:
        folder = Path(name)
        command = [sys.executable, "-m", "bench.delivery.prepare", name]
        command += ["--flights", str(flights), "--sign-ins", str(sign_ins)]
        subprocess.run(command, cwd=ROOT, check=True)
        access = json.loads((folder / "access.json").read_text())
        events = json.loads((folder / "events.json").read_text())
        yield Data(folder, access["token"], access["tickets"], access["sessions"], events)


def templates(data: Data, server: Server, size: str) -> Path:
    """The events as this server's publisher sends them; the same bytes reach the clients of all.

    Windsock puts type and position in front by itself, the others are given them.
    """
    body = "small_body" if size == "small" else "body"
    lines = []
    for told in data.events:
        text = TIMED + told[body]
        if not server.ours:
            text = '{"type":"event","position":"0123456789abcde:100000",' + text[1:]
        lines.append(server.prefix + text + server.suffix)
    target = data.folder / f"{server.name}-{size}.txt"
    target.write_text("\n".join(lines) + "\n")
    return target


def _limits() -> None:
    import resource

    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def start(command: list[str], core: int | None, **options: Any) -> "subprocess.Popen[str]":
    """The command on that core (None: on any), with as many descriptors as it may have."""

    def prepare() -> None:
        if core is not None:
            machine.pinned(core)()
        _limits()

    return subprocess.Popen(command, preexec_fn=prepare, text=True, **options)


def end(process: "subprocess.Popen[str]") -> None:
    """Ends the process and waits for it."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def serving(
    server: Server, folder: Path, core: int = machine.SERVER_CORE
) -> Iterator["subprocess.Popen[str]"]:
    """The server, running and listening; one whose board is filled with invented flights, when it has them all."""
    log = folder / f"{server.name}.log"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **server.environment}
    with log.open("w") as file:
        process = start(server.command, core, env=environment, cwd=server.folder, stdout=file, stderr=file)
        try:
            _wait_for(server.port, process, log)
            _wait_for_crowd(server, folder, process, log)
            yield process
        finally:
            end(process)


def _wait_for(port: int, process: "subprocess.Popen[str]", log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if process.poll() is not None:
            raise Broken(f"ended with {process.returncode}: {log.read_text()[-500:]}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            time.sleep(0.5)
            return
    raise Broken(f"never listened on port {port}: {log.read_text()[-500:]}")


def _wait_for_crowd(server: Server, folder: Path, process: "subprocess.Popen[str]", log: Path) -> None:
    if server.environment.get("BENCH_FLIGHTS", "0") == "0":
        return
    told = crowd_file(folder, server.port)
    until = time.monotonic() + CROWD_SECONDS
    while time.monotonic() < until:
        if told.exists():
            return
        if process.poll() is not None:
            raise Broken(f"ended with {process.returncode}: {log.read_text()[-500:]}")
        time.sleep(0.1)
    raise Broken(f"has not put its flights on the board within {CROWD_SECONDS:.0f} s")


def crowd_file(folder: Path, port: int) -> Path:
    """Where the service at this port says what its crowd of flights cost it (`application.py`)."""
    return folder / f"crowd-{port}.json"


class Load:
    """A load generator for one server; each question is one of load.c's commands."""

    def __init__(
        self,
        server: Server,
        process: "subprocess.Popen[str]",
        connections: int,
        options: list[str],
        core: int | None = machine.LOAD_CORE,
    ) -> None:
        self.server = server
        self.connections = connections
        self._serving = process
        self.pids = machine.family(process.pid)
        command = [program("load"), "--port", str(server.port), "--connections", str(connections), *options]
        self._process = start(command, core, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, command: str) -> Result:
        """The command's answer, with what it cost the server: `cpu_seconds`, `cpu_us` a delivery, `cpu` of the core."""
        self.pids = [member for pid in self.pids[:1] for member in machine.family(pid)]
        before, since = machine.cpu_seconds(self.pids), time.monotonic()
        self.begin(command)
        result = self.finish()
        used = machine.cpu_seconds(self.pids) - before
        result["cpu_seconds"] = used
        result["cpu"] = used / (time.monotonic() - since)
        if result.get("delivered"):
            result["cpu_us"] = used * 1e6 / result["delivered"]
        if result.get("published"):
            result["cpu_us_event"] = used * 1e6 / result["published"]
        result["load"] = machine.load_average()
        return result

    def begin(self, command: str) -> None:
        """Asks without waiting."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(command + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise Broken(f"the load generator of {self.server.name} has ended") from error

    def finish(self) -> Result:
        """The answer to what was begun."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise Broken(f"the load generator of {self.server.name} ended with {self._process.wait()}")
        result: Result = json.loads(line)
        return result

    def open(self) -> Result:
        """Connects all; also says how much memory and how much processor time each connection costs the server."""
        before = machine.resident_kib(self.pids)
        result = self.ask("open")
        result["kib_each"] = (machine.resident_kib(self.pids) - before) / max(1, result["open"])
        result["cpu_us_each"] = result["cpu_seconds"] * 1e6 / max(1, result["open"])
        if result["open"] < self.connections:
            print(f"  {self.server.name}: only {result['open']} of {self.connections} connections are open")
        return result

    def worked(self) -> float:
        """The processor time of the server and its load generator so far, in seconds."""
        return machine.cpu_seconds([*self.pids, self._process.pid])

    def close(self) -> None:
        """Ends it, and with it all its connections."""
        end(self._process)

    def end_all(self) -> None:
        """Ends it and the server."""
        self.close()
        end(self._serving)


@contextmanager
def loading(
    server: Server,
    process: "subprocess.Popen[str]",
    connections: int,
    options: list[str],
    core: int | None = machine.LOAD_CORE,
) -> Iterator[Load]:
    """A load generator, not yet connected."""
    load = Load(server, process, connections, options, core)
    try:
        yield load
    finally:
        load.close()

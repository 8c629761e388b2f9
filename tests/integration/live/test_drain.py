"""SIGTERM: not ready, asked to move evenly, closed once moved, gone; several workers, and one that dies."""

import json
import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from tests.dial import dial
from tests.integration.live.servers import until
from tests.running_service import RunningService
from tests.services import wait_until
from windsock.protocol.backoff import BackOff
from windsock.protocol.client_outputs import Open, State
from windsock.protocol.client_session import ClientSession


@contextmanager
def running(folder: Path, *options: str, **settings: str) -> Iterator[RunningService]:
    service = RunningService.prepare(folder, WINDSOCK_MAX_CONNECTIONS_PER_USER="1000", **settings)
    try:
        service.start(*options)
        yield service
    finally:
        service.stop()


def socket(service: RunningService) -> ClientConnection:
    return dial(
        f"ws://127.0.0.1:{service.port}/ws/flight-delay/",
        subprotocols=["windsock.v1.json"],  # type: ignore[list-item]
        additional_headers={"Authorization": f"Bearer {service.tokens['reader']}"},
    )


class Listener(threading.Thread):
    """Keeps a socket until it is closed, or until it is asked to move where `moves`; notes when what happened."""

    def __init__(self, client: ClientConnection, *, moves: bool) -> None:
        super().__init__(daemon=True)
        self.client = client
        self.moves = moves
        self.asked_at: float | None = None
        self.delay = 0.0
        self.code = 0
        self.start()

    def run(self) -> None:
        try:
            while True:
                message = json.loads(self.client.recv())
                if message["type"] == "moving":
                    self.asked_at, self.delay = time.monotonic(), message["delay_seconds"]
                    if self.moves:
                        self.client.close(1000, "moved")
        except ConnectionClosed as closed:
            self.code = closed.rcvd.code if closed.rcvd is not None else 1006


def workers(service: RunningService) -> list[int]:
    """The worker processes, as the system knows them: spawned by the parent, each with the port open."""
    assert service.process is not None
    children = Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children").read_text().split()
    return [
        int(pid) for pid in children if "resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_text()
    ]


def connections(service: RunningService, times: int = 12) -> set[str]:
    """The names of the hubs that answer, one per worker."""
    found = set()
    for _ in range(times):
        with socket(service) as client:
            found.add(until(client, "welcome")["connection"].split("-")[0])
    return found


def test_sigterm_says_not_ready_asks_evenly_to_move_and_ends_when_all_have_moved(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        listeners = []
        for number in range(60):
            client = socket(service)
            until(client, "welcome")
            listeners.append(Listener(client, moves=number % 20 != 0))
        probe = service.connection()
        probe.request("GET", "/readyz")
        assert probe.getresponse().read()
        assert service.process is not None
        began = time.monotonic()
        service.process.send_signal(signal.SIGTERM)

        def not_ready() -> bool:
            answer = service.ask("GET", "/readyz", who=None)
            return answer.status == 503 and "about to stop" in answer.data["checks"]["live"]

        wait_until(not_ready, 1, "/readyz saying 503")
        with socket(service) as late:  # told to go elsewhere at once
            with pytest.raises(ConnectionClosed):
                until(late, "welcome", within=60)
            assert late.close_code == 4200
        assert service.process.wait(60) == 0
        took = time.monotonic() - began
        for listener in listeners:
            listener.join(60)
        asked = sorted(listener.asked_at - began for listener in listeners if listener.asked_at)
        assert len(asked) == 60
        delay = listeners[0].delay
        assert delay == 2.5
        # Evenly over the first half. A machine that stands still for a moment hands out late what belongs to one
        # quarter; who asked everybody at once would have all of them in the first.
        quarters = [
            sum(1 for at in asked if n * delay / 4 <= at - asked[0] < (n + 1) * delay / 4) for n in range(4)
        ]
        assert max(quarters) <= 40, (quarters, asked)
        assert sum(quarter > 0 for quarter in quarters) >= 3, (quarters, asked)
        codes = [listener.code for listener in listeners]
        assert codes.count(1000) == 57
        assert codes.count(4200) == 3  # those who stayed: told to reconnect at once, never a 1006 or 1012
        assert took < 20, took


def test_it_ends_as_soon_as_the_last_has_moved(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        client = socket(service)
        until(client, "welcome")
        listener = Listener(client, moves=True)
        assert service.process is not None
        began = time.monotonic()
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(60) == 0
        assert time.monotonic() - began < 4.0  # when it would give up waiting
        listener.join(60)
        assert listener.code == 1000


def test_sigterm_to_the_parent_drains_all_workers_of_one_port(tmp_path: Path) -> None:
    with running(tmp_path, "--workers", "2") as service:
        wait_until(lambda: len(connections(service)) == 2, 20, "both workers answering on one port")
        listeners = []
        hubs = set()
        while len(hubs) < 2 or len(listeners) < 10:
            client = socket(service)
            hubs.add(until(client, "welcome")["connection"].split("-")[0])
            listeners.append(Listener(client, moves=len(listeners) % 2 == 0))
        assert service.process is not None
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(60) == 0
        for listener in listeners:
            listener.join(60)
            assert listener.asked_at is not None
            assert listener.code == (1000 if listener.moves else 4200)
        # Python's own resource tracker learns of its parent's end by a pipe, and follows a moment later.
        wait_until(lambda: not workers_left(service), 5, "the end of every process")


def test_a_worker_that_dies_is_replaced_and_the_others_go_on(tmp_path: Path) -> None:
    with running(tmp_path, "--workers", "2") as service:
        wait_until(lambda: len(connections(service)) == 2, 20, "both workers answering on one port")
        before = connections(service)
        client = socket(service)
        name = until(client, "welcome")["connection"].split("-")[0]
        pids = workers(service)
        assert len(pids) == 2
        victim = next(pid for pid in pids if not serves(pid, client))
        os.kill(victim, signal.SIGKILL)
        wait_until(
            lambda: len(now := connections(service)) == 2 and now != before, 30, "a new worker in its place"
        )
        assert name in connections(service)
        client.send(json.dumps({"type": "ping", "id": "still here"}))
        assert until(client, "pong")["id"] == "still here"
        assert victim not in workers(service)
        client.close()


def serves(pid: int, client: ClientConnection) -> bool:
    """Whether this process holds the other end of the connection."""
    port = client.socket.getsockname()[1]
    ends = Path("/proc/net/tcp").read_text()
    server_side = re.findall(
        rf"^\s*\d+: \S+ \S+:{port:04X} \S+ \S+ \S+ \S+ +\d+ +\d+ (\d+)", ends, flags=re.MULTILINE
    )
    inodes = {f"socket:[{inode}]" for inode in server_side}
    return any(os.readlink(f) in inodes for f in Path(f"/proc/{pid}/fd").iterdir() if f.is_symlink())


def workers_left(service: RunningService) -> list[str]:
    mine = str(service.folder).encode()
    return [
        path.parent.name
        for path in Path("/proc").glob("[0-9]*/environ")
        if mine in _read(path) and path.parent.name != str(os.getpid())
    ]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_a_client_that_is_told_when_to_come_again_does_not_come_before() -> None:
    now = [0.0]
    session = ClientSession(["all"], now=lambda: now[0], backoff=BackOff(random=lambda: 0.0))
    session.start()
    first = next(output for output in session.outputs() if isinstance(output, Open))
    session.opened(first.connection)
    session.received(
        first.connection,
        json.dumps(
            {"type": "error", "code": "overloaded", "message": "full", "retryable": True, "retry_after": 7.0}
        ),
    )
    session.lost(first.connection, 4150, "full")
    again = [output for output in session.outputs() if isinstance(output, Open)]
    assert [output.delay >= 7.0 for output in again] == [True]
    session.refused(again[0].connection, 503, retry_after=9.0)
    assert [output.delay >= 9.0 for output in session.outputs() if isinstance(output, Open)] == [True]
    assert session.state is State.CONNECTING

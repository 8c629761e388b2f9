"""A database or a Redis that is frozen, not dead: no answer and no reset. Every request is answered all the same.

What is asked of a server that stands still waits for ever if nobody ends it; probes, publishers and people do not.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.acceptance.backends import OwnPostgreSQL, Redis
from tests.rawsocket import CLOSE, PING, PONG, RawSocket, masked
from tests.running_service import Answer, RunningService
from tests.services import wait_until

pytestmark = pytest.mark.acceptance

ANSWERED_SECONDS = 20.0
READY_SECONDS = 3.0
SLACK_SECONDS = 10.0
"""For a machine on which much else runs: the limits are the promise, this is not."""

REPORT = {
    "flight": "DL1865",
    "date": "2015-01-02",
    "origin": "ATL",
    "destination": "MCO",
    "departure": {"scheduled": "2015-01-02T13:55:00Z"},
}
CSRF = "abcdefghijklmnopqrstuvwxyzABCDEF"
ASKED: dict[str, Callable[[RunningService], Answer]] = {
    "a report": lambda s: s.post([{**REPORT, "departure": {"gate": "B7"}}]),
    "a flight": lambda s: s.get("/api/v1/flights/DL1865.2015-01-02.ATL"),
    "flights": lambda s: s.get("/api/v1/flights?airport=ATL"),
    "programmes": lambda s: s.get("/api/v1/programmes"),
    "a ticket": lambda s: s.ask("POST", "/api/v1/tickets", who="reader"),
    "a feed's input": lambda s: s.ask("POST", "/api/v1/feeds/telex", b"MVT\nDL1/02.N1.ATL\n"),
    "a wrong token": lambda s: s.ask(
        "GET", "/api/v1/flights", headers={"Authorization": "Bearer no"}, who=None
    ),
    "the board": lambda s: s.get("/airports/ATL/departures/"),
    "a flight's page": lambda s: s.get("/flights/DL1865.2015-01-02.ATL/"),
    "signing in": lambda s: s.ask(
        "POST",
        "/sign-in/",
        f"username=ada&password=y&csrfmiddlewaretoken={CSRF}",
        {"Content-Type": "application/x-www-form-urlencoded", "Cookie": f"csrftoken={CSRF}"},
        who=None,
    ),
    "the console": lambda s: s.get("/console/"),
    "metrics": lambda s: s.get("/metrics"),
    "the process": lambda s: s.get("/healthz", who=None),
}


def timed(service: RunningService, ask: Callable[[RunningService], Answer]) -> tuple[float, int]:
    began = time.monotonic()
    answer = ask(service)
    return time.monotonic() - began, answer.status


def ask_all(service: RunningService) -> dict[str, tuple[float, int]]:
    """Everything at once; how long each took, and what was answered."""
    with ThreadPoolExecutor(len(ASKED)) as together:
        found = {name: together.submit(timed, service, ask) for name, ask in ASKED.items()}
        return {name: future.result() for name, future in found.items()}


class Listener:
    """A socket that is read all the time: when its last message came, and whether it was closed."""

    def __init__(self, service: RunningService) -> None:
        self.raw = RawSocket.open(service.port, token=service.tokens["reader"], timeout=120)
        assert self.raw.status == 101
        self.raw.text('{"type":"subscribe","id":"1","topics":["departures:ATL"]}')
        self.closed = False
        self.messages: list[bytes] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            while True:
                frame = self.raw.frame()
                if frame.opcode == CLOSE:
                    break
                if frame.opcode == PING:
                    self.raw.send(masked(frame.payload, PONG))
                else:
                    self.messages.append(frame.payload)
        except Exception:
            pass
        self.closed = True


@pytest.fixture
def database() -> Iterator[OwnPostgreSQL]:
    server = OwnPostgreSQL()
    server.start()
    yield server
    server.thaw()
    server.end()


def prepared(folder: Path, **settings: str) -> RunningService:
    (folder / "feeds.toml").write_text('[telex]\nformat = "mvt"\n')
    service = RunningService.prepare(folder, WINDSOCK_HEARTBEAT_SECONDS="1", PUBLIC_READ="1", **settings)
    service.start()
    assert service.post([REPORT]).status == 200
    return service


def test_with_a_frozen_postgresql_everything_is_answered_and_sockets_live_on(
    database: OwnPostgreSQL, tmp_path: Path
) -> None:
    service = prepared(tmp_path, DATABASE_URL=database.server.url())
    try:
        listener = Listener(service)
        wait_until(lambda: bool(listener.messages), 20, "the snapshot")
        database.freeze()
        began = time.monotonic()
        known = len(listener.messages)
        readiness = [timed(service, lambda s: s.get("/readyz", who=None)) for _ in range(2)]
        first = ask_all(service)
        readiness.append(timed(service, lambda s: s.get("/readyz", who=None)))
        stood = time.monotonic() - began
        for name in ASKED:
            print(f"{name}: {first[name][0]:.1f} s ({first[name][1]})")
        print("readyz", readiness, f"frozen for {stood:.0f} s, {len(listener.messages) - known} heartbeats")
        assert {status for _, status in readiness} == {503}
        assert max(seconds for seconds, _ in readiness) < READY_SECONDS + SLACK_SECONDS
        assert {name: one for name, one in first.items() if one[0] > ANSWERED_SECONDS + SLACK_SECONDS} == {}
        assert first["a report"][1] == 503
        assert first["the process"][1] == 200
        assert not listener.closed
        assert len(listener.messages) - known >= stood / 4
        # Also those that were waiting for an answer when it froze.
        wait_until(lambda: "was given up" in service.log.read_text(), 30, "the waiting queries are given up")
        database.thaw()
        wait_until(lambda: service.get("/readyz", who=None).status == 200, 40, "it is ready again")
        assert service.post([{**REPORT, "departure": {"gate": "C9"}}]).status == 200
        wait_until(lambda: any(b"C9" in message for message in listener.messages), 20, "the event")
        assert not listener.closed
    finally:
        database.thaw()
        service.stop()


def test_with_a_frozen_redis_everything_is_answered(tmp_path: Path) -> None:
    import signal

    redis = Redis()
    redis.start()
    service = prepared(tmp_path, REDIS_URL=redis.url)
    try:
        listener = Listener(service)
        wait_until(lambda: bool(listener.messages), 20, "the snapshot")
        redis.send(signal.SIGSTOP)
        known = len(listener.messages)
        seconds, status = timed(service, lambda s: s.get("/readyz", who=None))
        found = ask_all(service)
        print(json.dumps({name: [round(one[0], 1), one[1]] for name, one in found.items()}))
        assert seconds < READY_SECONDS + SLACK_SECONDS
        assert status == 200
        late = {name: one for name, one in found.items() if one[0] > ANSWERED_SECONDS + SLACK_SECONDS}
        assert late == {}
        assert found["a report"][1] == found["a flight"][1] == 200
        assert found["a wrong token"][1] == 401
        wait_until(lambda: any(b"B7" in message for message in listener.messages[known:]), 20, "the event")
        assert not listener.closed
    finally:
        redis.send(signal.SIGCONT)
        service.stop()
        redis.kill()

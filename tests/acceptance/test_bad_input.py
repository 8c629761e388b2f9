"""The same bad input at all three doors, REST, socket and command line: each says what is wrong, and goes on."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from tests.acceptance.commands import run
from tests.dial import dial
from tests.running_service import RunningService

GOOD: dict[str, Any] = {
    "flight": "DL1865",
    "date": "2015-01-02",
    "origin": "ATL",
    "destination": "MCO",
    "departure": {"scheduled": "2015-01-02T13:55:00Z"},
}


@dataclass(frozen=True)
class Wrong:
    """A report that is wrong in one way, how the command line would say it, and what must be answered."""

    name: str
    report: dict[str, Any]
    code: str
    field: str | None
    says: str  # what the text must contain: the value given, and what would be right
    arguments: tuple[str, ...] | None  # None: the command line has no words for it
    status: int = 422
    candidates: tuple[str, ...] = ()
    usage: bool = field(default=False)  # the command line sees it before it asks anybody


CASES = [
    Wrong(
        "unknown airport",
        GOOD | {"origin": "QQQ"},
        "unknown_airport",
        "origin",
        r"airport 'QQQ'",
        ("DL1865", "--date", "2015-01-02", "--origin", "QQQ", "--delay", "5"),
    ),
    Wrong(
        "impossible date",
        GOOD | {"date": "2015-02-30"},
        "",
        "date",
        r"2015-02-30",
        ("DL1865", "--date", "2015-02-30", "--origin", "ATL", "--delay", "5"),
        usage=True,
    ),
    Wrong(
        "a local time that the clocks skip",
        GOOD | {"date": "2015-03-08", "departure": {"scheduled": "2015-03-08T02:30:00"}},
        "",
        "departure.scheduled",
        r"02:30.*(not exist|skip|no such|clocks|forward)",
        ("DL1865", "--date", "2015-03-08", "--origin", "ATL", "--scheduled", "02:30"),
    ),
    Wrong(
        "an unknown field",
        GOOD | {"departure_delay_minuts": 5},
        "unknown_field",
        "departure_delay_minuts",
        r"departure_delay_minuts.*departure_delay_minutes",
        ("DL1865", "--date", "2015-01-02", "--origin", "ATL", "--delai", "5"),
        usage=True,
    ),
    Wrong(
        "a wrong type",
        GOOD | {"departure_delay_minutes": "a lot"},
        "",
        "departure_delay_minutes",
        r"a lot",
        ("DL1865", "--date", "2015-01-02", "--origin", "ATL", "--delay", "a lot"),
        usage=True,
    ),
    Wrong(
        "a text in place of an object",
        GOOD | {"departure": "late"},
        "",
        "departure",
        r"late",
        None,
    ),
    Wrong(
        "an ambiguous flight",
        {"flight": "DL9001", "date": "2015-01-02", "departure_delay_minutes": 5},
        "ambiguous_flight",
        None,
        r"DL9001",
        ("DL9001", "--date", "2015-01-02", "--delay", "5"),
        candidates=("DL9001.2015-01-02.BOS", "DL9001.2015-01-02.ORD"),
    ),
    Wrong(
        "an impossible flight number",
        GOOD | {"flight": "DELTA"},
        "",
        "flight",
        r"DELTA",
        ("DELTA", "--date", "2015-01-02", "--origin", "ATL", "--delay", "5"),
    ),
]

by_name = pytest.mark.parametrize("wrong", CASES, ids=lambda wrong: wrong.name)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """One service for all of it: whatever it was sent, it must take the next good report."""
    running = RunningService.prepare(tmp_path_factory.mktemp("service"))
    running.start()
    for origin, destination in (("BOS", "ORD"), ("ORD", "SEA")):
        leg = GOOD | {"flight": "DL9001", "origin": origin, "destination": destination}
        assert running.post(leg).status == 200
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def _it_goes_on(service: RunningService) -> Iterator[None]:
    before = service.process
    yield
    assert service.process is before
    assert before is not None and before.poll() is None, service.log.read_text()
    assert service.post(GOOD | {"flight": "DL1"}).status == 200
    assert "Traceback" not in service.log.read_text()


@contextmanager
def dialled(service: RunningService) -> Iterator[ClientConnection]:
    with dial(
        f"ws://127.0.0.1:{service.port}/ws/flight-delay/",
        subprotocols=["windsock.v1.json"],  # type: ignore[list-item]
        additional_headers={"Authorization": f"Bearer {service.tokens['publisher']}"},
        compression=None,
    ) as client:
        assert json.loads(client.recv(timeout=90))["type"] == "welcome"
        yield client


def judge(wrong: Wrong, error: dict[str, Any], text: str) -> None:
    assert re.search(wrong.says, text, re.DOTALL), text
    if wrong.code:
        assert error["code"] == wrong.code
    assert error["code"] not in ("internal_error", "malformed", "malformed_json")
    if wrong.field:
        assert error["field"] == wrong.field
    assert tuple(error.get("candidates") or ()) == wrong.candidates


@by_name
def test_by_rest(wrong: Wrong, service: RunningService) -> None:
    answer = service.post(wrong.report)
    assert answer.status == wrong.status, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    judge(wrong, answer.data, answer.data["detail"])


@by_name
def test_by_socket(wrong: Wrong, service: RunningService) -> None:
    with dialled(service) as client:
        client.send(json.dumps({"type": "report", "id": "w", "report": wrong.report}))
        error = json.loads(client.recv(timeout=90))
        assert (error["type"], error["id"], error["retryable"]) == ("error", "w", False)
        judge(wrong, error, error["message"])
        client.send(json.dumps({"type": "report", "id": "g", "report": GOOD | {"flight": "DL2"}}))
        assert json.loads(client.recv(timeout=90))["type"] == "recorded"


@pytest.mark.parametrize("wrong", [w for w in CASES if w.arguments], ids=lambda wrong: wrong.name)
def test_by_command_line(wrong: Wrong, service: RunningService) -> None:
    assert wrong.arguments is not None
    access = {"WINDSOCK_URL": service.url, "WINDSOCK_TOKEN": service.tokens["publisher"]}
    done = run("publish", *wrong.arguments, **access)
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.returncode == (2 if wrong.usage else 1), done.stderr
    if wrong.usage:
        assert re.search(r"--del|--date", done.stderr)
    else:
        assert re.search(wrong.says, done.stderr, re.DOTALL), done.stderr
    for candidate in wrong.candidates:
        assert f"candidate: {candidate}" in done.stderr


def test_the_three_doors_say_the_same_of_the_same_report(service: RunningService) -> None:
    with dialled(service) as client:
        for wrong in CASES:
            client.send(json.dumps({"type": "report", "id": "w", "report": wrong.report}))
            error = json.loads(client.recv(timeout=90))
            document = service.post(wrong.report).data
            assert (document["code"], document["detail"]) == (error["code"], error["message"]), wrong.name


def test_malformed_json_by_rest(service: RunningService) -> None:
    answer = service.ask(
        "POST", "/api/v1/reports", '{"flight": "DL1865", ', {"Content-Type": "application/json"}
    )
    assert answer.status == 400
    assert answer.data["code"] == "malformed_json"
    assert re.search(r"line 1|column|JSON", answer.data["detail"])


def test_malformed_json_by_socket(service: RunningService) -> None:
    with dialled(service) as client:
        client.send('{"type": "report", "report": {"flight": ')
        error = json.loads(client.recv(timeout=90))
        assert (error["type"], error["code"]) == ("error", "malformed")
        assert "JSON" in error["message"]
        client.send(json.dumps({"type": "ping", "id": 7}))
        assert json.loads(client.recv(timeout=90)) == {"type": "pong", "id": 7}


def test_ten_megabytes_by_rest(service: RunningService) -> None:
    body = json.dumps(GOOD | {"source": "x" * 10_000_000})
    answer = service.ask("POST", "/api/v1/reports", body, {"Content-Type": "application/json"})
    assert answer.status == 413
    assert answer.data["code"] == "body_too_large"


def test_ten_megabytes_by_socket(service: RunningService) -> None:
    with dialled(service) as client, pytest.raises(ConnectionClosed) as closed:
        try:
            client.send(
                json.dumps({"type": "report", "id": 1, "report": GOOD | {"source": "x" * 10_000_000}})
            )
        except ConnectionClosed:
            pass  # it was told so before all of it was sent
        client.recv(timeout=90)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


def test_a_long_text_by_command_line(service: RunningService) -> None:
    access = {"WINDSOCK_URL": service.url, "WINDSOCK_TOKEN": service.tokens["publisher"]}
    done = run(
        "publish", "DL1865", "--date", "2015-01-02", "--origin", "ATL", "--gate", "x" * 100_000, **access
    )
    assert done.returncode == 1
    assert "gate" in done.stderr
    assert len(done.stderr) < 2_000

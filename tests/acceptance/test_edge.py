"""What people's browsers, proxies, shells and orchestrators do to the service, against real processes."""

import gzip
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.rawsocket import RawSocket
from tests.running_service import RunningService
from tests.services import free_port, wait_until

PROMPT_SECONDS = 60.0


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    service = RunningService.prepare(tmp_path_factory.mktemp("edge"), PUBLIC_READ="1")
    service.start()
    yield service
    service.stop()
    log = service.log.read_text()
    assert "Traceback" not in log, log[-3000:]
    # Whatever strangers send, it is not an error of ours.
    errors = [line for line in log.splitlines() if " ERROR " in line and "DisallowedHost" not in line]
    assert not errors, errors[:5]


LONG = {
    "cookie": {"headers": {"Cookie": "a=" + "b" * 9_000}},
    "forwarded": {"headers": {"X-Forwarded-For": "10.0.0.1, " * 900}},
    "query": {"query": "?" + "q" * 9_000},
    "headers": {"headers": {f"X-{number}": "y" for number in range(140)}},
}


@pytest.mark.parametrize("kind", LONG)
def test_a_handshake_with_a_long_head_gets_431_at_once_and_is_logged(
    service: RunningService, kind: str
) -> None:
    what = LONG[kind]
    raw = RawSocket(service.port, timeout=PROMPT_SECONDS)
    raw.send(raw.request(query=what.get("query", ""), **what.get("headers", {})))  # type: ignore[arg-type]
    assert raw.answer() == 431
    assert raw.ended(PROMPT_SECONDS)
    raw.close()
    assert "refused with 431" in service.log.read_text()


def test_sigterm_is_a_clean_end_whatever_hangs(tmp_path: Path) -> None:
    service = RunningService.prepare(tmp_path, PUBLIC_READ="1")
    service.start()
    assert service.process is not None
    hanging = [RawSocket(service.port) for _ in range(6)]
    hanging[0].send(hanging[0].request(Cookie="a=" + "b" * 9_000))
    hanging[1].send(hanging[1].request(Content_Length="10"))
    hanging[2].send(hanging[2].request()[:-2])
    hanging[3].send(b"POST /api/v1/reports HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
    hanging[4].send(b"GET /api/v1/stream?topics=all HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
    assert hanging[4].answer() == 200
    began = time.monotonic()
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(90) == 0
    assert time.monotonic() - began < 30
    log = service.log.read_text()
    assert "Application shutdown complete" in log
    assert "Traceback" not in log, log[-3000:]
    for raw in hanging:
        raw.close()


def test_a_stream_to_an_http_1_0_client_has_no_chunks(service: RunningService) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=PROMPT_SECONDS) as client:
        client.sendall(b"GET /api/v1/stream?topics=all HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
        answer = b""
        while b"\n\n" not in answer:
            answer += client.recv(65_536)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"transfer-encoding" not in head.lower()
    assert body.startswith(b"retry: ")


# --- Addresses of the socket ------------------------------------------------------------------------------------------


def handshake(path: str, *headers: str, upgrade: bool = True) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "Sec-WebSocket-Version: 13"]
    lines += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", *headers]
    lines += ["Upgrade: websocket", "Connection: Upgrade"] if upgrade else []
    return "\r\n".join([*lines, "", ""]).encode()


def answer_to(service: RunningService, request: bytes) -> RawSocket:
    raw = RawSocket(service.port, timeout=PROMPT_SECONDS)
    raw.send(request)
    raw.answer()
    return raw


@pytest.mark.parametrize("path", ["/ws/flight-delay/", "/ws/flight-delay", "/ws/flight-delay?topics=all"])
def test_the_socket_is_served_with_and_without_its_slash(service: RunningService, path: str) -> None:
    raw = answer_to(service, handshake(path, "Sec-WebSocket-Protocol: windsock.v1.json"))
    assert raw.status == 101
    assert raw.message("welcome")
    raw.close()


@pytest.mark.parametrize(
    "path", ["/ws/", "/ws/flight-delays/", "/ws/flight-delay/x", "/", "/%ff%0d%0a", "/api/v1/flights"]
)
def test_there_is_a_404_where_there_is_no_socket(service: RunningService, path: str) -> None:
    raw = answer_to(service, handshake(path))
    assert raw.status == 404
    assert raw.ended(PROMPT_SECONDS)
    raw.close()


@pytest.mark.parametrize("path", ["/ws/flight-delay/", "/ws/flight-delay"])
def test_an_upgrade_that_a_proxy_removed_is_a_426_that_says_so(service: RunningService, path: str) -> None:
    raw = answer_to(service, handshake(path, "Via: 1.1 gateway.example", upgrade=False))
    assert raw.status == 426
    assert raw.header("Upgrade") == "websocket"
    answer = service.ask("GET", path, headers={"Sec-WebSocket-Version": "13"}, who=None)
    assert "proxy" in answer.data["detail"]
    assert "proxy_set_header Upgrade" in answer.data["detail"]
    person = service.ask("GET", path, who=None)
    assert person.status == 426
    assert "WebSocket" in person.data["detail"]
    raw.close()


# --- Bodies -----------------------------------------------------------------------------------------------------------

REPORT = b'{"flight":"DL200","date":"2026-11-28","origin":"JFK","departure_delay_minutes":35}\r\n'


@pytest.mark.parametrize("content_type", ["application/json", "application/x-ndjson"])
def test_reports_with_a_byte_order_mark_and_in_gzip_are_recorded(
    service: RunningService, content_type: str
) -> None:
    marked = b"\xef\xbb\xbf" + REPORT
    for body, headers in (
        (marked, {}),
        (gzip.compress(REPORT), {"Content-Encoding": "gzip"}),
        (gzip.compress(marked), {"Content-Encoding": "gzip"}),
    ):
        answer = service.ask("POST", "/api/v1/reports", body, {"Content-Type": content_type, **headers})
        assert (answer.status, answer.data["recorded"]) == (200, 1)
    answer = service.ask(
        "POST", "/api/v1/reports", REPORT, {"Content-Type": content_type, "Content-Encoding": "br"}
    )
    assert answer.status == 415
    assert answer.headers["accept-encoding"] == "gzip, identity"


@pytest.mark.parametrize(
    "rubbish", ["rubbish", "undefined", ":", "a:b", "k3v9q2:-1", "x" * 500, "k3v9q2:" + "9" * 70, "\xe9\xff"]
)
def test_a_stream_begins_anew_after_an_id_that_is_not_ours(service: RunningService, rubbish: str) -> None:
    raw = RawSocket(service.port, timeout=PROMPT_SECONDS)
    raw.send(
        b"GET /api/v1/stream?topics=all HTTP/1.1\r\nHost: 127.0.0.1\r\nLast-Event-ID: "
        + rubbish.encode("latin-1")
        + b"\r\n\r\n"
    )
    assert raw.answer() == 200
    while b'"type":"snapshot"' not in raw.read:
        raw.more()
    raw.close()


# --- Hosts and probes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("host", ["10.1.2.3:8000", "evil.example", "", "a b", "[::1"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_probes_are_answered_whatever_the_host(
    service: RunningService, method: str, path: str, host: str
) -> None:
    raw = answer_to(service, f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    assert raw.status == 200
    raw.close()


def test_metrics_are_answered_to_a_token_whatever_the_host_and_else_not(service: RunningService) -> None:
    foreign = {"Host": "10.1.2.3:8000"}
    assert service.ask("GET", "/metrics", headers=foreign, who="reader").status == 200
    assert service.ask("GET", "/metrics", headers=foreign, who=None).status == 400
    assert service.ask("GET", "/metrics", who=None).status == 200


@pytest.mark.parametrize(
    "path", ["/", "/sign-in/", "/api/v1/flights", "/api/v1/stream", "/nowhere", "/admin/"]
)
def test_a_foreign_host_is_one_line_in_the_log(service: RunningService, path: str) -> None:
    before = len(service.log.read_text())
    assert service.ask("GET", path, headers={"Host": "evil.example"}, who=None).status == 400
    assert service.get("/healthz", who=None).status == 200  # what was logged before is written
    added = service.log.read_text()[before:]
    assert added.count("\n") <= 1, added


# --- Where it listens and how it ends ---------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", ["1", "2"])
def test_sighup_is_as_gentle_as_sigterm(service: RunningService, tmp_path: Path, workers: str) -> None:
    other = replace(service, port=free_port(), process=None)
    windsock = str(Path(sys.executable).with_name("windsock"))
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [windsock, "serve", "--port", str(other.port), "--workers", workers],
            env=service.environment, stdout=log, stderr=log,
        )  # fmt: skip
    other.process = process
    wait_until(other._answers, 60, "the start")
    raw = RawSocket.open(other.port)
    assert raw.message("welcome")
    process.send_signal(signal.SIGHUP)
    assert raw.message("moving")
    raw.close()
    if workers == "1":
        assert process.wait(90) == 0
    else:  # the workers are replaced, one by one
        wait_until(other._answers, 60, "the new workers")
        other.stop()
    text = (tmp_path / "log").read_text()
    assert "Traceback" not in text, text
    assert "Application shutdown complete" in text


@pytest.mark.parametrize("workers", ["1", "2"])
def test_it_serves_on_a_unix_socket(service: RunningService, workers: str) -> None:
    folder = Path(tempfile.mkdtemp())  # a socket's path may have a hundred bytes; pytest's folders are longer
    path = folder / "windsock.sock"
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))  # of a process that was killed
    left.close()
    windsock = str(Path(sys.executable).with_name("windsock"))
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [windsock, "serve", "--uds", str(path), "--workers", workers],
            env=service.environment | {"TRUSTED_PROXY": "1", "WINDSOCK_MAX_CONNECTIONS_PER_ADDRESS": "1"},
            stdout=output, stderr=output,
        )  # fmt: skip

    clients = []

    def ask(request: bytes) -> int:
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(PROMPT_SECONDS)
        client.connect(str(path))
        clients.append(client)  # it stays open
        client.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += client.recv(65_536)
        return int(answer.split()[1])

    def answers() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            return ask(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n") == 200
        except (OSError, IndexError):
            return False

    try:
        wait_until(answers, 60, "the start")
        stream = b"GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: %s\r\n\r\n"
        assert ask(handshake("/ws/flight-delay/")) == 101
        # Each visitor counts by the address that the proxy names.
        statuses = [ask(stream % address) for address in (b"10.0.0.1", b"10.0.0.2")]
        assert statuses == [200, 200]
        if workers == "1":
            assert ask(stream % b"10.0.0.1") == 429
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(90) == 0
    assert not path.exists()
    assert "Traceback" not in log.read_text()
    for client in clients:
        client.close()
    shutil.rmtree(folder)


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("arguments", [[], ["publish"], ["serve"], ["watch"], ["doctor"], ["feed"]])
def test_help_is_printed_in_every_encoding(arguments: list[str], encoding: str) -> None:
    windsock = str(Path(sys.executable).with_name("windsock"))
    done = subprocess.run(
        [windsock, *arguments, "--help"],
        env=os.environ | {"PYTHONIOENCODING": encoding}, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode(encoding, "replace")
    assert b"Usage" in done.stdout


@pytest.mark.parametrize("verb", ["doctor", "serve"])
def test_redis_without_its_package_is_said_with_the_cure(tmp_path: Path, verb: str) -> None:
    arguments = ["windsock", verb, *(["--port", str(free_port())] if verb == "serve" else [])]
    code = (
        "import sys; sys.modules['channels_redis'] = None; from windsock.cli.main import main;"
        f"sys.argv = {arguments!r}; main()"
    )
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    environment |= {"REDIS_URL": "redis://127.0.0.1:6379", "WINDSOCK_DATA": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 1
    assert "windsock[redis]" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "serves on" not in done.stderr

"""What the bodies of people whom nobody knows cost a real process: no memory, no files, and not for long."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rawsocket import RawSocket
from tests.running_service import RunningService
from tests.services import wait_until

CONNECTIONS = 100
DECLARED = 4_900_000
SENT = 2_450_000
JUNK = "Authorization: Bearer wsk_" + "j" * 43
MOST_GROWTH = 40_000_000  # bytes of resident memory; before, it was 476 MB


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    service = RunningService.prepare(tmp_path_factory.mktemp("strangers"), PUBLIC_READ="1")
    service.start()
    yield service
    service.stop()
    log = service.log.read_text()
    assert "Traceback" not in log, log[-3000:]


def resident(service: RunningService) -> int:
    assert service.process is not None
    text = Path(f"/proc/{service.process.pid}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0]) * 1024


def temporary_bytes(service: RunningService) -> int:
    assert service.process is not None
    size = 0
    for link in Path(f"/proc/{service.process.pid}/fd").iterdir():
        try:
            if "(deleted)" in str(link.readlink()):
                size += link.stat().st_size
        except OSError:
            continue
    return size


KINDS = {
    "a junk bearer": ("/api/v1/reports", [JUNK, "Content-Type: application/json"], False),
    "nothing": ("/api/v1/reports", ["Content-Type: application/json"], False),
    "a junk session": ("/api/v1/reports", ["Cookie: sessionid=abcdefghijklmnop", "Content-Type: x/y"], False),
    "chunks": ("/api/v1/reports", [JUNK, "Content-Type: application/x-ndjson"], True),
    "a ticket": ("/api/v1/tickets", [JUNK], False),
    "a feed that is not": ("/api/v1/feeds/none/wrong", [], True),
    "a signature": ("/api/v1/feeds/none", ["webhook-signature: v1,AAAA", "webhook-id: 1"], True),
    "signing in": ("/sign-in/", ["Content-Type: multipart/form-data; boundary=x"], True),
    "the admin": ("/admin/login/", ["Content-Type: multipart/form-data; boundary=x"], True),
    "nowhere": ("/nowhere", [], True),
    "reading": ("/api/v1/flights", [], True),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_hundred_half_bodies_of_strangers_are_answered_and_not_kept(
    service: RunningService, kind: str
) -> None:
    path, headers, chunked = KINDS[kind]
    first = resident(service)
    most = files = 0
    clients: list[RawSocket] = []
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {DECLARED}"
    head = "\r\n".join([f"POST {path} HTTP/1.1", "Host: 127.0.0.1", length, *headers, "", ""]).encode()
    filling = b"a" * 65_536
    for _ in range(CONNECTIONS):
        raw = RawSocket(service.port, timeout=30)
        clients.append(raw)
        try:
            raw.send(head)
            for _ in range(20):
                raw.send(b"10000\r\n" + filling + b"\r\n" if chunked else filling)
        except OSError:
            pass  # it was refused and closed by then, as it should be
    for raw in clients:
        assert raw.answer() in (401, 403, 404, 405, 413, 429, 503), raw.head
        most, files = max(most, resident(service)), max(files, temporary_bytes(service))
    assert files < 1_000_000
    assert most - first < MOST_GROWTH, f"{(most - first) / 1e6:.0f} MB"
    for raw in clients:
        raw.close()
    assert service.get("/healthz", who=None).status == 200


def test_known_bodies_are_taken_and_the_room_for_them_is_bounded(service: RunningService) -> None:
    report = b'{"flight":"DL1865","date":"2015-01-02","origin":"ATL","destination":"MCO"}'
    body = b"[" + b",".join([report] * 2_000) + b"]"
    assert len(body) > 100_000
    answer = service.ask("POST", "/api/v1/reports", body, {"Content-Type": "application/json"})
    assert answer.status == 200
    first = resident(service)
    head = (
        f"POST /api/v1/reports HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {DECLARED}\r\n"
        f"Authorization: Bearer {service.tokens['publisher']}\r\nContent-Type: application/json\r\n\r\n"
    ).encode()
    clients = [RawSocket(service.port, timeout=30) for _ in range(40)]
    refused = 0
    for raw in clients:
        try:
            raw.send(head + b" " * SENT)
        except OSError:
            refused += 1
    # More than 64 MiB in all: those who come last are asked to come again, and an honest sign-in is not among them.
    wait_until(lambda: b"503" in _peek(clients[-1]), 30, "a refusal")
    assert resident(service) - first < 160_000_000
    assert service.ask("POST", "/sign-in/", b"username=a", {"Content-Type": "x"}, who=None).status == 403
    for raw in clients:
        raw.close()
    wait_until(
        lambda: (
            service.ask("POST", "/api/v1/reports", body, {"Content-Type": "application/json"}).status == 200
        ),
        20,
        "room again",
    )


def test_a_body_that_drips_is_ended_with_408(service: RunningService) -> None:
    head = (
        "POST /api/v1/reports HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n"
        f"Authorization: Bearer {service.tokens['publisher']}\r\nContent-Type: application/json\r\n\r\n["
    ).encode()
    raw = RawSocket(service.port, timeout=40)
    began = time.monotonic()
    raw.send(head)
    assert raw.answer() == 408
    assert 5 < time.monotonic() - began < 35
    raw.close()


def test_a_sender_that_goes_quiet_after_most_of_its_body_is_not_waited_for(service: RunningService) -> None:
    head = (
        f"POST /api/v1/reports HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {DECLARED}\r\n"
        f"Authorization: Bearer {service.tokens['publisher']}\r\nContent-Type: application/json\r\n\r\n["
    ).encode()
    raw = RawSocket(service.port, timeout=60)
    began = time.monotonic()
    raw.send(head + b" " * SENT)
    assert raw.answer() == 408
    assert time.monotonic() - began < 55
    raw.close()


def _peek(raw: RawSocket) -> bytes:
    raw.socket.settimeout(0.2)
    try:
        return raw.socket.recv(100, socket.MSG_PEEK)
    except TimeoutError:
        return b""
    except OSError:
        return b"503"  # closed on us while we still sent

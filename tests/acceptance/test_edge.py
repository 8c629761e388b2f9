"""What people's browsers, proxies, shells and orchestrators do to the service, against real processes."""

import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rawsocket import RawSocket
from tests.running_service import RunningService

PROMPT_SECONDS = 10.0


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    service = RunningService.prepare(tmp_path_factory.mktemp("edge"), PUBLIC_READ="1")
    service.start()
    yield service
    service.stop()
    log = service.log.read_text()
    assert "Traceback" not in log, log[-3000:]


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
    assert service.process.wait(30) == 0
    assert time.monotonic() - began < 15
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

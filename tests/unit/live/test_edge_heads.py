"""Every head gets its answer: whatever its size, its lines, its number of headers and the pieces in which it comes."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.echo_app import application as echo
from tests.unit.live.conftest import Serve, serving
from windsock.service import http_protocol
from windsock.service.head_limits import (
    MAX_HANDSHAKE_HEADERS,
    MAX_HEAD_BYTES,
    MAX_HEADERS,
)

# What a complete head waits for is the loop alone; a busy machine may take its time.
PROMPT_SECONDS = 20.0

HANDSHAKE = (
    b"Upgrade: websocket",
    b"Connection: Upgrade",
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    b"Sec-WebSocket-Version: 13",
)


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Sockets are echoed; requests get 200, in two parts without a length."""
    if scope["type"] == "websocket":
        await echo(scope, receive, send)
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"one", "more_body": True})
    await send({"type": "http.response.body", "body": b"two"})


@pytest.fixture
async def served() -> AsyncIterator[tuple[uvicorn.Server, int]]:
    async with serving(application) as (server, port):
        yield server, port


def head(*lines: bytes, target: bytes = b"/", method: bytes = b"GET", version: bytes = b"1.1") -> bytes:
    first = method + b" " + target + b" HTTP/" + version
    return b"\r\n".join([first, b"Host: x", *lines, b"", b""])


async def status_of(port: int, *pieces: bytes) -> tuple[int, bool]:
    """The status of the answer, and whether the server ended the connection with it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(PROMPT_SECONDS):
            for piece in pieces:
                writer.write(piece)
                await asyncio.sleep(0)
            answer = await reader.readuntil(b"\r\n\r\n")
            status = int(answer.split()[1])
            ended = status != 101 and b"connection: close" in answer.lower()
            if ended:
                await reader.read()
    finally:
        writer.close()
    return status, ended


def cut(whole: bytes, size: int) -> list[bytes]:
    return [whole[start : start + size] for start in range(0, len(whole), size)]


LONG_LINES = [7_000, 7_990, 8_000, 8_100, *range(8_150, 8_200), 9_000, 20_000, MAX_HEAD_BYTES, 200_000]


@pytest.mark.parametrize("place", [b"Cookie: ", b"X-Forwarded-For: ", b"?"])
async def test_a_handshake_is_accepted_or_answered_431_whatever_the_length_of_a_line(
    served: tuple[uvicorn.Server, int], place: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    _server, port = served
    statuses = {}
    for size in LONG_LINES:
        filling = b"a" * (size - len(place))
        if place == b"?":
            request = head(*HANDSHAKE, target=b"/?" + filling)
        else:
            request = head(*HANDSHAKE, place + filling)
        status, ended = await status_of(port, request)
        assert status in (101, 431), (size, status)
        assert ended == (status == 431)
        statuses[size] = status
    assert statuses[7_000] == 101
    assert statuses[9_000] == statuses[200_000] == 431
    assert sorted(statuses.values()) == [statuses[size] for size in sorted(statuses)], "one bound, no gaps"
    refused = sum(status == 431 for status in statuses.values())
    assert sum("refused with 431" in message for message in caplog.messages) == refused
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize("upgrade", [True, False])
async def test_there_is_one_bound_on_the_number_of_headers(
    served: tuple[uvicorn.Server, int], upgrade: bool
) -> None:
    lines = HANDSHAKE if upgrade else ()
    most = MAX_HANDSHAKE_HEADERS if upgrade else MAX_HEADERS
    for count in (1, 60, 99, 100, 101, 102, most - 1, most, most + 1, 140, 250, 2_000):
        filling = [b"X-%d: y" % number for number in range(count - len(lines) - 1)]
        sent = len(lines) + 1 + len(filling)
        status, _ = await status_of(served[1], head(*lines, *filling))
        assert status == ((101 if upgrade else 200) if sent <= most else 431), sent


@pytest.mark.parametrize("size", [1_000, 9_000, 30_000, MAX_HEAD_BYTES - 200, MAX_HEAD_BYTES + 1, 400_000])
async def test_a_request_is_served_up_to_the_bound_and_refused_beyond(
    served: tuple[uvicorn.Server, int], size: int
) -> None:
    status, ended = await status_of(served[1], head(b"Cookie: " + b"a" * size))
    assert status == (200 if size < MAX_HEAD_BYTES else 431)
    assert ended == (status == 431)


ODD = {
    "a body announced": [*HANDSHAKE, b"Content-Length: 10"],
    "a body in chunks announced": [*HANDSHAKE, b"Transfer-Encoding: chunked"],
    "an empty body": [*HANDSHAKE, b"Content-Length: 0"],
    "no key": HANDSHAKE[:2] + HANDSHAKE[3:],
    "two keys": [*HANDSHAKE, HANDSHAKE[2]],
    "a wrong key": [*HANDSHAKE[:2], b"Sec-WebSocket-Key: short", HANDSHAKE[3]],
    "no version": HANDSHAKE[:3],
    "another version": [*HANDSHAKE[:3], b"Sec-WebSocket-Version: 8"],
    "two versions": [*HANDSHAKE, b"Sec-WebSocket-Version: 14"],
    "two hosts": [*HANDSHAKE, b"Host: y"],
    "expecting": [*HANDSHAKE, b"Expect: 100-continue"],
    "a strange subprotocol": [*HANDSHAKE, b"Sec-WebSocket-Protocol: ,, ;"],
    "a strange extension": [*HANDSHAKE, b"Sec-WebSocket-Extensions: ;;=,"],
    "an upgrade to two": [b"Upgrade: websocket, h2c", *HANDSHAKE[1:]],
    "an upgrade to h2c": [b"Upgrade: h2c", *HANDSHAKE[1:]],
    "latin-1": [*HANDSHAKE, b"X-Name: \xe9\xff"],
    "a header's name that is odd": [*HANDSHAKE, b"X'!#$%: y"],
    "an empty header": [*HANDSHAKE, b"X-Empty:"],
    "a control character": [*HANDSHAKE, b"X-Bell: a\x07b"],
}


@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
@pytest.mark.parametrize("method", [b"GET", b"POST", b"HEAD", b"CONNECT", b"OPTIONS"])
async def test_every_way_past_the_plain_handshake_ends_with_an_answer(
    served: tuple[uvicorn.Server, int], method: bytes, version: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    for target in (b"/", b"/%ff?x=%00", b"/\xc3\xa9", b"http://x/", b"*", b"x:1"):
        for lines in ODD.values() if target == b"/" else [HANDSHAKE]:
            status, _ = await status_of(
                served[1], head(*lines, target=target, method=method, version=version)
            )
            assert status in (101, 200, 400, 405, 426, 431, 500), (target, lines)
    assert not [record for record in caplog.records if record.exc_info], caplog.text


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(st.integers(0, 30_000), max_size=4),
    count=st.integers(0, 220),
    query=st.integers(0, 12_000),
    piece=st.sampled_from([700, 8_192, 65_536, 10**9]),
    upgrade=st.booleans(),
    extra=st.sampled_from([b"", *(b"\r\n".join(lines) for lines in ODD.values())]),
    complete=st.booleans(),
)
def test_any_head_in_any_pieces_is_answered(
    lines: list[int],
    count: int,
    query: int,
    piece: int,
    upgrade: bool,
    extra: bytes,
    complete: bool,
    running: "Running",
) -> None:
    sent = [*(HANDSHAKE if upgrade else ()), *([extra] if extra and not upgrade else ())]
    sent += [b"L%d: " % number + b"a" * size for number, size in enumerate(lines)]
    sent += [b"H%d: y" % number for number in range(count)]
    request = head(*sent, target=b"/?" + b"q" * query)
    if not complete:
        request = request[:-3]
    http_protocol.HEAD_SECONDS = PROMPT_SECONDS if complete else 0.1  # `running` puts it back
    status, ended = running.ask(*cut(request, piece))
    size = len(request)
    if (
        complete
        and size < MAX_HEAD_BYTES - 1_000
        and len(sent) < 100
        and query < 8_000
        and max([0, *lines]) < 8_000
    ):
        assert status in ((101,) if upgrade else (101, 200, 400, 426)), sent[:4]
    elif not complete:
        assert status in (408, 431, 400)
    if status >= 400 and status != 426:
        assert ended


class Running:
    """A server in a loop of the test's own, for a test that is not a coroutine."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        self.server, self.port = self.loop.run_until_complete(
            self.stack.enter_async_context(serving(application))
        )

    def ask(self, *pieces: bytes) -> tuple[int, bool]:
        return self.loop.run_until_complete(status_of(self.port, *pieces))

    def end(self) -> None:
        self.loop.run_until_complete(self.stack.aclose())
        self.loop.close()


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setattr(http_protocol, "HEAD_SECONDS", http_protocol.HEAD_SECONDS)
    running = Running()
    yield running
    running.end()


async def test_the_server_ends_in_peace_with_heads_of_every_kind_open(
    serve: Serve, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "LINGER_SECONDS", 600.0)
    opened = []
    async with serve(application) as (server, port):
        for sent in (
            b"",
            b"GET / HT",
            head(*HANDSHAKE)[:-2],
            head(*HANDSHAKE),
            head(*HANDSHAKE, b"Cookie: " + b"a" * 9_000),
            head(*HANDSHAKE, *(b"X-%d: y" % number for number in range(140))),
            head(b"Cookie: " + b"a" * 100_000)[:-2],
            head(*HANDSHAKE, b"Content-Length: 10"),
            head(*HANDSHAKE[:2]),
            head(*HANDSHAKE, target=b"/kept"),
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(sent)
            opened.append((reader, writer))
        async with asyncio.timeout(PROMPT_SECONDS):
            while len(server.server_state.connections) < 3 or not opened[-1][0]._buffer:  # type: ignore[attr-defined]
                await asyncio.sleep(0.01)
    for _, writer in opened:
        writer.close()
    assert not [record for record in caplog.records if record.exc_info], caplog.text
    assert "Cancel" not in caplog.text


async def test_an_http_1_0_client_gets_a_body_without_chunks(served: tuple[uvicorn.Server, int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", served[1])
    writer.write(head(b"Connection: keep-alive", version=b"1.0"))
    async with asyncio.timeout(PROMPT_SECONDS):
        answer = await reader.read()
    writer.close()
    top, _, body = answer.partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in top.lower()
    assert body == b"onetwo"

"""uvicorn's protocols with the hand-over: what stays of a handshake, and how long one may take."""

import asyncio
import gc
from collections import Counter
from typing import Any

import pytest
import uvicorn

from tests.echo_app import application
from tests.rawsocket import TEXT, masked
from tests.unit.live.conftest import Serve
from windsock.service import http_protocol, websocket_protocol

REQUEST = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def kept() -> Counter[str]:
    """How many objects of a handshake there are."""
    names = (
        "PatientHttpProtocol",
        "HandoverProtocol",
        "ServerProtocol",
        "HttpRequestParser",
        "Queue",
        "Task",
    )
    return Counter(name for thing in gc.get_objects() if (name := type(thing).__name__) in names)


async def opened(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(REQUEST)
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    writer.write(masked(b"hi"))
    assert await reader.readexactly(4) == bytes([0x80 | TEXT, 2]) + b"hi"
    return reader, writer


async def test_nothing_of_the_handshake_stays_and_no_collector_is_needed(port: int) -> None:
    (await opened(port))[1].close()
    gc.collect()
    before = kept()
    gc.disable()
    try:
        clients = [await opened(port) for _ in range(30)]
        await asyncio.sleep(0.05)
        grown = kept() - before
    finally:
        gc.enable()
    assert all(count < 5 for count in grown.values()), grown
    for _, writer in clients:
        writer.close()


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost:"])
async def test_a_head_that_is_not_finished_in_time_is_answered_408(
    port: int, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "HEAD_SECONDS", 0.1)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    async with asyncio.timeout(60):
        assert (await reader.read()).startswith(b"HTTP/1.1 408 ")
    writer.close()


async def test_a_connection_that_was_handed_over_has_no_deadline(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "HEAD_SECONDS", 0.05)
    reader, writer = await opened(port)
    await asyncio.sleep(0.2)
    writer.write(masked(b"yo"))
    assert (await reader.readexactly(4))[2:] == b"yo"
    writer.close()


async def test_who_speaks_before_the_accept_is_served_without_the_hand_over(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(REQUEST.replace(b"GET /", b"GET /late"))
    await asyncio.sleep(0.05)  # a segment of its own: uvicorn lets by what comes in the head's
    writer.write(masked(b"early"))
    await reader.readuntil(b"\r\n\r\n")
    async with asyncio.timeout(60):
        assert (await reader.readexactly(7))[2:] == b"early"
    writer.close()


def test_the_extension_is_only_for_what_was_accepted() -> None:
    """Before its handshake is complete a protocol gives nothing away."""
    config = uvicorn.Config(
        application,
        http=http_protocol.PatientHttpProtocol,
        ws=websocket_protocol.HandoverProtocol,
        log_config=None,
    )
    loop: Any = asyncio.new_event_loop()
    try:
        from uvicorn.server import ServerState

        protocol = websocket_protocol.HandoverProtocol(
            config=config, server_state=ServerState(), app_state={}, _loop=loop
        )
        assert protocol.hand_over(asyncio.Protocol()) is None
    finally:
        loop.close()


async def test_an_accept_after_the_server_has_said_goodbye_is_let_by(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    """The server shuts down while the application still asks who comes: uvicorn has answered 500 by then."""
    running: list[uvicorn.Server] = []
    tasks: list[asyncio.Task[Any]] = []

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.append(task)
        for connection in list(running[0].server_state.connections):
            connection.shutdown()
        # In the same turn of the loop: the connection is closing, and not gone yet.
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 4200})

    async with serve(slow) as (server, port):
        running.append(server)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUEST)
        async with asyncio.timeout(60):
            answer = await reader.read()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 500 ")
    (task,) = tasks
    await task  # and with it what uvicorn does when the application has returned
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []

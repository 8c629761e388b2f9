"""The outlet of a handed-over socket, over real sockets of this process; only the session behind it is an echo."""

import asyncio
import logging
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from tests.echo_app import Echo, Everything
from tests.rawsocket import CLOSE, PING, PONG, TEXT, masked
from windsock.live.core.frames import Batch, Encoded
from windsock.live.transport import handover
from windsock.live.transport.handover import SocketOutlet
from windsock.live.transport.keepalive import Keepalive

Both = tuple[SocketOutlet, "Recorder", asyncio.StreamReader, asyncio.StreamWriter]


class Recorder(Echo):
    """An echo that remembers what became of it."""

    def __init__(self, outlet: SocketOutlet) -> None:
        super().__init__(outlet)
        self.wire: Any = None
        self.times_drained = self.times_stalled = 0
        self.ended_with: int | None = None

    def receive(self, data: str | bytes) -> None:
        if data == "boom":
            raise ZeroDivisionError("a fault of ours")
        super().receive(data)

    def drained(self) -> None:
        self.times_drained += 1

    def stalled(self) -> None:
        self.times_stalled += 1

    def end(self, code: int, reason: str) -> None:
        self.ended_with = code
        self.outlet.close(code, reason)


class Service(Everything):
    """Remembers whom it let go."""

    detached: list[Any]

    def detach(self, conversation: Any) -> None:
        self.detached.append(conversation)


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    loop = asyncio.get_running_loop()
    service = Service(loop, Keepalive(loop, 20))
    service.detached = []
    yield service
    service.pulse.stop()


@pytest.fixture
async def both(service: Service) -> AsyncIterator[Callable[..., Awaitable[Both]]]:
    """Makes a pair: the outlet and its conversation here, a client's streams there."""
    listener = socket.create_server(("127.0.0.1", 0))
    made: asyncio.Queue[SocketOutlet] = asyncio.Queue()

    def protocol() -> SocketOutlet:
        outlet = SocketOutlet(service)  # type: ignore[arg-type]
        made.put_nowait(outlet)
        return outlet

    server = await service.loop.create_server(protocol, sock=listener)
    clients: list[asyncio.StreamWriter] = []

    async def make(begin: bool = True, receive_buffer: int | None = None) -> Both:
        raw = socket.socket()
        if receive_buffer is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        raw.setblocking(False)
        await service.loop.sock_connect(raw, listener.getsockname())
        reader, writer = await asyncio.open_connection(sock=raw, limit=4096 if receive_buffer else 2**16)
        clients.append(writer)
        outlet = await made.get()
        conversation = Recorder(outlet)
        await until(lambda: outlet.transport is not None)
        if begin:
            outlet.begin(conversation, [])  # type: ignore[arg-type]
        return outlet, conversation, reader, writer

    yield make
    server.close()
    for writer in clients:
        writer.close()


async def until(condition: Callable[[], bool], seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


async def next_frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    async with asyncio.timeout(60):
        first, second = await reader.readexactly(2)
        size = second
        if size == 126:
            (size,) = struct.unpack("!H", await reader.readexactly(2))
        return first & 15, await reader.readexactly(size)


Make = Callable[..., Awaitable[Both]]


async def test_messages_go_in_and_out_and_pings_are_answered(both: Make) -> None:
    outlet, _, reader, writer = await both()
    writer.write(masked(b"hello") + masked(b"?", PING))
    assert await next_frame(reader) == (TEXT, b"hello")
    assert await next_frame(reader) == (PONG, b"?")
    assert outlet.write(Batch([Encoded(b"{}"), Encoded(b"[]")]))
    assert [await next_frame(reader), await next_frame(reader)] == [(TEXT, b"{}"), (TEXT, b"[]")]


async def test_a_fault_of_ours_closes_this_connection_with_1011_and_is_logged(
    both: Make, caplog: pytest.LogCaptureFixture
) -> None:
    _, conversation, reader, writer = await both()
    _, _, other_reader, other_writer = await both()
    with caplog.at_level(logging.ERROR):
        writer.write(masked(b"boom") + masked(b"later"))
        opcode, payload = await next_frame(reader)
    assert (opcode, payload[:2]) == (CLOSE, struct.pack("!H", 1011))
    assert conversation.ended_with == 1011
    assert "ZeroDivisionError" in caplog.text
    other_writer.write(masked(b"fine"))
    assert await next_frame(other_reader) == (TEXT, b"fine")


async def test_a_broken_frame_is_closed_with_its_code_then_the_end(both: Make, service: Service) -> None:
    outlet, conversation, reader, writer = await both()
    writer.write(masked(b"x", mask=False) + b"and more of it" * 1000)
    assert (await next_frame(reader))[1][:2] == struct.pack("!H", 1002)
    assert await reader.read() == b""
    assert service.detached == [conversation]
    writer.close()
    await until(lambda: outlet.transport is None)


async def test_the_peers_close_is_answered_and_nothing_stays(both: Make, service: Service) -> None:
    outlet, conversation, reader, writer = await both()
    writer.write(masked(struct.pack("!H", 4001), CLOSE) + masked(b"late"))
    assert await next_frame(reader) == (CLOSE, struct.pack("!H", 4001))
    assert await reader.read() == b""
    await until(lambda: outlet.transport is None)
    assert service.detached == [conversation]
    assert len(service.pulse) == 0


async def test_a_client_that_vanished_before_it_began_is_detached(both: Make, service: Service) -> None:
    outlet, conversation, _, writer = await both(begin=False)
    writer.transport.abort()
    await until(lambda: outlet.transport is None)
    outlet.begin(conversation, [])  # type: ignore[arg-type]
    assert service.detached == [conversation]


async def test_a_refused_one_is_told_the_code_though_it_never_began(both: Make) -> None:
    outlet, _, reader, writer = await both(begin=False)
    outlet.close(4130, "too many")
    assert await next_frame(reader) == (CLOSE, struct.pack("!H", 4130) + b"too many")
    writer.write(masked(struct.pack("!H", 4130), CLOSE))
    await until(lambda: outlet.transport is None)


async def test_who_does_not_answer_our_close_is_let_go(both: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "CLOSE_SECONDS", 0.05)
    outlet, _, _, _ = await both()
    outlet.close(4200, "move")
    outlet.close(4108, "twice says nothing")
    await until(lambda: outlet.transport is None)


async def test_a_reader_that_takes_nothing_is_told_of_and_costs_a_bounded_buffer(
    both: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "CLOSE_SECONDS", 0.05)
    outlet, conversation, reader, _ = await both(receive_buffer=4096)
    batch = Batch([Encoded(b'"' + b"x" * 8000 + b'"')])
    written = 0
    while outlet.write(batch):
        written += 8000
        assert written < 1_000_000, "the kernel takes without bound"
        await asyncio.sleep(0)
    assert conversation.times_stalled == 1
    assert outlet.transport is not None
    assert outlet.transport.get_write_buffer_size() < handover.HIGH_WATER_BYTES + 16_000
    kernel = outlet.transport.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
    assert kernel <= 2 * handover.SEND_BUFFER_BYTES
    async with asyncio.timeout(60):
        while not conversation.times_drained:
            await reader.read(65_536)
    assert outlet.write(batch)
    while outlet.write(batch):
        await asyncio.sleep(0)
    outlet.close(4108, "too slow")
    await until(lambda: outlet.transport is None)


async def test_a_flood_of_control_frames_ends_with_4129_until_the_next_beat(
    both: Make, service: Service
) -> None:
    most = service.settings.max_messages_per_minute
    outlet, conversation, reader, writer = await both()
    writer.write(masked(b"", PONG) * most)
    await until(lambda: outlet.frames == most)
    service.pulse.beat(outlet)
    writer.write(masked(b"", PONG) * most)
    await until(lambda: outlet.frames == most)
    assert conversation.ended_with is None
    writer.write(masked(b"", PONG))
    assert (await next_frame(reader))[1][:2] == struct.pack("!H", 4129)
    assert conversation.ended_with == 4129


async def test_who_floods_after_our_close_is_cut_off(both: Make) -> None:
    outlet, _, _, writer = await both()
    outlet.close(4129, "enough")
    with pytest.raises(ConnectionError):
        async with asyncio.timeout(60):
            while True:
                writer.write(masked(b"", PING) * 10_000)
                await writer.drain()
    await until(lambda: outlet.transport is None)


async def test_stopping_the_pulse_lets_go_of_all_and_of_who_comes_late(both: Make, service: Service) -> None:
    outlets = [(await both())[0] for _ in range(20)]
    service.pulse.stop()
    await until(lambda: all(outlet.transport is None for outlet in outlets))
    late, *_ = await both(begin=False)
    await until(lambda: late.transport is None)


class Silent:
    """A connection that never says anything."""

    def __init__(self, behind: bool = False) -> None:
        self.heard = True
        self.behind = behind
        self.frames = 7
        self.pings = 0
        self.aborted = False

    def ping(self) -> None:
        self.pings += 1

    def abort(self) -> None:
        self.aborted = True


async def test_who_is_silent_is_pinged_once_and_let_go_two_beats_later(service: Service) -> None:
    silent = Silent()
    service.pulse.add(silent)
    for pings, aborted in [(0, False), (1, False), (1, False), (1, False), (1, True)]:
        service.pulse.beat(silent)
        assert (silent.pings, silent.aborted) == (pings, aborted)
    assert silent.frames == 0


async def test_a_sign_of_life_or_a_backlog_begins_anew(service: Service) -> None:
    alive, behind = Silent(), Silent(behind=True)
    for connection in (alive, behind):
        service.pulse.add(connection)
        for beat in range(20):
            connection.heard = connection is alive and beat % 3 == 0
            service.pulse.beat(connection)
        assert not connection.aborted
    assert behind.pings == 0

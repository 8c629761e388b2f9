"""Which requests wait for a slot, what they hold and until when, and what is said to those who come too many."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from windsock.api import responselimit
from windsock.api.responselimit import ABORT, MAX_BUILDING, ResponseLimit, tally

EVENTS, BOARD, SIGN_IN, STREAM = "/api/v1/events", "/airports/JFK/departures/", "/sign-in/", "/api/v1/stream"


class Request:
    """One request to an application: what it was sent, and a client that may go."""

    def __init__(self, path: str, method: str = "GET", address: str = "192.0.2.1", **scope: Any) -> None:
        self.scope = {"type": "http", "method": method, "path": path, "headers": [], "client": (address, 1)}
        self.scope |= scope
        self.gone = asyncio.Event()
        self.read = asyncio.Event()
        self.read.set()
        self.messages: list[Any] = []
        self._begun = False

    async def receive(self) -> Any:
        if not self._begun:
            self._begun = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.body":
            await self.read.wait()
        self.messages.append(message)

    def start(self, application: Any) -> "asyncio.Task[None]":
        return asyncio.create_task(application(self.scope, self.receive, self.send))

    @property
    def status(self) -> int | None:
        return self.messages[0]["status"] if self.messages else None

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.messages[1:])


class Application:
    """Builds answers of `size` bytes when `build` is set, in two parts."""

    def __init__(self, size: int = 10) -> None:
        self.size = size
        self.build = asyncio.Event()
        self.building = self.most = self.built = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["type"] == "http.request"
        self.building += 1
        self.most = max(self.most, self.building)
        await self.build.wait()
        self.building -= 1
        self.built += 1
        size = self.size
        headers = [(b"Content-Length", str(size).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        half = size // 2
        await send({"type": "http.response.body", "body": b"a" * half, "more_body": True})
        await send({"type": "http.response.body", "body": b"a" * (size - half)})


@pytest.fixture(autouse=True)
def _nothing_is_held_afterwards() -> Iterator[None]:
    yield
    assert (tally.building, tally.waiting, tally.unread_bytes) == (0, 0, 0)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0)


async def crowd(application: Application, path: str, number: int = 30) -> tuple[ResponseLimit, list[Any]]:
    limit = ResponseLimit(application)
    tasks = [Request(path).start(limit) for _ in range(number)]
    await until(lambda: application.building >= MAX_BUILDING)
    return limit, tasks


@pytest.mark.parametrize(
    "path", [EVENTS, "/api/v1/flights", "/api/v1/flights/X/history", BOARD, "/", "/names.json"]
)
async def test_large_answers_are_built_a_few_at_a_time_and_all_are_given(path: str) -> None:
    application = Application()
    _, tasks = await crowd(application, path)
    await until(lambda: tally.waiting == 30 - MAX_BUILDING)
    application.build.set()
    await asyncio.gather(*tasks)
    assert (application.built, application.most) == (30, MAX_BUILDING)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", SIGN_IN),
        ("GET", STREAM),
        ("GET", "/healthz"),
        ("GET", "/api/v1/flights/DL1.2015-01-02.ATL"),
        ("GET", "/nowhere"),
        ("POST", "/api/v1/reports"),
        ("POST", SIGN_IN),
    ],
)
async def test_what_is_small_a_stream_a_change_or_not_ours_never_waits(method: str, path: str) -> None:
    application = Application()
    limit, tasks = await crowd(application, EVENTS)
    tasks += [Request(BOARD).start(limit) for _ in range(MAX_BUILDING)]
    await until(lambda: application.building == 2 * MAX_BUILDING)
    request = Request(path, method)
    tasks.append(request.start(limit))
    await until(lambda: application.building == 2 * MAX_BUILDING + 1)
    application.build.set()
    await asyncio.gather(*tasks)
    assert request.status == 200


async def test_the_pages_do_not_wait_for_the_api() -> None:
    application = Application()
    limit, tasks = await crowd(application, EVENTS)
    tasks.append(Request(BOARD).start(limit))
    await until(lambda: application.building == MAX_BUILDING + 1)
    application.build.set()
    await asyncio.gather(*tasks)


@pytest.mark.parametrize(
    ("path", "kind"), [(EVENTS, b"application/problem+json"), (BOARD, b"text/plain; charset=utf-8")]
)
async def test_who_waits_too_long_is_asked_to_come_again(
    monkeypatch: pytest.MonkeyPatch, path: str, kind: bytes
) -> None:
    monkeypatch.setattr(responselimit, "WAIT_SECONDS", 0.05)
    application = Application()
    limit, tasks = await crowd(application, path, MAX_BUILDING)
    late = Request(path)
    await late.start(limit)
    assert late.status == 503
    headers = dict(late.messages[0]["headers"])
    assert (headers[b"content-type"], headers[b"retry-after"]) == (kind, b"2")
    assert int(headers[b"content-length"]) == len(late.body)
    assert b"too many requests" in late.body
    application.build.set()
    await asyncio.gather(*tasks)
    assert application.built == MAX_BUILDING
    await Request(path).start(limit)  # the slot that was waited for is not lost


async def test_a_client_that_goes_while_it_waits_costs_nothing() -> None:
    application = Application()
    limit, tasks = await crowd(application, EVENTS, MAX_BUILDING)
    request = Request(EVENTS)
    waiting = request.start(limit)
    await until(lambda: tally.waiting == 1)
    request.gone.set()
    await waiting
    application.build.set()
    await asyncio.gather(*tasks)
    assert (application.built, request.messages) == (MAX_BUILDING, [])


async def test_a_request_that_is_cancelled_gives_its_slot_or_its_place_back() -> None:
    application = Application()
    _, tasks = await crowd(application, EVENTS, MAX_BUILDING + 3)
    await until(lambda: tally.waiting == 3)
    for task in (tasks[0], tasks[-1]):
        task.cancel()
    await asyncio.wait([tasks.pop(0), tasks.pop()])
    await until(lambda: tally.waiting == 1)
    application.build.set()
    await asyncio.gather(*tasks)
    assert tally.building == 0


async def test_slow_readers_hold_no_slot_and_their_bytes_are_bounded_by_address_and_in_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(responselimit, "MAX_UNREAD_BYTES", 1_000_000)
    monkeypatch.setattr(responselimit, "MAX_ADDRESS_BYTES", 250_000)
    application = Application(100_000)
    application.build.set()
    limit = ResponseLimit(application)
    slow: list[Request] = []
    tasks = []
    for number in range(40):
        request = Request(EVENTS, address=f"192.0.2.{number % 8}")
        request.read.clear()
        slow.append(request)
        tasks.append(request.start(limit))
    await until(lambda: all(request.status for request in slow))
    assert [request.status for request in slow].count(200) == 10
    assert tally.unread_bytes == 1_000_000
    assert (
        max(sum(r.status == 200 for r in slow if r.scope["client"][0] == f"192.0.2.{n}") for n in range(8))
        == 2
    )
    head = Request(EVENTS, "HEAD")
    await head.start(limit)
    assert head.status == 200
    application.size = responselimit.FREE_BYTES
    small = Request(EVENTS)
    await small.start(limit)
    assert (small.status, len(small.body)) == (200, responselimit.FREE_BYTES)
    for request in slow:
        request.read.set()
    await asyncio.gather(*tasks)
    assert {len(request.body) for request in slow if request.status == 200} == {100_000}
    application.size = 3_000_000  # larger than all there is: alone, it is given
    alone = Request(EVENTS)
    await alone.start(limit)
    assert (alone.status, len(alone.body)) == (200, 3_000_000)


@pytest.mark.parametrize("aborts", [True, False])
async def test_who_does_not_read_at_all_is_cut_off(monkeypatch: pytest.MonkeyPatch, aborts: bool) -> None:
    monkeypatch.setattr(responselimit, "READ_SECONDS", 0.05)
    application = Application(100_000)
    application.build.set()
    request = Request(EVENTS)
    request.read.clear()
    aborted: list[bool] = []

    def abort() -> None:
        aborted.append(True)
        request.read.set()  # what a server does with the rest of a lost connection: nothing, at once

    if aborts:
        request.scope["extensions"] = {ABORT: abort}
        await request.start(ResponseLimit(application))
    else:
        with pytest.raises(ConnectionAbortedError):
            await request.start(ResponseLimit(application))
    assert aborted == [True] * aborts


@pytest.mark.parametrize(
    ("size", "goes", "refused", "heard"),
    [
        (100_000, "at the end", False, False),
        (100_000, "at the end", True, False),
        (100_000, "before its body", False, False),
        (100_000, "before it begins", False, True),
        (10, "at the end", False, True),
    ],
)
async def test_a_disconnect_is_heard_until_a_large_answer_begins(
    monkeypatch: pytest.MonkeyPatch, size: int, goes: str, refused: bool, heard: bool
) -> None:
    """Django would keep the answer in a reference cycle (see `Answer.receive`)."""
    told: list[str] = []
    request = Request(EVENTS)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        listening = asyncio.create_task(receive())
        if goes == "before it begins":
            request.gone.set()
            await asyncio.wait((listening,), timeout=10)
        headers = [(b"content-length", str(size).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if goes == "before its body":
            request.gone.set()
        await send({"type": "http.response.body", "body": b"a" * size})
        request.gone.set()
        await asyncio.wait((listening,), timeout=10 if heard else 0.05)
        told.extend([listening.result()["type"]] if listening.done() else [])
        listening.cancel()

    limit = ResponseLimit(application)
    if refused:
        monkeypatch.setattr(limit._unread, "take", lambda *_: False)
    await request.start(limit)
    assert request.status == (503 if refused else 200)
    assert told == ["http.disconnect"] * heard

"""Bound what a process holds for its answers: how many it builds at once, and how much of them waits to be read.

Django builds a whole answer before it sends the first byte, and holds it until the last is sent. A hundred requests for
a long list at one moment are a hundred lists in memory, and a reader that does not read keeps its own for good. This
wraps the application: `application = BodyLimit(ResponseLimit(ReportsLane(get_asgi_application())))`. It concerns GET
and HEAD of Windsock's own addresses whose answers can be large (`bodyrules.Rule.slots`); probes, streams and a host's
own addresses pass.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from windsock.access.address import client_address
from windsock.access.problems import HttpProblem
from windsock.api.bodyrules import API_SLOTS, PAGE_SLOTS, rule_for, unprefixed
from windsock.figures import Figure

logger = logging.getLogger(__name__)

ABORT = "windsock.abort"
"""The ASGI extension that aborts a connection. Only our own server has it; others close at the error below."""

MAX_BUILDING = 8
"""Answers built at once, of the API and of the pages each. Building is work for one processor at a time; more at once
take memory and end no sooner."""
WAIT_SECONDS = 10.0
"""A request waits this long for a slot. After that it would hold up whoever waits behind it: 503."""
FREE_BYTES = 65_536
"""An answer up to this size does not count: the server's buffers take it whole."""
MAX_UNREAD_BYTES = 64 * 1024 * 1024
"""Bytes of answers that a process holds while their readers read: forty full pages of events. Beyond it, 503."""
MAX_ADDRESS_BYTES = MAX_UNREAD_BYTES // 4
"""The same for one client address: who does not read must not take the room of everybody else."""
READ_SECONDS = 30.0
"""A reader has this long for each part of 64 KiB; the slowest mobile network takes ten. Then the connection ends."""
RETRY_SECONDS = 2


@dataclass(slots=True)
class Tally:
    """What this process's answers took and were refused, for /metrics."""

    building: int = 0
    waiting: int = 0
    unread_bytes: int = 0
    no_slot: int = 0
    no_room: int = 0
    not_read: int = 0


tally = Tally()


def figures() -> Iterator[Figure]:
    """Return the figures of this process's answers."""
    yield Figure("windsock_answers_building", "Answers being built.", "gauge", tally.building, {})
    yield Figure("windsock_answers_waiting", "Requests that wait for a slot.", "gauge", tally.waiting, {})
    yield Figure(
        "windsock_answers_unread_bytes", "Bytes of large answers being read.", "gauge", tally.unread_bytes, {}
    )
    for reason in ("no_slot", "no_room", "not_read"):
        yield Figure(
            "windsock_answers_refused_total",
            "Answers that were refused (no slot in time, no room for unread bytes) or ended (not read in time).",
            "counter",
            getattr(tally, reason),
            {"reason": reason},
        )


class ResponseLimit:
    """Let an ASGI `application` build its large answers a few at a time, and hold them for readers within a budget."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._slots = {name: asyncio.Semaphore(MAX_BUILDING) for name in (API_SLOTS, PAGE_SLOTS)}
        self._unread = Unread()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        name = None
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            name = rule_for(unprefixed(scope)).slots
        if name is None:
            await self._application(scope, receive, send)
            return
        slots = self._slots[name]
        if slots.locked():
            queue = Queue(receive)
            try:
                if not await queue.turn(slots):
                    return
            except HttpProblem as problem:
                tally.no_slot += 1
                await refuse(send, name, problem)
                return
            receive = queue.receive
        else:
            await slots.acquire()  # at once: it has just been free
        answer = Answer(scope, receive, send, slots, name, self._unread)
        try:
            await self._application(scope, answer.receive, answer.send)
        finally:
            answer.end()


class Queue:
    """A request that waits for a slot, and goes if its client does."""

    def __init__(self, receive: Any) -> None:
        self._receive = receive
        self._messages: list[Any] = []

    async def turn(self, slots: asyncio.Semaphore) -> bool:
        """Return whether the request has a slot; False if its client is gone. Raise HttpProblem 503 if it is late."""
        self._messages.append(await self._receive())
        turn = asyncio.ensure_future(slots.acquire())
        gone = asyncio.ensure_future(self._receive())
        tally.waiting += 1
        try:
            await asyncio.wait((turn, gone), timeout=WAIT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if gone.done():
                message = gone.result()
                if message["type"] == "http.disconnect":
                    if turn.done():
                        slots.release()
                    return False
                self._messages.append(message)
                await asyncio.wait((turn,), timeout=WAIT_SECONDS)
            if not turn.done():
                raise HttpProblem(
                    503,
                    "overloaded",
                    "This server is answering too many requests at the moment. Send yours again later.",
                    retry_after=RETRY_SECONDS,
                )
            return True
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                slots.release()
            raise
        finally:
            tally.waiting -= 1
            turn.cancel()
            gone.cancel()

    async def receive(self) -> Any:
        """Give the messages that came meanwhile, then the server's next."""
        return self._messages.pop(0) if self._messages else await self._receive()


class Unread:
    """The bytes of large answers that are being read, in all and by client address."""

    def __init__(self) -> None:
        self._all = 0
        self._of: Counter[str] = Counter()

    def take(self, size: int, address: str) -> bool:
        """Take `size` bytes; return False if they are too many. A first answer fits whatever its size."""
        if self._all and self._all + size > MAX_UNREAD_BYTES:
            return False
        # The peers of a Unix socket have no address: they are one proxy.
        if address and self._of[address] and self._of[address] + size > MAX_ADDRESS_BYTES:
            return False
        self._all += size
        self._of[address] += size
        tally.unread_bytes += size
        return True

    def give(self, size: int, address: str) -> None:
        """Return `size` bytes."""
        self._all -= size
        tally.unread_bytes -= size
        self._of[address] -= size
        if not self._of[address]:
            del self._of[address]


class Answer:
    """One answer: it holds a slot until it begins, and its bytes until they are sent."""

    def __init__(
        self, scope: Any, receive: Any, send: Any, slots: asyncio.Semaphore, name: str, unread: Unread
    ) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._slots: asyncio.Semaphore | None = slots
        self._name = name
        self._unread = unread
        self._address = ""
        self._held = 0
        self._refused = False
        self._large = False
        tally.building += 1

    async def receive(self) -> Any:
        """Give the server's next message, but no disconnect once a large answer has begun.

        Servers report one at the end of each answer too. Django keeps its traceback, and with it the answer, in a
        reference cycle: each would stay in memory until the garbage collector's next full run. Without it Django sends
        the rest, which a server drops if the client is gone.
        """
        message = await self._receive()
        if self._large:
            await (
                asyncio.get_running_loop().create_future()
            )  # Django cancels this when it has sent the answer
        return message

    async def send(self, message: Any) -> None:
        """Send the answer's next message, or a 503 in its place. Raise OSError if the reader does not read."""
        if self._refused:
            return
        if message["type"] == "http.response.start":
            self._built()
            if not self._take(message):
                self._refused = True
                tally.no_room += 1
                text = "This server holds too many answers that are still being read. Send your request again later."
                await refuse(
                    self._send, self._name, HttpProblem(503, "overloaded", text, retry_after=RETRY_SECONDS)
                )
                return
        if not self._held:
            await self._send(message)
            return
        try:
            async with asyncio.timeout(READ_SECONDS):
                await self._send(message)
        except TimeoutError:
            self._abort()

    def end(self) -> None:
        """Return what the answer holds."""
        self._built()
        if self._held:
            self._unread.give(self._held, self._address)
            self._held = 0

    def _built(self) -> None:
        if self._slots is not None:
            self._slots.release()
            self._slots = None
            tally.building -= 1

    def _take(self, start: Any) -> bool:
        if self._scope["method"] == "HEAD":
            return True
        length = next((value for name, value in start["headers"] if name.lower() == b"content-length"), b"")
        size = int(length) if length.isdigit() else 0
        if size <= FREE_BYTES:
            return True
        self._large = True
        self._address = client_address(self._scope) or ""
        if not self._unread.take(size, self._address):
            return False
        self._held = size
        return True

    def _abort(self) -> None:
        tally.not_read += 1
        text = f"An answer of {self._held:,} bytes was not read in time; the connection was closed."
        logger.warning("%s - %s", self._address or "-", text)
        abort = self._scope.get("extensions", {}).get(ABORT)
        if abort is None:
            raise ConnectionAbortedError(text)
        abort()


async def refuse(send: Any, name: str, problem: HttpProblem) -> None:
    """Answer with `problem`: as a document to programs, as its sentence to people."""
    page = name == PAGE_SLOTS
    body = problem.detail.encode() if page else msgspec.json.encode(problem.document())
    kind = b"text/plain; charset=utf-8" if page else b"application/problem+json"
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        *((name.lower().encode(), value.encode()) for name, value in problem.headers.items()),
    ]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

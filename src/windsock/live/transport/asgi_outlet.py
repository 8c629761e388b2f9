"""The consumer's outlet: a session's messages over ASGI's `send`, without a task while its reader keeps up."""

import asyncio
import types
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable
from typing import Any

from windsock.live.core.frames import Batch, Encoded
from windsock.live.core.session import Session
from windsock.protocol.codes import CloseCode, Reaction, reaction

Send = Callable[[dict[str, Any]], Awaitable[None]]

# How long a close frame may wait behind what a stuck reader does not take.
CLOSE_SECONDS = 5.0


class AsgiOutlet:
    """Writes to ASGI's `send`.

    A server's `send` seldom waits: it hands the frame to the socket's buffer. So each call is begun right in the hub's
    flush, and only where it does wait (the reader is slow) a task is made that sees it through.
    """

    def __init__(self, send: Send, ended: Callable[[], None]) -> None:
        self._send = send
        self._ended = ended
        self._task: asyncio.Task[None] | None = None
        self._queue: deque[Encoded] | None = None  # made only for a slow reader: a deque has 600 bytes
        self._closing = False
        self._closer: asyncio.Task[None] | None = None
        self._broken = False
        self.session: Session | None = None

    def write(self, batch: Batch) -> bool:
        """As `Outlet` says. A broken connection takes everything and leads nowhere: its consumer is about to end."""
        if self._task is not None:
            self._later(batch.messages)
            return False
        messages = iter(batch.messages)
        for message in messages:
            if not self._begin(message):
                self._later(messages)
                return False
        return True

    def _later(self, messages: Iterable[Encoded]) -> None:
        if self._queue is None:
            self._queue = deque()
        self._queue.extend(messages)

    def close(self, code: int, reason: str) -> None:
        """As `Outlet` says."""
        if not self._closing:
            self._closing = True
            self._closer = asyncio.ensure_future(self._close(code, reason))

    def _begin(self, message: Encoded) -> bool:
        if self._broken or self._closing:
            return True
        sending = self._send({"type": "websocket.send", "text": message.text})
        if not isinstance(sending, Coroutine):
            self._task = asyncio.ensure_future(self._finish(sending))
            return False
        try:
            waits_for = sending.send(None)
        except StopIteration:
            return True
        except Exception:
            self._broken = True  # the client is gone; the consumer learns it from `receive`
            return True
        self._task = asyncio.ensure_future(self._finish(_continued(sending, waits_for)))
        return False

    async def _finish(self, sending: Awaitable[None]) -> None:
        try:
            await sending
            while self._queue:
                await self._send({"type": "websocket.send", "text": self._queue.popleft().text})
        except Exception:
            self._broken = True
        self._queue = None
        self._task = None
        if self.session is not None:
            self.session.drained()

    async def _close(self, code: int, reason: str) -> None:
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                if self._task is not None:
                    await asyncio.gather(self._task, return_exceptions=True)
                await close(self._send, code, reason)
        except Exception:
            self._broken = True
        finally:
            self._ended()

    def gone(self) -> None:
        """Stop: the connection has ended, so nothing further is sent, and no task stays."""
        self._broken = True
        self._queue = None
        if self._task is not None:
            self._task.cancel()


async def close(send: Send, code: int, reason: str) -> None:
    """Close with this code. A server that sends only 1000 and 3000-4999 (Daphne) gets one of the same meaning."""
    try:
        await send({"type": "websocket.close", "code": int(code), "reason": reason})
    except Exception:
        if code == CloseCode.DONE or code >= 3000:
            raise
        same = CloseCode.PROTOCOL if reaction(code) is Reaction.STOP else CloseCode.OVERLOADED
        await send({"type": "websocket.close", "code": int(same), "reason": reason})


@types.coroutine
def _continued(coroutine: Coroutine[Any, Any, None], waits_for: Any) -> Generator[Any, Any, None]:
    """Await the rest of a coroutine that was started by hand and now waits."""
    while True:
        thrown: BaseException | None = None
        value = None
        try:
            value = yield waits_for
        except GeneratorExit:
            coroutine.close()
            raise
        except BaseException as error:
            thrown = error
        try:
            waits_for = coroutine.send(value) if thrown is None else coroutine.throw(thrown)
        except StopIteration:
            return

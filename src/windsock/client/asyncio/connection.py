"""One WebSocket of an asyncio client: carries frames between the socket and the session, and knows nothing of them."""

import asyncio
from collections.abc import Callable, Mapping

import websockets
from websockets.asyncio.client import ClientConnection

from windsock.client.refusals import handshake_failure, retry_after
from windsock.errors import NotReachable, WindsockError
from windsock.protocol.client_session import ClientSession
from windsock.protocol.codes import SUBPROTOCOL, CloseCode

# One part of a snapshot has about 512 KiB; a server that sends far more is not to fill our memory.
MAX_FRAME_BYTES = 16 * 1024 * 1024


class Connection:
    """The connection `number` of a session, from the wait before it to its end; calls `changed` after each step."""

    def __init__(
        self,
        number: int,
        session: ClientSession,
        changed: Callable[[], None],
        *,
        on_failure: Callable[[WindsockError], None],
    ) -> None:
        self.number = number
        self._session = session
        self._changed = changed
        self._on_failure = on_failure
        self._outbox: asyncio.Queue[bytes] = asyncio.Queue()
        self._socket: ClientConnection | None = None
        self._runner: asyncio.Task[None] | None = None

    async def run(self, url: str, delay: float, headers: Mapping[str, str], open_timeout: float) -> None:
        """Wait `delay`, connect, carry frames until the connection ends, and report to the session how it ended."""
        self._runner = asyncio.current_task()
        if delay:
            await asyncio.sleep(delay)
        try:
            socket = await websockets.connect(
                url,
                subprotocols=[websockets.Subprotocol(SUBPROTOCOL)],
                additional_headers=headers,
                open_timeout=open_timeout,
                close_timeout=2.0,
                max_size=MAX_FRAME_BYTES,
                ping_interval=None,  # the session watches the server's heartbeats itself
            )
        except Exception as error:  # whatever it is, whoever waits must hear of it
            self._failed(error, url)
            return
        self._socket = socket
        if socket.subprotocol != SUBPROTOCOL:
            await socket.close()
            self._session.lost(self.number, CloseCode.VERSION, f"this service does not speak {SUBPROTOCOL}")
            self._changed()
            return
        self._session.opened(self.number)
        self._changed()
        writer = asyncio.create_task(self._write(socket))
        try:
            while True:
                self._session.received(self.number, await socket.recv(decode=False))
                self._changed()
        except websockets.ConnectionClosed as closed:
            if closed.rcvd is None:
                self._session.lost(self.number, None)
            else:
                self._session.lost(self.number, closed.rcvd.code, closed.rcvd.reason)
            self._changed()
        finally:
            writer.cancel()

    def send(self, frame: bytes) -> None:
        """Queues one frame; they go out in order."""
        self._outbox.put_nowait(frame)

    async def shut(self, code: int, reason: str) -> None:
        """Close the connection, whatever it is doing, within the close timeout."""
        if self._socket is not None:
            await self._socket.close(code, reason)
        elif self._runner is not None:
            self._runner.cancel()

    async def _write(self, socket: ClientConnection) -> None:
        try:
            while True:
                await socket.send(await self._outbox.get(), text=True)
        except websockets.ConnectionClosed:
            pass  # the reader reports how it ended

    def _failed(self, error: Exception, url: str) -> None:
        failure = handshake_failure(error, url)
        passing = isinstance(error, (OSError, TimeoutError, websockets.WebSocketException))
        if isinstance(error, websockets.InvalidStatus):
            status = error.response.status_code
            self._session.refused(
                self.number, status, retry_after=retry_after(error), why=error.response.reason_phrase
            )
        elif passing and isinstance(failure, NotReachable):
            self._session.unreachable(self.number, str(failure))
        else:
            self._session.fail(str(failure))
        self._on_failure(failure)
        self._changed()

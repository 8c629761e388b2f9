"""A TCP relay on loopback that stands between a service and what it connects to, and can fall silent."""

import asyncio
import contextlib
from collections.abc import Callable

CHUNK = 65536


class Relay:
    """Passes bytes both ways to `target` (a port here) while `passing`; never closes a connection by itself.

    `fall_silent` is what a dead firewall does: connections stay, also new ones are taken, and no byte goes through.
    `work_again` lets new connections through. Of those that were there, either all that was held up goes on its way
    (a link that was down), or nothing ever (`forget`: a firewall that has lost its table).
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.held = 0  # pieces that were held up or swallowed while silent
        self._server: asyncio.Server | None = None
        self._open = asyncio.Event()
        self._open.set()
        self._deaf: set[asyncio.StreamWriter] = set()  # by the service's end: connections that were forgotten
        self._known: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listens on a free port."""
        self._server = await asyncio.start_server(self._came, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def fall_silent(self) -> None:
        """From now on nothing passes, and nobody is told."""
        self._open.clear()

    def work_again(self, *, forget: bool) -> None:
        """New connections pass from now on; those that were there go on, or with `forget` stay dead and open."""
        if forget:
            self._deaf |= self._known
        self._open.set()

    @property
    def forgotten(self) -> int:
        """How many connections were left dead, and have not been given up by the service yet."""
        return len(self._deaf & self._known)

    async def stop(self) -> None:
        """Ends everything."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _came(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A task of our own: one that asyncio makes is logged as failed when it is cancelled.
        task = asyncio.create_task(self._between(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _between(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._known.add(writer)
        beyond = None
        try:
            await self._open.wait()
            there, beyond = await asyncio.open_connection("127.0.0.1", self.target)
            silent: Callable[[], bool] = lambda: writer in self._deaf  # noqa: E731
            back = asyncio.create_task(self._pass(there, writer, silent))
            try:
                await self._pass(reader, beyond, silent)
            finally:
                back.cancel()
                await asyncio.gather(back, return_exceptions=True)
        finally:
            self._known.discard(writer)
            for end in (writer, beyond):
                if end is not None:
                    end.close()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, deaf: Callable[[], bool]
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(CHUNK):
                if not self._open.is_set():
                    self.held += 1
                    await self._open.wait()
                if not deaf():
                    writer.write(piece)
                    await writer.drain()

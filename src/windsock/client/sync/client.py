"""The client for code without asyncio: the asyncio one in a thread of its own, behind calls that block."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Mapping
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec

from windsock.client.answers import ended
from windsock.client.asyncio.client import WindsockClient as AsyncClient
from windsock.client.backlog import Update
from windsock.clock import ReplayClock
from windsock.errors import ClientError
from windsock.protocol.board import Board
from windsock.protocol.client_outputs import Happened, State, Stopped
from windsock.protocol.codes import CloseCode
from windsock.protocol.messages import Event, Recorded
from windsock.protocol.standings import Standings

T = TypeVar("T")


class WindsockClient:
    """One client. Use it as `with connect(url, topics=[…]) as client`; its methods may be called from any thread.

    Promises are those of the asyncio client. `board` changes while you look at it: iterating is safe, and each flight
    in it is immutable.
    """

    def __init__(self, url: str, **options: Any) -> None:
        self._url = url
        self._options = options
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._client: AsyncClient | None = None

    @property
    def board(self) -> Board:
        """The flights of the subscribed topics, each in its newest state, by flight id."""
        return self._inner.board

    @property
    def programmes(self) -> Standings:
        """The programmes of the airports in topics `programmes:…`, by airport; `updates()` yields each change."""
        return self._inner.programmes

    @property
    def state(self) -> State:
        """How the client stands with the server."""
        return self._inner.state

    @property
    def position(self) -> str | None:
        """Where a later client may resume (`after=`), given this one's board."""
        return self._inner.position

    @property
    def topics(self) -> frozenset[str]:
        """The canonical names of the subscribed topics."""
        return self._inner.topics

    @property
    def clock(self) -> ReplayClock | None:
        """The simulated clock, while a replay drives the service."""
        return self._inner.clock

    @property
    def backlog_skipped(self) -> int:
        """How many events were dropped because newer ones of their flights came before they were read."""
        return self._inner.backlog_skipped

    def __iter__(self) -> Iterator[Event]:
        """Iterate over the events as they happen, until the client is closed; raises if the server ends the session."""
        for news in self.updates():
            if isinstance(news, Happened):
                yield news.event

    def updates(self) -> Iterator[Update]:
        """All there is to know: `Happened`, `ProgrammesChanged`, `Loaded`, `StateChanged`, `Noticed`, `Problem`.

        Ends like iteration.
        """
        while True:
            for news in self.next_updates():
                yield news
                if isinstance(news, Stopped):
                    if error := ended(news):
                        raise error
                    return

    def next_updates(self) -> list[Update]:
        """Return the updates since the last call, oldest first; wait for at least one. The last one is `Stopped`."""
        if self._loop is None and self._client is not None:
            return [Stopped(CloseCode.DONE, "closed by this side")]
        return self._wait(self._inner.next_updates())

    def report(self, report: Mapping[str, Any] | msgspec.Struct, *, timeout: float = 30.0) -> Recorded:
        """Publish a report, and return when it is durable. Raises like the asyncio client's."""
        return self._wait(self._inner.report(report, timeout=timeout))

    def subscribe(self, *topics: str) -> None:
        """Add topics. Their flights are soon on the board; `updates()` yields `Loaded` then, or a `Problem`."""
        self._wait(self._call(self._inner.subscribe, *topics))

    def unsubscribe(self, *topics: str) -> None:
        """Remove topics, and from the board the flights that no other topic claims."""
        self._wait(self._call(self._inner.unsubscribe, *topics))

    def close(self) -> None:
        """End the session and its thread; iteration ends too. Calling it again does nothing."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        self._loop = self._thread = None
        if self._client is not None:
            asyncio.run_coroutine_threadsafe(self._client.close(), loop).result(timeout=5.0)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=5.0)

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._run, args=(self._loop,), name="windsock-client", daemon=True
        )
        self._thread.start()
        try:
            self._client = self._wait(self._make())
            self._wait(self._client.__aenter__())
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def _inner(self) -> AsyncClient:
        if self._client is None:
            raise ClientError("The client is not connected. Use it as: with connect(url) as client: …")
        return self._client

    async def _make(self) -> AsyncClient:
        return AsyncClient(self._url, **self._options)

    async def _call(self, function: Any, *arguments: Any) -> None:
        function(*arguments)

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        if self._loop is None:
            work.close()
            raise ClientError("The client is closed.")
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:  # Ctrl-C among others: nobody waits for it now
            future.cancel()
            raise

    @staticmethod
    def _run(loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()


def connect(url: str = "ws://127.0.0.1:8000", **options: Any) -> WindsockClient:
    """Return a client for the service at `url`, to be entered with `with`. Options are those of the asyncio client."""
    return WindsockClient(url, **options)

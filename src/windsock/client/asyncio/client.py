"""The client for asyncio: a board that is always current, events as they happen, reports with an answer."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Self

import msgspec

from windsock.client import http
from windsock.client.address import socket_url
from windsock.client.answers import ended, refused_report
from windsock.client.asyncio.connection import Connection
from windsock.client.backlog import Backlog, Update, is_news
from windsock.clock import ReplayClock
from windsock.errors import ClientError, NotReachable, WindsockError
from windsock.flights import Flight
from windsock.flights.programmes import Standing
from windsock.protocol.backoff import BackOff
from windsock.protocol.board import Board
from windsock.protocol.client_outputs import (
    Answered,
    Happened,
    Open,
    Problem,
    RenewRight,
    Send,
    Shut,
    State,
    StateChanged,
    Stopped,
)
from windsock.protocol.client_session import ClientSession
from windsock.protocol.messages import Error, Event, Mode, Recorded
from windsock.protocol.standings import Standings

logger = logging.getLogger("windsock.client")

Ticket = Callable[[], Awaitable[str]]
"""Gets a fresh ticket when the right to be connected ends soon."""

# Small enough that a due moment passes unnoticed by nobody, large enough to cost nothing.
TICK_SECONDS = 0.5


class WindsockClient:
    """One client. Use it as `async with connect(url, topics=[…]) as client`, all within one event loop.

    On entering, it waits until the board is there. From then on it reconnects by itself, resumes where it stood, and
    `board` is always current, whether or not events are read. Events that are not read in time are conflated per flight
    (`backlog_skipped`), so a slow loop costs steps, never a flight's newest state.
    """

    def __init__(
        self,
        url: str,
        *,
        topics: Iterable[str] = ("all",),
        token: str | None = None,
        ticket: Ticket | None = None,
        after: str | None = None,
        board: Iterable[Flight] = (),
        programmes: Iterable[Standing] = (),
        mode: Mode = "every",
        patient: bool = False,
        headers: Mapping[str, str] | None = None,
        backoff: BackOff | None = None,
        open_timeout: float = 10.0,
    ) -> None:
        self.url = socket_url(url)
        self._session = ClientSession(
            topics, after=after, board=board, programmes=programmes, mode=mode, backoff=backoff
        )
        self._token = token
        self._ticket = ticket
        self._patient = patient
        self._headers = dict(headers or {}) | ({"Authorization": f"Bearer {token}"} if token else {})
        self._open_timeout = open_timeout
        self._backlog = Backlog()
        self._news = asyncio.Event()
        self._ready: asyncio.Future[None] | None = None
        self._waiting: dict[str, asyncio.Future[Recorded | Error]] = {}
        self._connections: dict[int, Connection] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._ticker: asyncio.Task[None] | None = None
        self._stopped: Stopped | None = None

    # How it stands ----------------------------------------------------------------------------------------------------

    @property
    def board(self) -> Board:
        """The flights of the subscribed topics, each in its newest state, by flight id."""
        return self._session.board

    @property
    def programmes(self) -> Standings:
        """The programmes of the airports in topics `programmes:…`, by airport; `updates()` yields each change."""
        return self._session.programmes

    @property
    def state(self) -> State:
        """How the client stands with the server."""
        return self._session.state

    @property
    def position(self) -> str | None:
        """Where a later client may resume (`after=`), given this one's board."""
        return self._session.position

    @property
    def topics(self) -> frozenset[str]:
        """The canonical names of the subscribed topics."""
        return self._session.topics

    @property
    def clock(self) -> ReplayClock | None:
        """The simulated clock, while a replay drives the service."""
        return self._session.clock

    @property
    def backlog_skipped(self) -> int:
        """How many events were dropped because newer ones of their flights came before they were read."""
        return self._backlog.skipped

    # What happens -----------------------------------------------------------------------------------------------------

    def __aiter__(self) -> AsyncIterator[Event]:
        """Iterate over the events as they happen, until the client is closed; raises if the server ends the session."""
        return self._events()

    async def _events(self) -> AsyncIterator[Event]:
        async for news in self.updates():
            if isinstance(news, Happened):
                yield news.event

    async def updates(self) -> AsyncIterator[Update]:
        """All that there is to know: `Happened`, `ProgrammesChanged`, `Loaded`, `StateChanged`, `Noticed`, `Problem`.

        Ends like iteration.
        One loop at a time reads; an item goes to one of several loops.
        """
        while True:
            for news in await self.next_updates():
                yield news
                if isinstance(news, Stopped):
                    if error := ended(news):
                        raise error
                    return

    async def next_updates(self) -> list[Update]:
        """Return the updates since the last call, oldest first; wait for at least one. The last one is `Stopped`."""
        while not self._backlog:
            if self._stopped is not None:
                return [self._stopped]
            self._news.clear()
            await self._news.wait()
        return self._backlog.take()

    # What to do -------------------------------------------------------------------------------------------------------

    async def report(self, report: Mapping[str, Any] | msgspec.Struct, *, timeout: float = 30.0) -> Recorded:
        """Publish a report, and return when it is durable.

        Raises a ReportError that says what is wrong with it (an AmbiguousFlight carries the candidates), AccessDenied
        without the permission, NotReachable when no answer came in time: then it may or may not have been recorded, and
        may safely be sent again.
        """
        if self._stopped is not None:
            raise ClientError(f"The client is closed ({self._stopped.why}); it cannot publish.")
        id = self._session.report(msgspec.to_builtins(report))
        answer: asyncio.Future[Recorded | Error] = asyncio.get_running_loop().create_future()
        self._waiting[id] = answer
        self._perform()
        try:
            async with asyncio.timeout(timeout):
                result = await answer
        except TimeoutError:
            raise NotReachable(f"No answer to the report within {timeout:g} s ({self.state}).") from None
        finally:
            del self._waiting[id]
            self._session.withdraw(id)
        if isinstance(result, Error):
            raise refused_report(result)
        return result

    def subscribe(self, *topics: str) -> None:
        """Add topics. Their flights are soon on the board; `updates()` yields `Loaded` then, or a `Problem`."""
        self._session.subscribe(topics)
        self._perform()

    def unsubscribe(self, *topics: str) -> None:
        """Remove topics, and from the board the flights that no other topic claims."""
        self._session.unsubscribe(topics)
        self._perform()

    async def close(self) -> None:
        """End the session; iteration ends too. Calling it again does nothing."""
        self._session.close()
        self._perform()
        if self._ticker is not None:
            self._ticker.cancel()
        shutting = [task for task in self._tasks if task is not asyncio.current_task()]
        if shutting:
            await asyncio.wait(shutting, timeout=2.0)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def __aenter__(self) -> Self:
        self._ready = asyncio.get_running_loop().create_future()
        self._session.start()
        self._perform()
        self._ticker = asyncio.create_task(self._tick())
        try:
            await self._ready
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # The session's wishes ---------------------------------------------------------------------------------------------

    def _perform(self) -> None:
        for output in self._session.outputs():
            match output:
                case Open(number, delay):
                    connection = Connection(number, self._session, self._perform, on_failure=self._failed)
                    self._connections[number] = connection
                    self._task(self._carry(connection, delay))
                case Send(number, frame):
                    if number in self._connections:
                        self._connections[number].send(frame)
                case Shut(number, code, reason):
                    if leaving := self._connections.pop(number, None):
                        self._task(leaving.shut(code, reason))
                case RenewRight():
                    self._task(self._renew())
                case Answered(id, answer):
                    waiter = self._waiting.get(id)
                    if waiter is not None and not waiter.done():
                        waiter.set_result(answer)
                case _:
                    if is_news(output):
                        self._tell(output)

    def _tell(self, news: Any) -> None:
        self._backlog.put(news)
        ready = self._ready
        if isinstance(news, Stopped):
            self._stopped = news
            error = ended(news) or ClientError(f"The client is closed ({news.why}).")
            for waiter in self._waiting.values():
                if not waiter.done():
                    waiter.set_exception(error)
            if ready is not None and not ready.done():
                ready.set_exception(error)
        elif ready is not None and not ready.done():
            if isinstance(news, Problem):
                ready.set_exception(ClientError(news.error.message))
            elif isinstance(news, StateChanged) and news.state is State.LIVE:
                ready.set_result(None)
        self._news.set()

    def _failed(self, error: WindsockError) -> None:
        """Note a connection that failed: the first failure is raised to the caller, unless `patient` was set."""
        if not self._patient and self._ready is not None and not self._ready.done():
            self._ready.set_exception(error)

    async def _carry(self, connection: Connection, delay: float) -> None:
        try:
            await connection.run(self.url, delay, self._headers, self._open_timeout)
        except Exception as error:
            self._give_up(error)
        finally:
            self._connections.pop(connection.number, None)

    async def _renew(self) -> None:
        try:
            if self._ticket is not None:
                self._session.renewed(await self._ticket())
            elif self._token is not None:
                self._session.renewed(await asyncio.to_thread(http.ticket, self.url, token=self._token))
        except WindsockError as error:
            self._tell(Problem(Error(code="renewal_failed", message=str(error))))
        except Exception as error:  # the caller's own function
            text = f"No fresh ticket: {type(error).__name__}: {error}"
            self._tell(Problem(Error(code="renewal_failed", message=text)))
        self._perform()

    async def _tick(self) -> None:
        while self._stopped is None:
            await asyncio.sleep(TICK_SECONDS)
            try:
                self._session.tick()
                self._perform()
            except Exception as error:
                self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        """End the session because of a fault on this side: whoever waits for anything hears of it."""
        logger.error("The client of %s failed", self.url, exc_info=error)
        self._session.fail(f"The client failed unexpectedly: {type(error).__name__}: {error}.")
        self._perform()

    def _task(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def connect(url: str = "ws://127.0.0.1:8000", **options: Any) -> WindsockClient:
    """Return a client for the service at `url`, to be entered with `async with`.

    Options are those of `WindsockClient`: `topics` (default: all flights), `token`, `ticket` (gets fresh tickets),
    `after` and `board` (continue where another client stopped), `mode`, `patient` (keep trying even if the first
    connection fails).
    """
    return WindsockClient(url, **options)

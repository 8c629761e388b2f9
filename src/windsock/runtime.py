"""Start and end a server process: what runs beside the requests begins before the first and ends after the last."""

import asyncio
import logging
import signal
import threading
from contextlib import AsyncExitStack
from types import FrameType
from typing import TYPE_CHECKING, Any

from django.core.signals import request_started

from windsock.live.service import LiveService

if TYPE_CHECKING:
    from windsock.duties.runner import Runner

logger = logging.getLogger(__name__)

# Ctrl-C comes from a person at a terminal, who wants an end; SIGTERM from a deployment, whose clients should move
# without haste, for as long as their number requires. Without connections, either ends at once.
DRAIN_SECONDS: dict[signal.Signals, float | None] = {signal.SIGINT: 0.5, signal.SIGTERM: None}


class Lifespan:
    """The ASGI `lifespan` application. A failed start is reported to the server, which then does not start."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async with AsyncExitStack() as running:
            await receive()  # lifespan.startup
            try:
                await start(running)
            except Exception as error:
                logger.exception("Windsock could not start")
                await send({"type": "lifespan.startup.failed", "message": f"{type(error).__name__}: {error}"})
                return
            await send({"type": "lifespan.startup.complete"})
            await receive()  # lifespan.shutdown
        await send({"type": "lifespan.shutdown.complete"})


async def start(running: AsyncExitStack) -> None:
    """Start everything; `running` ends it again, last first: live sessions, duties, then the writer of reports."""
    from windsock.ingest import stop

    # Reports that were accepted are written before the process ends.
    running.push_async_callback(asyncio.to_thread, stop, 10.0)
    runner = await asyncio.to_thread(_start_duties)
    running.push_async_callback(asyncio.to_thread, runner.stop, 5.0)
    live = await LiveService.running()
    running.push_async_callback(live.stop)
    say_goodbye_first(live)


class LiveFirst:
    """Wrap the application of sockets: live delivery runs before the first of them is served, whoever serves it.

    A host's own consumer needs it as much as ours: on a layer in memory it is what rings the group `flight-delay`.
    """

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        await LiveService.running()
        return await self._inner(scope, receive, send)


def start_live_with_first_request() -> None:
    """Have live delivery start with this process's first request over ASGI, for hosts that route without `Lifespan`."""
    request_started.connect(_start_live, dispatch_uid="windsock.live")


async def _start_live(*, scope: Any = None, **kwargs: Any) -> None:
    if scope is not None and (scope.get("server") or ("",))[0] == "testserver":
        return  # a test's client, whose loop ends with the test
    request_started.disconnect(dispatch_uid="windsock.live")
    if scope is not None:  # without it the server speaks WSGI, and there is no event loop to run on
        await LiveService.running()


def _start_duties() -> "Runner":
    from django.db import connections

    from windsock.access import key_fingerprints
    from windsock.duties import registry
    from windsock.duties.runner import Runner

    try:
        key_fingerprints.record_and_warn()
        runner = Runner(registry.make(server=True), on_renewal=key_fingerprints.record)
        runner.start()
    finally:
        connections.close_all()  # this thread's own, which nobody would close
    return runner


def say_goodbye_first(live: LiveService) -> None:
    """Let the sessions move before the server closes them.

    uvicorn closes every socket as soon as it receives a signal, and only then asks the lifespan to shut down. So its
    signal handlers, which are in place when the lifespan starts, are wrapped: drain, then let it end. A second signal
    does not wait.
    """
    if threading.current_thread() is not threading.main_thread():
        return  # handlers can only be set there; a server that runs us elsewhere ends in its own way
    loop = asyncio.get_running_loop()
    for number, seconds in DRAIN_SECONDS.items():
        handler = signal.getsignal(number)
        if callable(handler):
            signal.signal(number, _draining(live, loop, handler, seconds))
    # A terminal that closes. Nothing handles it in a single process, and Python's default is to die at once. (Where it
    # is ignored, as under nohup, it stays ignored; the parent of several workers has its own meaning for it.)
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is not None and signal.getsignal(hangup) is signal.SIG_DFL:
        signal.signal(hangup, lambda number, frame: signal.raise_signal(signal.SIGTERM))


def _draining(live: LiveService, loop: asyncio.AbstractEventLoop, handler: Any, seconds: float | None) -> Any:
    tasks: list[asyncio.Task[None]] = []  # a task that nobody holds may vanish before it ends

    def on_signal(number: int, frame: FrameType | None) -> None:
        if live.draining or loop.is_closed():
            handler(number, frame)
        else:
            live.draining = True
            loop.call_soon_threadsafe(lambda: tasks.append(loop.create_task(move(number, frame))))

    async def move(number: int, frame: FrameType | None) -> None:
        try:
            await live.drain(seconds)
        finally:
            handler(number, frame)

    return on_signal

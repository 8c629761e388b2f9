"""Start and end of a server process: what runs beside the requests begins before the first and ends after the last."""

import asyncio
import logging
from contextlib import AsyncExitStack
from typing import Any

logger = logging.getLogger(__name__)


class Lifespan:
    """The ASGI `lifespan` application. A start that fails is told to the server, which then does not start."""

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
    """Starts everything; `running` ends it again, last first: live sessions, upkeep, then the writer of reports."""
    from windsock.conf import config
    from windsock.ingest import pipeline, record, stop
    from windsock.ingest.upkeep import Upkeep

    # What was taken from a reporter is written before the process ends.
    running.push_async_callback(asyncio.to_thread, stop, 10.0)

    upkeep = Upkeep(pipeline().journal, record, config())
    upkeep.start()
    running.push_async_callback(asyncio.to_thread, upkeep.stop, 2.0)

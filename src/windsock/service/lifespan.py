"""Start and end of a server process: the live service begins before the first request and ends after the last."""

import logging
from typing import Any

logger = logging.getLogger(__name__)


class Lifespan:
    """The ASGI `lifespan` application. A start that fails is told to the server, which then does not start."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await send({"type": "lifespan.shutdown.complete"})
                return

"""Find connections that died silently. Our own sends prove nothing: they fill buffers for many minutes."""

import asyncio
import logging
from typing import Protocol

logger = logging.getLogger(__name__)

# A ping may wait behind what a slow line has yet to carry, so one silent interval more is allowed.
SILENT_INTERVALS = 2
# Connections checked before the loop serves others.
STRIDE = 256


class Beating(Protocol):
    """A connection as the pulse sees it."""

    heard: bool
    behind: bool
    frames: int

    def ping(self) -> None: ...

    def abort(self) -> None: ...


class Keepalive:
    """Every `seconds`, who was silent is pinged; who stays silent for two more intervals is let go. One timer for all.

    A reader that is behind is not judged here: a ping would wait behind its backlog, and the hub knows how long it has
    taken nothing.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._loop = loop
        self._seconds = seconds
        self._outlets: dict[
            Beating, int
        ] = {}  # → silent intervals since it was pinged, plus one; 0: not pinged
        self._sweep: asyncio.Task[None] | None = None
        self._stopped = False

    def __len__(self) -> int:
        return len(self._outlets)

    def add(self, outlet: Beating) -> None:
        """From now on this connection is watched."""
        self._outlets[outlet] = 0
        if self._stopped:
            self._loop.call_soon(outlet.abort)
        elif self._sweep is None:
            self._sweep = self._loop.create_task(self._run(), name="windsock pulse")

    def discard(self, outlet: Beating) -> None:
        """Forget a connection that has ended."""
        self._outlets.pop(outlet, None)

    async def emptied(self, seconds: float) -> None:
        """Wait until every connection has ended, then abort the rest."""
        end = self._loop.time() + seconds
        while self._outlets and self._loop.time() < end:
            await asyncio.sleep(0.02)
        self._abort_all()

    def stop(self) -> None:
        """Stop watching, and abort every socket that is still held or arrives late."""
        self._stopped = True
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        self._abort_all()

    def beat(self, outlet: Beating) -> None:
        """One interval of one connection has passed."""
        outlet.frames = 0
        if outlet.heard or outlet.behind:
            outlet.heard, self._outlets[outlet] = False, 0
        elif (silent := self._outlets[outlet]) > SILENT_INTERVALS:
            outlet.abort()
        else:
            self._outlets[outlet] = silent + 1
            if not silent:
                outlet.ping()

    def _abort_all(self) -> None:
        for outlet in list(self._outlets):
            outlet.abort()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._seconds)
            for number, outlet in enumerate(list(self._outlets), 1):
                if outlet in self._outlets:
                    try:
                        self.beat(outlet)
                    except Exception:
                        logger.exception("A connection could not be pinged")
                        outlet.abort()
                if number % STRIDE == 0:
                    await asyncio.sleep(0)

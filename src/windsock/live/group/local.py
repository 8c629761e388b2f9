"""Rings the group `flight-delay` on a channel layer in memory, which only its own process can."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from windsock.errors import WindsockError
from windsock.journal.base import PROGRAMMES, Event
from windsock.live.core.hub import Hub
from windsock.live.group.ringer import GROUP, Ringer, Rung
from windsock.protocol.positions import Position

logger = logging.getLogger(__name__)

PAGE = 200
BACK_OFF_SECONDS = 1.0

_FLIGHTS = frozenset({"all"})

Read = Callable[[Position, int], Awaitable[list[Event]]]


class LocalGroup:
    """Follows the hub, whoever wrote the events, from the moment it starts. `read` asks the journal, in a thread."""

    def __init__(self, layer: Any, hub: Hub, read: Read) -> None:
        self.ringer = Ringer(layer)
        self._hub = hub
        self._read = read
        self._more = asyncio.Event()
        self._at: Position | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start with the events that the hub publishes from now on."""
        if self._task is None:
            self._hub.on_published = self._more.set
            self._more.set()
            self._task = asyncio.create_task(self._follow(), name="windsock group flight-delay")

    async def stop(self) -> None:
        """End the task."""
        self._hub.on_published = None
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _follow(self) -> None:
        while True:
            await self._more.wait()
            self._more.clear()
            try:
                await self._catch_up()
            except asyncio.CancelledError:
                raise
            except (WindsockError, TimeoutError) as error:
                logger.warning("The group %s has to wait: %s", GROUP, error)
                await asyncio.sleep(BACK_OFF_SECONDS)
                self._more.set()
            except Exception:
                logger.exception("The group %s could not be rung; trying again", GROUP)
                await asyncio.sleep(BACK_OFF_SECONDS)
                self._more.set()

    async def _catch_up(self) -> None:
        hub = self._hub
        while hub.ready:
            if self._at is None or self._at.epoch != hub.epoch or self.ringer.unheard:
                self._at = hub.position
                self.ringer.after = str(self._at)
                return
            if self._at.offset >= hub.offset:
                return
            held = hub.ring.after(self._at.offset, _FLIGHTS)
            if held is not None:
                last = Position(hub.epoch, hub.offset)
                await self.ringer.ring(hub.epoch, [Rung(entry.offset, entry.data) for entry in held])
            else:
                events = await self._read(self._at, PAGE)
                if not events:
                    return
                last = Position(self._at.epoch, events[-1].offset)
                flights = [event for event in events if not event.flight_id.startswith(PROGRAMMES)]
                rung = [Rung(event.offset, event.message(last.epoch)) for event in flights]
                await self.ringer.ring(last.epoch, rung)
            self._at = last

"""This process's channel on the Channels layer: the doorbell of processes, and notices from the group `flight-delay`.

- Each event that this process wrote goes to the group `windsock.doorbell`, so that the others have it within
  milliseconds. It is a hint: what it does not bring is read from the journal.
- What other code sends to the group `flight-delay` reaches every Windsock client as a `notice`. (What Windsock itself
  sends there, for consumers of the host project, is `windsock.live.group.ringer`'s.)

The layer may lose, die, be flushed or be absent: then notices are lost, events are not (the tail reads the journal).
One subscription per process; everything happens on the service's loop, as the in-memory layer is not thread-safe.
"""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from windsock.journal.base import Event
from windsock.live.group.layer_faults import explain
from windsock.live.group.ringer import GROUP, KEY, TYPE

logger = logging.getLogger(__name__)

DOORBELL = "windsock.doorbell"

GROUPS = (DOORBELL, GROUP)

# Memberships vanish: after a day, with a flushed Redis, with one message nobody took in time. Joining again is
# idempotent and costs one command.
REJOIN_SECONDS = 2.0
# A subscription that does not bring what we sent ourselves is dead, whatever the connection says (half-open sockets).
DEAF_SECONDS = 5.0
# A layer has this long to stop receiving.
TIDY_SECONDS = 1.0
BACK_OFF = (0.2, 2.0)
# Layers drop what exceeds a channel's capacity (100 by default), silently. So many may be on their way at once …
WINDOW = 40
# … and where the layer does not show how full its channels are, no more than this many go out in a second.
PER_SECOND = 1_000
# Processes that take nothing for this long no longer hold up the others.
STUCK_SECONDS = 2.0
SAID_AGAIN_SECONDS = 60.0
MAX_WARNINGS = 50
# Events that wait to be sent; above this, the oldest is dropped and counted: the doorbell is a hint.
MAX_WAITING = 100_000


class Bridge:
    """This process's subscription to both groups, and what it sends to the doorbell.

    `on_events(epoch, events)` gets what other Windsock processes wrote, `on_notice(data)` what other code sent.
    """

    def __init__(
        self,
        layer: Any,
        *,
        on_events: Callable[[str, Sequence[Event]], None],
        on_notice: Callable[[object], None],
    ) -> None:
        self.node = secrets.token_hex(6)
        self.connected = False
        self.sent = 0
        self.dropped = 0
        self.failures = 0
        self.heard = 0  # events that other processes rang
        self.heard_at: float | None = None  # by the loop's clock
        self._layer = layer
        self._on_events = on_events
        self._on_notice = on_notice
        self._waiting: deque[tuple[str, Event]] = deque()
        self._more = asyncio.Event()
        self._channel: str | None = None
        self._last_sent: float | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._loop = asyncio.get_running_loop()
        self._warned: dict[str, float] = {}  # when each failure was logged last

    def start(self) -> None:
        """Begins to listen and to send."""
        if not self._tasks:
            self._tasks = [
                asyncio.create_task(self._listen(), name="windsock bridge: listen"),
                asyncio.create_task(self._speak(), name="windsock bridge: speak"),
            ]

    async def stop(self) -> None:
        """Leaves the group and ends both tasks."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        if self._channel is not None:
            try:
                async with asyncio.timeout(1):
                    for group in GROUPS:
                        await self._layer.group_discard(group, self._channel)
            except Exception as error:
                logger.debug("The groups could not be left: %s", error)
            self._channel = None
        self.connected = False

    @property
    def waiting(self) -> int:
        """How many events wait to be sent to the group."""
        return len(self._waiting)

    def ring(self, epoch: str, events: Sequence[Event]) -> None:
        """Ring the doorbell for these events, which this process wrote. On the loop.

        Of programmes, which are rare, the other processes learn from the journal.
        """
        self._waiting.extend((epoch, event) for event in events if not event.of_programmes)
        while len(self._waiting) > MAX_WAITING:
            self._waiting.popleft()
            self.dropped += 1
        self._more.set()

    def _warn(self, what: str, error: Exception) -> None:
        """Log a failure; the same one again only after a minute: a layer that lets us do one half fails for ever."""
        said = f"{what}: {explain(error)}"
        now = self._loop.time()
        if now - self._warned.get(said, float("-inf")) < SAID_AGAIN_SECONDS:
            return
        if len(self._warned) >= MAX_WARNINGS:
            self._warned.clear()
        self._warned[said] = now
        logger.warning("%s. Trying again.", said)

    # Listening --------------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        delay = 0.0
        while True:
            try:
                # The same channel after a failure: a new one would leave the old in the group, where it fills.
                if self._channel is None:
                    self._channel = await self._layer.new_channel()
                await self._join(self._channel)
                self.connected, self._last_sent, delay = True, None, 0.0
                await self._receive(self._channel)
            except asyncio.CancelledError:
                raise
            except Exception as error:
                self._warn("The channel layer failed", error)
                self.connected = False
                self.failures += 1
                delay = min(max(delay * 2, BACK_OFF[0]), BACK_OFF[1])
                await asyncio.sleep(delay)

    async def _receive(self, channel: str) -> None:
        """Receive messages until the layer fails; rejoin the group now and then."""
        receiving: asyncio.Task[Any] | None = None
        try:
            while True:
                if receiving is None:
                    receiving = asyncio.ensure_future(self._layer.receive(channel))
                await asyncio.wait((receiving,), timeout=REJOIN_SECONDS)
                if receiving.done():
                    message, receiving = receiving.result(), None
                    self._take(message)
                    continue
                await self._join(channel)
                if self._last_sent is not None and self._loop.time() - self._last_sent > DEAF_SECONDS:
                    raise TimeoutError("the message sent to the group was not received")
        finally:
            if receiving is not None:
                receiving.cancel()
                # Layers tidy up when they are cancelled, which on a dead connection has no end.
                await asyncio.wait((receiving,), timeout=TIDY_SECONDS)
                if receiving.done() and not receiving.cancelled():
                    receiving.exception()  # asked for, or it is logged as never retrieved

    async def _join(self, channel: str) -> None:
        async with asyncio.timeout(DEAF_SECONDS):
            for group in GROUPS:
                await self._layer.group_add(group, channel)

    def _take(self, message: Any) -> None:
        mark = message.get(KEY) if isinstance(message, dict) else None
        if not isinstance(mark, dict):
            if isinstance(message, dict) and message.get("type") == TYPE:
                self._on_notice(message.get("data"))
            return
        if "node" not in mark:
            return  # rung by a Windsock process for the consumers of the host project
        if mark["node"] == self.node:
            self._last_sent = None
            return
        try:
            epoch, event = self._event(message["data"], mark)
        except Exception as error:
            logger.warning("A doorbell message could not be read: %s: %s", type(error).__name__, error)
            return
        self.heard += 1
        self.heard_at = self._loop.time()
        self._on_events(epoch, [event])

    @staticmethod
    def _event(data: dict[str, Any], mark: dict[str, Any]) -> tuple[str, Event]:
        # Decoded and encoded by the same library and in the same order, so these are the bytes the writer made.
        body = msgspec.json.encode({key: data[key] for key in ("flight", "changes", "recorded_at")})[1:]
        return str(mark["epoch"]), Event(
            offset=int(mark["offset"]),
            flight_id=str(data["flight"]["id"]),
            version=int(data["flight"]["version"]),
            topics=tuple(mark["topics"]),
            body=body,
            recorded_at=datetime.fromisoformat(data["recorded_at"]),
        )

    # Speaking ---------------------------------------------------------------------------------------------------------

    def message(self, epoch: str, event: Event) -> dict[str, Any]:
        """Return the doorbell's message of an event."""
        return {
            "type": TYPE,
            "data": msgspec.json.decode(event.message(epoch)),
            KEY: {"node": self.node, "epoch": epoch, "offset": event.offset, "topics": list(event.topics)},
        }

    async def _speak(self) -> None:
        delay = 0.0
        while True:
            await self._more.wait()
            self._more.clear()
            while self._waiting:
                burst = min(WINDOW, len(self._waiting))
                began = self._loop.time()
                try:
                    for _ in range(burst):
                        epoch, event = self._waiting[0]
                        # A half-open connection never answers; given up, the layer takes another.
                        async with asyncio.timeout(DEAF_SECONDS):
                            await self._layer.group_send(DOORBELL, self.message(epoch, event))
                        if self._waiting and self._waiting[0][1] is event:
                            self._waiting.popleft()
                        self.sent += 1
                        if self._last_sent is None:
                            self._last_sent = self._loop.time()
                    delay = 0.0
                except asyncio.CancelledError:
                    raise
                except Exception as error:
                    self.failures += 1
                    self._warn("The channel layer took no event", error)
                    delay = min(max(delay * 2, BACK_OFF[0]), BACK_OFF[1])
                    await asyncio.sleep(delay)
                    continue
                await self._room(burst, began)

    async def _room(self, burst: int, began: float) -> None:
        """Wait until the group's members have taken what was sent, as far as the layer shows."""
        channels = getattr(self._layer, "channels", None)
        groups = getattr(self._layer, "groups", None)
        if not isinstance(channels, dict) or not isinstance(groups, dict):
            left = burst / PER_SECOND - (self._loop.time() - began)
            if self._waiting and left > 0:
                await asyncio.sleep(left)
            return
        until = self._loop.time() + STUCK_SECONDS
        while self._waiting and self._loop.time() < until:
            fullest = max(
                (channels[name].qsize() for name in groups.get(DOORBELL, ()) if name in channels), default=0
            )
            if fullest <= WINDOW:
                return
            await asyncio.sleep(0.002)

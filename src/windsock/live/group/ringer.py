"""Rings the Channels group `flight-delay` for every event of the journal, at the pace its members can take.

The group is a contract with the host project: a consumer that joins it gets each event as
`{"type": "flight.delay", "data": {the event message}, "windsock": {"after": the position rung before}}`. Channel layers
drop what exceeds a channel's capacity without a word. So no more is sent than the fullest channel has room for, and a
member that takes nothing for a while no longer holds up the others: what it misses is counted and logged with its
positions, and a consumer that finds a gap between `after` and what it had last can read it from `GET /api/v1/events`.

Where all processes share a layer one of them rings (`windsock.live.group.duties`); a layer in memory is rung by its own
process, which alone can reach its members.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

logger = logging.getLogger(__name__)

GROUP = "flight-delay"
TYPE = "flight.delay"
KEY = "windsock"

WINDOW = 20
"""Events that are sent before the members' channels are looked at again: a fifth of the usual capacity."""

PER_SECOND = 500
"""The most a shared layer is sent in a second. Behind the channel that can be looked at, each consumer has a buffer of
100 messages in its own process, where the oldest are dropped; a consumer that does little keeps up with this."""

STUCK_SECONDS = 2.0
"""A member that takes nothing for this long no longer holds up the others."""

DEAF_SECONDS = 5.0
"""A layer that has not answered for this long is given up."""

SAID = 6
"""Times that one member's trouble is logged as a warning."""

LOOK_SECONDS = 0.005


class Rung(NamedTuple):
    """An event as it is sent to the group: its offset and its whole wire message."""

    offset: int
    message: bytes


@dataclass(slots=True)
class Stuck:
    """A member's channel that is full, and what it has missed since: `first` to `last`, `events` of them."""

    first: str = ""
    last: str = ""
    events: int = 0


class Ringer:
    """Sends events to the group, in order. Used on one event loop."""

    def __init__(self, layer: Any, after: str | None = None) -> None:
        self.after = after  # the position of the event rung last; None: nobody knows
        self.sent = 0
        self.missed = 0  # events that were sent while a member's channel was full, by each such member
        self.stuck: dict[str, Stuck] = {}
        self._layer = layer
        self._channels = _channels_of(layer)
        self._loop = asyncio.get_running_loop()
        self._next_at = 0.0
        self._said: Counter[str] = Counter()

    async def ring(self, epoch: str, events: Sequence[Rung]) -> None:
        """Send these events, in order. Raises what the layer raises, or TimeoutError where it does not answer.

        An exception leaves it open how many were sent: whoever sends them again rings some of them twice.
        """
        at = 0
        while at < len(events):
            room = await self._room()
            for event in events[at : at + room]:
                # A half-open connection never answers; given up, the layer takes another.
                async with asyncio.timeout(DEAF_SECONDS):
                    await self._layer.group_send(GROUP, self._message(epoch, event))
                self.after = f"{epoch}:{event.offset}"
                self.sent += 1
                for stuck in self.stuck.values():
                    stuck.first = stuck.first or self.after
                    stuck.last = self.after
                    stuck.events += 1
                    self.missed += 1
            at += room

    @property
    def unheard(self) -> bool:
        """Whether nobody would hear an event: only this process itself is in the group, for notices."""
        return isinstance(self._channels, _InMemory) and len(self._layer.groups.get(GROUP, ())) <= 1

    # Inside -----------------------------------------------------------------------------------------------------------

    def _message(self, epoch: str, event: Rung) -> dict[str, Any]:
        return {"type": TYPE, "data": msgspec.json.decode(event.message), KEY: {"after": self.after}}

    async def _room(self) -> int:
        """Wait until the members have room; return how many events may be sent before looking again."""
        if self._channels is None:
            await self._pace()
            return WINDOW
        until = self._loop.time() + STUCK_SECONDS
        wanted = min(WINDOW, self._channels.capacity // 2)
        while True:
            rooms = await self._channels.rooms()
            self._recovered(rooms)
            waited_for = {name: room for name, room in rooms.items() if name not in self.stuck}
            room = min(waited_for.values(), default=WINDOW)
            if room >= wanted:
                if self._channels.shared:
                    await self._pace()
                return wanted
            if self._loop.time() >= until:
                self._give_up({name: room for name, room in waited_for.items() if room < wanted})
                until = self._loop.time() + STUCK_SECONDS
            await asyncio.sleep(LOOK_SECONDS)

    async def _pace(self) -> None:
        """Wait until the window sent before is as old as PER_SECOND asks for."""
        wait = self._next_at - self._loop.time()
        if wait > 0:
            await asyncio.sleep(wait)
        self._next_at = self._loop.time() + WINDOW / PER_SECOND

    def _give_up(self, names: Iterable[str]) -> None:
        for name in names:
            self.stuck[name] = Stuck()
            self._log(
                name,
                "A consumer in the group %s takes nothing (%s): it misses events until it does",
                GROUP,
                name,
            )

    def _recovered(self, rooms: Mapping[str, int]) -> None:
        for name, stuck in list(self.stuck.items()):
            room = rooms.get(name)
            if room is None or room >= WINDOW:
                del self.stuck[name]
                self._log(
                    name,
                    "A consumer in the group %s (%s) %s; it missed %d events, from %s to %s: GET /api/v1/events",
                    GROUP, name, "has left" if room is None else "takes events again",
                    stuck.events, stuck.first or "-", stuck.last or "-",
                )  # fmt: skip

    def _log(self, name: str, text: str, *arguments: object) -> None:
        """Warn once of a full channel: a process that died stays in the group for a day, its messages for a minute."""
        self._said[name] += 1
        logger.log(logging.WARNING if self._said[name] <= SAID else logging.DEBUG, text, *arguments)


class _InMemory:
    """The channels of Channels' own InMemoryChannelLayer."""

    shared = False

    def __init__(self, layer: Any) -> None:
        self._layer = layer
        self.capacity = int(layer.capacity)

    async def rooms(self) -> dict[str, int]:
        """How many messages each member's channel has room for."""
        channels = self._layer.channels
        return {
            name: self._layer.get_capacity(name) - (channels[name].qsize() if name in channels else 0)
            for name in self._layer.groups.get(GROUP, ())
        }


class _Redis:
    """The channels of channels_redis' core layer: one for each process, whatever the number of its consumers."""

    shared = True

    def __init__(self, layer: Any) -> None:
        self._layer = layer
        self.capacity = int(layer.capacity)

    async def rooms(self) -> dict[str, int]:
        """How many messages each process's channel has room for."""
        layer = self._layer
        connection = layer.connection(layer.consistent_hash(GROUP))
        members = await connection.zrange(layer._group_key(GROUP), 0, -1)
        found: dict[str, int] = {}
        for name in {member.decode().partition("!")[0] + "!" for member in members}:
            held = layer.connection(layer.consistent_hash(name))
            found[name] = layer.get_capacity(name) - await held.zcard(layer.prefix + name)
        return found


def _channels_of(layer: Any) -> "_InMemory | _Redis | None":
    """Return a probe of how full the members' channels are; None where the layer has none."""
    kind = type(layer)
    if any(base.__name__ == "InMemoryChannelLayer" for base in kind.__mro__):
        return _InMemory(layer)
    if any(
        f"{base.__module__}.{base.__name__}" == "channels_redis.core.RedisChannelLayer"
        for base in kind.__mro__
    ):
        return _Redis(layer)
    return None


def is_shared(layer: Any) -> bool:
    """Whether a layer reaches other processes."""
    return layer is not None and not isinstance(_channels_of(layer), _InMemory)

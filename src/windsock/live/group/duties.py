"""The duty of ringing the group `flight-delay` where all processes share a channel layer: one of them does."""

import asyncio
import logging
from collections.abc import Mapping, Sequence

from channels.layers import get_channel_layer

from windsock import journal
from windsock.clock import system_clock
from windsock.conf import config
from windsock.duties import Duty, Work
from windsock.duties.registry import Source
from windsock.errors import ConfigError, PositionTrimmed, PositionUnknown
from windsock.journal import cursors
from windsock.live.group.ringer import GROUP, Ringer, Rung, is_shared
from windsock.protocol.positions import Position

logger = logging.getLogger(__name__)

GROUP_DUTY = "group"
CURSOR = "group.flight-delay"

LOOK_SECONDS = 0.1
"""How often the journal is looked at: the group is a tenth of a second behind, for one small query each time."""

PAGE = 200
"""Events that are rung before the cursor is moved: what is rung twice when the process dies in between."""


_here: "GroupWork | None" = None


def ringer_here() -> Ringer | None:
    """Return the ringer of this process, if it has rung a shared layer; for its figures."""
    return None if _here is None else _here.ringer


class GroupWork:
    """Rings the group for what the journal has gained since the stored position. On the duty's own thread."""

    def __init__(self) -> None:
        settings = config()
        self._database = settings.database
        self._layer = get_channel_layer(settings.channel_layer)
        self._journal = journal.current()
        self._loops: asyncio.Runner | None = None
        self.ringer: Ringer | None = None
        self._at: Position | None = None

    def run(self) -> None:
        """Ring what is new; raises what the layer or the database raises, and goes on from there the next time."""
        head = self._journal.head()
        # Read each time: another process may have rung meanwhile, and rings on from where it is stored.
        at = cursors.position_of(CURSOR, self._database)
        if at is None or at.epoch != head.epoch or at.offset > head.offset:
            if at is not None:
                logger.warning(
                    "The journal was replaced: the group %s is rung from %s on", GROUP, head.position
                )
            self._move(head.position)
            return
        if at.offset == head.offset:
            return
        try:
            events = self._journal.after(at, PAGE)
        except (PositionTrimmed, PositionUnknown):
            logger.error(
                "The group %s missed the events from %s to %s, which are no longer in the journal",
                GROUP, at, Position(head.epoch, head.floor),
            )  # fmt: skip
            self._move(Position(head.epoch, head.floor))
            return
        if self._loops is None:
            global _here
            _here, self._loops = self, asyncio.Runner()
        rung = [Rung(event.offset, event.message(at.epoch)) for event in events if not event.of_programmes]
        self._loops.run(self._ring(at, rung))
        self._move(Position(at.epoch, events[-1].offset))

    async def _ring(self, at: Position, events: Sequence[Rung]) -> None:
        if self.ringer is None:
            self.ringer = Ringer(self._layer, str(at))
        await self.ringer.ring(at.epoch, events)

    def _move(self, position: Position) -> None:
        cursors.move(CURSOR, position, system_clock(), self._database)


def _shared() -> bool:
    try:
        return is_shared(get_channel_layer(config().channel_layer))
    except ConfigError:
        return False  # the system checks say what is wrong


def _expected() -> Mapping[str, str]:
    return {GROUP_DUTY: f"the group {GROUP}"} if _shared() else {}


def _make(server: bool) -> Sequence[Duty]:
    if not _shared():
        return []
    ring = Work("ring", LOOK_SECONDS, GroupWork().run, keeps_connection=True)
    return [Duty(GROUP_DUTY, f"the group {GROUP}", [ring])]


SOURCE = Source(_expected, _make)

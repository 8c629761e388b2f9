"""The duty of ringing the group `flight-delay` where all processes share a channel layer: one of them does."""

import asyncio
import logging
from collections.abc import Mapping, Sequence

from channels.layers import get_channel_layer

from windsock import journal
from windsock.conf import config
from windsock.duties import Duty, Work
from windsock.duties.registry import Source
from windsock.errors import ConfigError, CursorMoved
from windsock.journal.cursors import NamedCursor
from windsock.journal.follow import Page, read_on
from windsock.live.group.ringer import GROUP, Ringer, Rung, is_shared

logger = logging.getLogger(__name__)

GROUP_DUTY = "group"
CURSOR = "group.flight-delay"

LOOK_SECONDS = 0.1
"""How often to look at the journal: the group is a tenth of a second behind, for one small query each time."""

PAGE = 200
"""Events rung before the cursor advances: at most this many are rung twice when the process dies in between."""


_here: "GroupWork | None" = None


def ringer_here() -> Ringer | None:
    """Return the ringer of this process, if it has rung a shared layer; for its figures."""
    return None if _here is None else _here.ringer


class GroupWork:
    """Ring the group for the events that the journal has gained since the cursor. Runs on the duty's own thread."""

    def __init__(self) -> None:
        self._layer = get_channel_layer(config().channel_layer)
        # An event is worth ringing while it is news: the journal need not keep it for a layer that nobody uses.
        self._cursor = NamedCursor(CURSOR, journal.current(), start="head", holds_events=False)
        self._loops: asyncio.Runner | None = None
        self.ringer: Ringer | None = None

    def run(self) -> None:
        """Ring what is new. Raise what the layer or the database raises; the next run continues from the cursor."""
        try:
            read_on(self._cursor, self._ring_page, limit=PAGE)
        except CursorMoved:
            logger.warning(
                "Another process rings the group %s as well: its members may have received up to %d events twice",
                GROUP, PAGE,
            )  # fmt: skip

    def _ring_page(self, page: Page) -> None:
        if self._loops is None:
            global _here
            _here, self._loops = self, asyncio.Runner()
        self._loops.run(self._ring(page))

    async def _ring(self, page: Page) -> None:
        if self.ringer is None:
            self.ringer = Ringer(self._layer, str(page.start))
        epoch = page.start.epoch
        await self.ringer.ring(
            epoch,
            [Rung(event.offset, event.message(epoch)) for event in page.events if not event.of_programmes],
        )


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

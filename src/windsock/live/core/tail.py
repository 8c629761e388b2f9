"""Keep this process's hub level with the journal, whichever process writes. No Django here."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from windsock.errors import PositionUnknown
from windsock.flights import Flight
from windsock.flights.programmes import Standing
from windsock.journal.base import Event, Head, Journal
from windsock.journal.follow import LOOK_SECONDS, PAGE, PROBE_SECONDS, Follower
from windsock.live.core.hub import Hub
from windsock.protocol.positions import Position

PRELOAD = 5_000
"""Events put into the ring beforehand: after a restart everybody resumes at the same time."""

EVICT_SECONDS = 60.0
"""How often flights that no longer matter leave the board."""


class HubStart(NamedTuple):
    """What a hub begins with: flights and programmes as of the head, and the newest events before it."""

    head: Head
    flights: list[Flight]
    recent: list[Event]
    standings: list[Standing]


class Tail(Follower[HubStart]):
    """Follows the journal for a hub. `active` is how long flights stay on the board after their last time."""

    def __init__(
        self,
        journal: Journal,
        hub: Hub,
        *,
        run: Callable[[Callable[[], object]], "asyncio.Future[object]"],
        active: timedelta = timedelta(hours=36),
        look_seconds: float = LOOK_SECONDS,
        probe: Callable[[], bool] | None = None,
        probe_seconds: float = PROBE_SECONDS,
    ) -> None:
        super().__init__(
            journal, hub, run=run, look_seconds=look_seconds, probe=probe, probe_seconds=probe_seconds
        )
        self.hub = hub
        self._active = active
        self._evicted_at = self._loop.time()

    def must_load(self) -> bool:
        return not self.hub.ready or self.hub.damaged

    def looked(self, head: Head) -> None:
        self.hub.trimmed(head.floor)
        if head.clock != self.hub.replay_clock:
            self.hub.set_clock(head.clock)

    def level(self) -> None:
        if self._loop.time() - self._evicted_at >= EVICT_SECONDS:
            self._evicted_at = self._loop.time()
            self.hub.evict(self.hub.now() - self._active)

    def read_all(self) -> HubStart:
        first = self.journal.head()
        since = self.hub.now() - self._active
        if first.clock is not None:
            since = first.clock.at(self.hub.machine_time()) - self._active
        head, records = self.journal.snapshot(since)
        # Read after the flights: an event recorded in between is published once more, and changes nothing.
        at, standings = self.journal.standings()
        if at.epoch != head.epoch:
            raise PositionUnknown("The journal was replaced while it was read.")
        recent: list[Event] = []
        place = max(head.floor, head.offset - min(PRELOAD, self.hub.limits.ring_events))
        while place < head.offset:
            page = self.journal.after(Position(head.epoch, place), min(PAGE, head.offset - place))
            if not page:
                break
            recent += page
            place = page[-1].offset
        return HubStart(head, [record.flight for record in records], recent, standings)

    def load(self, loaded: HubStart) -> None:
        self.hub.load(loaded.head, loaded.flights, loaded.recent, loaded.standings)

"""The tail keeps the hub level with the journal, whichever way events come, and whatever the database does."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.unit.live.world import FakeOutlet, flight, later
from tests.unit.live.world import World as _World
from windsock.clock import ReplayClock
from windsock.errors import JournalUnavailable
from windsock.live.core.hub import Hub
from windsock.live.core.ports import HubLimits
from windsock.live.core.tail import Tail


class World(_World):
    """The same world on the real loop, followed by a real tail."""

    def __init__(self, **options: Any) -> None:
        super().__init__()
        loop = asyncio.get_running_loop()
        self.hub = Hub(loop, journal=self.journal, limits=HubLimits(), clock=lambda: self.now)
        self.broken: Exception | None = None
        self.asked = self.answered = 0

        async def run(question: Callable[[], Any]) -> Any:
            self.asked += 1
            await asyncio.sleep(0)
            if self.broken is not None:
                raise self.broken
            answer = question()
            self.answered += 1
            return answer

        self.tail = Tail(self.journal, self.hub, run=run, look_seconds=options.pop("look", 60.0), **options)  # type: ignore[arg-type]

    async def __aenter__(self) -> "World":
        self.tail.start()
        await asyncio.wait_for(self.tail.loaded(), 60)
        # What was loaded is followed by one look soon after; from then on nothing is looked at that a test did not ask
        # for. Two questions load, the third is that look.
        await until(lambda: self.answered >= 3)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.tail.stop()
        self.hub.stop()

    async def reaches(self, offset: int) -> None:
        await until(lambda: self.hub.offset == offset)


async def until(condition: Callable[[], bool], within: float = 60) -> None:
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.002)


F = flight()


async def test_pushed_events_need_no_question() -> None:
    async with World() as world:
        asked = world.asked
        world.tail.offer(world.hub.epoch, world.commit(F))
        assert world.hub.offset == 1
        assert world.asked == asked


async def test_a_look_finds_what_nobody_told() -> None:
    async with World(look=0.02) as world:
        world.commit(F, later(F, gate="A1"))
        await world.reaches(2)


async def test_a_probe_brings_the_look_forward() -> None:
    news = False
    async with World(probe=lambda: news, probe_seconds=0.005) as world:
        world.commit(F)
        await asyncio.sleep(0)
        news = True
        await world.reaches(1)


async def test_events_that_overtake_each_other_wait_for_their_turn() -> None:
    async with World() as world:
        first, second, third = (world.commit(later(F, gate=str(n)))[0] for n in range(3))
        asked = world.asked
        world.tail.offer(world.hub.epoch, [third])
        world.tail.offer(world.hub.epoch, [second])
        assert world.hub.offset == 0
        world.tail.offer(world.hub.epoch, [first])
        assert world.hub.offset == 3
        assert world.asked == asked


async def test_a_hole_is_filled_from_the_journal() -> None:
    async with World() as world:
        world.commit(F)
        lost_before = world.commit(later(F, gate="A1"))
        world.tail.offer(world.hub.epoch, lost_before)
        await world.reaches(2)
        assert world.tail.holes == 1


async def test_repeated_doorbells_tell_nothing_twice() -> None:
    async with World() as world:
        events = world.commit(F)
        for _ in range(3):
            world.tail.offer(world.hub.epoch, events)
        assert world.hub.stats.published == 1


async def test_a_replaced_journal_gives_sessions_a_fresh_snapshot() -> None:
    async with World() as world:
        outlet = FakeOutlet()
        session = world.hub.attach(outlet)
        outlet.session = session
        world.hub.subscribe(session, ["all"], id="1")
        world.tail.offer(world.hub.epoch, world.commit(F))
        head = world.journal.reset()
        events = world.commit(flight(7))
        world.tail.offer(head.epoch, events)
        await until(lambda: world.hub.epoch == head.epoch)
        await until(lambda: b'"type":"snapshot"' in outlet.frames[-1] and b"DL7." in outlet.frames[-1])
        assert b'"id":"1"' not in outlet.frames[-1]
        assert world.hub.offset == 1


async def test_a_database_outage_is_waited_out(caplog: pytest.LogCaptureFixture) -> None:
    async with World(look=0.02) as world:
        world.broken = JournalUnavailable("gone")
        await until(lambda: world.tail.failure is not None)
        world.tail.offer(world.hub.epoch, world.commit(F))
        assert world.hub.offset == 1, "what is pushed is told even while the database is away"
        world.commit(later(F, gate="A1"))
        world.broken = None
        await world.reaches(2)
        await until(lambda: world.tail.failure is None)
        assert len([record for record in caplog.records if "cannot be read" in record.message]) == 1


async def test_the_replay_clock_is_passed_on() -> None:
    async with World(look=0.02) as world:
        clock = ReplayClock(
            label="a day", simulated_at=world.now - timedelta(days=1), real_at=world.now, speed=60
        )
        world.journal.set_clock(clock)
        await until(lambda: world.hub.replay_clock == clock)
        assert world.hub.now() == world.now - timedelta(days=1)


async def test_after_a_start_the_ring_already_holds_recent_events() -> None:
    world = World()
    world.commit(F, later(F, gate="A1"))
    async with world:
        assert world.hub.ring.before == 0
        events = world.hub.ring.after(0, frozenset({"all"}))
        assert events is not None
        assert [event.offset for event in events] == [1, 2]


async def test_stopping_leaves_no_task() -> None:
    before = asyncio.all_tasks()
    async with World():
        pass
    assert asyncio.all_tasks() == before

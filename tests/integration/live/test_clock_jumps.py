"""The machine's clock is set an hour forward or back while the service runs: positions and loops know nothing of it.

The journal is a real one, and so are pipeline, hub and tail; only the clock they are handed is the test's.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.db import connections

from tests.unit.live.world import START, Client, FakeOutlet, World, flight, later
from windsock.access import tickets
from windsock.collect.upkeep import WATCH_SECONDS, Upkeep
from windsock.conf import Config
from windsock.ingest import Pipeline, Recorded
from windsock.ingest.results import Result
from windsock.journal.base import Event
from windsock.journal.database import DatabaseJournal
from windsock.journal.memory import MemoryJournal
from windsock.live.core.hub import Hub
from windsock.live.core.ports import HubLimits
from windsock.live.core.tail import Tail
from windsock.protocol import messages
from windsock.protocol.positions import Position

HOUR = timedelta(hours=1)
# Forward and back to the truth; back and forward again; and both ways past each other.
JUMPS = [
    pytest.param([HOUR, -HOUR], id="forward and right again"),
    pytest.param([-HOUR, HOUR], id="back and right again"),
    pytest.param([HOUR, -2 * HOUR, HOUR], id="forward, back beyond, right again"),
]
JOURNALS = [
    pytest.param("default", marks=pytest.mark.django_db(transaction=True)),
    pytest.param(
        "postgresql", marks=pytest.mark.django_db(transaction=True, databases=["default", "postgresql"])
    ),
]
AIRPORTS = ("ATL", "JFK", "MCO")


class MachineClock:
    """A clock that goes by itself, a millisecond at each look, and can be set."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        self.time += timedelta(milliseconds=1)
        return self.time

    def set(self, by: timedelta) -> None:
        self.time += by


def report(number: int, gate: str) -> dict[str, Any]:
    """A report that leaves it to the service to say when it came."""
    return {"flight": f"DL{number}", "date": "2015-01-02", "origin": AIRPORTS[number % 3], "destination": "BOS",
            "source": "operations", "departure": {"scheduled": "2015-01-02T18:00:00Z", "gate": gate}}  # fmt: skip


class Node:
    """Pipeline, hub and tail of one process, on one clock and one database."""

    def __init__(self, alias: str, clock: Callable[[], datetime], *, told: bool, **limits: Any) -> None:
        self.loop = asyncio.get_running_loop()
        self.thread = ThreadPoolExecutor(1)  # one, so that its connection can be closed at the end
        self.journal = DatabaseJournal(alias)
        self.hub = Hub(
            self.loop, journal=self.journal, query=self._ask, limits=HubLimits(**limits), clock=clock
        )
        self.tail = Tail(
            self.journal, self.hub, run=partial(self.loop.run_in_executor, self.thread), look_seconds=0.02
        )
        self.pipeline = Pipeline(self.journal, clock=clock, on_exit=connections.close_all)
        if told:
            self.pipeline.listen(self._written)

    def _ask(self, question: Callable[[], Any], answer: Callable[[Any], None]) -> None:
        asked = self.loop.run_in_executor(self.thread, question)
        asked.add_done_callback(lambda done: answer(done.exception() or done.result()))

    def _written(self, epoch: str, events: list[Event]) -> None:
        self.loop.call_soon_threadsafe(self.tail.offer, epoch, list(events))

    async def record(self, *reports: dict[str, Any]) -> list[Result]:
        return await asyncio.wait_for(asyncio.wrap_future(self.pipeline.submit(reports)), 60)

    def connect(self, *topics: str, after: Position | None = None) -> Client:
        outlet = FakeOutlet()
        session = self.hub.attach(outlet)
        outlet.session = session
        client = Client(self, outlet, session)  # type: ignore[arg-type]  # it needs a hub, and here is one
        if topics:
            client.subscribe(*topics, after=after)
        return client

    async def level(self) -> Position:
        """Waits until the hub has told all that the journal holds; gives its head."""
        head = (await self.loop.run_in_executor(self.thread, self.journal.head)).position
        async with asyncio.timeout(60):
            while self.hub.position != head:
                await asyncio.sleep(0.005)
        await asyncio.sleep(0.02)  # the hub gathers for some milliseconds before it writes
        return head


@asynccontextmanager
async def running(node: Node) -> AsyncIterator[Node]:
    node.tail.start()
    await asyncio.wait_for(node.tail.loaded(), 60)
    try:
        yield node
    finally:
        await asyncio.to_thread(node.pipeline.stop)
        await node.tail.stop()
        node.hub.stop()
        await node.loop.run_in_executor(node.thread, connections.close_all)
        node.thread.shutdown()


def positions(client: Client) -> list[int]:
    return [Position.parse(event.position).offset for event in client.all(messages.Event)]


@pytest.mark.parametrize("alias", JOURNALS)
@pytest.mark.parametrize("told", [True, False], ids=["told by the pipeline", "found by looking"])
@pytest.mark.parametrize("jumps", JUMPS)
async def test_no_event_is_lost_and_positions_strictly_increase(
    alias: str, told: bool, jumps: list[timedelta]
) -> None:
    clock = MachineClock()
    async with running(Node(alias, clock, told=told)) as node:
        followers = [node.connect(topic) for topic in ("all", "departures:ATL", "departures:JFK")]
        cut_off = node.connect("all")
        acknowledged: list[int] = []
        for turn, jump in enumerate([timedelta(0), *jumps]):
            clock.set(jump)
            for step in range(4):
                results = await node.record(*(report(number, f"{turn}{step}") for number in range(1, 7)))
                assert all(isinstance(one, Recorded) and one.changes for one in results), results
                acknowledged += [one.position.offset for one in results if isinstance(one, Recorded)]
            if turn == 0:
                await node.level()
                node.hub.detach(cut_off.follow().session)
        head = await node.level()
        assert acknowledged == list(range(1, head.offset + 1))
        everything, *some = followers
        assert positions(everything) == acknowledged
        for follower in some:
            assert positions(follower) == sorted(set(positions(follower)))
            fresh = node.connect(*follower.session.topics).follow()
            assert fresh.board == follower.follow().board
        assert sum(len(positions(follower)) for follower in some) == len(acknowledged) * 2 // 3
        back = node.connect("all", after=cut_off.position)
        assert cut_off.position is not None
        missed = [offset for offset in acknowledged if offset > cut_off.position.offset]
        assert back.last(messages.Resumed).count == len(missed)
        assert positions(back) == missed
        assert node.tail.reloads == 1, "the hub was loaded anew, as if the journal had been replaced"
        assert node.tail.failure is None


@pytest.mark.parametrize("alias", JOURNALS)
async def test_who_resumes_beyond_the_ring_gets_what_was_recorded_under_a_wrong_clock(alias: str) -> None:
    clock = MachineClock()
    async with running(Node(alias, clock, told=True, ring_events=4)) as node:
        await node.record(report(1, "A1"))
        start = await node.level()
        for turn, jump in enumerate([HOUR, -2 * HOUR, HOUR]):
            clock.set(jump)
            for step in range(5):
                await node.record(report(1, f"{turn}{step}"))
        head = await node.level()
        client = node.connect("all", after=start)
        async with asyncio.timeout(60):
            while "resumed" not in client.kinds:
                await asyncio.sleep(0.005)
        assert positions(client) == list(range(start.offset + 1, head.offset + 1))
        assert node.hub.stats.far_resumes == 1


def test_a_clock_set_back_by_a_day_was_wrong_before_and_is_followed() -> None:
    clock = MachineClock()
    pipeline = Pipeline(MemoryJournal(), clock=clock)
    before = pipeline.now()
    clock.set(-HOUR)
    assert before < pipeline.now() < before + timedelta(seconds=1)
    clock.set(timedelta(days=-1))
    assert pipeline.now() < before - timedelta(days=1)


@pytest.mark.parametrize("jumps", JUMPS)
def test_heartbeats_come_as_often_as_ever(jumps: list[timedelta]) -> None:
    world = World(heartbeat_seconds=20)
    world.load()
    client = world.connect()
    client.subscribe("all")
    timers = world.loop.timers
    for jump in jumps:
        world.now += jump
        before = len(client.all(messages.Head))
        world.loop.advance(100)
        assert len(client.all(messages.Head)) - before == 5
        assert client.last(messages.Head).server_time == world.now
    assert world.loop.timers == timers
    assert client.outlet.closed is None


@pytest.mark.parametrize("jumps", JUMPS)
def test_a_reader_that_stands_still_is_neither_spared_nor_thrown_off_early(jumps: list[timedelta]) -> None:
    world = World(heartbeat_seconds=20, stuck_seconds=60)
    world.load()
    client = world.connect(room=2)
    client.subscribe("all")
    world.happen(flight())
    for jump in jumps:
        world.now += jump
        world.loop.advance(15)
        assert client.outlet.closed is None
    world.loop.advance(90)
    assert client.outlet.closed is not None


def test_the_ring_and_the_board_keep_what_they_have() -> None:
    world = World(ring_events=100)
    world.load()
    state = flight()
    world.happen(state)
    start = world.hub.position
    for turn, jump in enumerate([HOUR, -2 * HOUR, HOUR]):
        world.now += jump
        state = later(state, gate=f"A{turn}")
        world.happen(state)
        assert world.hub.evict(world.hub.now() - timedelta(hours=36)) == 0
    assert world.hub.ring.before == 0
    client = world.connect()
    client.subscribe("all", after=start)
    assert client.last(messages.Resumed).count == 3


class Watched:
    """A journal in memory with the upkeep over it, on a clock that the test sets."""

    def __init__(self) -> None:
        self.clock = MachineClock()
        self.journal = MemoryJournal()
        self.pipeline = Pipeline(self.journal, clock=self.clock)
        self.pruned = 0
        self.upkeep = Upkeep(
            self._counted(),
            lambda reports, **how: self.pipeline.submit(reports, **how).result(60),
            Config(prune_every=600),
            clock=self.clock,
        )

    def _counted(self) -> MemoryJournal:
        prune = self.journal.prune

        def counted(**how: Any) -> Any:
            self.pruned += 1
            return prune(**how)

        self.journal.prune = counted  # type: ignore[method-assign]
        return self.journal

    def tell(self, **departure: str) -> None:
        body = report(1, "A1") | {"departure": {"scheduled": "2015-01-02T12:00:00Z", **departure}}
        (result,) = self.pipeline.submit([body]).result(60)
        assert isinstance(result, Recorded), result

    def watch(self, minutes: int) -> list[int | None]:
        """Half-minute ticks; the delay after each event that they brought."""
        said = []
        for _ in range(minutes * 60 // int(WATCH_SECONDS)):
            self.clock.set(timedelta(seconds=WATCH_SECONDS))
            before = self.journal.head().offset
            self.upkeep.tick()
            if self.journal.head().offset > before:
                said.append(self.delay)
        return said

    @property
    def delay(self) -> int | None:
        ((_, (record,))) = self.journal.snapshot()
        return record.flight.departure.delay_minutes


@pytest.mark.django_db  # pruning also drops what feeds sent in
def test_the_overdue_watch_says_each_step_once_whatever_the_clock_does() -> None:
    day = Watched()
    day.tell()
    assert day.watch(31) == [15, 30]
    day.clock.set(HOUR)
    assert day.watch(10) == [90], "as late as the clock says, in one word"
    day.clock.set(-HOUR)
    assert day.watch(49) == [], "nothing is said twice, or taken back and said again"
    assert day.watch(31) == [105, 120], "it goes on where the true time has come to what was said"
    day.pipeline.stop()


@pytest.mark.django_db  # pruning also drops what feeds sent in
def test_a_false_word_of_the_watch_gives_way_to_the_next_estimate() -> None:
    day = Watched()
    day.tell()
    day.clock.set(timedelta(minutes=16))
    day.watch(1)
    day.clock.set(HOUR)
    assert day.watch(1) == [75]
    day.clock.set(-HOUR)
    day.tell(estimated="2015-01-02T12:40:00Z")
    assert day.delay == 40
    day.pipeline.stop()


@pytest.mark.django_db
@pytest.mark.parametrize("jumps", JUMPS)
def test_pruning_does_not_run_wild_and_does_not_fall_asleep(jumps: list[timedelta]) -> None:
    day = Watched()
    day.tell()
    day.watch(30)
    for jump in jumps:
        day.clock.set(jump)
        before = day.pruned
        day.watch(60)
        assert 5 <= day.pruned - before <= 7, "every ten minutes, and at most once more for the jump"
    assert day.journal.head().floor == 0
    day.pipeline.stop()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["forward", "back"])
async def test_a_ticket_opens_once_under_any_clock(jump: timedelta) -> None:
    ann = await sync_to_async(get_user_model().objects.create_user)("ann", password="x")
    issue, redeem = sync_to_async(tickets.issue), sync_to_async(tickets.redeem)
    now = datetime.now(UTC)
    before = await issue(ann, "socket", now=now)
    since = now + jump
    opened = [await redeem(before, "socket", now=since) for _ in range(2)]
    assert opened[1] is None
    assert (opened[0] is None) == (jump > timedelta(0)), (
        "an hour later it has expired; the client asks for another"
    )
    fresh = await issue(ann, "socket", now=since)
    assert await redeem(fresh, "socket", now=since) is not None
    assert await redeem(fresh, "socket", now=since) is None
    unused = await issue(ann, "socket", now=since)
    assert await redeem(unused, "socket", now=since + HOUR) is None

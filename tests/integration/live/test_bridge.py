"""The doorbell and notices survive what channel layers do: forget, fail, fall silent."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest
from channels.layers import InMemoryChannelLayer

from tests.unit.live.world import World, flight
from windsock.journal.base import Event
from windsock.live.group import bridge as bridge_module
from windsock.live.group.bridge import DOORBELL, GROUP, Bridge


class FailingLayer(InMemoryChannelLayer):
    """A layer that can be away, as Redis can."""

    away = False

    async def receive(self, channel: str) -> Any:
        self._check()
        return await super().receive(channel)

    async def group_add(self, group: str, channel: str) -> None:
        self._check()
        await super().group_add(group, channel)

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        self._check()
        await super().group_send(group, message)

    def _check(self) -> None:
        if self.away:
            raise ConnectionError("Redis is gone")


class Side:
    """One process's end of the bridge, and what reached it."""

    def __init__(self, layer: InMemoryChannelLayer) -> None:
        self.events: list[tuple[str, Event]] = []
        self.notices: list[object] = []
        self.bridge = Bridge(
            layer,
            on_events=lambda epoch, events: self.events.extend((epoch, event) for event in events),
            on_notice=self.notices.append,
        )
        self.bridge.start()


@pytest.fixture
async def layer(monkeypatch: pytest.MonkeyPatch) -> FailingLayer:
    monkeypatch.setattr(bridge_module, "REJOIN_SECONDS", 0.05)
    monkeypatch.setattr(bridge_module, "BACK_OFF", (0.01, 0.05))
    return FailingLayer()


@pytest.fixture
async def sides(layer: FailingLayer) -> AsyncIterator[tuple[Side, Side]]:
    sides = Side(layer), Side(layer)
    await until(lambda: all(side.bridge.connected for side in sides))
    yield sides
    for side in sides:
        await side.bridge.stop()
    assert not layer.groups.get(GROUP)
    assert not layer.groups.get(DOORBELL)


async def until(condition: Callable[[], bool], within: float = 60) -> None:
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.005)


async def test_another_process_gets_exactly_the_event_that_was_written(sides: tuple[Side, Side]) -> None:
    one, other = sides
    world = World()
    (event,) = world.commit(flight())
    one.bridge.ring("e", [event])
    await until(lambda: bool(other.events))
    epoch, got = other.events[0]
    assert (epoch, got.message("e")) == ("e", event.message("e")), "the same bytes, not only the same meaning"
    assert set(got.topics) == set(event.topics)
    assert one.events == one.notices == other.notices == []


async def test_messages_of_other_code_are_notices_everywhere(
    layer: FailingLayer, sides: tuple[Side, Side]
) -> None:
    await layer.group_send(GROUP, {"type": "flight.delay", "data": {"hello": 1}})
    await until(lambda: all(side.notices == [{"hello": 1}] for side in sides))


async def test_a_flushed_layer_is_joined_again(layer: FailingLayer, sides: tuple[Side, Side]) -> None:
    layer.groups.clear()
    await until(lambda: len(layer.groups.get(GROUP, {})) == 2)
    await layer.group_send(GROUP, {"type": "flight.delay", "data": 2})
    await until(lambda: all(side.notices == [2] for side in sides))


async def test_events_wait_while_the_layer_is_away_and_go_out_when_it_is_back(
    layer: FailingLayer, sides: tuple[Side, Side]
) -> None:
    one, other = sides
    world = World()
    layer.away = True
    one.bridge.ring("e", [world.commit(flight(number))[0] for number in range(1, 4)])
    await until(lambda: one.bridge.failures > 1 and not other.bridge.connected)
    layer.away = False
    await until(lambda: len(other.events) == 3)
    assert [event.offset for _, event in other.events] == [1, 2, 3]


async def test_what_cannot_be_read_costs_only_itself(layer: FailingLayer, sides: tuple[Side, Side]) -> None:
    for mark in ({}, {"node": "x"}, {"node": "x", "epoch": 1, "offset": "?", "topics": []}):
        for group in (DOORBELL, GROUP):
            await layer.group_send(group, {"type": "flight.delay", "data": {}, "windsock": mark})
    await layer.group_send(GROUP, {"type": "flight.delay", "data": msgspec.json.decode(b"3")})
    await until(lambda: all(side.notices == [3] for side in sides))


async def test_the_doorbell_rings_for_flights_and_not_for_programmes(sides: tuple[Side, Side]) -> None:
    from tests.unit.live.test_programmes import STOP

    here, there = sides
    world = World()
    events = [*world.tell_programmes(STOP), *world.commit(flight())]
    here.bridge.ring(world.head().epoch, events)
    await until(lambda: bool(there.events))
    assert [event.offset for _, event in there.events] == [2]

"""A channel layer whose connections stand and never answer: what hangs is given up, and the doorbell comes back."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer

from tests.unit.live.world import World, flight
from windsock.journal.base import Event
from windsock.live.group import bridge as bridge_module
from windsock.live.group.bridge import Bridge


class SilentLayer(InMemoryChannelLayer):
    """A layer whose calls, while `silent`, never come back, not even when things have improved since."""

    silent = False
    hung = 0

    async def receive(self, channel: str) -> Any:
        try:
            return await super().receive(channel)
        except asyncio.CancelledError:
            if self.silent:
                await self._hang()  # as a layer does that tidies up over a dead connection
            raise

    async def group_add(self, group: str, channel: str) -> None:
        if self.silent:
            await self._hang()
        await super().group_add(group, channel)

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        if self.silent:
            await self._hang()
        await super().group_send(group, message)

    async def _hang(self) -> None:
        self.hung += 1
        await asyncio.Event().wait()


@pytest.fixture
async def layer(monkeypatch: pytest.MonkeyPatch) -> SilentLayer:
    for name, seconds in (("REJOIN_SECONDS", 0.05), ("DEAF_SECONDS", 0.1), ("TIDY_SECONDS", 0.05)):
        monkeypatch.setattr(bridge_module, name, seconds)
    monkeypatch.setattr(bridge_module, "BACK_OFF", (0.01, 0.05))
    return SilentLayer()


@pytest.fixture
async def bridges(layer: SilentLayer) -> AsyncIterator[tuple[Bridge, list[int], Bridge]]:
    heard: list[int] = []

    def take(epoch: str, events: Any) -> None:
        heard.extend(event.offset for event in events)

    one = Bridge(layer, on_events=lambda *_: None, on_notice=lambda _: None)
    other = Bridge(layer, on_events=take, on_notice=lambda _: None)
    one.start()
    other.start()
    await until(lambda: one.connected and other.connected)
    yield one, heard, other
    await one.stop()
    await other.stop()


async def until(condition: Callable[[], bool], within: float = 60) -> None:
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.005)


def events(world: World, *numbers: int) -> list[Event]:
    return [world.commit(flight(number))[0] for number in numbers]


async def test_what_hangs_is_given_up_and_what_waited_is_rung(
    layer: SilentLayer, bridges: tuple[Bridge, list[int], Bridge]
) -> None:
    one, heard, other = bridges
    world = World()
    layer.silent = True
    one.ring("e", events(world, 1, 2, 3))
    await until(lambda: layer.hung > 3 and not other.connected and one.failures > 1)
    assert one.waiting == 3, "an event that was not taken is not forgotten"
    layer.silent = False
    await until(lambda: len(set(heard)) == 3)
    assert sorted(set(heard)) == [1, 2, 3]
    one.ring("e", events(world, 4))
    await until(lambda: heard[-1] == 4)

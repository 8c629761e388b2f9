"""How programmes of airports reach sessions, in the cases that have a name; the standing law covers the rest."""

from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest

from tests.unit.live.test_tail import World as FollowedWorld
from tests.unit.live.world import START, World, flight
from windsock.flights.programmes import Programme
from windsock.protocol import messages

F = flight()
STOP = Programme(airport="JFK", kind="ground_stop", source="faa", observed_at=START)
LONGER = msgspec.structs.replace(STOP, ends_at=START + timedelta(hours=2))


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    world.load()
    yield world
    world.hub.stop()


def told(world: World, *programmes: Programme) -> None:
    world.tell_programmes(*programmes)
    world.publish()
    world.loop.advance(0.01)


def test_only_who_subscribed_to_the_airports_programmes_is_told(world: World) -> None:
    knowing, others = world.connect(), world.connect()
    knowing.subscribe("programmes:JFK")
    others.subscribe("all", "airport:JFK", "programmes:BOS")
    told(world, STOP)
    assert knowing.follow().standings["JFK"].programmes == (STOP,)
    assert others.follow().events == 0


def test_a_snapshot_asked_again_after_a_change_is_not_the_old_one(world: World) -> None:
    for listed in ((STOP,), (LONGER,), ()):
        told(world, *listed)
        for _ in range(2):
            client = world.connect()
            client.subscribe("programmes:JFK")
            assert client.follow().standings["JFK"].programmes == listed
        # Sweeping the board of old flights must not make the kept snapshot pass for the newest.
        world.hub.evict(START - timedelta(days=1))


def test_of_a_slow_readers_programmes_the_newest_are_kept_and_counted(world: World) -> None:
    client = world.connect(room=2)
    client.subscribe("programmes:JFK")
    for listed in ((STOP,), (LONGER,), (STOP,), ()):
        told(world, *listed)
    client.outlet.take()
    world.loop.advance(21)
    assert client.follow().standings["JFK"].programmes == ()
    assert client.last(messages.Head).skipped > 0


def test_a_flight_asked_for_from_the_journal_comes_with_the_programmes_asked_for_with_it(
    world: World,
) -> None:
    world.happen(F)
    told(world, STOP)
    world.hub.evict(START + timedelta(days=9))
    client = world.connect()
    client.subscribe(f"flight:{F.id}", "programmes:JFK")
    world.answer()
    assert (list(client.follow().board), list(client.standings)) == ([F.id], ["JFK"])


async def test_programmes_written_by_another_process_are_found_in_their_place() -> None:
    async with FollowedWorld(look=0.02) as world:
        world.tell_programmes(STOP)
        world.commit(F)
        await world.reaches(2)
        assert len(world.hub.board.standings(["programmes:JFK"])) == 1


async def test_a_hub_that_begins_knows_the_programmes_that_stand() -> None:
    world = FollowedWorld()
    world.tell_programmes(STOP)
    async with world:
        assert len(world.hub.board.standings(["programmes:JFK"])) == 1
        assert world.hub.offset == 1


def test_standings_newer_than_the_flights_loaded_with_them_are_not_undone(world: World) -> None:
    (started,) = world.tell_programmes(STOP)
    head = world.head()
    (ended,) = world.tell_programmes()
    world.hub.load(head, [], [started], world.journal.standings()[1])
    client = world.connect()
    client.subscribe("programmes:JFK")
    assert world.hub.publish(head.epoch, [ended])
    world.loop.advance(0.01)
    assert client.follow().standings == world.true_standings(frozenset({"programmes:JFK"}))

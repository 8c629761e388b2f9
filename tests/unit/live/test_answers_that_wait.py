"""What the hub keeps for readers who do not read: shared where it can be, bounded where it cannot."""

import gc
import itertools

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.live.world import Client, World, flight, later
from windsock.access.address import network
from windsock.access.rights import Identity
from windsock.live.core.connection_limits import SessionRefused, is_public
from windsock.live.core.frames import ByteCount, SnapshotPart, SnapshotRest, frame
from windsock.protocol import messages
from windsock.protocol.codec import decode_server, snapshot_frames, snapshot_opening, snapshot_rests
from windsock.protocol.positions import Position

FLIGHTS = [flight(number) for number in range(1, 301)]
TOPICS = ["all", "departures:ATL", "carrier:DL", "flight:DL1.2015-01-02.ATL", "flight:XX9.2015-01-02.ATL"]


def crowded(**limits: int) -> World:
    world = World(**limits)
    world.load()
    world.happen(*FLIGHTS)
    return world


def size_of_everything(world: World) -> int:
    opening = snapshot_opening(["all"])
    rests = snapshot_rests(world.hub.position, world.hub.board.flights(["all"]))
    return sum(len(opening) + len(rest) for rest in rests)


def stalled(world: World, *topics: str) -> Client:
    """A reader who asks and takes nothing."""
    client = world.connect(room=1)
    world.hub.subscribe(client.session, topics, id=f"request {next(NUMBERS)}")
    world.answer()
    return client


NUMBERS = itertools.count()


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.sets(st.sampled_from(TOPICS), min_size=1).map(lambda some: some | {"all"}), min_size=1, max_size=40
    )
)
def test_everything_is_kept_once_or_twice_however_it_is_asked_for(asked: list[set[str]]) -> None:
    world = crowded()
    clients = [stalled(world, *topics) for topics in asked]

    # Twice: with and without a flight that is not on the board, whose part changes the number of parts.
    assert world.hub.board.snapshot_bytes <= 2 * size_of_everything(world) + 2_000 * len(clients)
    for client in clients:
        client.outlet.take()
        client.follow()
        assert client.board.keys() >= {one.id for one in FLIGHTS}


def test_a_hundred_requests_of_one_reader_for_everything_keep_one_snapshot() -> None:
    world = crowded()
    client = world.connect(room=1)
    for number in range(100):
        world.hub.subscribe(client.session, ["all"], id=number)
    assert world.hub.board.snapshot_bytes <= size_of_everything(world)


def test_readers_who_stand_still_at_different_moments_are_closed_when_they_keep_too_much() -> None:
    world = crowded()
    most = 10 * size_of_everything(world)
    world = crowded(max_snapshot_bytes=most)
    honest = world.connect()
    clients = []
    for minute in range(40):
        clients.append(stalled(world, "all"))
        world.happen(later(world.current(FLIGHTS[0].id) or FLIGHTS[0], gate=f"A{minute}"))
        assert world.hub.board.snapshot_bytes <= most + 2 * size_of_everything(world)
    closed = [client.outlet.closed for client in clients if client.outlet.closed is not None]
    assert {code for code, _ in closed} == {4108}
    assert clients[0].outlet.closed is not None, "who has stood still longest goes first"
    assert clients[-1].outlet.closed is None
    assert honest.outlet.closed is None


def test_what_is_kept_is_given_back() -> None:
    world = crowded()
    empty = World()
    empty.load()
    clients = [stalled(world, "all") for _ in range(5)]
    for client in clients:
        world.hub.detach(client.session)
    clients.clear()
    world.hub.board.load([])
    gc.collect()
    assert world.hub.board.snapshot_bytes == empty.hub.board.snapshot_bytes == 0
    assert world.hub.queued_replies.bytes == 0


def test_a_resume_from_the_journal_is_a_snapshot_when_too_much_waits() -> None:
    world = crowded(ring_events=1, max_waiting_bytes=10_000)
    start = Position(world.hub.epoch, 0)
    first = world.connect(room=1)
    first.subscribe("all", after=start)
    world.answer()
    assert world.hub.queued_replies.bytes > 10_000

    second = world.connect()
    second.subscribe("all", after=start)
    world.answer()
    assert second.all(messages.Snapshot)
    assert not second.all(messages.Resumed)

    first.outlet.take()
    assert first.last(messages.Resumed).count == len(FLIGHTS)
    assert world.hub.queued_replies.bytes == 0


@given(st.one_of(st.just(msgspec.UNSET), st.text(max_size=40), st.integers(0, 2**53)), st.integers(0, 40))
def test_a_shared_part_reads_like_one_that_was_made_whole(
    id: str | int | msgspec.UnsetType, count: int
) -> None:
    encoded = [msgspec.json.encode(one) for one in FLIGHTS[:count]]
    position = Position("e", 7)
    whole = list(snapshot_frames(["all"], position, encoded, id=id, part_bytes=4_000))
    account = ByteCount()
    opening = snapshot_opening(["all"], id)
    parts = [
        SnapshotPart(opening, SnapshotRest(rest, account))
        for rest in snapshot_rests(position, encoded, part_bytes=4_000)
    ]
    assert [part.data for part in parts] == whole
    assert [part.size for part in parts] == [len(one) for one in whole]
    for part in parts:
        assert part.frame == frame(part.data)
        assert part.text == part.data.decode()
        decode_server(part.data)


def test_strangers_from_one_public_address_are_bounded_and_nobody_else() -> None:
    world = World(max_anonymous_per_address=3)
    world.load()

    def come(address: str | None, identity: Identity | None = None) -> None:
        world.hub.attach(world.connect().outlet, identity=identity, address=address)

    ann = Identity(user_id=1, name="ann")
    for _ in range(3):
        come("1.1.1.1")
    with pytest.raises(SessionRefused, match="per address"):
        come("1.1.1.1")
    come("1.1.1.1", ann)
    come("1.1.1.2")
    for _ in range(10):  # where a proxy may stand
        come("10.0.0.1")
        come("127.0.0.1")
        come(None)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1", True),
        ("127.0.0.1", False),
        ("::1", False),
        ("10.1.2.3", False),
        ("192.168.0.7", False),
        ("fd00::1", False),
        ("testclient", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(network(address) or "") is public

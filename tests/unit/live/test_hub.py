"""What sessions are sent, in the cases that have a name; the standing law covers the rest."""

import json
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from tests.unit.live.world import START, FakeOutlet, World, flight, later
from windsock.access.rights import Identity
from windsock.live.core.connection_limits import SessionRefused
from windsock.live.core.frames import Encoded, frame
from windsock.protocol import messages
from windsock.protocol.positions import Position

F = flight()


@pytest.fixture
def world() -> World:
    world = World()
    world.load()
    return world


def test_equal_batches_are_shared_by_all_sockets(world: World) -> None:
    clients = [world.connect() for _ in range(3)]
    for client, topic in zip(clients, ["all", "all", "departures:ATL"], strict=True):
        client.subscribe(topic)
    world.happen(F)
    assert len({id(client.outlet.batches[-1]) for client in clients}) == 1


def test_when_idle_an_event_goes_out_in_the_same_turn(world: World) -> None:
    client = world.connect()
    client.subscribe("all")
    world.commit(F)
    world.publish()
    world.loop.run()
    assert client.kinds[-1] == "event"


def test_an_event_costs_only_its_subscribers(world: World) -> None:
    other = world.connect()
    other.subscribe("departures:JFK")
    before = len(other.outlet.batches)
    world.happen(F)
    assert len(other.outlet.batches) == before


def test_a_slow_reader_gets_the_newest_state_and_is_told_what_it_missed(world: World) -> None:
    client = world.connect(room=2)
    client.subscribe("all")
    state = F
    world.happen(state)
    for gate in ("A1", "A2", "A3"):
        state = later(state, gate=gate)
        world.happen(state)
    client.outlet.take()
    world.hub.beat_all()
    assert [event.flight.version for event in client.all(messages.Event)] == [4]
    head = client.last(messages.Head)
    assert (head.sent, head.skipped) == (1, 3)


def test_the_reason_that_a_slow_reader_could_not_be_told_is_in_its_next_welcome(world: World) -> None:
    slow, other = Identity(user_id=1, name="ann"), Identity(user_id=2, name="ben")
    client = world.connect(room=2, identity=slow)
    client.subscribe("all")
    world.happen(flight(1))
    world.loop.advance(90)
    assert client.outlet.closed is not None
    assert world.connect(identity=other).last(messages.Welcome).ended is msgspec.UNSET
    ended = world.connect(identity=slow).last(messages.Welcome).ended
    assert (ended.connection, ended.code) == (client.session.connection, 4108)
    assert "too slow" in ended.reason
    assert world.connect(identity=slow).last(messages.Welcome).ended is msgspec.UNSET  # once


def test_who_takes_nothing_for_a_minute_is_closed_with_4108(world: World) -> None:
    client = world.connect(room=1)
    world.loop.advance(59)
    assert client.outlet.closed is None
    world.loop.advance(25)
    assert client.outlet.closed is not None
    assert client.outlet.closed[0] == 4108
    assert world.hub.session_count == 0


def test_mode_latest_sends_at_most_two_batches_a_second(world: World) -> None:
    client = world.connect()
    client.subscribe("all", mode="latest")
    state = F
    for number in range(100):
        world.happen(state)
        state = later(state, gate=str(number))
    world.loop.advance(1)
    world.hub.beat_all()
    assert len(client.all(messages.Event)) <= 5
    assert client.follow().board[F.id].version == 100
    head = client.last(messages.Head)
    assert head.sent + head.skipped == 100


def test_a_resume_beyond_the_ring_is_read_from_the_journal_while_events_go_on() -> None:
    world = World(ring_events=1)
    world.load()
    state = F
    for number in range(10):
        world.happen(state)
        state = later(state, gate=str(number))
    client = world.connect()
    client.subscribe("all", after=Position(world.hub.epoch, 3))
    world.happen(state)
    assert "event" not in client.kinds
    world.answer()
    assert client.last(messages.Resumed).count == 7
    assert [Position.parse(event.position).offset for event in client.all(messages.Event)] == list(
        range(4, 12)
    )


def test_a_flight_that_left_the_board_is_answered_from_the_journal(world: World) -> None:
    world.happen(F)
    assert world.hub.evict(START + timedelta(days=2)) == 1
    client = world.connect()
    client.subscribe(f"flight:{F.id}")
    world.answer()
    assert [flight.id for flight in client.last(messages.Snapshot).flights] == [F.id]


def test_a_client_that_is_ahead_of_this_process_is_not_sent_back_in_time(world: World) -> None:
    world.happen(F)
    world.commit(later(F, gate="A1"))  # told to another process only
    client = world.connect()
    client.subscribe("all", after=Position(world.hub.epoch, 2))
    world.answer()
    assert client.last(messages.Resumed).count == 0
    assert world.hub.offset == 2


def test_snapshots_are_made_once_for_all_who_ask_the_same(world: World) -> None:
    world.happen(F)
    first, second = world.connect(), world.connect()
    first.subscribe("all")
    world.happen(flight(9, origin="JFK"))
    second.subscribe("departures:ATL")
    made = world.hub.board.snapshot_bytes
    for _ in range(100):  # each counts its requests for itself
        world.connect().subscribe("departures:ATL")
    assert world.hub.board.snapshot_bytes == made


def test_too_many_connections_are_refused_with_their_codes() -> None:
    world = World(max_connections=3, max_connections_per_user=2)
    with pytest.raises(SessionRefused) as not_ready:
        world.connect()
    assert not_ready.value.code == 4150
    world.load()
    ann = Identity(user_id=1, name="ann")
    first = world.connect(identity=ann)
    world.connect(identity=ann)
    with pytest.raises(SessionRefused) as user:
        world.connect(identity=ann)
    assert user.value.code == 4130
    world.hub.detach(first.session)
    world.connect(identity=ann)
    world.connect()
    with pytest.raises(SessionRefused) as process:
        world.connect()
    assert process.value.code == 4150


def test_a_long_fan_out_goes_in_slices(world: World) -> None:
    class Costly(FakeOutlet):
        def write(self, batch):  # type: ignore[no-untyped-def]
            world.loop._now += 0.0001
            return super().write(batch)

    for _ in range(1000):
        outlet = Costly()
        session = world.hub.attach(outlet, plain=True)
        outlet.session = session
        world.hub.subscribe(session, ["all"], quiet=True)
    world.commit(F)
    world.publish()
    turns = 0
    while world.loop.step():
        turns += 1
    assert world.hub.stats.delivered == 1000
    assert turns > 8


def test_a_notice_reaches_everybody_plain_or_not_subscribed_or_not(world: World) -> None:
    clients = [world.connect(), world.connect(plain=True)]
    world.hub.broadcast(Encoded(b'{"type":"notice","data":1}'))
    world.loop.run()
    assert all(client.kinds[-1] == "notice" for client in clients)


def test_a_poisoned_event_does_not_stop_those_after_it(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    client = world.connect()
    client.subscribe("all")
    (event,) = world.commit(F)
    world.unpublished = [replace(event, body=b'"flight":{"id":7}}')]
    world.publish()
    world.happen(flight(7))
    assert world.hub.offset == 2
    assert [json.loads(frame)["type"] for frame in client.outlet.frames[-2:]] == ["event", "event"]
    assert "cannot be put on the live board" in caplog.text


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_frames_are_those_of_a_well_kept_library(size: int) -> None:
    from websockets.frames import Frame, Opcode

    data = b"x" * size
    assert frame(data) == Frame(Opcode.TEXT, data).serialize(mask=False)


def test_stopping_leaves_no_timer(world: World) -> None:
    world.connect()
    world.hub.stop()
    assert world.loop.timers == 0


def test_what_is_asked_while_a_snapshot_is_owed_is_answered_after_it() -> None:
    """A reader that is behind, asked the journal for one answer, outgrew its bound meanwhile, and asked for another."""
    world = World(max_pending_bytes=3_000)
    world.load()
    world.happen(F)
    assert world.hub.evict(START + timedelta(days=2)) == 1
    client = world.connect(room=2)
    client.subscribe("departures:JFK")  # from here on the outlet is full
    client.subscribe(f"flight:{F.id}")  # to be read from the journal
    client.subscribe("departures:BOS")
    world.happen(*(flight(number, origin="JFK") for number in range(2, 10)))
    for _ in range(4):
        world.answer()
        client.outlet.take()
        world.loop.advance(1)
    assert client.session.topics == {"departures:JFK", f"flight:{F.id}", "departures:BOS"}
    assert client.follow().board == world.truth(client.session.topics)

"""The client's end: whatever a network and a server do to it, in the end its board is the truth."""

import json
from collections import deque
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, note, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.client.service import NOW, flight
from windsock.errors import ProtocolError
from windsock.flights import Flight
from windsock.protocol import client_outputs as out
from windsock.protocol import commands
from windsock.protocol.backoff import BackOff
from windsock.protocol.client_session import ClientSession
from windsock.protocol.client_topics import canonical
from windsock.protocol.codec import encode, snapshot_frames
from windsock.protocol.messages import Event, Moving, Resumed
from windsock.protocol.positions import Position
from windsock.protocol.server_session import ServerSession
from windsock.protocol.topics import topics_of

NAMES = ("dl1865-v1", "b6711-v1", "aa1-v1")
TOPICS = ("all", "departures:JFK", "departures:ATL", "registration:NA", "registration:NB")


class Pipe:
    """One connection: what the server has written and the client has not read yet."""

    def __init__(self) -> None:
        self.session = ServerSession()
        self.frames: deque[tuple[Event | None, Any]] = (
            deque()
        )  # (the event, if it is one; what makes the frame)
        self.closed: int | None = None


class World:
    """A server with a journal, a network that loses things, and one client."""

    def __init__(self, topics: list[str]) -> None:
        self.time = 0.0
        self.epoch = 1
        self.flights: dict[str, Flight] = {}
        self.journal: list[tuple[Event, frozenset[str]]] = []
        self.floor = 0
        self.pipes: dict[int, Pipe] = {}
        self.wanted: deque[int] = deque()
        self.told: dict[tuple[int, str], list[int]] = {}
        self.client = ClientSession(topics, now=lambda: self.time, backoff=BackOff(random=lambda: 0.5))
        self.client.start()
        self.perform()

    @property
    def head(self) -> Position:
        return Position(f"e{self.epoch}", len(self.journal))

    # The client's wishes

    def perform(self) -> None:
        for output in self.client.outputs():
            match output:
                case out.Open(number):
                    self.wanted.append(number)
                case out.Send(number, frame):
                    if (pipe := self.pipes.get(number)) and pipe.closed is None:
                        for command in pipe.session.receive(frame):
                            self.obey(pipe, command)
                case out.Shut(number):
                    self.pipes.pop(number, None)
                    if number in self.wanted:
                        self.wanted.remove(number)
                case out.Happened(event):
                    epoch = int(event.position[1:].partition(":")[0])
                    self.told.setdefault((epoch, event.flight.id), []).append(event.flight.version)
                case out.Problem(error):
                    raise AssertionError(error)

    def obey(self, pipe: Pipe, command: commands.Command) -> None:
        match command:
            case commands.Subscribe(topics, id, after):
                if (
                    after is None
                    or after.epoch != self.head.epoch
                    or not self.floor <= after.offset <= self.head.offset
                ):
                    self.snapshot(pipe, topics, id)
                    return
                missed = [e for e, names in self.journal[after.offset :] if not names.isdisjoint(topics)]
                resumed = Resumed(id=id, after=str(after), position=str(self.head), count=len(missed))
                pipe.frames.append((None, encode(resumed)))
                pipe.frames.extend((event, encode(event)) for event in missed)
                pipe.session.sent += len(missed)
            case commands.Unsubscribe():
                pass
            case _:
                raise AssertionError(command)

    def snapshot(self, pipe: Pipe, topics: tuple[str, ...], id: Any) -> None:
        wanted = [f for f in self.flights.values() if not topics_of(f).isdisjoint(topics)]
        encoded = [msgspec.json.encode(f) for f in wanted]
        pipe.frames.extend(
            (None, f) for f in snapshot_frames(topics, self.head, encoded, id=id, part_bytes=900)
        )

    # What happens

    def publish(self, which: int, registration: str) -> None:
        base = flight(NAMES[which])
        before = self.flights.get(base.id)
        now = replace(base, registration=registration, version=before.version + 1 if before else 1)
        self.flights[now.id] = now
        event = Event(
            position=f"e{self.epoch}:{len(self.journal) + 1}", flight=now, changes=[], recorded_at=NOW
        )
        names = topics_of(now) | (topics_of(before) if before else frozenset())
        self.journal.append((event, names))
        for pipe in self.pipes.values():
            if pipe.closed is None and not names.isdisjoint(pipe.session.topics):
                pipe.session.sent += 1
                pipe.frames.append((event, encode(event)))

    def beat(self) -> None:
        for pipe in self.pipes.values():
            if pipe.closed is None:
                pipe.frames.append((None, encode(pipe.session.head(position=self.head, server_time=NOW))))

    def conflate(self) -> None:
        """A slow reader: of each flight only the newest waiting event stays. Never across anything but events."""
        for pipe in self.pipes.values():
            tail: list[tuple[Event | None, Any]] = []
            while pipe.frames and pipe.frames[-1][0] is not None:
                tail.insert(0, pipe.frames.pop())
            if any(json.loads(frame)["type"] == "resumed" for _, frame in list(pipe.frames)[-1:]):
                pipe.frames.extend(tail)  # exactly `count` events follow a `resumed`
                continue
            newest = {event.flight.id: event for event, _ in tail if event is not None}
            kept = [
                (event, frame)
                for event, frame in tail
                if event is not None and newest[event.flight.id] is event
            ]
            pipe.session.sent -= len(tail) - len(kept)
            pipe.session.skipped += len(tail) - len(kept)
            pipe.frames.extend(kept)

    def lose(self) -> None:
        """A server's fault: an event that it counted never comes. The next heartbeat tells."""
        for pipe in self.pipes.values():
            for index, (event, _) in enumerate(pipe.frames):
                if event is not None:
                    del pipe.frames[index]
                    break
        self.beat()
        self.deliver()

    def replace_journal(self) -> None:
        self.epoch += 1
        self.journal, self.flights, self.floor = [], {}, 0
        for pipe in self.pipes.values():
            if pipe.closed is None and pipe.session.topics:
                self.snapshot(pipe, pipe.session.topics, msgspec.UNSET)

    def move(self) -> None:
        for pipe in self.pipes.values():
            pipe.frames.append((None, encode(Moving(delay_seconds=10))))

    # The network

    def connect(self) -> None:
        if self.wanted:
            number = self.wanted.popleft()
            pipe = self.pipes[number] = Pipe()
            welcome = pipe.session.welcome(
                connection=str(number), position=self.head, oldest=Position(self.head.epoch, self.floor),
                heartbeat_seconds=20, server_time=NOW,
            )  # fmt: skip
            pipe.frames.append((None, encode(welcome)))
            self.client.opened(number)
            self.perform()

    def deliver(self, most: int = 10_000) -> None:
        for number, pipe in list(self.pipes.items()):
            for _ in range(most):
                if not pipe.frames or number not in self.pipes:
                    break
                self.client.received(number, pipe.frames.popleft()[1])
                self.perform()

    def cut(self, code: int | None) -> None:
        for number in list(self.pipes):
            del self.pipes[number]
            self.client.lost(number, code)
            self.perform()

    def calm(self) -> None:
        """No more faults: everything is connected and delivered, and two heartbeats go by."""
        for _ in range(8):
            while self.wanted:
                self.connect()
            self.deliver()
            self.beat()
            self.deliver()


STEPS = st.one_of(
    st.tuples(st.just("publish"), st.integers(0, 2), st.sampled_from(["NA", "NB"])),
    st.tuples(st.just("publish"), st.integers(0, 2), st.sampled_from(["NA", "NB"])),
    st.tuples(st.just("deliver"), st.integers(1, 4)),
    st.tuples(st.just("deliver"), st.just(100)),
    st.tuples(st.just("connect")),
    st.tuples(st.just("connect")),
    st.tuples(st.just("beat")),
    st.tuples(st.just("conflate")),
    st.tuples(st.just("lose")),
    st.tuples(st.just("cut"), st.sampled_from([None, 1012, 4108, 4200])),
    st.tuples(st.just("move")),
    st.tuples(st.just("trim")),
    st.tuples(st.just("replace")),
    st.tuples(st.just("subscribe"), st.sampled_from(TOPICS)),
    st.tuples(st.just("unsubscribe"), st.sampled_from(TOPICS)),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(TOPICS), min_size=1, unique=True), st.lists(STEPS, max_size=40))
# A snapshot that nobody asked for crosses an unsubscribe, and a subscribe.
@example(
    ["registration:NB"],
    [("connect",), ("deliver", 100), ("replace",), ("unsubscribe", "registration:NB"), ("publish", 0, "NB")],
)
@example(
    ["registration:NB"],
    [("connect",), ("deliver", 100), ("replace",), ("subscribe", "registration:NA"), ("publish", 0, "NA")],
)
def test_after_any_faults_the_board_is_the_truth_and_no_event_was_told_twice(
    topics: list[str], steps: list[tuple[Any, ...]]
) -> None:
    note(f"{topics} {steps}")
    world = World(topics)
    claimed = set(topics)
    for step in steps:
        world.time += 1
        match step:
            case ("publish", which, registration):
                world.publish(which, registration)
            case ("deliver", most):
                world.deliver(most)
            case ("connect",):
                world.connect()
            case ("beat",):
                world.beat()
            case ("conflate",):
                world.conflate()
            case ("lose",):
                world.lose()
            case ("cut", code):
                world.cut(code)
            case ("move",):
                world.move()
            case ("trim",):
                world.floor = len(world.journal)
            case ("replace",):
                world.replace_journal()
            case ("subscribe", topic):
                world.client.subscribe([topic])
                claimed.add(topic)
                world.perform()
            case ("unsubscribe", topic):
                world.client.unsubscribe([topic])
                claimed.discard(topic)
                world.perform()
    world.calm()

    wanted = world.client.topics
    assert wanted == claimed
    truth = {id: f for id, f in world.flights.items() if not topics_of(f).isdisjoint(wanted)}
    assert dict(world.client.board) == truth
    assert world.client.state is out.State.LIVE
    assert len(world.pipes) == 1
    for versions in world.told.values():
        assert versions == sorted(set(versions))


def test_a_server_that_dies_while_it_moves_us_is_said() -> None:
    world = World(["all"])
    world.calm()
    world.move()
    world.deliver()
    assert world.client.state is out.State.MOVING
    world.cut(1012)
    assert world.client.state is out.State.CONNECTING
    world.calm()
    assert world.client.state is out.State.LIVE


def test_the_next_due_moment_is_the_end_of_patience_with_a_silent_server() -> None:
    world = World(["all"])
    assert world.client.next_due() is None
    world.calm()
    assert world.client.next_due() == 50.0
    world.time = 49.9
    world.client.tick()
    assert world.client.outputs() == []
    world.time = 50.0
    world.client.tick()
    assert [type(output) for output in world.client.outputs()] == [out.Shut, out.Open, out.StateChanged]


def test_an_event_that_cannot_be_read_is_told_as_a_problem_once_and_not_asked_for_again() -> None:
    session = ClientSession(["all"], backoff=BackOff(random=lambda: 0.5))
    session.start()
    session.opened(1)
    welcome = {"type": "welcome", "protocol": "windsock.v1.json", "connection": "c", "position": "e1:7"}
    more = {"oldest": "e1:0", "heartbeat_seconds": 20, "limits": {}, "server_time": "2015-01-02T12:00:00Z"}
    session.received(1, json.dumps(welcome | more))
    snapshot = {"type": "snapshot", "id": "1", "topics": ["all"], "position": "e1:7", "flights": []}
    session.received(1, json.dumps(snapshot))
    session.outputs()

    session.received(1, '{"type":"event","position":"e1:8","flight":{"id":17},"changes":[]}')
    head = {"type": "head", "position": "e1:8", "sent": 1, "skipped": 0}
    session.received(1, json.dumps(head | {"server_time": "2015-01-02T12:00:20Z"}))

    (problem,) = session.outputs()
    assert isinstance(problem, out.Problem)
    assert problem.error.code == "invalid_message"
    assert (session.state, session.position) == (out.State.LIVE, "e1:8")


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("departures:qzx", "departures:QZX"),
        (" airport: QZX", "airport:QZX"),
        ("route:qzx-jfk", "route:QZX-JFK"),
        ("flight:qf1.2026-11-27.qzx", "flight:QF1.2026-11-27.QZX"),
    ],
)
def test_a_topic_of_an_airport_that_only_the_service_may_know_is_left_for_it_to_judge(
    asked: str, sent: str
) -> None:
    assert canonical(asked) == sent


@pytest.mark.parametrize(
    "asked",
    [
        "departures:Q",
        "route:qzx",
        "route:-jfk",
        "flight:qf1.2026-13-27.qzx",
        "flight:x.2026-11-27.qzx",
        "gate:B7",
    ],
)
def test_a_topic_of_no_form_we_know_is_refused_here(asked: str) -> None:
    with pytest.raises(ProtocolError):
        canonical(asked)


def test_a_topic_that_the_server_calls_otherwise_is_given_up_by_the_name_it_was_asked_by() -> None:
    client = ClientSession(now=lambda: 0.0)
    client.subscribe(["carrier:XQ", "all"])
    # The service's operator says that XQ is what the carrier YQQ flies under.
    client._topics.answer(frozenset({"carrier:XQ", "all"}), frozenset({"carrier:YQQ", "all"}))
    assert client.topics == {"carrier:YQQ", "all"}
    client.subscribe(["carrier:XQ"])
    assert client.topics == {"carrier:YQQ", "all"}
    client.unsubscribe(["carrier:XQ"])
    assert client.topics == {"all"}

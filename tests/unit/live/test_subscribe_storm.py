"""A thousand subscribe in the second in which two thousand events happen: each is answered, and told exactly the rest.

All in simulated time: every millisecond brings one subscriber and two events, however long the machine takes for it.
"""

import random
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from tests.unit.live.world import START, Client, World, flight, later
from windsock.flights import Flight
from windsock.journal.base import Event
from windsock.protocol import messages
from windsock.protocol.positions import Position
from windsock.protocol.topics import topics_of

SUBSCRIBERS = 1_000
EVENTS_PER_SUBSCRIBER = 2
MILLISECOND = 0.001
WEST_AND_SOUTH = "ATL MCO DFW DEN LAX SFO SEA MIA IAH PHX LAS CLT SLC SAN TPA PDX AUS MSY ABQ TUL"
EAST_AND_MIDDLE = "JFK BOS ORD MSP DTW PHL EWR LGA BWI STL BNA RDU IND CLE PIT CMH MKE JAX BUF OMA"
AIRPORTS = [*WEST_AND_SOUTH.split(" "), *EAST_AND_MIDDLE.split(" ")]
FLIGHTS = [
    flight(
        100 + n,
        origin=AIRPORTS[n % len(AIRPORTS)],
        destination=AIRPORTS[(7 * n + 3) % len(AIRPORTS)],
        at=START + timedelta(minutes=n),
    )
    for n in range(400)
]
BEGIN = 500  # events before the storm, so that there is something to have missed


@dataclass
class Subscriber:
    """One client and what it asked for."""

    client: Client
    topics: frozenset[str]
    after: Position | None  # what it said to have seen


class Storm:
    """One second of it, then silence until everything has been delivered."""

    def __init__(self, ring: int, seed: int) -> None:
        self.dice = random.Random(seed)
        self.world = World(ring_events=ring)
        self.world.commit(*FLIGHTS)
        self.world.load()
        self.states = {state.id: state for state in FLIGHTS}
        self.history: list[Event] = []
        self.past: list[tuple[Position, dict[str, Flight]]] = []
        for _ in range(BEGIN):
            self.happen()
        self.world.publish()
        self.world.loop.advance(1)
        self.subscribers: list[Subscriber] = []

    def happen(self) -> None:
        """A random flight gets a new gate, another aircraft, or is diverted."""
        known = self.states[self.dice.choice(FLIGHTS).id]
        what = self.dice.randrange(10)
        if what == 0:
            state = later(known, diverted_to=self.dice.choice([None, *AIRPORTS]))
        elif what < 3:
            state = later(known, registration=f"N{self.dice.randrange(30)}")
        else:
            state = later(known, gate=f"A{self.dice.randrange(90)}")
        self.states[state.id] = state
        self.history += self.world.commit(state)

    def topics(self) -> frozenset[str]:
        """What people ask for: mostly one airport or flight, sometimes several, rarely everything."""
        airport = self.dice.choice(AIRPORTS)
        return frozenset(
            self.dice.choice(
                [
                    [f"departures:{airport}"],
                    [f"arrivals:{airport}"],
                    [f"airport:{airport}", f"registration:N{self.dice.randrange(30)}"],
                    [f"flight:{self.dice.choice(FLIGHTS).id}"],
                    [f"designator:DL{self.dice.randrange(100, 500)}", f"departures:{airport}"],
                    ["all"] if self.dice.random() < 0.1 else [f"route:{airport}-{AIRPORTS[0]}"],
                ]
            )
        )

    def come(self) -> None:
        """One more subscribes: with nothing, with a position of before, or with one that is ahead of this hub."""
        client, topics = self.world.connect(), self.topics()
        after: Position | None = None
        board: dict[str, Flight] = {}
        kind = self.dice.randrange(4)
        if kind == 1 and self.past:
            after, board = self.dice.choice(self.past)
        elif kind == 2:  # it saw the newest at another node; here it may not have been told yet
            after, board = self.world.head().position, self.states
        client.board = {id: state for id, state in board.items() if topics & topics_of(state)}
        client.position = after
        client.subscribe(*topics, after=after)
        self.subscribers.append(Subscriber(client, topics, after))

    def rage(self) -> None:
        """The second itself: publishing lags behind the commits, and the journal's answers behind the questions."""
        for number in range(SUBSCRIBERS):
            for place in range(EVENTS_PER_SUBSCRIBER):
                self.happen()
                if self.dice.randrange(3) == 0:
                    self.world.publish()
                if place == 0:
                    self.come()
            if self.dice.randrange(5) == 0:
                self.world.answer()
            if number % 50 == 0:
                self.past.append((self.world.head().position, dict(self.states)))
            self.world.loop.advance(MILLISECOND)

    def later_than(self, offset: int, topics: frozenset[str]) -> list[int]:
        """What the journal holds for these topics after this place."""
        return [e.offset for e in self.history if e.offset > offset and not topics.isdisjoint(e.topics)]

    def calm(self) -> None:
        """Nothing more happens; whatever was on its way arrives."""
        self.world.publish()
        for _ in range(5):
            self.world.answer()
            self.world.loop.advance(1)
        self.world.loop.advance(21)  # and everybody has its heartbeat


@pytest.mark.parametrize("ring", [20_000, 100], ids=["resumes from the ring", "resumes from the journal"])
@pytest.mark.parametrize("seed", [1, 2])
def test_every_subscription_is_answered_and_then_told_exactly_the_rest(ring: int, seed: int) -> None:
    storm = Storm(ring, seed)
    storm.rage()
    storm.calm()
    head = storm.world.head()
    assert head.offset == len(FLIGHTS) + BEGIN + SUBSCRIBERS * EVENTS_PER_SUBSCRIBER
    answers: Counter[str] = Counter()
    truths: dict[frozenset[str], dict[str, Flight]] = {}
    for one in storm.subscribers:
        answer = answer_of(one)
        answers[type(answer).__name__] += 1
        told = [Position.parse(event.position).offset for event in one.client.all(messages.Event)]
        assert told == storm.later_than(since(answer), one.topics)
        if one.topics not in truths:
            truths[one.topics] = storm.world.truth(one.topics)
        assert one.client.board == truths[one.topics]
        last = one.client.last(messages.Head)
        assert (last.position, last.sent, last.skipped) == (str(head.position), len(told), 0)
        assert one.client.outlet.closed is None
    assert answers["Snapshot"] > SUBSCRIBERS // 3
    assert answers["Resumed"] > SUBSCRIBERS // 3
    stats = storm.world.hub.stats
    assert (stats.far_resumes > 0) == (ring == 100)
    assert stats.skipped == 0


def test_snapshot_and_later_events_are_a_fresh_snapshot_at_every_moment_of_the_storm() -> None:
    storm = Storm(20_000, 3)
    storm.rage()
    storm.world.answer()
    storm.world.publish()
    storm.world.loop.advance(0.1)
    fresh: dict[frozenset[str], dict[str, Flight]] = {}
    for one in storm.subscribers:
        if one.topics not in fresh:
            client = storm.world.connect()
            client.subscribe(*one.topics)
            fresh[one.topics] = client.follow().board
        assert one.client.follow().board == fresh[one.topics]


def test_nothing_is_left_of_those_who_leave_in_the_middle_of_it() -> None:
    storm = Storm(100, 4)
    storm.rage()
    for one in storm.subscribers:
        storm.world.hub.detach(one.client.session)
    storm.calm()
    hub = storm.world.hub
    assert not list(hub.sessions)
    assert not len(hub.subscriptions)
    assert not hub.subscriptions.topics
    assert storm.world.loop.timers == 1, "only the heartbeat's"
    assert hub.position == storm.world.head().position


def answer_of(one: Subscriber) -> Any:
    """The answer to its subscription: the only one, and before any event."""
    spoken = [m for m in one.client.follow().messages if not isinstance(m, messages.Welcome | messages.Head)]
    answers = [m for m in spoken if isinstance(m, messages.Snapshot | messages.Resumed)]
    assert spoken[0] is answers[0], "an event came before the answer"
    assert answers[0].id == "s"
    parts = answers[0].parts if isinstance(answers[0], messages.Snapshot) else 1
    assert len(answers) == parts
    if isinstance(answers[0], messages.Resumed):
        assert answers[0].after == str(one.after)
    return answers[0]


def since(answer: Any) -> int:
    """After which event everything must be told."""
    text = answer.after if isinstance(answer, messages.Resumed) else answer.position
    return Position.parse(text).offset

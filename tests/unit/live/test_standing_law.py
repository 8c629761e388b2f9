"""Snapshot + later events = fresh snapshot: for every topic, any interleaving, resumes, slow readers, new journals."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.unit.live.world import START, Client, World, flight, later
from windsock.flights.programmes import Programme
from windsock.live.core.session import DIRECT
from windsock.protocol import messages
from windsock.protocol.codes import CloseCode

AIRPORTS = ["ATL", "JFK", "MCO"]
FLIGHTS = [flight(number, origin=origin, destination="BOS") for number in (1, 2) for origin in AIRPORTS]
TOPICS = [
    "all",
    "departures:ATL",
    "departures:JFK",
    "arrivals:MCO",
    "arrivals:BOS",
    "airport:JFK",
    "carrier:DL",
    "route:ATL-MCO",
    "registration:N1",
    "designator:DL1",
    f"flight:{FLIGHTS[0].id}",
    f"flight:{FLIGHTS[-1].id}",
    "programmes:JFK",
    "programmes:ATL",
]
PROGRAMMES = [
    Programme(airport=airport, kind=kind, source="faa", observed_at=START)
    for airport in ("ATL", "JFK")
    for kind in ("ground_stop", "closure")
]
topic_sets = st.lists(st.sampled_from(TOPICS), min_size=1, max_size=3, unique=True)


class Service(RuleBasedStateMachine):
    """Events happen, clients come, go, stall and resume; in the end every board must equal the journal."""

    @initialize(ring=st.sampled_from([1, 4, 1000]), pending=st.sampled_from([500, 3000, 1_000_000]))
    def begin(self, ring: int, pending: int) -> None:
        self.world = World(ring_events=ring, max_pending_bytes=pending)
        self.world.commit(*FLIGHTS[:2])
        self.world.load()
        self.clients: list[Client] = []
        self.gone: list[Client] = []

    @rule(
        which=st.sampled_from(FLIGHTS),
        change=st.one_of(
            st.fixed_dictionaries({"gate": st.sampled_from(["A1", "B2", "C3"])}),
            st.fixed_dictionaries({"registration": st.sampled_from(["N1", "N2", None])}),
            st.fixed_dictionaries({"destination": st.sampled_from(["MCO", "BOS"])}),
            st.fixed_dictionaries({"diverted_to": st.sampled_from(["JFK", None])}),
        ),
        times=st.integers(1, 3),
    )
    def happens(self, which: Any, change: dict[str, Any], times: int) -> None:
        for _ in range(times):
            now = self.world.current(which.id)
            self.world.commit(later(now, **change) if now else which)

    @rule(listed=st.lists(st.sampled_from(PROGRAMMES), unique=True))
    def programmes_are_told(self, listed: list[Programme]) -> None:
        self.world.tell_programmes(*listed)

    @rule()
    def published(self) -> None:
        self.world.publish()

    @rule(steps=st.integers(1, 5))
    def the_loop_turns(self, steps: int) -> None:
        for _ in range(steps):
            self.world.loop.step()

    @rule(seconds=st.sampled_from([0.001, 0.006, 0.6, 21.0]))
    def time_goes_by(self, seconds: float) -> None:
        self.world.loop.advance(seconds)

    @rule()
    def the_journal_answers(self) -> None:
        self.world.answer()

    @rule(
        topics=topic_sets, room=st.sampled_from([None, None, 1, 3]), mode=st.sampled_from(["every", "latest"])
    )
    def somebody_comes(self, topics: list[str], room: int | None, mode: str) -> None:
        client = self.world.connect(room=room)
        self.clients.append(client)
        client.subscribe(*topics, mode=mode)

    @precondition(lambda self: self.clients)
    @rule(data=st.data(), topics=topic_sets)
    def somebody_adds_topics(self, data: st.DataObject, topics: list[str]) -> None:
        data.draw(st.sampled_from(self.clients)).subscribe(*topics)

    @precondition(lambda self: self.clients)
    @rule(data=st.data())
    def somebody_stops_reading(self, data: st.DataObject) -> None:
        client = data.draw(st.sampled_from(self.clients))
        if not client.outlet.full:
            client.outlet.room = 1

    @precondition(lambda self: self.clients)
    @rule(data=st.data(), room=st.sampled_from([None, 1, 2]))
    def somebody_reads(self, data: st.DataObject, room: int | None) -> None:
        client = data.draw(st.sampled_from(self.clients))
        client.outlet.take(room)
        client.follow()

    @precondition(lambda self: self.clients)
    @rule(data=st.data())
    def somebody_is_thrown_off(self, data: st.DataObject) -> None:
        client = data.draw(st.sampled_from(self.clients))
        self.clients.remove(client)
        client.follow()
        self.world.hub.detach(client.session)
        if client.subscribed and client.position and not client.owed_events and not client.parts:
            self.gone.append(client)

    @precondition(lambda self: self.gone)
    @rule(data=st.data(), room=st.sampled_from([None, 1]))
    def somebody_resumes(self, data: st.DataObject, room: int | None) -> None:
        before = data.draw(st.sampled_from(self.gone))
        self.gone.remove(before)
        client = self.world.connect(room=room)
        client.board, client.standings, client.position, client.subscribed = (
            dict(before.board),
            dict(before.standings),
            before.position,
            before.subscribed,
        )
        self.clients.append(client)
        client.subscribe(*before.subscribed, after=before.position)

    @rule()
    def the_journal_is_trimmed(self) -> None:
        self.world.now += timedelta(minutes=1)
        self.world.journal.prune(events_before=self.world.now)
        self.world.publish()
        self.world.hub.trimmed(self.world.head().floor)

    @precondition(lambda self: not self.world.questions)
    @rule()
    def the_journal_is_replaced(self) -> None:
        self.world.publish()
        self.world.journal.reset()
        self.world.commit(*FLIGHTS[2:])
        self.world.load()
        # Clients that were away come back with positions of the old epoch, and flights that no longer exist.

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        world = self.world
        world.publish()
        for _ in range(20):
            world.answer()
            for client in self.clients:
                client.outlet.take()
            world.loop.advance(1)
        world.loop.advance(21)
        for client in self.clients:
            client.follow()
            if client.outlet.closed is not None:
                assert client.outlet.closed[0] == CloseCode.TOO_SLOW
                continue  # it read nothing for a minute; it would come back and resume
            truth = world.truth(client.session.topics)
            assert {id: f.version for id, f in client.board.items()} == {
                id: f.version for id, f in truth.items()
            }
            assert client.board == truth
            assert client.standings == world.true_standings(client.session.topics)
            assert not client.owed_events and not client.parts
            head = client.last(messages.Head)
            assert head.position == str(world.head().position)
            fresh = world.connect()
            fresh.subscribe(*client.session.topics)
            world.answer()
            assert fresh.follow().board == client.board
            assert fresh.standings == client.standings
            assert client.session.state is DIRECT and client.session.outbox is None
            assert client.session.event_bytes == client.session.reply_bytes == 0
            world.hub.detach(fresh.session)
        for client in self.clients:
            world.hub.detach(client.session)
        assert (
            not list(world.hub.sessions)
            and not len(world.hub.subscriptions)
            and not world.hub.subscriptions.topics
        )


Service.TestCase.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestStandingLaw = Service.TestCase

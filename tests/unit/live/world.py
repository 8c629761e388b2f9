"""A journal, a hub and its clients under a clock that the test moves: everything of live delivery but the sockets."""

import heapq
import itertools
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from windsock.flights import Flight, FlightKey, FlightRecord
from windsock.flights.programmes import Programme, ProgrammeList, Standing, retold
from windsock.journal.base import Draft, Event, Head
from windsock.journal.memory import MemoryJournal
from windsock.live.core.frames import Batch
from windsock.live.core.hub import Hub
from windsock.live.core.ports import HubLimits
from windsock.live.core.session import Session
from windsock.protocol import messages
from windsock.protocol.codec import decode_server
from windsock.protocol.positions import Position
from windsock.protocol.topics import topics_of

START = datetime(2015, 1, 2, 12, 0, tzinfo=UTC)


class Timer:
    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class FakeLoop:
    """An event loop's timers; time moves only by `advance`."""

    def __init__(self) -> None:
        self._now = 1000.0
        self._queue: list[tuple[float, int, Timer, Callable[..., object], tuple[Any, ...]]] = []
        self._numbers = itertools.count()

    def time(self) -> float:
        return self._now

    def call_soon(self, callback: Callable[..., object], *args: Any) -> Timer:
        return self.call_later(0, callback, *args)

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any) -> Timer:
        timer = Timer()
        heapq.heappush(self._queue, (self._now + delay, next(self._numbers), timer, callback, args))
        return timer

    def step(self) -> bool:
        """Runs one callback that is due; False when none is."""
        while self._queue and self._queue[0][0] <= self._now:
            _, _, timer, callback, args = heapq.heappop(self._queue)
            if not timer.cancelled:
                callback(*args)
                return True
        return False

    def run(self) -> None:
        while self.step():
            pass

    def advance(self, seconds: float) -> None:
        end = self._now + seconds
        self.run()
        while self._queue and self._queue[0][0] <= end:
            self._now = max(self._now, self._queue[0][0])
            self.run()
        self._now = end

    @property
    def timers(self) -> int:
        return sum(not entry[2].cancelled for entry in self._queue)


class FakeOutlet:
    """Keeps what it is given. With `room` it answers False from so many batches on, until `take`."""

    def __init__(self, room: int | None = None) -> None:
        self.batches: list[Batch] = []
        self.frames: list[bytes] = []
        self.room = room
        self.full = False
        self.closed: tuple[int, str] | None = None
        self.session: Session | None = None

    def write(self, batch: Batch) -> bool:
        assert not self.full, "the hub wrote to an outlet that had said it is full"
        assert self.closed is None
        self.batches.append(batch)
        self.frames += [message.data for message in batch.messages]
        if self.room is not None:
            self.room -= 1
            self.full = self.room <= 0
        return not self.full

    def close(self, code: int, reason: str) -> None:
        assert len(reason.encode()) <= 123
        self.closed = (code, reason)

    def take(self, room: int | None = None) -> None:
        """The reader takes everything, and will take `room` further batches."""
        self.room = room
        if self.full:
            self.full = False
            assert self.session is not None
            self.session.drained()


class Client:
    """What a client makes of what it is sent: its board, its position; checks the promises as it goes."""

    def __init__(self, world: "World", outlet: FakeOutlet, session: Session) -> None:
        self.world = world
        self.outlet = outlet
        self.session = session
        self.board: dict[str, Flight] = {}
        self.standings: dict[str, Standing] = {}
        self.position: Position | None = None
        self.subscribed: frozenset[str] = frozenset()
        self.messages: list[Any] = []
        self.events = 0
        self.jumps = 0
        self.read = 0
        self.owed_events = 0
        self.parts: list[Flight] = []
        self.standing_parts: list[Standing] = []

    def subscribe(self, *topics: str, after: Position | None = None, mode: str = "every") -> None:
        self.world.hub.subscribe(self.session, topics, id="s", after=after, mode=mode)  # type: ignore[arg-type]

    def follow(self) -> "Client":
        """Reads what has come."""
        while self.read < len(self.outlet.frames):
            message = decode_server(self.outlet.frames[self.read])
            self.read += 1
            assert message is not None
            self.messages.append(message)
            self._take(message)
        return self

    def _take(self, message: Any) -> None:
        match message:
            case messages.Snapshot():
                assert not self.owed_events, "a snapshot between `resumed` and its events"
                self.parts += message.flights
                self.standing_parts += message.standings or []
                if message.part == message.parts:
                    topics = frozenset(message.topics)
                    self.subscribed |= topics
                    for flight_id in [id for id, f in self.board.items() if topics_of(f) & topics]:
                        if flight_id not in {flight.id for flight in self.parts}:
                            del self.board[flight_id]
                    # A snapshot is the truth of its topics, whatever was known: in a new journal versions begin anew.
                    for flight in self.parts:
                        self.board[flight.id] = flight
                    self.standings = {
                        code: held
                        for code, held in self.standings.items()
                        if f"programmes:{code}" not in topics
                    }
                    self.standings |= {one.airport: one for one in self.standing_parts}
                    self.parts, self.standing_parts = [], []
                    self.position = Position.parse(message.position)
            case messages.Resumed():
                assert message.topics is not msgspec.UNSET
                self.subscribed |= frozenset(message.topics)
                self.owed_events = message.count
                self._moved(message.position)
            case messages.Programmes():
                self._counted(message.position)
                standing = message.standing
                held = self.standings.get(standing.airport)
                if held is None or held.version < standing.version:
                    self.jumps += standing.version - held.version - 1 if held else 0
                    self.standings[standing.airport] = standing
            case messages.Event():
                self._counted(message.position)
                known = self.board.get(message.flight.id)
                if known is not None and message.flight.version > known.version + 1:
                    self.jumps += message.flight.version - known.version - 1
                self._apply(message.flight)
            case messages.Head():
                assert not self.owed_events
                assert message.sent == self.events, (message, self.events)
                assert self.jumps <= message.skipped, "a step is missing that the heartbeat does not own to"
                self._moved(message.position)

    def _counted(self, position: str) -> None:
        self.events += 1
        if self.owed_events:
            self.owed_events -= 1
        else:
            self._moved(position)

    def _moved(self, text: str) -> None:
        position = Position.parse(text)
        if (
            self.position is None
            or self.position.epoch != position.epoch
            or position.offset > self.position.offset
        ):
            self.position = position

    def _apply(self, flight: Flight) -> None:
        known = self.board.get(flight.id)
        if known is not None and known.version >= flight.version and self.position is not None:
            return
        if topics_of(flight) & (self.session.topics or self.subscribed):
            self.board[flight.id] = flight
        else:
            self.board.pop(flight.id, None)

    @property
    def kinds(self) -> list[str]:
        return [type(message).__name__.lower() for message in self.follow().messages]

    def last(self, kind: type[Any]) -> Any:
        return [message for message in self.follow().messages if isinstance(message, kind)][-1]

    def all(self, kind: type[Any]) -> list[Any]:
        return [message for message in self.follow().messages if isinstance(message, kind)]


class World:
    """One service without Django: what `change` commits to the journal, `publish` tells the hub."""

    def __init__(self, **limits: Any) -> None:
        self.loop = FakeLoop()
        self.journal = MemoryJournal()
        self.questions: list[tuple[Callable[[], Any], Callable[[Any], None]]] = []
        self.now = START
        self.hub = Hub(
            self.loop,
            journal=self.journal,
            query=lambda query, done: self.questions.append((query, done)),
            limits=HubLimits(**limits),
            clock=lambda: self.now,
        )
        self.unpublished: list[Event] = []

    def load(self) -> None:
        head, records = self.journal.snapshot()
        self.unpublished = []
        self.hub.load(head, [record.flight for record in records], (), self.journal.standings()[1])

    def answer(self) -> None:
        """The journal answers all that was asked of it."""
        questions, self.questions = self.questions, []
        for question, answer in questions:
            try:
                result = question()
            except Exception as error:
                result = error
            answer(result)

    def commit(self, *flights: Flight) -> list[Event]:
        """Writes new states of flights to the journal, not yet told to the hub."""
        with self.journal.write() as writing:
            before = writing.load(FlightKey.parse(flight.id) for flight in flights)
            drafts = []
            for flight in flights:
                key = FlightKey.parse(flight.id)
                topics = topics_of(flight) | (topics_of(before[key].flight) if key in before else frozenset())
                drafts.append(
                    Draft(FlightRecord(key=key, facts={}, flight=flight), (), tuple(sorted(topics)), self.now)
                )
            events = writing.append(drafts)
        self.unpublished += events
        return events

    def tell_programmes(self, *programmes: Programme) -> list[Event]:
        """The whole list of the source `faa`, not yet told to the hub."""
        with self.journal.write() as writing:
            told = ProgrammeList(source="faa", observed_at=self.now, programmes=programmes)
            events = writing.append_programmes(retold(writing.standings()[0], told, self.now), self.now, {})
        self.unpublished += events
        return events

    def publish(self) -> None:
        events, self.unpublished = self.unpublished, []
        assert self.hub.publish(self.hub.epoch, events)

    def happen(self, *flights: Flight) -> None:
        """Commits, publishes and lets the hub flush."""
        self.commit(*flights)
        self.publish()
        self.loop.advance(0.01)

    def connect(self, *, plain: bool = False, room: int | None = None, identity: Any = None) -> Client:
        outlet = FakeOutlet(room)
        session = self.hub.attach(outlet, plain=plain, identity=identity)
        outlet.session = session
        return Client(self, outlet, session)

    def current(self, flight_id: str) -> Flight | None:
        record = self.journal.flight(FlightKey.parse(flight_id))
        return record.flight if record else None

    def truth(self, topics: frozenset[str]) -> dict[str, Flight]:
        """The flights of the topics as the journal has them."""
        _, records = self.journal.snapshot()
        return {r.flight.id: r.flight for r in records if topics_of(r.flight) & topics}

    def true_standings(self, topics: frozenset[str]) -> dict[str, Standing]:
        """The airports' programmes of the topics as the journal has them."""
        return {
            one.airport: one for one in self.journal.standings()[1] if f"programmes:{one.airport}" in topics
        }

    def head(self) -> Head:
        return self.journal.head()


def flight(
    number: int = 1865,
    *,
    origin: str = "ATL",
    destination: str = "MCO",
    version: int = 1,
    registration: str | None = None,
    gate: str | None = None,
    day: date = date(2015, 1, 2),
    at: datetime = START,
) -> Flight:
    """A flight state with the fields that topics and boards depend on."""
    empty = {"scheduled": None, "estimated": None, "actual": None, "delay_minutes": None, "terminal": None}
    return msgspec.convert(
        {
            "id": f"DL{number}.{day}.{origin}",
            "designator": f"DL{number}",
            "carrier": {"iata": "DL", "icao": "DAL"},
            "number": number,
            "suffix": None,
            "date": str(day),
            "origin": origin,
            "destination": destination,
            "diverted_to": None,
            "codeshares": [],
            "registration": registration,
            "aircraft_type": None,
            "status": "scheduled",
            "flags": [],
            "departure": {**empty, "scheduled": at, "gate": gate},
            "takeoff": {"estimated": None, "actual": None},
            "landing": {"estimated": None, "actual": None},
            "arrival": {**empty, "scheduled": at + timedelta(hours=2), "gate": None, "belt": None},
            "delay_reasons": [],
            "version": version,
            "updated_at": at,
        },
        Flight,
    )


def later(state: Flight, **changes: Any) -> Flight:
    """The next version of a flight; `gate` goes to its departure."""
    if "gate" in changes:
        changes["departure"] = msgspec.structs.replace(state.departure, gate=changes.pop("gate"))
    return msgspec.structs.replace(state, version=state.version + 1, **changes)

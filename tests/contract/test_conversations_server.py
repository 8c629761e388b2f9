"""The conversation files, replayed against the hub with its server sessions, in memory and under a clock of their own.

See conversations/README.md for the format. What the Python and JS clients replay from the client's side, the server
must say word for word.
"""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest

from tests.unit.live.world import FakeLoop, FakeOutlet
from windsock.access.rights import Identity
from windsock.flights import Change, Flight
from windsock.flights.programmes import ProgrammeChange, Standing, StandingChange
from windsock.ingest.results import Recorded, Rejected, Result
from windsock.journal.base import Event, Head
from windsock.journal.encoding import events_of
from windsock.live.conversation import Conversation
from windsock.live.core.frames import Encoded
from windsock.live.core.hub import Hub
from windsock.live.core.ports import HubLimits
from windsock.protocol import codec, messages
from windsock.protocol.positions import Position
from windsock.protocol.server_session import ServerSession, Terms
from windsock.protocol.topics import topics_of

FOLDER = Path(__file__).parent / "conversations"
FLIGHTS: dict[str, Any] = json.loads((FOLDER / "flights.json").read_text())
NOW = datetime(2015, 1, 2, 14, 50, tzinfo=UTC)


def _filled(value: Any) -> Any:
    """The value with every {"$": name} replaced by that flight."""
    if isinstance(value, dict):
        if set(value) == {"$"}:
            return FLIGHTS[value["$"]]
        return {key: _filled(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item) for item in value]
    return value


def _fed(value: Any) -> Any:
    """A frame as it is sent: {"any": x} is x, a key with {"absent": true} is left out."""
    if isinstance(value, dict):
        if set(value) == {"any"}:
            return value["any"]
        return {key: _fed(item) for key, item in value.items() if item != {"absent": True}}
    if isinstance(value, list):
        return [_fed(item) for item in value]
    return value


def _files() -> list[Path]:
    files = sorted(path for path in FOLDER.glob("*.json") if path.name != "flights.json")
    return [path for path in files if "server" in json.loads(path.read_text()).get("for", ["server"])]


def _matches(expected: Any, given: Any, path: str = "$") -> str | None:
    """What does not match, or None."""
    if isinstance(expected, dict):
        if set(expected) == {"any"}:
            return None
        if not isinstance(given, dict):
            return f"{path}: {given!r} is no object"
        for key, item in expected.items():
            if isinstance(item, dict) and set(item) == {"absent"}:
                if key in given:
                    return f"{path}.{key}: {given[key]!r} should not be there"
            elif key not in given:
                return f"{path}.{key} is missing"
            elif key == "topics" and isinstance(item, list):
                if set(item) != set(given[key]):
                    return f"{path}.topics: {given[key]} instead of {item}"
            elif (wrong := _matches(item, given[key], f"{path}.{key}")) is not None:
                return wrong
        return None
    if isinstance(expected, list):
        if not isinstance(given, list) or len(expected) != len(given):
            return f"{path}: {given!r} instead of {expected!r}"
        wrongs = (
            _matches(a, b, f"{path}[{n}]") for n, (a, b) in enumerate(zip(expected, given, strict=True))
        )
        return next((wrong for wrong in wrongs if wrong), None)
    return None if expected == given else f"{path}: {given!r} instead of {expected!r}"


def _event(told: dict[str, Any], before: Flight | None) -> Event:
    if "standing" in told:
        change = StandingChange(
            standing=msgspec.convert(told["standing"], Standing),
            changes=tuple(msgspec.convert(told["changes"], list[ProgrammeChange])),
        )
        offset = Position.parse(told["position"]).offset
        return events_of([change], offset, datetime.fromisoformat(told["recorded_at"]))[0]
    flight = msgspec.convert(told["flight"], Flight)
    body = json.dumps({key: told[key] for key in ("flight", "changes", "recorded_at")}).encode()[1:]
    topics = topics_of(flight) | (topics_of(before) if before else frozenset())
    offset = Position.parse(told["position"]).offset
    recorded_at = datetime.fromisoformat(told["recorded_at"])
    return Event(offset, flight.id, flight.version, tuple(sorted(topics)), body, recorded_at)


class Replayer:
    """Plays the client's part of a conversation file and checks the server's."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.given = _filled(told.get("given", {}))
        self.steps = told["steps"]
        self.loop = FakeLoop()
        self.limits = messages.Limits(**self.given.get("limits", {}))
        self.hub = Hub(self.loop, limits=HubLimits(conversation=self.limits), clock=lambda: NOW)
        self.flights: dict[str, Flight] = {}
        self.connections: list[tuple[Conversation, FakeOutlet]] = []
        self.read: list[int] = []
        self.at = 0
        self.asked = 0
        self._load()

    def _load(self) -> None:
        head = Position.parse(self.given.get("head", "k3v9q2:0"))
        oldest = Position.parse(self.given.get("oldest", "k3v9q2:0"))
        flights = [msgspec.convert(one, Flight) for one in self.given.get("flights", [])]
        self.flights = {flight.id: flight for flight in flights}
        recent = []
        known: dict[str, Flight] = {}
        for told in self.given.get("ring", []):
            event = _event(told, known.get(told["flight"]["id"]) if "flight" in told else None)
            if not event.of_programmes:
                known[event.flight_id] = msgspec.convert(told["flight"], Flight)
            recent.append(event)
        standings = [msgspec.convert(one, Standing) for one in self.given.get("standings", [])]
        self.hub.load(Head(head.epoch, head.offset, oldest.offset), flights, recent, standings)

    async def record(self, report: dict[str, object], identity: Identity) -> Result:
        """The stand-in for ingest: says what the file says next."""
        for number, step in enumerate(self.steps[self.asked :], self.asked):
            said = _fed(_filled(step.get("server", {})))
            if said.get("type") not in ("recorded", "error"):
                continue
            while self.at < number:  # what is told before the answer happens before it
                await asyncio.sleep(0)
            if said["type"] == "recorded":
                return Recorded(
                    0,
                    Position.parse(said["position"]),
                    said["flight"],
                    said.get("version", 1),
                    tuple(msgspec.convert(said.get("changes", []), list[Change])),
                )
            return Rejected(
                0,
                said["code"],
                said.get("message", "wrong"),
                candidates=tuple(said.get("candidates", ())),
                retryable=said.get("retryable", False),
                field=said.get("field"),
                value=said.get("value"),
                expected=said.get("expected"),
            )
        raise AssertionError("the file says no answer to the report")

    async def redeem(self, ticket: str) -> Identity | None:
        """A ticket that begins with "good" extends; all others do not."""
        good = not any(
            step.get("server", {}).get("code") == "not_authenticated"
            for step in self.steps[self.at + 1 :][:2]
        )
        return self._identity() if good else None

    def _identity(self) -> Identity:
        rights = self.given.get("rights", {})
        expires = rights.get("expires_at")
        return Identity(
            user_id=1,
            name="ann",
            may_publish=rights.get("publish", False),
            expires_at=datetime.fromisoformat(expires) if expires else None,
        )

    async def play(self) -> None:
        for at, step in enumerate(self.steps):
            self.at = at
            (kind, value), *_ = [(key, item) for key, item in step.items() if key not in ("on", "reason")]
            try:
                await getattr(self, f"_{kind}", self._skip)(_filled(value), step)
            except AssertionError as error:
                raise AssertionError(f"step {self.at} {json.dumps(step)[:300]}: {error}") from None

    async def _skip(self, value: Any, step: dict[str, Any]) -> None:
        assert step.keys() & {"do", "wait", "expect"}, "an unknown step"

    async def _settled(self) -> None:
        for _ in range(6):
            await asyncio.sleep(0)
            self.loop.advance(0.02)

    def _on(self, step: dict[str, Any]) -> int:
        if "on" in step:
            return int(step["on"]) - 1
        opened = [n for n, (_, outlet) in enumerate(self.connections) if outlet.closed is None]
        return opened[-1] if opened else len(self.connections) - 1

    async def _opens(self, value: Any, step: dict[str, Any]) -> None:
        outlet = FakeOutlet()
        plain = self.given.get("plain", False)
        identity = self._identity()
        session = self.hub.attach(outlet, identity=identity, plain=plain)
        outlet.session = session
        protocol = ServerSession(
            may_publish=identity.may_publish, plain=plain, terms=Terms(limits=self.limits, now=self.loop.time)
        )
        conversation = Conversation(self.hub, session, protocol, identity, self)
        self.connections.append((conversation, outlet))
        self.read.append(0)
        query = parse_qs(self.given.get("query", "")).get("topics", [""])[0]
        conversation.open([name for name in query.split(",") if name])

    async def _client(self, value: Any, step: dict[str, Any]) -> None:
        await self._client_raw(json.dumps(_fed(value)), step)

    async def _client_raw(self, value: str, step: dict[str, Any]) -> None:
        self.asked = self.at + 1
        self.connections[self._on(step)][0].receive(value)

    async def _server(self, value: Any, step: dict[str, Any]) -> None:
        await self._settled()
        number = self._on(step)
        frames = self.connections[number][1].frames
        assert self.read[number] < len(frames), f"nothing was sent; expected {value}"
        given = json.loads(frames[self.read[number]])
        self.read[number] += 1
        wrong = _matches(value, given)
        assert wrong is None, f"{wrong}; the whole frame: {json.dumps(given)[:800]}"

    async def _happens(self, value: Any, step: dict[str, Any]) -> None:
        if "standing" in value:
            assert self.hub.publish(Position.parse(value["position"]).epoch, [_event(value, None)])
            return
        event = _event(value, self.flights.get(value["flight"]["id"]))
        self.flights[event.flight_id] = msgspec.convert(value["flight"], Flight)
        position = Position.parse(value["position"])
        if position.epoch != self.hub.epoch or position.offset != self.hub.offset + 1:
            # A new journal, or one that is further on: the hub begins anew from what it holds now.
            head = Head(position.epoch, position.offset - 1, min(self.hub.floor, position.offset - 1))
            before = [flight for id, flight in self.flights.items() if id != event.flight_id]
            self.hub.load(head, before)
        assert self.hub.publish(position.epoch, [event])

    async def _trims(self, value: str, step: dict[str, Any]) -> None:
        self.hub.trimmed(Position.parse(value).offset)

    async def _heartbeat(self, value: Any, step: dict[str, Any]) -> None:
        await self._settled()
        self.hub.beat_all()

    async def _notice(self, value: Any, step: dict[str, Any]) -> None:
        self.hub.broadcast(Encoded(codec.encode(messages.Notice(data=value))))

    async def _drains(self, value: float, step: dict[str, Any]) -> None:
        self.hub.broadcast(Encoded(codec.encode(messages.Moving(delay_seconds=value))))

    async def _expires_in(self, value: float, step: dict[str, Any]) -> None:
        self.connections[self._on(step)][0].warn(NOW + timedelta(seconds=value))

    async def _silent(self, value: Any, step: dict[str, Any]) -> None:
        await self._settled()
        number = self._on(step)
        rest = self.connections[number][1].frames[self.read[number] :]
        assert not rest, f"not silent: {rest[0][:300]!r}"

    async def _server_closes(self, value: int, step: dict[str, Any]) -> None:
        await self._settled()
        number = int(step["on"]) - 1 if "on" in step else len(self.connections) - 1
        conversation, outlet = self.connections[number]
        if outlet.closed is None and value in (4200, 4201):
            # Closing at the end of a drain or of a right is the service's part; here it is played by the file.
            conversation.end(value, step.get("reason", "told by the file"))
        assert outlet.closed is not None, "still open"
        assert outlet.closed[0] == value
        if "reason" in step:
            assert outlet.closed[1] == step["reason"]

    async def _client_closes(self, value: int, step: dict[str, Any]) -> None:
        conversation, outlet = self.connections[self._on(step)]
        conversation.gone()
        outlet.closed = (value, "")


@pytest.mark.parametrize("file", _files(), ids=lambda path: path.stem)
async def test_the_server_keeps_its_side_of_the_conversation(file: Path) -> None:
    await Replayer(json.loads(file.read_text())).play()


def test_matching_tells_what_is_wrong() -> None:
    check: Callable[[Any, Any], str | None] = _matches
    assert check({"a": {"any": 1}}, {"a": None}) is None
    assert check({"a": {"any": 1}}, {}) == "$.a is missing"
    assert check({"a": {"absent": True}}, {"a": 1}) is not None
    assert check({"topics": ["x", "y"]}, {"topics": ["y", "x"], "more": 1}) is None
    assert check([1, 2], [1]) is not None

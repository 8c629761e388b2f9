"""A small service on a real local socket that speaks the protocol by our own server session, for the clients' tests."""

import asyncio
import http
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from windsock.flights import Change, Flight
from windsock.protocol import commands
from windsock.protocol.codec import encode, snapshot_frames
from windsock.protocol.codes import SUBPROTOCOL
from windsock.protocol.messages import AuthExpiring, Error, Event, Message, Moving, Notice, Recorded, Resumed
from windsock.protocol.positions import Position
from windsock.protocol.server_session import ServerSession
from windsock.protocol.topics import topics_of

NOW = datetime(2015, 1, 2, 14, 50, tzinfo=UTC)
FLIGHTS: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "contract/conversations/flights.json").read_text()
)


def flight(name: str) -> Flight:
    """One of the conversations' flights, such as `dl1865-v2`."""
    return msgspec.convert(FLIGHTS[name], Flight)


class LocalService:
    """Use as `async with LocalService() as service`; `service.url` is where clients connect."""

    def __init__(
        self, *, may_publish: bool = True, token: str | None = None, heartbeat: float = 20.0
    ) -> None:
        self.may_publish = may_publish
        self.token = token
        self.heartbeat = heartbeat
        self.flights: dict[str, Flight] = {}
        self.ring: list[Event] = []
        self.sessions: dict[ServerConnection, ServerSession] = {}
        self.handshakes = 0
        self.reports: list[dict[str, Any]] = []
        self.tickets: list[str] = []
        self.refuse_next: list[int] = []
        self.answer: Error | None = None
        self.port = 0
        self._server: Server | None = None

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def position(self) -> Position:
        return Position("t3st", len(self.ring))

    async def __aenter__(self) -> "LocalService":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listens, on the same port as before if it did."""
        self._server = await serve(
            self._serve, "127.0.0.1", self.port, subprotocols=[SUBPROTOCOL], process_request=self._admit,
            close_timeout=0.5,
        )  # fmt: skip
        self.port = next(iter(self._server.sockets)).getsockname()[1]

    async def stop(self) -> None:
        """Goes away; every socket is closed with 1001."""
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def happen(self, name: str) -> Event:
        """The flight comes to this state; who subscribed to it is told."""
        now, before = flight(name), self.flights.get(flight(name).id)
        self.flights[now.id] = now
        event = Event(
            position=str(Position("t3st", len(self.ring) + 1)),
            flight=now,
            changes=[Change(kind="estimate.changed", field="departure.estimated", to="later")],
            recorded_at=NOW,
        )
        self.ring.append(event)
        concerned = topics_of(now) | (topics_of(before) if before else frozenset())
        for connection, session in list(self.sessions.items()):
            if not concerned.isdisjoint(session.topics):
                session.sent += 1
                await self._send(connection, event)
        return event

    async def beat(self) -> None:
        """A heartbeat to all."""
        for connection, session in list(self.sessions.items()):
            await self._send(connection, session.head(position=self.position, server_time=NOW))

    async def tell(self, message: Message) -> None:
        """This message to all."""
        for connection in list(self.sessions):
            await self._send(connection, message)

    async def notice(self, data: object) -> None:
        await self.tell(Notice(data=data))

    async def move(self, seconds: float) -> None:
        await self.tell(Moving(delay_seconds=seconds))

    async def expire(self) -> None:
        await self.tell(AuthExpiring(expires_at=NOW))

    async def drop(self, code: int) -> None:
        """Closes every socket with this code."""
        for connection in list(self.sessions):
            await connection.close(code, "test")

    def cut(self) -> None:
        """Breaks every socket without a word."""
        for connection in list(self.sessions):
            connection.transport.abort()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        self.handshakes += 1
        if self.refuse_next:
            return connection.respond(http.HTTPStatus(self.refuse_next.pop(0)), "refused")
        if request.path != "/ws/flight-delay/":
            return connection.respond(http.HTTPStatus.NOT_FOUND, "not here")
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            return connection.respond(http.HTTPStatus.FORBIDDEN, "who are you?")
        return None

    async def _serve(self, connection: ServerConnection) -> None:
        session = ServerSession(may_publish=self.may_publish)
        self.sessions[connection] = session
        welcome = session.welcome(
            connection=str(self.handshakes), position=self.position, oldest=Position("t3st", 0),
            heartbeat_seconds=self.heartbeat, server_time=NOW,
        )  # fmt: skip
        try:
            await self._send(connection, welcome)
            async for frame in connection:
                for command in session.receive(frame):
                    await self._do(connection, session, command)
        except ConnectionClosed:
            pass
        finally:
            del self.sessions[connection]

    async def _do(
        self, connection: ServerConnection, session: ServerSession, command: commands.Command
    ) -> None:
        match command:
            case commands.Subscribe(topics, id, after):
                await self._subscribe(connection, session, topics, id, after)
            case commands.PublishReport(report, id):
                self.reports.append(report)
                if self.answer is not None:
                    await self._send(connection, msgspec.structs.replace(self.answer, id=id))
                elif "state" in report:
                    event = await self.happen(report["state"])
                    await self._send(
                        connection,
                        Recorded(
                            id=id,
                            position=event.position,
                            flight=event.flight.id,
                            version=event.flight.version,
                            changes=event.changes,
                        ),
                    )
            case commands.Authenticate(ticket):
                self.tickets.append(ticket)
            case commands.Ping():
                await self._send(connection, command.message)
            case commands.Refuse(error):
                await self._send(connection, error)
            case commands.Close(code, reason):
                await connection.close(code, reason)
            case commands.Unsubscribe():
                pass

    async def _subscribe(
        self,
        connection: ServerConnection,
        session: ServerSession,
        topics: tuple[str, ...],
        id: Any,
        after: Position | None,
    ) -> None:
        if after is not None and after.epoch == "t3st" and after.offset <= len(self.ring):
            missed = [e for e in self.ring[after.offset :] if not topics_of(e.flight).isdisjoint(topics)]
            resumed = Resumed(id=id, after=str(after), position=str(self.position), count=len(missed))
            session.sent += len(missed)
            for message in (resumed, *missed):
                await self._send(connection, message)
            return
        wanted = [f for f in self.flights.values() if not topics_of(f).isdisjoint(topics)]
        for frame in snapshot_frames(topics, self.position, [msgspec.json.encode(f) for f in wanted], id=id):
            await connection.send(frame, text=True)

    async def _send(self, connection: ServerConnection, message: Message) -> None:
        try:
            await connection.send(encode(message), text=True)
        except ConnectionClosed:
            pass


async def until(condition: Any, seconds: float = 5.0) -> None:
    """Waits for the condition, at most so long."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)

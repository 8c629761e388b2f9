"""The conversation files over real Channels: consumer, ASGI, sessions, rights, and the hub of a running service.

What the file says of the journal is told to the hub; all else is real. The same files are replayed in memory, under a
clock that the test moves, by test_conversations_server.py.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from channels.layers import channel_layers

from tests.communicator import Communicator
from tests.contract.test_conversations_server import NOW, Replayer, _files, _matches
from windsock.access.rights import Identity
from windsock.ingest import stop as stop_ingest
from windsock.live import service as service_module
from windsock.live.admission import overload
from windsock.live.conversation import Conversation
from windsock.live.service import LiveService
from windsock.live.transport.consumer import FlightDelayConsumer
from windsock.protocol.codes import SUBPROTOCOL
from windsock.protocol.handshake import Offer
from windsock.protocol.server_session import Terms

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _nobody_is_refused_because_this_machine_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overload, "LATE_SECONDS", 60.0)


# What does not come within this time does not come.
SILENCE_SECONDS = 0.1


class ReplayingService(LiveService):
    """A live service whose journal, ingest and tickets are what the file says."""

    replayer: "ChannelsReplayer"

    def start(self) -> None:
        """Everything but following the journal: what happens there is in the file."""
        self.rights.start()
        self.gate.start()

    async def record(self, report: dict[str, object], identity: Identity) -> Any:
        return await self.replayer.record(report, identity)

    async def redeem(self, ticket: str) -> Identity | None:
        return await self.replayer.redeem(ticket)


class ChannelsReplayer(Replayer):
    """Plays the client's part over Communicators."""

    def __init__(self, told: dict[str, Any], service: ReplayingService) -> None:
        self.service = service
        service.replayer = self
        self.sockets: list[Communicator] = []
        self.ended: dict[int, dict[str, Any]] = {}
        self.gone: set[int] = set()
        super().__init__(told)
        service.terms = Terms(limits=self.limits)
        service.hub.limits = replace(service.hub.limits, conversation=self.limits)
        self.hub = service.hub
        self.hub.stop()
        self._load()

    def consumer(self) -> Any:
        """The consumer, whose visitor is the file's."""
        identity = self._identity()

        class Known(FlightDelayConsumer):
            async def identify(self, scope: Any, offer: Offer) -> Identity:
                return identity

        return Known()

    def conversations(self) -> list[Conversation]:
        """Those of the running service, oldest first."""
        return list(self.service.rights._conversations)

    async def _settled(self) -> None:
        await asyncio.sleep(0)

    def _on(self, step: dict[str, Any]) -> int:
        if "on" in step:
            return int(step["on"]) - 1
        opened = [n for n in range(len(self.sockets)) if n not in self.ended and n not in self.gone]
        return opened[-1] if opened else len(self.sockets) - 1

    async def _opens(self, value: Any, step: dict[str, Any]) -> None:
        plain = self.given.get("plain", False)
        query = self.given.get("query", "")
        socket = Communicator(
            self.consumer(),
            f"/ws/flight-delay/{'?' + query if query else ''}",
            subprotocols=None if plain else [SUBPROTOCOL],
        )
        assert await socket.connect() == (True, None if plain else SUBPROTOCOL)
        self.sockets.append(socket)

    async def _client_raw(self, value: str, step: dict[str, Any]) -> None:
        self.asked = self.at + 1
        await self.sockets[self._on(step)].send_to(text_data=value)

    async def _output(self, number: int) -> dict[str, Any]:
        output: dict[str, Any] = await self.sockets[number].receive_output(5)
        return output

    async def _server(self, value: Any, step: dict[str, Any]) -> None:
        output = await self._output(self._on(step))
        assert output["type"] == "websocket.send", f"{output}; expected {value}"
        given = json.loads(output["text"])
        wrong = _matches(value, given)
        assert wrong is None, f"{wrong}; the whole frame: {json.dumps(given)[:800]}"

    async def _happens(self, value: Any, step: dict[str, Any]) -> None:
        await self._heard()
        await super()._happens(value, step)

    async def _heartbeat(self, value: Any, step: dict[str, Any]) -> None:
        await self._heard()
        self.hub.beat_all()

    async def _heard(self) -> None:
        """What the client said before has been heard: frames go through a queue and a task."""
        for _ in range(20):
            await asyncio.sleep(0)

    async def _notice(self, value: Any, step: dict[str, Any]) -> None:
        self.service.notice(value)

    async def _expires_in(self, value: float, step: dict[str, Any]) -> None:
        self.conversations()[-1].warn(NOW + timedelta(seconds=value))

    async def _silent(self, value: Any, step: dict[str, Any]) -> None:
        socket = self.sockets[self._on(step)]
        assert await socket.receive_nothing(SILENCE_SECONDS, 0.01), socket.output_queue

    async def _server_closes(self, value: int, step: dict[str, Any]) -> None:
        number = int(step["on"]) - 1 if "on" in step else len(self.sockets) - 1
        if value in (
            4200,
            4201,
        ):  # the end of a drain or of a right is the service's part; here the file plays it
            self.conversations()[number if "on" in step else -1].end(
                value, step.get("reason", "told by the file")
            )
        output = await self._output(number)
        assert output["type"] == "websocket.close", output
        assert output["code"] == value
        if "reason" in step:
            assert output["reason"] == step["reason"]
        self.ended[number] = output
        await self.sockets[number].disconnect(value)

    async def _client_closes(self, value: int, step: dict[str, Any]) -> None:
        number = self._on(step)
        self.gone.add(number)
        await self.sockets[number].disconnect(value)

    async def finish(self) -> None:
        """Lets go of what is still open, and sees that nothing stays."""
        for number, socket in enumerate(self.sockets):
            if number not in self.ended and number not in self.gone:
                await socket.disconnect()
        assert self.hub.session_count == len(self.service.rights) == 0


@pytest.fixture
async def service(transactional_db: None) -> AsyncIterator[ReplayingService]:
    channel_layers.backends.clear()
    service = ReplayingService()
    service.rights._clock = lambda: NOW
    # The visitors are the files', not the database's: asked again, they would be found to be nobody.
    service.rights.start = lambda: None  # type: ignore[method-assign]
    service_module._services[service.loop] = service
    service.start()
    yield service
    await service.stop()
    await asyncio.to_thread(stop_ingest)


@pytest.mark.parametrize("file", _files(), ids=lambda path: path.stem)
async def test_the_consumer_keeps_the_servers_side_of_the_conversation(
    file: Path, service: ReplayingService
) -> None:
    replayer = ChannelsReplayer(json.loads(file.read_text()), service)
    async with asyncio.timeout(60):
        await replayer.play()
        await replayer.finish()

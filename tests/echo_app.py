"""An ASGI application that echoes messages: over the handed-over socket where the server offers it, else by ASGI.

What is under test is `SocketOutlet` with its reader and frames; only the conversation behind it is this file's.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from windsock.conf import Config
from windsock.live.core.frames import frame
from windsock.live.transport.handover import DEFLATE, SocketOutlet, offered
from windsock.live.transport.keepalive import Keepalive


@dataclass
class Everything:
    """As much of `LiveService` as an outlet asks for."""

    loop: asyncio.AbstractEventLoop
    pulse: Keepalive
    settings: Config = field(default_factory=Config)

    def detach(self, conversation: Any) -> None:
        """Nothing is kept here."""


class Echo:
    """A conversation that says back what it hears."""

    def __init__(self, outlet: SocketOutlet) -> None:
        self.outlet = outlet
        self.session = self
        self.wire: Any = None

    def open(self, topics: list[str]) -> None:
        """Says nothing first."""

    def receive(self, data: str | bytes) -> None:
        """The same, as text or binary as it came."""
        transport = self.outlet.transport
        assert transport is not None
        transport.write(frame(data.encode()) if isinstance(data, str) else frame(data, 2))

    def drained(self) -> None:
        """Waits for nothing."""

    def stalled(self) -> None:
        """Holds nothing back."""

    def end(self, code: int, reason: str) -> None:
        """Only the outlet closes."""


_pulses: "WeakKeyDictionary[asyncio.AbstractEventLoop, Keepalive]" = WeakKeyDictionary()


async def application(scope: Any, receive: Any, send: Any) -> None:
    """The echo."""
    if scope["type"] != "websocket":
        return
    await receive()
    if scope["path"] == "/late":
        await asyncio.sleep(0.2)  # long enough for a client that does not wait for the accept
    await send({"type": "websocket.accept", DEFLATE: b"deflate" in scope["query_string"]})
    if (take := offered(scope)) is not None and scope["path"] != "/kept":
        loop = asyncio.get_running_loop()
        pulse = _pulses.setdefault(loop, Keepalive(loop, 20))
        outlet = SocketOutlet(Everything(loop, pulse))  # type: ignore[arg-type]
        if take(outlet) is not None:
            outlet.begin(Echo(outlet), [])  # type: ignore[arg-type]
            return
    while (message := await receive())["type"] == "websocket.receive":
        if message.get("text") is not None:
            await send({"type": "websocket.send", "text": message["text"]})
        else:
            await send({"type": "websocket.send", "bytes": message["bytes"]})

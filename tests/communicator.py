"""Channels' test client for WebSockets, with deadlines that a loaded machine keeps: its own are one second."""

from typing import Any

from channels.testing import WebsocketCommunicator

WAIT_SECONDS = 60


class Communicator(WebsocketCommunicator):
    """A `WebsocketCommunicator` that waits for a minute wherever the caller gives no timeout."""

    async def connect(self, timeout: float = WAIT_SECONDS) -> tuple[bool, Any]:
        connected, code_or_subprotocol = await super().connect(timeout)
        return connected, code_or_subprotocol

    async def receive_from(self, timeout: float = WAIT_SECONDS) -> str | bytes:
        received: str | bytes = await super().receive_from(timeout)
        return received

    async def receive_json_from(self, timeout: float = WAIT_SECONDS) -> Any:
        return await super().receive_json_from(timeout)

    async def receive_output(self, timeout: float = WAIT_SECONDS) -> Any:
        return await super().receive_output(timeout)

    async def disconnect(self, code: int = 1000, timeout: float = WAIT_SECONDS) -> None:
        await super().disconnect(code, timeout)

    async def wait(self, timeout: float = WAIT_SECONDS) -> None:
        await super().wait(timeout)

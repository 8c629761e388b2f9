"""The client for asyncio."""

from windsock.client.asyncio.client import WindsockClient, connect

__all__ = ["WindsockClient", "connect"]

"""The client for code without asyncio: the same names, and they block."""

from windsock.client.sync.client import WindsockClient, connect

__all__ = ["WindsockClient", "connect"]

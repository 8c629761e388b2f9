"""What both of uvicorn's protocols share: their logger, and a client's name for it."""

import logging

logger = logging.getLogger("windsock.connections")
"""uvicorn and websockets log each connection three times, which is most of the work at thousands per second. So only
warnings are logged; LOGGING may set a level for this name."""


def address_of(client: tuple[str, int] | None) -> str:
    """Return the client's address for a log line."""
    return f"{client[0]}:{client[1]}" if client else "a client without an address"

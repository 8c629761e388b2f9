"""The client for code without asyncio: the same names, with calls that block."""

from windsock.client.backlog import Update
from windsock.client.sync.client import WindsockClient, connect
from windsock.protocol.backoff import BackOff
from windsock.protocol.client_outputs import (
    Answered,
    Happened,
    Loaded,
    Noticed,
    Problem,
    ProgrammesChanged,
    State,
    StateChanged,
    Stopped,
)

__all__ = [
    "Answered",
    "BackOff",
    "Happened",
    "Loaded",
    "Noticed",
    "Problem",
    "ProgrammesChanged",
    "State",
    "StateChanged",
    "Stopped",
    "Update",
    "WindsockClient",
    "connect",
]

"""The Python client: protocol and websockets only, no Django.

    from windsock.client import connect

    async with connect("wss://delays.example.org", token=TOKEN, topics=["departures:JFK"]) as client:
        async for event in client:
            print(event.flight.designator, event.flight.departure.delay_minutes)

`client.board` is always current. `windsock.client.sync` has the same names for code without asyncio.
"""

from windsock.client.asyncio.client import WindsockClient, connect
from windsock.client.backlog import Update
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

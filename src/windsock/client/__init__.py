"""The Python client: protocol and websockets only, no Django.

    from windsock.client import connect

    async with connect("wss://delays.example.org", token=TOKEN, topics=["departures:JFK"]) as client:
        async for event in client:
            print(event.flight.designator, event.flight.departure.delay_minutes)

`client.board` is always current. `windsock.client.sync` has the same names for code without asyncio.
"""

from windsock.client.asyncio.client import WindsockClient, connect

__all__ = ["WindsockClient", "connect"]

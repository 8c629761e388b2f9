"""The real service, and beside it a port where events come in as fast as the bench can send them.

No journal commits so many a second, and what is to be measured here is what comes after it. So the bench plays the
writer: each line is an event's body with the time in front, and goes the way of one that the pipeline has just
committed (`LiveService._tell`: tail, hub, doorbell). From there on, and in the connections, nothing differs from the
real service. The tail does not look at the journal meanwhile: it would find that these events are not in it.
"""

import asyncio
import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from bench.delivery import machine
from bench.delivery.run import crowd_file
from windsock.flights import Flight
from windsock.journal.base import Event, Head
from windsock.live.service import LiveService
from windsock.service.asgi import application as service

FOLDER = Path(os.environ["WINDSOCK_DATA"])
PORT = int(os.environ["BENCH_PUBLISHER"])
FLIGHTS = int(os.environ.get("BENCH_FLIGHTS", "0"))


class Publisher(asyncio.Protocol):
    """Reads events, one a line, and tells the live service of all that came together, as after one commit."""

    def __init__(self, live: LiveService, known: dict[bytes, Event]) -> None:
        self._live = live
        self._known = known
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        """`{"t":123,"flight":{…},…}`: the body begins after the brace; what follows the time says which flight."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        offset = self._live.hub.offset
        events = []
        for number, line in enumerate(lines, 1):
            event = self._known[line[line.index(b",") + 1 :]]
            events.append(replace(event, offset=offset + number, body=line[1:]))
        if events:
            self._live._tell(self._live.hub.epoch, events)


def known_events() -> dict[bytes, Event]:
    """The events that may come, by the part of their body that stays the same."""
    known = {}
    for told in json.loads((FOLDER / "events.json").read_text()):
        for body in (told["body"], told["small_body"]):
            known[body.encode()] = Event(
                offset=0,
                flight_id=told["flight_id"],
                version=json.loads("{" + body)["flight"]["version"],
                topics=tuple(told["topics"]),
                body=body.encode(),
                recorded_at=datetime.now(UTC),
            )
    return known


def crowd(known: dict[bytes, Event]) -> Iterator[Flight]:
    """As many flights as asked for: the known ones, and copies of them under other numbers. One at a time, so that what
    the board holds is all that stays."""
    decode = msgspec.json.Decoder(Flight).decode
    flights = {event.flight_id: decode(event.flight_json()) for event in known.values()}
    some = list(flights.values())
    yield from some
    for number in range(len(some), FLIGHTS):
        flight = some[number % len(some)]
        day = str(flight.date)
        other = f"{flight.carrier.iata}{100_000 + number}"
        yield msgspec.structs.replace(
            flight,
            id=f"{other}.{day}.{flight.origin}",
            designator=other,
            number=100_000 + number,
            registration=None,
        )


def fill(live: LiveService, known: dict[bytes, Event]) -> None:
    """Puts the crowd on the live board, and writes down what that cost."""
    before, since = machine.resident_kib([os.getpid()]), time.process_time()
    live.hub.load(Head(live.hub.epoch, live.hub.offset, live.hub.floor), crowd(known))
    cost = {
        "flights": len(live.hub.board),
        "cpu_seconds": time.process_time() - since,
        "kib": machine.resident_kib([os.getpid()]) - before,
    }
    done = crowd_file(FOLDER, PORT - 1)
    done.with_suffix(".part").write_text(json.dumps(cost))
    done.with_suffix(".part").rename(done)  # whoever waits for it finds it whole


async def start() -> None:
    """Begins to take events."""
    live = await LiveService.running()
    await live.tail.loaded()
    await live.tail.stop()
    known = known_events()
    if FLIGHTS:
        fill(live, known)
    loop = asyncio.get_running_loop()
    await loop.create_server(lambda: Publisher(live, known), "127.0.0.1", PORT)


async def application(scope: Any, receive: Any, send: Any) -> None:
    """The service's own application; only its start is followed by ours."""

    async def told(message: Any) -> None:
        if message["type"] == "lifespan.startup.complete":
            await start()
        await send(message)

    await service(scope, receive, told if scope["type"] == "lifespan" else send)

"""Prints what one event costs to send to many readers: plain, compressed once for all, and compressed for each.

Run: python bench/compression.py [--readers 1000] [--rounds 200]

Real events of the shipped days, as the hub encodes them, are written to real TCP connections of this machine by
asyncio's transports, as the fan-out does; a process on the other side reads them away. Bytes are those of the frames,
CPU is the sender's own. `per reader` is what a server does that keeps a compressor, or makes one, for each connection.
"""

import argparse
import asyncio
import os
import selectors
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.delivery import run  # noqa: E402
from windsock.live.core.frames import Batch, Encoded  # noqa: E402

# A compressor for each reader is some twenty times slower: fewer rounds say as much.
FEWER = 10


def read_away(port: int, readers: int) -> int:
    """Forks the other side; gives its process id."""
    if pid := os.fork():
        return pid
    selector = selectors.DefaultSelector()
    for _ in range(readers):
        peer = socket.create_connection(("127.0.0.1", port))
        peer.setblocking(False)
        selector.register(peer, selectors.EVENT_READ)
    while selector.get_map():
        for key, _ in selector.select():
            peer = cast(socket.socket, key.fileobj)
            if not peer.recv(1 << 20):
                selector.unregister(peer)
    os._exit(0)


async def accepted(listener: socket.socket, readers: int) -> list[asyncio.Transport]:
    """The transports of all readers."""
    loop = asyncio.get_running_loop()
    found = []
    for _ in range(readers):
        peer, _ = await loop.sock_accept(listener)
        transport, _ = await loop.connect_accepted_socket(asyncio.Protocol, peer)
        found.append(transport)
    return found


async def cost(
    transports: list[asyncio.Transport],
    bodies: list[bytes],
    rounds: int,
    frames: Callable[[Batch], bytes],
    each: bool,
) -> tuple[float, float]:
    """Bytes per event, and microseconds of CPU per event and reader."""
    sent = 0
    begun = time.process_time()
    for number in range(rounds):
        body = bodies[number % len(bodies)]
        batch = Batch([Encoded(body)])
        for transport in transports:
            transport.write(frames(Batch([Encoded(body)]) if each else batch))
        sent += len(frames(batch))
        while any(transport.get_write_buffer_size() for transport in transports):
            await asyncio.sleep(0.001)
    spent = time.process_time() - begun
    return sent / rounds, spent / rounds / len(transports) * 1e6


async def measure(readers: int, rounds: int, bodies: list[bytes], listener: socket.socket) -> None:
    transports = await accepted(listener, readers)

    def plain(batch: Batch) -> bytes:
        return batch.frames

    def deflated(batch: Batch) -> bytes:
        return batch.deflated

    print(f"{readers} readers, events of {sum(map(len, bodies)) / len(bodies):.0f} bytes")
    print(f"{'':24}{'bytes':>8}{'CPU µs per reader':>20}")
    for name, frames, each in (
        ("plain", plain, False),
        ("compressed once", deflated, False),
        ("compressed per reader", deflated, True),
    ):
        size, spent = await cost(transports, bodies, rounds // FEWER if each else rounds, frames, each)
        print(f"{name:24}{size:8.0f}{spent:20.2f}")
    for transport in transports:
        transport.close()
    await asyncio.sleep(0.1)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--readers", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=200)
    asked = parser.parse_args()
    with run.prepared(flights=50) as data:
        start = '{"type":"event","position":"0123456789abcde:100000",'
        bodies = [(start + told["body"]).encode() for told in data.events]
    listener = socket.create_server(("127.0.0.1", 0), backlog=asked.readers)
    listener.setblocking(False)
    pid = read_away(listener.getsockname()[1], asked.readers)
    asyncio.run(measure(asked.readers, asked.rounds, bodies, listener))
    os.waitpid(pid, 0)


if __name__ == "__main__":
    main()

"""The hand-over on both event loops, plain and under TLS: the transports differ, what a client sees does not.

The client is asyncio's. The blocking one reads and writes one TLS connection from two threads, which OpenSSL does not
allow: about one handshake in 3,000 then stays without an answer.
"""

import asyncio
import os
import shutil
import signal
import ssl
import struct
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.services import free_port

ROOT = Path(__file__).parents[3]
WAIT_SECONDS = 60.0
SERVE = """
import sys, uvicorn
loop, port, tls = sys.argv[1:]
files = {"ssl_certfile": "cert.pem", "ssl_keyfile": "key.pem"} if tls == "wss" else {}
uvicorn.run("tests.echo_app:application", ws="windsock.service.websocket_protocol:HandoverProtocol", loop=loop,
            port=int(port), http="windsock.service.http_protocol:PatientHttpProtocol", lifespan="off",
            log_level="error", timeout_graceful_shutdown=1, **files)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    openssl = shutil.which("openssl")
    if openssl is not None:
        subprocess.run(
            [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem",
             "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
            cwd=folder, check=True, capture_output=True,
        )  # fmt: skip
    return folder


@pytest.fixture(params=["ws", "wss"])
def scheme(request: pytest.FixtureRequest, folder: Path) -> str:
    if request.param == "wss" and not (folder / "cert.pem").exists():
        pytest.skip("openssl is not installed")
    return str(request.param)


@pytest.fixture(params=["asyncio", "uvloop"])
async def server(
    request: pytest.FixtureRequest, folder: Path, scheme: str
) -> AsyncIterator[tuple[int, subprocess.Popen[bytes]]]:
    port = free_port()
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": paths}
    log = folder / f"{request.param}-{scheme}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: ASYNC220  (it is started before anything waits)
            [sys.executable, "-c", SERVE, request.param, str(port), scheme],
            env=environment, cwd=folder, stdout=output, stderr=output,
        )  # fmt: skip

    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            assert process.poll() is None, log.read_text()
            try:
                async with client(port, scheme, folder):
                    break
            except OSError:
                await asyncio.sleep(0.05)
    yield port, process
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(process.wait, WAIT_SECONDS)
    # On asyncio's own loop, Python 3.12's servers may count a connection that is gone until uvicorn's grace is over.
    told = log.read_text().splitlines()
    if request.param == "asyncio" and sys.version_info >= (3, 12):
        told = [line for line in told if "graceful shutdown exceeded" not in line]
    assert not told


def client(port: int, scheme: str, folder: Path) -> connect:
    trust = ssl.create_default_context(cafile=str(folder / "cert.pem")) if scheme == "wss" else None
    return connect(
        f"{scheme}://localhost:{port}/",
        ssl=trust,
        max_size=None,
        compression=None,
        open_timeout=WAIT_SECONDS,
        proxy=None,
    )


async def received(one: ClientConnection) -> str | bytes:
    async with asyncio.timeout(WAIT_SECONDS):
        return await one.recv()


async def test_messages_pings_closes_and_the_servers_end(
    server: tuple[int, subprocess.Popen[bytes]], scheme: str, folder: Path
) -> None:
    port, process = server
    async with client(port, scheme, folder) as one:
        for size in (0, 1, 125, 126, 65_535, 65_536, 100_000):
            await one.send("é" * (size // 2))
            assert await received(one) == "é" * (size // 2)
            await one.send(b"\xff" * size)
            assert await received(one) == b"\xff" * size
        await one.send(["frag", "men", "ted"])
        assert await received(one) == "fragmented"
        await asyncio.wait_for(await one.ping(), WAIT_SECONDS)
        # Far more than any buffer holds, read only afterwards: nothing is lost or mixed up.
        for number in range(20):
            await one.send(struct.pack("!H", number) * 30_000)
        assert [(await received(one))[:2] for _ in range(20)] == [struct.pack("!H", n) for n in range(20)]
        await one.close(4001, "enough")
        assert one.protocol.close_rcvd is not None
        assert one.protocol.close_rcvd.code == 4001
    async with client(port, scheme, folder) as big:
        await big.send("x" * 300_000)
        with pytest.raises(ConnectionClosed) as ended:
            await received(big)
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == 1009
    async with client(port, scheme, folder) as left:
        await left.send("still here")
        assert await received(left) == "still here"
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        await asyncio.to_thread(process.wait, WAIT_SECONDS)
        # The echo has nobody who lets sockets go first, as LiveService does: uvicorn's grace of a second bounds it.
        assert time.monotonic() - began < 20

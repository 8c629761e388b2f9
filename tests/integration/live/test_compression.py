"""Compression under the real service: agreed with who offers it, the same messages for all, fewer bytes for some."""

import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection

from tests.dial import dial
from tests.integration.live.servers import until
from tests.rawsocket import CLOSE, TEXT, RawSocket, masked
from tests.running_service import RunningService

OFFER = "permessage-deflate; client_max_window_bits"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    folder: Path = tmp_path_factory.mktemp("service")
    service = RunningService.prepare(folder, WINDSOCK_COMPRESS_MESSAGES="true")
    try:
        service.start()
        yield service
    finally:
        service.stop()
    assert "Traceback" not in service.log.read_text()


@contextmanager
def opened(service: RunningService, compression: str | None) -> Iterator[ClientConnection]:
    with dial(
        f"ws://127.0.0.1:{service.port}/ws/flight-delay/",
        subprotocols=["windsock.v1.json"],  # type: ignore[list-item]
        additional_headers={"Authorization": f"Bearer {service.tokens['publisher']}"},
        compression=compression,
    ) as client:
        client.send(json.dumps({"type": "subscribe", "id": "1", "topics": ["all"]}))
        until(client, "snapshot")
        yield client


def report(gate: str) -> dict[str, Any]:
    return {
        "flight": "DL1865",
        "date": "2015-01-02",
        "origin": "ATL",
        "destination": "MCO",
        "departure": {"scheduled": "2015-01-02T13:55:00Z", "gate": gate},
    }


def compressed(payload: bytes) -> bytes:
    """A client's frame with RSV1."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH)
    framed = masked(data.removesuffix(b"\0\0\xff\xff"), TEXT)
    return bytes([framed[0] | 0x40]) + framed[1:]


def test_who_offers_it_gets_the_same_messages_as_who_does_not(service: RunningService) -> None:
    with opened(service, "deflate") as small, opened(service, None) as plain:
        assert [extension.name for extension in small.protocol.extensions] == ["permessage-deflate"]
        assert plain.protocol.extensions == []
        for number in range(5):
            # From the one that compresses, so that what it sends is unpacked too.
            small.send(json.dumps({"type": "report", "id": str(number), "report": report(f"A{number}")}))
            events = [until(client, "event") for client in (small, plain)]
            assert events[0] == events[1]
            assert events[0]["flight"]["departure"]["gate"] == f"A{number}"
        for client in (small, plain):
            client.send('{"type": "ping", "id": "end"}')
            assert until(client, "pong")["id"] == "end"
    with opened(service, "deflate") as late:
        late.send(json.dumps({"type": "subscribe", "id": "2", "topics": ["flight:DL1865.2015-01-02.ATL"]}))
        assert until(late, "snapshot")["flights"][0]["departure"]["gate"] == "A4"


def test_a_broadcast_costs_whoever_agreed_less_than_half(service: RunningService) -> None:
    sizes = []
    for headers in ({"Sec_WebSocket_Extensions": OFFER}, {}):
        raw = RawSocket.open(service.port, token=service.tokens["publisher"], **headers)
        assert (raw.header("Sec-WebSocket-Extensions") is not None) == bool(headers)
        raw.text('{"type":"subscribe","id":"1","topics":["all"]}')
        raw.frame(TEXT), raw.frame(TEXT)  # the welcome and the snapshot
        told = service.post(report(f"B{len(sizes)}"))
        assert told.status < 300, told.body
        sizes.append(len(raw.frame(TEXT).payload))
        raw.close()
    assert 200 < sizes[0] < sizes[1] / 2


def test_a_bomb_ends_with_1009_and_nobody_else_notices(service: RunningService) -> None:
    with opened(service, "deflate") as other:
        raw = RawSocket.open(service.port, token=service.tokens["publisher"], Sec_WebSocket_Extensions=OFFER)
        assert raw.header("Sec-WebSocket-Extensions") == (
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
        )
        raw.send(compressed(b"[" * 50_000_000))
        assert raw.frame(CLOSE).code == 1009
        raw.close()
        other.send('{"type": "ping", "id": "still here"}')
        assert until(other, "pong")["id"] == "still here"


def test_a_message_beyond_the_limit_is_refused_packed_or_not(service: RunningService) -> None:
    for wrap in (compressed, lambda payload: masked(payload, TEXT)):
        raw = RawSocket.open(service.port, token=service.tokens["publisher"], Sec_WebSocket_Extensions=OFFER)
        raw.send(wrap(json.dumps({"type": "ping", "id": "x" * 70_000}).encode()))
        assert raw.frame(CLOSE).code == 1009
        raw.close()

"""One service, one wire, three servers: the hand-over under `windsock serve`, uvicorn's own class, and Daphne."""

import json
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rawsocket import BINARY, CLOSE, CONT, PING, PONG, TEXT, Gone, RawSocket, masked
from tests.running_service import RunningService

APPLICATION = "windsock.service.asgi:application"
REPORT = {
    "flight": "DL1865",
    "date": "2015-01-02",
    "origin": "ATL",
    "destination": "MCO",
    "departure": {"scheduled": "2015-01-02T13:55:00Z"},
}
SUBSCRIBE = '{"type":"subscribe","id":"1","topics":["departures:ATL"]}'


@pytest.fixture(scope="module", params=["handed over", "uvicorn", "daphne"])
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningService]:
    service = RunningService.prepare(tmp_path_factory.mktemp("service"))
    port = str(service.port)
    if request.param == "handed over":
        service.start()
    elif request.param == "uvicorn":
        own = ["--ws", "websockets-sansio", "--timeout-graceful-shutdown", "1", "--log-level", "warning"]
        service.start_with(sys.executable, "-m", "uvicorn", APPLICATION, "--port", port, *own)
    else:
        daphne = str(Path(sys.executable).with_name("daphne"))
        service.start_with(daphne, "-b", "127.0.0.1", "-p", port, "-v", "0", APPLICATION)
    service.name = request.param  # type: ignore[attr-defined]
    yield service
    service.stop()
    log = service.log.read_text()
    # uvicorn's own class tells of text that is not UTF-8 as if it were a fault of ours.
    assert log.count("Traceback") == log.count("Invalid UTF-8 sequence received"), log[-3000:]


@pytest.fixture
def client(service: RunningService) -> Iterator[RawSocket]:
    raw = RawSocket.open(service.port, token=service.tokens["publisher"])
    assert raw.status == 101, raw.head
    yield raw
    raw.close()


def closed(client: RawSocket) -> int | None:
    """The code the server closes with; None where it just goes, as Daphne does after a broken frame."""
    try:
        return client.frame(CLOSE).code
    except Gone:
        return None


def test_the_handshake_echoes_our_subprotocol_and_no_extension(service: RunningService) -> None:
    raw = RawSocket.open(
        service.port,
        token=service.tokens["reader"],
        subprotocols=("chat", "windsock.v1.json", "windsock.ticket.abc"),
        Sec_WebSocket_Extensions="x-webkit-deflate-frame",
    )
    assert raw.status == 101
    assert raw.header("Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert raw.header("Sec-WebSocket-Protocol") == "windsock.v1.json"
    assert raw.header("Sec-WebSocket-Extensions") is None
    assert json.loads(raw.message("welcome"))["protocol"] == "windsock.v1.json"
    raw.close()


def test_under_our_server_compression_is_not_agreed(service: RunningService) -> None:
    raw = RawSocket.open(
        service.port, token=service.tokens["reader"], Sec_WebSocket_Extensions="permessage-deflate"
    )
    assert raw.status == 101
    if service.name == "handed over":  # type: ignore[attr-defined]
        assert raw.header("Sec-WebSocket-Extensions") is None
    raw.close()


@pytest.mark.parametrize("wrong", ["nobody", "wrong token", "other origin", "writer"])
def test_who_may_not_read_is_refused_before_the_accept(service: RunningService, wrong: str) -> None:
    token = {
        "wrong token": "wsk_nonsense",
        "other origin": service.tokens["reader"],
        "writer": service.tokens["feed"],
    }
    headers = {"Origin": "https://evil.example"} if wrong == "other origin" else {}
    raw = RawSocket.open(service.port, token=token.get(wrong), **headers)
    assert raw.status == 403
    assert raw.ended()


def test_an_unknown_subprotocol_is_told_4006(service: RunningService) -> None:
    raw = RawSocket.open(service.port, token=service.tokens["reader"], subprotocols=("graphql-ws",))
    assert raw.frame(CLOSE).code == 4006


def test_a_subscription_is_answered_and_events_follow(client: RawSocket, service: RunningService) -> None:
    client.text(SUBSCRIBE)
    assert json.loads(client.message("snapshot"))["topics"] == ["departures:ATL"]
    report = {**REPORT, "flight": "DL7"}
    client.text(json.dumps({"type": "report", "id": "r", "report": report}))
    told = {json.loads(client.message(kind))["position"] for kind in ("event", "recorded")}
    assert len(told) == 1
    assert service.get("/api/v1/flights/DL7.2015-01-02.ATL").status == 200


def test_a_fragmented_message_with_a_ping_inside_is_one_message(client: RawSocket) -> None:
    data = SUBSCRIBE.encode()
    client.send(
        masked(data[:10], TEXT, fin=False) + masked(b"there?", PING) + masked(data[10:30], CONT, fin=False)
    )
    assert client.frame(PONG).payload == b"there?"
    client.send(masked(data[30:], CONT))
    assert client.message("snapshot")


def test_bytes_that_trickle_in_are_read(client: RawSocket) -> None:
    for byte in masked(b'{"type":"ping","id":"slow"}'):
        client.send(bytes([byte]))
    assert json.loads(client.message("pong"))["id"] == "slow"


def test_binary_is_read_as_json_too(client: RawSocket) -> None:
    client.send(masked(b'{"type":"ping","id":"b"}', BINARY))
    assert json.loads(client.message("pong"))["id"] == "b"


def test_nonsense_is_answered_and_the_connection_goes_on(client: RawSocket) -> None:
    client.text("nonsense")
    assert json.loads(client.message("error"))["code"] == "malformed"
    client.text('{"type":"ping","id":"2"}')
    assert json.loads(client.message("pong"))["id"] == "2"


@pytest.mark.parametrize("code", [1000, 1001, 4000])
def test_a_close_is_answered_with_its_code_and_the_end(client: RawSocket, code: int) -> None:
    client.message("welcome")
    client.send(masked(struct.pack("!H", code) + b"bye", CLOSE))
    assert client.frame(CLOSE).code in (code, 1000)  # Daphne answers with 1000 always
    assert client.ended()


def test_a_message_above_the_limit_is_closed_with_1009(client: RawSocket, service: RunningService) -> None:
    client.send(masked(b'"' + b"x" * 65_536 + b'"'))
    # Daphne sends no code below 3000 but 1000; 4000 says the same: do not try again.
    assert client.frame(CLOSE).code == (4000 if service.name == "daphne" else 1009)  # type: ignore[attr-defined]


def test_text_that_is_not_utf_8_is_closed_with_1007(client: RawSocket, service: RunningService) -> None:
    client.message("welcome")
    client.send(masked(b"\xff\xfe\xfd"))
    assert closed(client) == 1007 or service.name == "daphne"  # type: ignore[attr-defined]
    assert client.ended()


def test_an_unmasked_frame_ends_the_connection(client: RawSocket, service: RunningService) -> None:
    client.message("welcome")
    client.send(masked(b'{"type":"ping","id":"1"}', mask=False))
    assert closed(client) == 1002 or service.name == "daphne"  # type: ignore[attr-defined]
    assert client.ended()


def test_a_plain_client_needs_to_know_only_events(service: RunningService) -> None:
    raw = RawSocket.open(
        service.port, token=service.tokens["publisher"], subprotocols=(), query="?topics=designator:DL8"
    )
    assert raw.status == 101
    assert raw.header("Sec-WebSocket-Protocol") is None
    raw.text(json.dumps({**REPORT, "flight": "DL8"}))
    frames = {json.loads(raw.frame(TEXT).payload)["type"] for _ in range(2)}
    assert frames == {"event", "recorded"}
    raw.close()


def test_who_vanishes_leaves_nothing(service: RunningService) -> None:
    for _ in range(20):
        raw = RawSocket.open(service.port, token=service.tokens["reader"])
        raw.socket.setsockopt(1, 13, struct.pack("ii", 1, 0))  # SO_LINGER 0: a reset, no goodbye
        raw.close()
    with_somebody = RawSocket.open(service.port, token=service.tokens["reader"])
    assert with_somebody.message("welcome")
    with_somebody.close()

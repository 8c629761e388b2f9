"""A handshake's head: what passes is exactly what `websockets` would accept, and is answered the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.http11 import Request
from websockets.server import ServerProtocol

from windsock.service.handshake_head import PlainHead, plain_head

GOOD = [
    (b"host", b"board.example"),
    (b"upgrade", b"WebSocket"),
    (b"connection", b"keep-alive, Upgrade"),
    (b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
    (b"sec-websocket-version", b"13"),
    (b"cookie", "name=Zoë".encode("latin-1")),
]


def judged(headers: list[tuple[bytes, bytes]], url: bytes = b"/ws/?topics=all") -> PlainHead | None:
    return plain_head("GET", "1.1", url, headers)


def without(name: bytes) -> list[tuple[bytes, bytes]]:
    return [header for header in GOOD if header[0] != name]


def status(head: PlainHead) -> tuple[int, str | None]:
    """What `websockets` answers to the same bytes: the status, and the proof that the key was read."""
    parser = ServerProtocol()
    parser.receive_data(head.raw())
    events = parser.events_received()
    assert parser.parser_exc is None and isinstance(events[0], Request)
    response = parser.accept(events[0])
    return response.status_code, response.headers.get("Sec-WebSocket-Accept")


def test_the_example_of_the_rfc_is_answered_as_it_says() -> None:
    head = judged([*GOOD, (b"sec-websocket-protocol", b"chat, superchat")])
    assert head is not None
    lines = head.answer([(b"date", b"today")], "chat").split(b"\r\n")
    assert lines == [
        b"HTTP/1.1 101 Switching Protocols",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        b"date: today",
        b"Sec-WebSocket-Protocol: chat",
        b"",
        b"",
    ]
    assert status(head) == (101, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")


@pytest.mark.parametrize("name", [b"host", b"upgrade", b"sec-websocket-key", b"sec-websocket-version"])
def test_what_a_handshake_needs_must_be_there_once(name: bytes) -> None:
    assert judged(without(name)) is None
    assert judged([*GOOD, next(header for header in GOOD if header[0] == name)]) is None


@pytest.mark.parametrize(
    "changed",
    [
        (b"upgrade", b"websocket, h2c"),
        (b"sec-websocket-version", b"8"),
        (b"sec-websocket-version", b"+13"),
        (b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ"),
        (b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZR=="),
        (b"sec-websocket-key", b"dGhlIHNhbXBsZQ=="),
        (b"sec-websocket-protocol", b"chat,,superchat"),
        (b"sec-websocket-protocol", b"ch\xe4t"),
        (b"connection", b"Upgrade, ="),
        (b"content-length", b"0"),
        (b"transfer-encoding", b"chunked"),
        (b"expect", b"100-continue"),
        (b"x-long", b"x" * 8_000),
    ],
)
def test_what_is_not_as_it_should_be_is_left_to_the_parser_that_says_why(
    changed: tuple[bytes, bytes],
) -> None:
    assert judged([*without(changed[0]), changed]) is None


def test_only_a_get_of_a_path_by_http_1_1_passes() -> None:
    assert judged(GOOD) is not None
    assert judged(GOOD, b"http://board.example/ws/") is None
    assert judged(GOOD, "/wß/".encode()) is None
    assert plain_head("POST", "1.1", b"/ws/", GOOD) is None
    assert plain_head("GET", "1.0", b"/ws/", GOOD) is None
    assert judged([*GOOD, *[(b"x-more", b"1")] * 100]) is None


@given(
    key=st.binary(min_size=16, max_size=16),
    version=st.sampled_from([b"13", b"12", b"013", b""]),
    protocol=st.text("abc, ;=.", max_size=12),
)
def test_whoever_passes_would_pass_at_websockets_too(key: bytes, version: bytes, protocol: str) -> None:
    from base64 import b64encode

    headers = [
        *without(b"sec-websocket-key")[:3],
        (b"sec-websocket-key", b64encode(key)),
        (b"sec-websocket-version", version),
        (b"sec-websocket-protocol", protocol.strip().encode()),
    ]
    head = judged(headers)
    if head is not None:
        code, accept = status(head)
        assert code == 101
        assert f"Sec-WebSocket-Accept: {accept}\r\n".encode() in head.answer([], None)

"""Validate a WebSocket handshake's request head once (RFC 6455, 4.2.1), and write its response (4.2.2)."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import unquote

from windsock.live.core.deflate import agreed

Headers = Sequence[tuple[bytes, bytes]]

# RFC 6455, 1.3: hashed with the client's key, it proves that the handshake was read.
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
# Sixteen bytes in base64: 22 characters, the last of which carries two bits, and the padding.
_KEY = re.compile(rb"[A-Za-z0-9+/]{21}[AQgw]==")
# RFC 9110, 5.6.2: names, separated by commas and blanks.
_NAMES = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:[ \t]*,[ \t]*[!#$%&'*+.^_`|~0-9A-Za-z-]+)*")
MAX_BYTES = 8_000
"""`websockets` refuses longer lines; it accepts a head of this size however it is divided into lines."""
MAX_HEADERS = 100
"""`websockets` refuses more headers than this."""
# A valid request has exactly one of each of these.
_ONCE = frozenset((b"upgrade", b"sec-websocket-key", b"sec-websocket-version", b"host"))
# A handshake has no body; a request that announces one is left to the full parser.
_NEVER = frozenset((b"content-length", b"transfer-encoding", b"expect"))


class PlainHead:
    """A valid handshake without anything unusual."""

    __slots__ = ("_headers", "_key", "_subprotocols", "_url")

    def __init__(self, url: bytes, headers: Headers, key: bytes, subprotocols: list[str]) -> None:
        self._url = url
        self._headers = headers
        self._key = key
        self._subprotocols = subprotocols

    def scope(self, server: Any) -> dict[str, Any]:
        """Return the ASGI scope; `server` is the protocol that serves it."""
        path, _, query = self._url.partition(b"?")
        text = path.decode("ascii")
        root = server.root_path
        return {
            "type": "websocket",
            "asgi": {"version": server.asgi_version, "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": server.scheme,
            "server": server.server,
            "client": server.client,
            "root_path": root,
            "path": root + (unquote(text) if "%" in text else text),
            "raw_path": root.encode("ascii") + path,
            "query_string": query,
            "headers": self._headers,
            "subprotocols": self._subprotocols,
            "state": server.app_state.copy(),
            "extensions": {"websocket.http.response": {}},
        }

    def compression(self) -> bytes | None:
        """Return the response to its compression offers; None if it has none that we support."""
        offers = [value for name, value in self._headers if name == b"sec-websocket-extensions"]
        return agreed(offers) if offers else None

    def answer(
        self,
        headers: Iterable[tuple[bytes, bytes]],
        subprotocol: str | None,
        compression: bytes | None = None,
    ) -> bytes:
        """Return the 101 response that accepts it, with these headers and the subprotocol, one of those offered."""
        accept = b64encode(hashlib.sha1(self._key + GUID, usedforsecurity=False).digest())
        lines = [
            b"HTTP/1.1 101 Switching Protocols",
            b"Upgrade: websocket",
            b"Connection: Upgrade",
            b"Sec-WebSocket-Accept: " + accept,
            *(name + b": " + value for name, value in headers),
        ]
        if subprotocol:
            lines.append(b"Sec-WebSocket-Protocol: " + subprotocol.encode("ascii"))
        if compression is not None:
            lines.append(b"Sec-WebSocket-Extensions: " + compression)
        lines.append(b"\r\n")
        return b"\r\n".join(lines)

    def raw(self) -> bytes:
        """Return the head as it was received, for a parser that must read it after all."""
        lines = [b"GET " + self._url + b" HTTP/1.1", *(name + b": " + value for name, value in self._headers)]
        return b"\r\n".join([*lines, b"\r\n"])


def plain_head(method: str, version: str, url: bytes, headers: Headers) -> PlainHead | None:
    """Return the head if it is valid and plain; None where the full parser must read it, and report what is wrong.

    `headers` as an HTTP parser gives them: names in lower case, values without surrounding blanks. The caller has
    already seen `Upgrade: websocket` and `Connection: Upgrade`.
    """
    if method != "GET" or version != "1.1" or not url.startswith(b"/") or len(headers) > MAX_HEADERS:
        return None
    size = len(url)
    once: dict[bytes, bytes] = {}
    subprotocols: list[str] = []
    for name, value in headers:
        size += len(name) + len(value)
        if name in _ONCE:
            if name in once:
                return None
            once[name] = value
        elif name in _NEVER:
            return None
        elif name == b"sec-websocket-protocol" or name == b"connection":
            if _NAMES.fullmatch(value) is None:
                return None
            if name == b"sec-websocket-protocol":
                subprotocols += [part.strip() for part in value.decode("ascii").split(",")]
    key = once.get(b"sec-websocket-key", b"")
    good = (
        size <= MAX_BYTES
        and len(once) == len(_ONCE)
        and once[b"upgrade"].lower() == b"websocket"
        and once[b"sec-websocket-version"] == b"13"
        and _KEY.fullmatch(key) is not None
        and url.isascii()
    )
    return PlainHead(url, headers, key, subprotocols) if good else None

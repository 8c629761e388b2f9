"""A WebSocket client that does as it is told, also what no library would: bytes out, frames in. No Django here."""

import socket
import struct
import time
from dataclasses import dataclass
from typing import Self

from windsock.protocol.close_reasons import SERVER_OVERLOADED

TEXT, BINARY, CONT, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10
SUBPROTOCOL = "windsock.v1.json"


def masked(payload: bytes, opcode: int = TEXT, *, fin: bool = True, mask: bool = True) -> bytes:
    """A frame as a client sends it, or must not (`mask` False)."""
    size, bit = len(payload), 0x80 if mask else 0
    head = bytes([(0x80 if fin else 0) | opcode])
    if size < 126:
        head += bytes([bit | size])
    elif size < 65_536:
        head += bytes([bit | 126]) + struct.pack("!H", size)
    else:
        head += bytes([bit | 127]) + struct.pack("!Q", size)
    # The key is zero, which is a key like any other and leaves the payload readable.
    return head + (b"\0\0\0\0" if mask else b"") + payload


@dataclass(frozen=True)
class Frame:
    """A frame as the server sent it."""

    opcode: int
    payload: bytes

    @property
    def code(self) -> int:
        """A close frame's status; 1005 where it has none."""
        return struct.unpack("!H", self.payload[:2])[0] if len(self.payload) >= 2 else 1005


class Gone(Exception):
    """The connection ended without a close frame."""


class RawSocket:
    """One connection. `head` is the server's answer to the handshake; `frame` gives frames as they come."""

    def __init__(self, port: int, *, timeout: float = 60, receive_buffer: int | None = None) -> None:
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.connect(("127.0.0.1", port))
        self.port = port
        self.head = ""
        self.read = b""

    @classmethod
    def open(
        cls,
        port: int,
        *,
        token: str | None = None,
        subprotocols: tuple[str, ...] = (SUBPROTOCOL,),
        query: str = "",
        receive_buffer: int | None = None,
        timeout: float = 60,
        **headers: str,
    ) -> Self:
        """A connection with the handshake done; see `status` for how it went. A busy server is asked again."""
        deadline = time.monotonic() + 90
        while True:
            raw = cls(port, timeout=timeout, receive_buffer=receive_buffer)
            raw.send(raw.request(token=token, subprotocols=subprotocols, query=query, **headers))
            if not raw.is_busy(raw.answer()) or time.monotonic() > deadline:
                return raw
            raw.close()
            time.sleep(0.5)

    def request(
        self, *, token: str | None = None, subprotocols: tuple[str, ...] = (), query: str = "", **headers: str
    ) -> bytes:
        """The handshake's bytes; header names are given with `_` for `-`."""
        lines = [
            f"GET /ws/flight-delay/{query} HTTP/1.1",
            f"Host: 127.0.0.1:{self.port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
        ]
        if token is not None:
            lines.append(f"Authorization: Bearer {token}")
        if subprotocols:
            lines.append("Sec-WebSocket-Protocol: " + ", ".join(subprotocols))
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def answer(self) -> int:
        """Reads the answer to the handshake; gives its status."""
        while b"\r\n\r\n" not in self.read:
            self.more()
        head, _, self.read = self.read.partition(b"\r\n\r\n")
        self.head = head.decode("latin-1")
        return self.status

    def is_busy(self, status: int) -> bool:
        """Whether this answer asks to come again, because the server is late; see `tests.dial`."""
        if status != 503:
            return False
        size = int(self.header("Content-Length") or 0)
        while len(self.read) < size:
            self.more()
        return SERVER_OVERLOADED.encode() in self.read

    @property
    def status(self) -> int:
        """Of the handshake: 101 is good."""
        return int(self.head.split()[1])

    def header(self, name: str) -> str | None:
        """A header of the handshake's answer."""
        for line in self.head.split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name.lower():
                return value.strip()
        return None

    def send(self, data: bytes) -> None:
        """Bytes as they are."""
        self.socket.sendall(data)

    def text(self, text: str) -> None:
        """One text message."""
        self.send(masked(text.encode()))

    def close(self) -> None:
        """Without a word."""
        self.socket.close()

    def frame(self, opcode: int | None = None, containing: bytes = b"") -> Frame:
        """The next frame, or the next of this kind; raises Gone at the end of the connection."""
        while True:
            frame = self._frame()
            if opcode in (None, frame.opcode) and containing in frame.payload:
                return frame
            if frame.opcode == CLOSE:
                raise Gone(f"closed with {frame.code} {frame.payload[2:]!r}")

    def message(self, kind: str) -> bytes:
        """The next message of this type."""
        return self.frame(TEXT, b'{"type":"' + kind.encode() + b'"').payload

    def ended(self, within: float = 10) -> bool:
        """Whether the server ends the TCP connection in this time; what it still sends is let by."""
        deadline = time.monotonic() + within
        try:
            while time.monotonic() < deadline:
                self.socket.settimeout(max(0.01, deadline - time.monotonic()))
                if not self.socket.recv(65_536):
                    return True
        except TimeoutError:
            return False
        except OSError:
            return True
        return False

    def _frame(self) -> Frame:
        first, second = self._take(2)
        size = second & 127
        if size == 126:
            (size,) = struct.unpack("!H", self._take(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self._take(8))
        assert not second & 0x80, "a server must not mask"
        return Frame(first & 15, self._take(size))

    def _take(self, size: int) -> bytes:
        while len(self.read) < size:
            self.more()
        taken, self.read = self.read[:size], self.read[size:]
        return taken

    def more(self) -> None:
        """Adds to `read` what came, at least one byte; raises Gone at the end of the connection."""
        try:
            data = self.socket.recv(65_536)
        except ConnectionError as error:
            raise Gone(str(error)) from error
        if not data:
            raise Gone("the connection ended")
        self.read += data

"""Local servers that play providers gone wrong, each in its own way."""

import contextlib
import socket
import threading
from collections.abc import Callable

Behaviour = Callable[[socket.socket, threading.Event], None]

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n"


class Rotten:
    """Accepts connections on a port of its own and treats each as `behaviour` says, until closed."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._ended = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}/feed"
        self.asked = 0
        self.treated = 0  # connections that it has done with
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._ended.set()
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._treat, args=(connection,), daemon=True).start()

    def _treat(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.recv(65536)
            self.asked += 1
            self._behaviour(connection, self._ended)
        self.treated += 1


def says(head: str, body: bytes = b"") -> Behaviour:
    """Answers with this, and closes."""

    def behaviour(connection: socket.socket, ended: threading.Event) -> None:
        connection.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)

    return behaviour


def hangs(connection: socket.socket, ended: threading.Event) -> None:
    """Takes the question and says nothing."""
    ended.wait()


def drips_its_head(connection: socket.socket, ended: threading.Event) -> None:
    """Sends a header that never ends, a byte at a time: no read ever times out."""
    connection.sendall(HEAD + b"X-Never: ")
    while not ended.wait(0.1):
        connection.sendall(b"e")


def drips_its_body(connection: socket.socket, ended: threading.Event) -> None:
    """Sends a body that never ends, a byte at a time."""
    connection.sendall(HEAD + b"Content-Length: 100000\r\n\r\n")
    while not ended.wait(0.1):
        connection.sendall(b" ")


def half_closes(connection: socket.socket, ended: threading.Event) -> None:
    """Ends its own half in the midst of a body and keeps the connection."""
    connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n<airport")
    connection.shutdown(socket.SHUT_WR)
    ended.wait()


def never_ends(connection: socket.socket, ended: threading.Event) -> None:
    """Sends more than anybody would keep, as fast as it goes."""
    connection.sendall(HEAD + b"\r\n")
    piece = b" " * 1_000_000
    while not ended.is_set():
        connection.sendall(piece)


def moves_for_ever(connection: socket.socket, ended: threading.Event) -> None:
    """Redirects to itself."""
    connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /feed\r\nContent-Length: 0\r\n\r\n")


ROTTEN: dict[str, Behaviour] = {
    "hangs": hangs,
    "drips-head": drips_its_head,
    "drips-body": drips_its_body,
    "half-closes": half_closes,
    "never-ends": never_ends,
    "moves": moves_for_ever,
    "fails": says("HTTP/1.1 500 Oh dear\nContent-Length: 0"),
    "absurd-seconds": says("HTTP/1.1 429 Slow down\nRetry-After: 99999999999999999999\nContent-Length: 0"),
    "absurd-date": says("HTTP/1.1 503 Later\nRetry-After: Fri, 31 Dec 9999 23:59:59 GMT\nContent-Length: 0"),
    "wrong-types": says(
        "HTTP/1.1 200 OK\nContent-Type: application/xml", b'{"flights": [null, 5, {"a": []}]}'
    ),
    "no-http": says("220 smtp.example.org ESMTP"),
}
"""Eleven: more than a service would have threads to spare, if they shared some."""

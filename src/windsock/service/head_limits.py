"""Bounds on the head of a request, and the answers to what is beyond them."""

import http
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

Headers = Sequence[tuple[bytes, bytes]]

# Request line and headers together. Browsers send a few kilobytes; cookies of a large site may be some tens. A head is
# kept in memory before anybody is asked who they are, so it is small beside what a connection costs otherwise.
MAX_HEAD_BYTES = 65_536
MAX_HEADERS = 200

# A handshake's: what `websockets` takes per line and in number (its MAX_LINE_LENGTH and MAX_NUM_HEADERS), with which
# its own refusal never comes first. nginx and Apache have the same 8 KiB per line by default.
MAX_HANDSHAKE_LINE = 8_190
MAX_HANDSHAKE_HEADERS = 128

_OVERHEAD = len(": \r\n")


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer below HTTP's applications: a status and one sentence."""

    status: int
    detail: str

    def answer(self, headers: Iterable[tuple[bytes, bytes]] = ()) -> bytes:
        """The response's bytes, which announce the end of the connection."""
        title = _phrase(self.status)
        body = msgspec.json.encode(
            {
                "type": "urn:windsock:problem:bad_request_head",
                "title": title,
                "status": self.status,
                "detail": self.detail,
                "code": "bad_request_head",
            }
        )
        lines = [
            f"HTTP/1.1 {self.status} {title}".encode("ascii"),
            *(name + b": " + value for name, value in headers),
            b"content-type: application/problem+json",
            b"content-length: %d" % len(body),
            b"cache-control: no-store",
            b"connection: close",
            b"",
            body,
        ]
        return b"\r\n".join(lines)


def head_too_long(size: int) -> Refusal:
    """Return what to answer a head of `size` bytes, or more."""
    return Refusal(
        431,
        f"The request's head has {size:,} bytes or more; at most {MAX_HEAD_BYTES:,} are read. "
        "Cookies are the usual cause: delete those of this site.",
    )


def head_refusal(headers: Headers, url: bytes) -> Refusal | None:
    """Return what to answer a complete head that is too long, or None."""
    size = len(url) + sum(len(name) + len(value) + _OVERHEAD for name, value in headers)
    if size > MAX_HEAD_BYTES:
        return head_too_long(size)
    if len(headers) > MAX_HEADERS:
        return Refusal(431, f"The request has {len(headers)} headers; at most {MAX_HEADERS} are read.")
    return None


def handshake_refusal(headers: Headers, url: bytes) -> Refusal | None:
    """Return what to answer a WebSocket handshake whose head cannot be served, or None."""
    if len(url) + len("GET  HTTP/1.1\r\n") > MAX_HANDSHAKE_LINE:
        return Refusal(
            431,
            f"The address has {len(url):,} bytes, too many for a WebSocket handshake ({MAX_HANDSHAKE_LINE:,}). "
            "Subscribe to topics by a message instead of the query.",
        )
    if len(headers) > MAX_HANDSHAKE_HEADERS:
        return Refusal(
            431,
            f"The handshake has {len(headers)} headers; at most {MAX_HANDSHAKE_HEADERS} are read.",
        )
    for name, value in headers:
        if len(name) + len(value) + _OVERHEAD > MAX_HANDSHAKE_LINE:
            return Refusal(
                431,
                f"The header {name.decode('latin-1')[:60]} has {len(value):,} bytes; a WebSocket handshake may have "
                f"{MAX_HANDSHAKE_LINE:,} per line.",
            )
        # Nothing would be answered until the body is there, and the head's deadline is over by then.
        if (name == b"content-length" and value.strip() != b"0") or name == b"transfer-encoding":
            return Refusal(
                400, f"A WebSocket handshake has no body, and this one announces one ({name.decode()})."
            )
    return None


def _phrase(status: int) -> str:
    return http.HTTPStatus(status).phrase

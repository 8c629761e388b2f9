"""Limits on the head of a request, and the responses to a request that exceeds them."""

import http
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

Headers = Sequence[tuple[bytes, bytes]]

MAX_HEAD_BYTES = 65_536
"""Request line and headers together. Browsers send a few kilobytes, with a large site's cookies some tens. A head is
held in memory before its sender is authenticated, so it must be small compared with the cost of a connection."""
MAX_HEADERS = 200

MAX_HANDSHAKE_LINE = 8_190
"""Per line of a handshake, as in `websockets` (MAX_LINE_LENGTH), so that our refusal comes before its own. nginx and
Apache have the same 8 KiB per line by default."""
MAX_HANDSHAKE_HEADERS = 128
"""Headers of a handshake, as in `websockets` (MAX_NUM_HEADERS)."""

_OVERHEAD = len(": \r\n")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A response sent by the server itself, before any application: a status and a sentence."""

    status: int
    detail: str

    def answer(self, headers: Iterable[tuple[bytes, bytes]] = ()) -> bytes:
        """Return the response's bytes, which announce that the connection closes."""
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
    """Return the response to a head of `size` bytes or more."""
    return Refusal(
        431,
        f"The request's headers have {size:,} bytes or more; the limit is {MAX_HEAD_BYTES:,}. "
        "Cookies are the usual cause: delete those of this site.",
    )


def head_refusal(headers: Headers, url: bytes) -> Refusal | None:
    """Return the response to a complete head that is too long, or None."""
    size = len(url) + sum(len(name) + len(value) + _OVERHEAD for name, value in headers)
    if size > MAX_HEAD_BYTES:
        return head_too_long(size)
    if len(headers) > MAX_HEADERS:
        return Refusal(431, f"The request has {len(headers)} headers; the limit is {MAX_HEADERS}.")
    return None


def handshake_refusal(headers: Headers, url: bytes) -> Refusal | None:
    """Return the response to a WebSocket handshake whose head cannot be served, or None."""
    if len(url) + len("GET  HTTP/1.1\r\n") > MAX_HANDSHAKE_LINE:
        return Refusal(
            431,
            f"The address has {len(url):,} bytes; the limit for a WebSocket handshake is {MAX_HANDSHAKE_LINE:,}. "
            "Subscribe to topics with a message instead of the query string.",
        )
    if len(headers) > MAX_HANDSHAKE_HEADERS:
        return Refusal(
            431,
            f"The handshake has {len(headers)} headers; the limit is {MAX_HANDSHAKE_HEADERS}.",
        )
    for name, value in headers:
        if len(name) + len(value) + _OVERHEAD > MAX_HANDSHAKE_LINE:
            return Refusal(
                431,
                f"The header {name.decode('latin-1')[:60]} has {len(value):,} bytes; the limit for a WebSocket "
                f"handshake is {MAX_HANDSHAKE_LINE:,} per line.",
            )
        # There would be no response until the body is complete, and the head's deadline no longer applies then.
        if (name == b"content-length" and value.strip() != b"0") or name == b"transfer-encoding":
            return Refusal(
                400, f"A WebSocket handshake must not have a body, but this one has {name.decode()}."
            )
    return None


def _phrase(status: int) -> str:
    return http.HTTPStatus(status).phrase

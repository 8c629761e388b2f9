"""permessage-deflate (RFC 7692) for messages that are compressed once and sent to many.

No message refers to earlier ones (`server_no_context_takeover`), so the same compressed frame is right for everybody,
and no connection keeps a compressor. Nor may the client's (`client_no_context_takeover`): none keeps a decompressor.
"""

import zlib
from collections.abc import Iterable

from websockets.exceptions import InvalidHeaderFormat
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.headers import parse_extension

NAME = "permessage-deflate"

# What we compress with: 4 KiB hold two or three flights, and the usual clients ask for no less. Of 1,440 bytes of an
# event 550 are left, with 32 KiB not one less; of a snapshot 6.2 % instead of 5.8.
WINDOW_BITS = 12
LEVEL = 6
# Shorter messages are answers and heartbeats, each for one client only: not worth the time.
SMALLEST = 512

_RFC_WINDOWS = frozenset(str(bits) for bits in range(8, 16))
_SYNC_TAIL = b"\x00\x00\xff\xff"  # 7.2.1: left out of the frame, put back by the reader


def agreed(offers: Iterable[bytes]) -> bytes | None:
    """Return the answer to a client's `Sec-WebSocket-Extensions`; None where we can accept none of its offers.

    The first good offer counts (5.1). One with parameters that are unknown, doubled or out of range is declined (7.1),
    and so is one that cannot take our window. A header that makes no sense offers nothing.
    """
    try:
        parsed = [offer for line in offers for offer in parse_extension(line.decode("latin-1"))]
    except InvalidHeaderFormat:
        return None
    for name, parameters in parsed:
        if name == NAME and _good(parameters):
            answer = f"{NAME}; server_no_context_takeover; client_no_context_takeover"
            if any(name == "server_max_window_bits" for name, _ in parameters):
                answer += f"; server_max_window_bits={WINDOW_BITS}"
            return answer.encode()
    return None


def _good(parameters: Iterable[tuple[str, str | None]]) -> bool:
    seen = set()
    for name, value in parameters:
        if name in seen:
            return False
        seen.add(name)
        match name:
            case "server_no_context_takeover" | "client_no_context_takeover":
                good = value is None
            case "client_max_window_bits":
                good = value is None or value in _RFC_WINDOWS
            case "server_max_window_bits":
                good = value in _RFC_WINDOWS and int(value) >= WINDOW_BITS
            case _:
                good = False
        if not good:
            return False
    return True


def compressed(payload: bytes) -> bytes | None:
    """Return the payload of a compressed message; None where it is better sent as it is."""
    if len(payload) < SMALLEST:
        return None
    data = deflate(payload)
    return data if len(data) < len(payload) else None


def deflate(payload: bytes, *, last: bool = True) -> bytes:
    """Return the payload compressed by itself. What is not the `last` piece of a message can be followed by another.

    Each piece ends at a byte, where another compressor may continue (RFC 7692, 7.2.3.6 does the same).
    """
    compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, -WINDOW_BITS)
    data = compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH)
    return data.removesuffix(_SYNC_TAIL) if last else data


def extension() -> PerMessageDeflate:
    """Return the extension agreed on, for a parser of `websockets`; it never unpacks more than its `max_size`."""
    return PerMessageDeflate(
        remote_no_context_takeover=True,
        local_no_context_takeover=True,
        remote_max_window_bits=15,
        local_max_window_bits=WINDOW_BITS,
    )

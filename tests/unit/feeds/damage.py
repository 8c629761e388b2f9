"""Good input as it comes in a bad hour: cut, with bytes flipped, with lines or stretches repeated or left out."""

from collections.abc import Callable

from hypothesis import strategies as st

from windsock.errors import FeedError
from windsock.feeds.parsing import Parsed

# What feeds are made of; more apt to reach deep into a parser than a byte by chance.
PIECES = (
    b'""', b"null", b"{}", b"[]", b"-1", b"1e999", b"9" * 40, b"true", b'"\\ud800"', b"24:00", b"0001-01-01T00:00:00Z",
    b"9999-12-31T23:59:59-12:00", b"\x00", b"\xff", b"<", b">", b"&#0;", b"2026-02-30", b"XXXXX", b"\xc3\x98" * 300,
)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, good: bytes) -> bytes:
    """`good` after a few accidents."""
    data = good
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        to = min(len(data), at + draw(st.integers(0, 40)))
        piece = draw(st.sampled_from(PIECES))
        kind = draw(st.sampled_from(("cut", "flip", "repeat", "drop", "put", "replace", "lines")))
        if kind == "cut":
            data = data[:at]
        elif kind == "flip" and at < len(data):
            data = data[:at] + bytes([data[at] ^ draw(st.integers(1, 255))]) + data[at + 1 :]
        elif kind == "repeat":
            data = data[:to] + data[at:]
        elif kind == "drop":
            data = data[:at] + data[to:]
        elif kind == "put":
            data = data[:at] + piece + data[at:]
        elif kind == "replace":
            data = data[:at] + piece + data[to:]
        else:
            lines = data.split(b"\n")
            line = draw(st.integers(0, len(lines) - 1))
            data = b"\n".join([*lines[: line + 1], *lines[line:]])
    return data


def endures(parse: Callable[[bytes], Parsed], data: bytes) -> Parsed | None:
    """What `parse` makes of it; None for a FeedError. Whatever else it raises is the test's failure.

    What it gives can be kept and sent: its texts can be encoded.
    """
    try:
        parsed = parse(data)
    except FeedError as error:
        str(error).encode()
        return None
    for fault in parsed.faults:
        str(fault).encode()
        fault.raw.encode()
    for statement in parsed.statements:
        statement.raw.encode()
        statement.where.encode()
    return parsed

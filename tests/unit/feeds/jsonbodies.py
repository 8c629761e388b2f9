"""Damage for JSON bodies: bytes, and values swapped anywhere in a good body."""

import json
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

RUBBISH: list[Any] = [
    None, True, -1, 10**30, 1.5, "", "XXXXX", "\u0000", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59Z", [], {}, [None],
    {"": {}}, "2026-02-30 99:99Z", "0001-01-01T00:00:00+14:00", "é" * 300,
]  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, good: Any) -> bytes:
    """The good body cut, with a byte altered, a part doubled, or values replaced."""
    body = json.loads(json.dumps(good))
    for _ in range(draw(st.integers(0, 4))):
        at = body
        while isinstance(at, (dict, list)) and at:
            key = draw(st.sampled_from(list(at) if isinstance(at, dict) else list(range(len(at)))))
            if not isinstance(at[key], (dict, list)) or not at[key] or draw(st.integers(0, 5)) == 0:
                at[key] = deepcopy(draw(st.sampled_from(RUBBISH)))
                break
            at = at[key]
    data = json.dumps(body).encode()
    kind = draw(st.sampled_from(["whole", "cut", "flip", "double"]))
    start = draw(st.integers(0, len(data) - 1))
    if kind == "cut":
        return data[:start]
    if kind == "flip":
        return data[:start] + bytes([data[start] ^ draw(st.integers(1, 255))]) + data[start + 1 :]
    if kind == "double":
        end = draw(st.integers(start, len(data)))
        return data[:end] + data[start:]
    return data

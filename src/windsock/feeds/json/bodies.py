"""A body of JSON, decoded within bounds; else an error with what came, or why the sender refused, without keys."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from windsock.errors import FeedError
from windsock.feeds.encoding import unmarked
from windsock.feeds.parsing import MAX_RAW

MAX_BYTES = 8 * 1024 * 1024
"""The largest bodies (a hundred flights a page, or a big airport's half day) have about 1 MB."""

MAX_DEPTH = 32
"""The deepest of the formats nests nine levels."""

_NUMBERS = ("problemNo", "statusCode", "httpStatusCode", "status", "code")
_WORDS = (
    "title", "errorCode", "error", "message", "problemMessage", "errorMessage", "error_description", "detail", "info",
    "errors",
)  # fmt: skip
"""The fields in which providers, and the gateways in front of them, say why they sent no flights."""

_SECRET = re.compile(
    r'((?:access[_-]?key|api[_-]?key|app[_-]?key|app[_-]?id|token|secret|password)"?\s?[=:]\s?"?)[^"&\s,}]+',
    re.IGNORECASE,
)
_SECRET_WORDS = ("key", "app", "token", "secret", "password")
"""Whatever _SECRET finds has one of these in it."""


def decode(data: bytes, *, name: str, max_bytes: int = MAX_BYTES) -> Any:
    """Return the JSON value of a body of the feed `name`; raise FeedError with what came if it is not, or too large."""
    if len(data) > max_bytes:
        raise FeedError(
            f"{name}: {len(data)} bytes came; at most {max_bytes} are read. Ask for less at a time."
        )
    data = unmarked(data)
    begins = data[:200].lstrip(b" \t\r\n")
    if not begins:
        raise FeedError(f"{name}: nothing came; JSON was expected. Ask again later.")
    shape = without_secrets(repr(begins[:60].decode("utf-8", "replace")))
    if begins.startswith(b"<"):
        kind = "an HTML page" if b"html" in begins.lower() else "a document in angle brackets"
        raise FeedError(
            f"{name}: {kind} came instead of JSON, beginning {shape}. Check the address and the key; a proxy or a page "
            "about maintenance may have answered."
        )
    deep = FeedError(f"{name}: the JSON nests too deep; at most {MAX_DEPTH} levels are read.")
    try:
        value = _decoded(data)
    except RecursionError:
        raise deep from None
    except UnicodeDecodeError as error:
        raise FeedError(
            f"{name}: byte {error.start} is not UTF-8, as JSON must be. Was it cut off?"
        ) from None
    except (msgspec.MsgspecError, ValueError, OverflowError) as error:
        raise FeedError(
            f"{name}: what came is not whole JSON ({str(error)[:100]}), beginning {shape}. Was it cut off?"
        ) from None
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inside(outer) if isinstance(inner, (dict, list))]
        if not level:
            return value
    raise deep


def _decoded(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        # Half of a surrogate pair, left where a text was cut, must not cost the whole body: it becomes a question mark.
        again = json.dumps(json.loads(data.decode()), ensure_ascii=False)
        return msgspec.json.decode(again.encode("utf-8", "replace"))


def _inside(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def without_secrets(text: str) -> str:
    """Return the text without what looks like an API key: some providers repeat the request in their answer."""
    # Nearly no text names any, and looking for the words alone takes a tenth of the time.
    folded = text.casefold()
    return _SECRET.sub(r"\1…", text) if any(word in folded for word in _SECRET_WORDS) else text


def excerpt(value: object) -> str:
    """Return a decoded value as JSON, short enough to be shown, and without keys."""
    return without_secrets(json.dumps(value, ensure_ascii=False)[: 2 * MAX_RAW])[:MAX_RAW]


def refused(found: Any, *, name: str, expected: str) -> FeedError:
    """Return the error for a body without flights: with the sender's reason, else what the body consists of."""
    told = found
    if isinstance(found, Mapping) and isinstance(found.get("error"), Mapping):
        told = found["error"]
    if isinstance(told, Mapping):
        number = next((told[key] for key in _NUMBERS if isinstance(told.get(key), (int, str))), None)
        words = [told[key] for key in _WORDS if told.get(key) not in (None, "", [], {})]
        if number is not None or words:
            why = without_secrets(": ".join(w if isinstance(w, str) else excerpt(w) for w in words)[:1000])
            return FeedError(
                f"{name}: the sender refused{'' if number is None else f' ({str(number)[:40]})'}"
                f"{f': {why[:500]}' if why else ''}. Check the key, the address and how often it is asked."
            )
        names = ", ".join(repr(str(key)[:30]) for key in list(told)[:8]) or "no fields"
        came = f"an object with {names}"
    else:
        came = {list: "a list", str: "a text", type(None): "null"}.get(type(told), "a single value")
    return FeedError(f"{name}: {came} came; {expected} was expected. The sender may have changed its format.")


def list_in(found: Any, key: str, *, name: str) -> list[Any]:
    """Return the list under `key` of a body of the feed `name`; raise the error of `refused` if there is none."""
    if isinstance(found, Mapping) and isinstance(found.get(key), list):
        return list(found[key])
    raise refused(found, name=name, expected=f"an object with a list of {key!r}")

"""Messages to bytes and back; what cannot be read is answered with what was given and what would be right."""

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from windsock.errors import ProtocolError
from windsock.protocol.codes import ErrorCode
from windsock.protocol.forward_compat import strip_unknown
from windsock.protocol.messages import (
    CLIENT_MESSAGES,
    SERVER_MESSAGES,
    ClientMessage,
    Message,
    RequestId,
    SendReport,
    ServerMessage,
)
from windsock.protocol.positions import Position

_encoder = msgspec.json.Encoder()
_client_decoder: msgspec.json.Decoder[ClientMessage] = msgspec.json.Decoder(ClientMessage)
_server_decoder: msgspec.json.Decoder[ServerMessage] = msgspec.json.Decoder(ServerMessage)
_any_decoder = msgspec.json.Decoder()

_AT = re.compile(r"^(?P<what>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)
_UNKNOWN_FIELD = re.compile(r"unknown field `(?P<name>[^`]*)`")

SNAPSHOT_PART_BYTES = 128 * 1024
"""Where a snapshot is split: one part is parsed by a phone in a few milliseconds and leaves room for heartbeats, and it
is what a connection holds of a snapshot that its reader does not take."""


def encode(message: Message) -> bytes:
    """Return the message as UTF-8 JSON, its `type` first."""
    return _encoder.encode(message)


def decode_client(frame: str | bytes, *, plain: bool = False) -> ClientMessage:
    """Return the message a client sent; in plain mode an object without a `type` is read as a report.

    Raises ProtocolError with the codes `malformed`, `unknown_type` or `invalid_message`.
    """
    try:
        return _client_decoder.decode(frame)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raw = _object(frame)
        if plain and "type" not in raw:
            return SendReport(report=raw)
        raise _explained(frame, raw, CLIENT_MESSAGES, _client_decoder) from None


def decode_server(frame: str | bytes) -> ServerMessage | None:
    """Return the message a server sent, or None for a type that is newer than this client.

    Of a message with newer values in it (a status, a kind of change) the known part is returned. Raises ProtocolError
    with the codes `malformed` or `invalid_message`.
    """
    try:
        return _server_decoder.decode(frame)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raw = _object(frame)
        if isinstance(raw.get("type"), str) and raw["type"] not in _tags(SERVER_MESSAGES):
            return None
        if (message := strip_unknown(raw)) is not None:
            return message
        raise _explained(frame, raw, SERVER_MESSAGES, _server_decoder) from None


def request_id(frame: str | bytes) -> RequestId | msgspec.UnsetType:
    """Return the `id` of a message that could not be read, so that its error can be matched; UNSET if none."""
    try:
        given = _object(frame).get("id")
    except ProtocolError:
        return msgspec.UNSET
    if (
        isinstance(given, bool)
        or not isinstance(given, (str, int))
        or (isinstance(given, str) and len(given) > 64)
    ):
        return msgspec.UNSET
    return given


def event_position(frame: str | bytes) -> Position | None:
    """Return the position of an `event` or `programmes` whose rest could not be read; None for any other message."""
    try:
        raw = _object(frame)
        return Position.parse(str(raw["position"])) if raw.get("type") in ("event", "programmes") else None
    except (ProtocolError, KeyError):
        return None


def event_frame(epoch: str, offset: int, body: bytes) -> bytes:
    """Return the `event` message whose journal body (what follows the position) is `body`."""
    return b'{"type":"event","position":"%s:%d",%s' % (epoch.encode(), offset, body)


def snapshot_frames(
    topics: Sequence[str],
    position: Position,
    flights: Sequence[bytes],
    *,
    id: RequestId | msgspec.UnsetType = msgspec.UNSET,
    part_bytes: int = SNAPSHOT_PART_BYTES,
    standings: Sequence[bytes] = (),
) -> Iterator[bytes]:
    """Yield the `snapshot` messages for flights that are already encoded, split at about `part_bytes`; at least one.

    Airports' programmes are few and go whole with the first part.
    """
    opening = snapshot_opening(topics, id)
    for rest in snapshot_rests(position, flights, part_bytes=part_bytes, standings=standings):
        yield opening + rest


def snapshot_opening(topics: Sequence[str], id: RequestId | msgspec.UnsetType = msgspec.UNSET) -> bytes:
    """Return how a `snapshot` message begins: what differs between requests for the same flights."""
    request = b"" if id is msgspec.UNSET else b'"id":%s,' % _encoder.encode(id)
    return b'{"type":"snapshot",%s"topics":%s,' % (request, _encoder.encode(list(topics)))


def snapshot_rests(
    position: Position,
    flights: Iterable[bytes],
    *,
    part_bytes: int = SNAPSHOT_PART_BYTES,
    standings: Sequence[bytes] = (),
    first: int = 1,
    follow: int = 0,
) -> Iterator[bytes]:
    """Yield what follows the opening of each `snapshot` message; at least one.

    The parts are numbered from `first`, and `follow` more parts come after them, from somebody else.
    """
    parts: list[list[bytes]] = [[]]
    size = 0
    for flight in flights:
        if size and size + len(flight) > part_bytes:
            parts.append([])
            size = 0
        parts[-1].append(flight)
        size += len(flight) + 1
    for number, part in enumerate(parts, first):
        more = b',"standings":[%s]' % b",".join(standings) if standings and number == 1 else b""
        yield b'"position":%s,"part":%d,"parts":%d,"flights":[%s]%s}' % (
            _encoder.encode(str(position)),
            number,
            first - 1 + len(parts) + follow,
            b",".join(part),
            more,
        )


def _tags(kinds: Sequence[type[Message]]) -> list[str]:
    return [str(kind.__struct_config__.tag) for kind in kinds]


def _object(frame: str | bytes) -> dict[str, Any]:
    try:
        value = _any_decoder.decode(frame)
    except RecursionError:
        raise ProtocolError(
            "The frame is nested too deeply to be a message.", code=ErrorCode.MALFORMED
        ) from None
    except (msgspec.DecodeError, UnicodeError) as error:
        raise ProtocolError(
            f"The frame is not JSON: {error}. It begins with {_begin(frame)}. Send one JSON object per frame.",
            code=ErrorCode.MALFORMED,
        ) from None
    if not isinstance(value, dict):
        raise ProtocolError(
            f"The frame is {_shown(value)}, but a message is a JSON object with a `type`.",
            code=ErrorCode.MALFORMED,
        )
    return value


def _explained(
    frame: str | bytes,
    raw: dict[str, Any],
    kinds: Sequence[type[Message]],
    decoder: msgspec.json.Decoder[Any],
) -> ProtocolError:
    tags = _tags(kinds)
    name = raw.get("type")
    if "type" not in raw:
        return ProtocolError(
            f"The message has no `type`. Add one of: {', '.join(tags)}.", code=ErrorCode.UNKNOWN_TYPE
        )
    if not isinstance(name, str) or name not in tags:
        near = difflib.get_close_matches(str(name), tags, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        return ProtocolError(
            f"There is no message of type {_shown(name)}.{hint} Known types: {', '.join(tags)}.",
            code=ErrorCode.UNKNOWN_TYPE,
        )
    try:
        decoder.decode(frame)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        found = _AT.match(str(error))
        what, path = (found["what"], found["path"]) if found else (str(error), None)
    else:  # pragma: no cover - only called after the same decoding failed
        what, path = "it cannot be read", None
    unknown = _UNKNOWN_FIELD.search(what)
    if unknown:
        fields = list(kinds[tags.index(name)].__struct_fields__)
        near = difflib.get_close_matches(unknown["name"], fields, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        text = f"{name!r} has no field {unknown['name']!r}.{hint} Its fields: {', '.join(sorted(fields))}."
    elif path:
        text = f"{name!r}: {path.removeprefix('$.')} is {_shown(_walk(raw, path))}. {what}."
    else:
        text = f"{name!r}: {what}."
    return ProtocolError(text, code=ErrorCode.INVALID_MESSAGE)


def _walk(value: Any, path: str) -> Any:
    for name, index in re.findall(r"\.([^.\[\]]+)|\[(\d+)\]", path):
        try:
            value = value[name] if name else value[int(index)]
        except (KeyError, IndexError, TypeError):
            return value
    return value


def _shown(value: Any) -> str:
    text = _encoder.encode(value).decode()
    return text if len(text) <= 60 else text[:57] + "…"


def _begin(frame: str | bytes) -> str:
    return repr(frame[:40]).removeprefix("b")

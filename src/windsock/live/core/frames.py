"""Messages as they go out: encoded once, framed once, the same bytes for every socket."""

from collections.abc import Iterable, Sequence

from windsock.live.core.deflate import SMALLEST, compressed, deflate

# In a frame's first byte: the message is compressed (RFC 7692, 6).
RSV1 = 0x40


class Encoded:
    """One message as JSON, and the other forms in which outlets need it, each made on first use and then shared."""

    __slots__ = ("_deflated", "_frame", "_text", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._text: str | None = None
        self._frame: bytes | None = None
        self._deflated: bytes | None = None

    @property
    def size(self) -> int:
        """The message's bytes."""
        return len(self.data)

    @property
    def own_size(self) -> int:
        """Those of its bytes that nobody shares; an event may be shared, but nothing says for how long."""
        return len(self.data)

    @property
    def text(self) -> str:
        """The message as ASGI wants a text frame."""
        text = self._text
        if text is None:
            text = self._text = self.data.decode()
        return text

    @property
    def frame(self) -> bytes:
        """The message as one complete, unmasked WebSocket text frame (RFC 6455, 5.2)."""
        framed = self._frame
        if framed is None:
            framed = self._frame = frame(self.data)
        return framed

    @property
    def deflated(self) -> bytes:
        """The same for those who agreed on compression (RFC 7692); as it is where that would not make it shorter."""
        framed = self._deflated
        if framed is None:
            small = compressed(self.data)
            framed = self._deflated = self.frame if small is None else frame(small, RSV1 | 0x1)
        return framed


class ByteCount:
    """A count of bytes that several objects keep together."""

    __slots__ = ("bytes",)

    def __init__(self) -> None:
        self.bytes = 0


class SnapshotRest:
    """A part of a snapshot as shared by all requests for the same topics: everything but the request's own opening.

    The snapshots that slow readers have not read yet hold these, so a hundred of them cost as much as one.
    """

    __slots__ = ("_alive", "_deflated", "data")

    def __init__(self, data: bytes, alive: ByteCount) -> None:
        self.data = data
        self._deflated: bytes | None = None
        self._alive = alive
        alive.bytes += len(data)

    def __del__(self) -> None:
        self._alive.bytes -= len(self.data)

    @property
    def deflated(self) -> bytes:
        """The compressed bytes, without what came before them in the message."""
        small = self._deflated
        if small is None:
            small = self._deflated = deflate(self.data)
        return small


class SnapshotPart(Encoded):
    """A `snapshot` message: an opening of its own and a shared rest, put together only when it is sent."""

    __slots__ = ("_opening", "_rest")

    def __init__(self, opening: bytes, rest: SnapshotRest) -> None:
        self._opening, self._rest = opening, rest

    @property
    def size(self) -> int:
        """The message's bytes."""
        return len(self._opening) + len(self._rest.data)

    @property
    def own_size(self) -> int:
        """Those of its bytes that nobody shares."""
        return len(self._opening)

    @property
    def data(self) -> bytes:  # type: ignore[override]
        """The message, built anew each time: keeping it keeps a copy."""
        return self._opening + self._rest.data

    @property
    def text(self) -> str:
        """As for every message."""
        return self.data.decode()

    @property
    def frame(self) -> bytes:
        """As for every message."""
        return frame(self.data)

    @property
    def deflated(self) -> bytes:
        """As for every message: two compressed pieces, of which the second is shared, are one compressed message."""
        if self.size < SMALLEST:
            return self.frame
        return frame(deflate(self._opening, last=False) + self._rest.deflated, RSV1 | 0x1)


class LiveEvent(Encoded):
    """An `event` message with what the hub must know of it without reading it again."""

    __slots__ = ("flight_id", "offset", "position", "topics")

    def __init__(
        self, data: bytes, *, offset: int, position: str, flight_id: str, topics: frozenset[str]
    ) -> None:
        super().__init__(data)
        self.offset = offset
        self.position = position
        self.flight_id = flight_id
        self.topics = topics


class Batch:
    """Messages that go out together, in order; where many sockets get the same ones they share one batch."""

    __slots__ = ("_deflated", "_frames", "messages", "size")

    def __init__(self, messages: Iterable[Encoded]) -> None:
        self.messages: Sequence[Encoded] = tuple(messages)
        self.size = sum([message.size for message in self.messages])
        self._frames: bytes | None = None
        self._deflated: bytes | None = None

    @property
    def frames(self) -> bytes:
        """All frames in one piece, for one write."""
        frames = self._frames
        if frames is None:
            messages = self.messages
            frames = messages[0].frame if len(messages) == 1 else b"".join([m.frame for m in messages])
            self._frames = frames
        return frames

    @property
    def deflated(self) -> bytes:
        """The same for those who agreed on compression."""
        frames = self._deflated
        if frames is None:
            frames = self._deflated = b"".join([message.deflated for message in self.messages])
        return frames


def frame(payload: bytes, opcode: int = 0x1) -> bytes:
    """Return a final, unmasked frame with this payload, by default text (RFC 6455, 5.2 and 5.3)."""
    first = (0x80 | opcode).to_bytes(1, "big")
    size = len(payload)
    if size < 126:
        return first + size.to_bytes(1, "big") + payload
    if size < 65_536:
        return first + b"\x7e" + size.to_bytes(2, "big") + payload
    return first + b"\x7f" + size.to_bytes(8, "big") + payload

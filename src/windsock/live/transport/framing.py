"""WebSocket framing for sockets that were handed over (RFC 6455), sans-I/O: frames to write, messages from bytes read.

The frame parser is `websockets`' own; what is here joins fragments, checks what the RFC asks of a server, and keeps no
memory between messages: an idle connection costs no buffer and no parser.
"""

import codecs
import struct
from collections.abc import Generator, Iterator
from dataclasses import dataclass

from websockets.exceptions import PayloadTooBig, ProtocolError
from websockets.frames import Close, Frame, Opcode
from websockets.streams import StreamReader

from windsock.live.core.deflate import extension
from windsock.live.core.frames import frame
from windsock.protocol import close_reasons


@dataclass(frozen=True, slots=True)
class Message:
    """A complete message: text decoded, binary as it came."""

    data: str | bytes


@dataclass(frozen=True, slots=True)
class Ping:
    """To be answered with a pong of the same payload (RFC 6455 5.5.2)."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Pong:
    """An answer to a ping, or an unsolicited sign of life (5.5.3)."""


@dataclass(frozen=True, slots=True)
class Closing:
    """The other side closes, or must be closed: `code` is what to put into our close frame (5.5.1, 7.4)."""

    code: int
    reason: str = ""
    by_peer: bool = False


@dataclass(frozen=True, slots=True)
class Fragment:
    """Part of a message that is not complete (5.4): nothing to do but to count it."""


Received = Message | Ping | Pong | Closing | Fragment

_utf8 = codecs.getincrementaldecoder("utf-8")


def pong_frame(payload: bytes) -> bytes:
    """Return the frame that answers a ping."""
    return frame(payload, Opcode.PONG)


def ping_frame(payload: bytes = b"") -> bytes:
    """Asks the other side for a sign of life."""
    return frame(payload, Opcode.PING)


def close_frame(code: int, reason: str = "") -> bytes:
    """Return a close frame, for 1005 without a status (7.4.1 forbids it). The reason is cut to 123 bytes."""
    if code == 1005:
        return frame(b"", Opcode.CLOSE)
    cut = reason.encode()[:123].decode(errors="ignore")
    return frame(struct.pack("!H", code) + cut.encode(), Opcode.CLOSE)


class MessageReader:
    """Bytes in, messages out. After a `Closing` nothing more is read.

    What a message costs before it is complete is bounded by `max_size`, whatever the number of its fragments. Text is
    decoded fragment by fragment, so that what cannot become UTF-8 is refused at once (8.1).

    `deflates`: compression was agreed, and messages may come compressed. `max_size` then also bounds them unpacked.
    """

    __slots__ = ("_extensions", "_max_size", "_opcode", "_parser", "_parts", "_stream", "_text", "closed")

    def __init__(self, max_size: int, deflates: bool = False) -> None:
        self._max_size = max_size
        self._extensions = [extension()] if deflates else None
        self._stream: StreamReader | None = None
        self._parser: Generator[None, None, Frame] | None = None
        self._parts: bytearray | None = None  # one buffer: a list would grow even by empty fragments
        self._text: codecs.IncrementalDecoder | None = None
        self._opcode = Opcode.TEXT
        self.closed = False

    def feed(self, data: bytes) -> Iterator[Received]:
        """Return the messages and control frames that `data` completes, in order."""
        stream = self._stream or StreamReader()
        stream.feed_data(data)
        while not self.closed:
            parser = self._parser or Frame.parse(
                stream.read_exact, mask=True, max_size=self._max_size, extensions=self._extensions
            )
            try:
                next(parser)
            except StopIteration as done:
                self._parser = None
                yield self._take(done.value)
                if not stream.buffer:
                    self._stream = None
                    return
            except PayloadTooBig:
                yield self._too_big()
            except ProtocolError as error:
                yield self._fail(1002, str(error))
            else:
                self._parser, self._stream = parser, stream
                return

    @property
    def idle(self) -> bool:
        """True between messages: nothing is kept, and a new reader would serve as well."""
        return self._stream is None and self._parts is None

    def _take(self, received: Frame) -> Received:
        opcode, data = received.opcode, received.data
        if opcode is Opcode.PING:
            return Ping(bytes(data))
        if opcode is Opcode.PONG:
            return Pong()
        if opcode is Opcode.CLOSE:
            return self._closing(bytes(data))
        if opcode is Opcode.CONT:
            if self._parts is None:
                return self._fail(1002, "a continuation without a message")
        elif self._parts is not None:
            return self._fail(1002, "a new message inside a fragmented one")
        elif received.fin:
            return self._whole(opcode, bytes(data))
        else:
            self._parts, self._opcode = bytearray(), opcode
            self._text = _utf8() if opcode is Opcode.TEXT else None
        return self._fragment(self._parts, received)

    def _fragment(self, parts: bytearray, received: Frame) -> Received:
        if len(parts) + len(received.data) > self._max_size:
            return self._too_big()
        if self._text is not None:
            try:
                self._text.decode(bytes(received.data), received.fin)
            except UnicodeDecodeError:
                return self._fail(1007, "a text message must be valid UTF-8")
        parts += received.data
        if not received.fin:
            return Fragment()
        self._parts = self._text = None
        return self._whole(self._opcode, bytes(parts))

    def _whole(self, opcode: Opcode, data: bytes) -> Received:
        if opcode is Opcode.BINARY:
            return Message(data)
        try:
            return Message(data.decode())
        except UnicodeDecodeError:
            return self._fail(1007, "a text message must be valid UTF-8")

    def _closing(self, data: bytes) -> Closing:
        if not data:
            self.closed = True
            return Closing(1005, by_peer=True)
        try:
            close = Close.parse(data)
            close.check()
        except UnicodeDecodeError:
            return self._fail(1007, "the close reason must be valid UTF-8")
        except ProtocolError as error:
            return self._fail(1002, str(error))
        self.closed = True
        return Closing(close.code, close.reason, by_peer=True)

    def _too_big(self) -> Closing:
        return self._fail(1009, close_reasons.message_too_big(self._max_size))

    def _fail(self, code: int, reason: str) -> Closing:
        self.closed = True
        self._stream = self._parser = self._parts = self._text = None
        return Closing(code, reason)

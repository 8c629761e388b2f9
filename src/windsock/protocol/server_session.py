"""The server's end of one conversation, sans-I/O: frames in, commands for the hub out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from time import monotonic

from msgspec import UNSET, UnsetType

from windsock.clock import ReplayClock
from windsock.errors import ProtocolError
from windsock.protocol import close_reasons, commands, messages
from windsock.protocol.codec import decode_client, request_id
from windsock.protocol.codes import SUBPROTOCOL, CloseCode, ErrorCode
from windsock.protocol.commands import Command
from windsock.protocol.messages import Error, Head, Limits, RequestId, Welcome
from windsock.protocol.positions import Position
from windsock.protocol.topics import Topic

# A client that sent too much finds a fresh allowance when it reconnects, so not at once.
COME_AGAIN_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Terms:
    """What all sessions of a process share: their limits, and a clock in seconds (injected in tests)."""

    limits: Limits = field(default_factory=Limits)
    now: Callable[[], float] = monotonic


DEFAULT_TERMS = Terms()


class ServerSession:
    """One conversation. Whatever `receive` is given, it answers with commands and never raises.

    The hub may set `may_publish` when rights change, and counts into `sent` and `skipped` what it sends. There is one
    of these per connection and tens of thousands per process: no dictionary, no list, and equal topic sets are shared.
    """

    __slots__ = (
        "_budget", "_budget_at", "closed", "may_publish", "mode", "plain", "sent", "skipped", "terms", "topics"
    )  # fmt: skip

    def __init__(
        self, *, may_publish: bool = False, plain: bool = False, terms: Terms = DEFAULT_TERMS
    ) -> None:
        self.may_publish = may_publish
        self.plain = plain
        self.terms = terms
        self.topics: tuple[str, ...] = ()
        self.mode: messages.Mode = "every"
        self.sent = 0
        self.skipped = 0
        self.closed = False
        # Messages that may still come at once, as of `_budget_at`; refills evenly. None: nothing has come yet.
        self._budget: float | None = None
        self._budget_at = 0.0

    # What the hub asks ------------------------------------------------------------------------------------------------

    def opened(self, topics: Sequence[str] = ()) -> tuple[Command, ...]:
        """Commands at the beginning: a plain client is subscribed to `topics` (none given: `all`), others to nothing.

        A topic that cannot be read closes a plain connection (4000), as such a client would never see an error.
        """
        if not self.plain:
            return ()
        wanted = [topic for topic in topics if topic.strip()] or ["all"]
        try:
            names = self._added(wanted)
        except ProtocolError as error:
            return (self._close(CloseCode.PROTOCOL, error.message),)
        return (commands.Subscribe(names, quiet=True),)

    def welcome(
        self,
        *,
        connection: str,
        position: Position,
        oldest: Position,
        heartbeat_seconds: float,
        server_time: datetime,
        clock: ReplayClock | None = None,
        expires_at: datetime | None = None,
    ) -> Welcome:
        """Return the first message of a connection that is not plain."""
        return Welcome(
            protocol=SUBPROTOCOL,
            connection=connection,
            position=str(position),
            oldest=str(oldest),
            heartbeat_seconds=heartbeat_seconds,
            limits=self.terms.limits,
            server_time=server_time,
            clock=clock or UNSET,
            may_publish=self.may_publish,
            expires_at=expires_at or UNSET,
        )

    def head(self, *, position: Position, server_time: datetime, clock: ReplayClock | None = None) -> Head:
        """Return the heartbeat, as of what was counted into `sent` and `skipped`."""
        return Head(
            position=str(position),
            sent=self.sent,
            skipped=self.skipped,
            server_time=server_time,
            clock=clock or UNSET,
        )

    # What the client sends --------------------------------------------------------------------------------------------

    def receive(self, frame: str | bytes) -> tuple[Command, ...]:
        """Return the commands that one frame asks for; none after a Close."""
        if self.closed:
            return ()
        limits = self.terms.limits
        if _longer(frame, limits.message_bytes):
            return (self._close(CloseCode.TOO_BIG, close_reasons.message_too_big(limits.message_bytes)),)
        if not self._affordable():
            text = f"More than {limits.messages_per_minute} messages a minute. Slow down, then reconnect."
            error = Error(
                code=str(ErrorCode.TOO_MANY_MESSAGES),
                message=text,
                retryable=True,
                retry_after=COME_AGAIN_SECONDS,
            )
            close = self._close(CloseCode.TOO_MANY_MESSAGES, text)
            return (close,) if self.plain else (commands.Refuse(error), close)
        try:
            message = decode_client(frame, plain=self.plain)
        except ProtocolError as error:
            return (_refusal(error, request_id(frame)),)
        try:
            return (self._command(message),)
        except ProtocolError as error:
            return (_refusal(error, message.id),)

    def _command(self, message: messages.ClientMessage) -> Command:
        match message:
            case messages.Subscribe():
                after = None if message.after is UNSET else Position.parse(message.after)
                names = self._added(message.topics)
                self.mode = message.mode
                return commands.Subscribe(names, message.id, after, message.mode)
            case messages.Unsubscribe():
                gone = _canonical(message.topics)
                self.topics = _shared(tuple(name for name in self.topics if name not in gone))
                return commands.Unsubscribe(gone, message.id)
            case messages.SendReport():
                if not self.may_publish:
                    raise ProtocolError(
                        "You may read here, but not publish: the permission windsock.publish is missing. "
                        "Ask whoever runs this service for it, or use a token with the scope 'publish'.",
                        code=ErrorCode.FORBIDDEN,
                    )
                return commands.PublishReport(message.report, message.id)
            case messages.Auth():
                return commands.Authenticate(message.ticket, message.id)
            case messages.Ping():
                return commands.Ping(message.id)

    def _added(self, topics: Sequence[str]) -> tuple[str, ...]:
        names = _canonical(topics)
        union = {*self.topics, *names}
        if len(union) > self.terms.limits.topics:
            raise ProtocolError(
                f"This would make {len(union)} topics; a session may have {self.terms.limits.topics}. "
                "Subscribe to wider topics, such as airport:JFK, or to `all`.",
                code=ErrorCode.TOO_MANY_TOPICS,
            )
        self.topics = _shared(tuple(sorted(union)))
        return names

    def _affordable(self) -> bool:
        rate = self.terms.limits.messages_per_minute
        now = self.terms.now()
        if self._budget is None:
            budget = float(rate)
        else:
            budget = min(float(rate), self._budget + (now - self._budget_at) * rate / 60)
        if budget < 1:
            return False
        self._budget, self._budget_at = budget - 1, now
        return True

    def _close(self, code: int, reason: str) -> Command:
        self.closed = True
        return commands.Close(code, short(reason))


def short(reason: str) -> str:
    """Return the reason cut to what a close frame can carry: 123 bytes of UTF-8 (RFC 6455, 5.5)."""
    data = reason.encode()
    return reason if len(data) <= 123 else data[:120].decode(errors="ignore") + "…"


def _refusal(error: ProtocolError, id: RequestId | UnsetType) -> Command:
    return commands.Refuse(Error(code=str(error.code), message=error.message, id=id))


def _canonical(topics: Sequence[str]) -> tuple[str, ...]:
    return _shared(tuple(dict.fromkeys(str(Topic.parse(topic)) for topic in topics)))


@lru_cache(maxsize=16_384)
def _shared(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the one tuple that stands for all equal ones: most clients follow one of few sets of topics."""
    return names


def _longer(frame: str | bytes, limit: int) -> bool:
    size = len(frame)
    if isinstance(frame, bytes) or size > limit or size * 4 <= limit or frame.isascii():
        return size > limit
    return len(frame.encode(errors="surrogatepass")) > limit

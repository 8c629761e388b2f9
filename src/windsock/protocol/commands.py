"""What a server session asks of the hub: everything that needs the journal, the database or the socket."""

from dataclasses import dataclass
from typing import Any

from msgspec import UNSET, UnsetType

from windsock.protocol.messages import Error, Mode, Pong, RequestId
from windsock.protocol.positions import Position


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Answer with a snapshot, or with `resumed` where `after` can be honoured; then send the live events.

    `topics` are canonical. `quiet` (a plain client's first subscription): no answer at all, only live events. The
    session's own `topics` already include these.
    """

    topics: tuple[str, ...]
    id: RequestId | UnsetType = UNSET
    after: Position | None = None
    mode: Mode = "every"
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Stop sending these topics; no answer. The session's own `topics` no longer include them."""

    topics: tuple[str, ...]
    id: RequestId | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class PublishReport:
    """Record the report (the right to do so is checked), then answer with `recorded` or `error` bearing `id`."""

    report: dict[str, Any]
    id: RequestId | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Redeem the ticket; if it is this user's, extend the session's right, else answer with `error`."""

    ticket: str
    id: RequestId | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Ping:
    """Send `message`."""

    id: RequestId | UnsetType = UNSET

    @property
    def message(self) -> Pong:
        """The answer."""
        return Pong(id=self.id)


@dataclass(frozen=True, slots=True)
class Refuse:
    """Send `error`; the conversation continues."""

    error: Error


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection with this code and reason; the session takes nothing more."""

    code: int
    reason: str


Command = Subscribe | Unsubscribe | PublishReport | Authenticate | Ping | Refuse | Close

"""The outputs of a client session: requests to its I/O layer, and updates for the user."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from windsock.protocol.messages import Error, Event, Programmes, Recorded


class State(StrEnum):
    """The state of a client. `live`: the board is current as of the last heartbeat."""

    CONNECTING = "connecting"
    RESUMING = "resuming"
    LIVE = "live"
    MOVING = "moving"
    CLOSED = "closed"


# For the I/O layer ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Open:
    """Open a connection after `delay` seconds; then call `opened`, `refused` or `unreachable` with its number."""

    connection: int
    delay: float


@dataclass(frozen=True, slots=True)
class Send:
    """Send this frame as text."""

    connection: int
    frame: bytes


@dataclass(frozen=True, slots=True)
class Shut:
    """Close this connection with this code; the session has already forgotten it."""

    connection: int
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class RenewRight:
    """The right to be here ends soon: get a fresh ticket and call `renewed` with it."""


# For the user --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Happened:
    """A flight changed, and the board already shows it."""

    event: Event


@dataclass(frozen=True, slots=True)
class ProgrammesChanged:
    """The programmes of an airport changed, and `programmes` already shows it."""

    event: Programmes


@dataclass(frozen=True, slots=True)
class Loaded:
    """A snapshot was loaded into the board. Any flight may differ from before."""

    topics: frozenset[str]
    position: str


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The state changed, with the reason in words. `retry_in`: seconds until the next attempt to connect."""

    state: State
    why: str
    retry_in: float | None = None


@dataclass(frozen=True, slots=True)
class Noticed:
    """The host project sent this to all clients."""

    data: Any


@dataclass(frozen=True, slots=True)
class Answered:
    """The server answered the request `id` (a report)."""

    id: str
    answer: Recorded | Error


@dataclass(frozen=True, slots=True)
class Problem:
    """The server refused a topic or a renewal, or sent a message that cannot be read."""

    error: Error


FAILED_HERE = 0
"""The `Stopped.code` after a fault on this side: there is no close code and no HTTP status."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """The session has ended for good. `code` is the close code (1000: the user closed it), the HTTP status, or 0."""

    code: int
    why: str


Output = (
    Open
    | Send
    | Shut
    | RenewRight
    | Happened
    | ProgrammesChanged
    | Loaded
    | StateChanged
    | Noticed
    | Answered
    | Problem
    | Stopped
)

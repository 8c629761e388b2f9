"""What a client session asks of its I/O layer, and what it tells the client's user."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from windsock.protocol.messages import Error, Event, Programmes, Recorded


class State(StrEnum):
    """How the client stands with the server. `live`: the board is current as of the last heartbeat."""

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
    """A snapshot was taken into the board, which may differ in any flight from what it was."""

    topics: frozenset[str]
    position: str


@dataclass(frozen=True, slots=True)
class StateChanged:
    """How the client stands now, and why in words. `retry_in`: seconds until the next attempt to connect."""

    state: State
    why: str
    retry_in: float | None = None


@dataclass(frozen=True, slots=True)
class Noticed:
    """The host project sent this to everyone."""

    data: Any


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of the request `id` (a report)."""

    id: str
    answer: Recorded | Error


@dataclass(frozen=True, slots=True)
class Problem:
    """The server refused something else than a report (a topic, a renewal), or sent what cannot be read."""

    error: Error


FAILED_HERE = 0
"""The code of an end that a fault on this side brought about: no close code, and no HTTP status."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """The end; there will be no reconnect. `code` is the close code (1000: the user closed), the HTTP status, or 0."""

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

"""What the hub needs from outside: timers, a thread for queries, its limits; and the counters it keeps."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from windsock.protocol import messages

T = TypeVar("T")


class Timers(Protocol):
    """The part of an event loop that the hub uses."""

    def time(self) -> float: ...

    def call_soon(self, callback: Callable[..., object], *args: Any) -> Any: ...

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any) -> Any: ...


class Query(Protocol):
    """Run a blocking query elsewhere (in a thread), and hand its result, or its exception, back on the loop."""

    def __call__(self, query: Callable[[], T], done: Callable[[T | BaseException], None], /) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HubLimits:
    """The bounds of a hub and its sessions; the defaults are those of the configuration."""

    heartbeat_seconds: float = 20
    ring_events: int = 20_000
    max_pending_bytes: int = 1_048_576
    max_connections: int = 50_000
    max_connections_per_user: int = 100
    max_connections_per_address: int = 0  # 0: no limit
    max_anonymous_per_address: int = (
        200  # from public addresses, by clients that are not signed in; 0: no limit
    )
    # All snapshots that are cached or unread: above this, the sessions that leave theirs unread longest are closed.
    max_snapshot_bytes: int = 256 * 1024 * 1024
    # All other replies that wait for their readers: above this, a snapshot replaces a resume from the journal.
    max_waiting_bytes: int = 64 * 1024 * 1024
    # A reader that takes nothing for this long is gone or hopeless: it is closed, and asked to reconnect and resume.
    stuck_seconds: float = 60
    conversation: messages.Limits = field(default_factory=messages.Limits)


@dataclass(slots=True)
class Stats:
    """What happened so far in this process; counters only grow."""

    published: int = 0
    delivered: int = 0
    skipped: int = 0
    snapshots: int = 0
    resumes: int = 0
    far_resumes: int = 0
    connections: int = 0
    flushes: int = 0
    evicted: int = 0

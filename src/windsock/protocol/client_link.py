"""One connection of a client, as the client session keeps book of it."""

from dataclasses import dataclass, field

from msgspec import UNSET

from windsock.flights import Flight
from windsock.flights.programmes import Standing
from windsock.protocol.messages import Snapshot
from windsock.protocol.positions import Position

# Until `welcome` names the server's heartbeat: no server needs longer for its first message.
WELCOME_SECONDS = 10.0


@dataclass(slots=True)
class Asked:
    """A subscription that waits for its answer. `resume`: events from before are to come; `after`: what it bore."""

    topics: frozenset[str]
    resume: bool
    after: Position | None = None
    parts: list[Flight] = field(default_factory=list)
    standings: list[Standing] = field(default_factory=list)
    expected_part: int = 1


@dataclass(slots=True)
class Link:
    """What was asked and received on one connection.

    `received` counts events, as the server's `sent` does. `jumps` counts the versions of known flights that never came;
    the server's `skipped` must account for them. `*_forgiven` are differences that a resume has already healed.
    """

    number: int
    heard_at: float
    open: bool = False
    welcomed: bool = False
    silence_seconds: float = WELCOME_SECONDS
    received: int = 0
    sent_forgiven: int = 0
    jumps: int = 0
    skipped: int = 0
    jumps_forgiven: int = 0
    asked: dict[str, Asked] = field(default_factory=dict)
    to_come: int = 0  # events of a `resumed` that still have to come
    resumed_to: str | None = None
    retry_at: float | None = None  # when to repeat a subscription that was refused for now
    live_since: float | None = None

    @property
    def resuming(self) -> bool:
        """Whether events from before are still to come, so that what comes is not yet a place to resume from."""
        return self.to_come > 0 or any(asked.resume for asked in self.asked.values())

    @property
    def settled(self) -> bool:
        """Whether every subscription was answered in full."""
        return self.welcomed and not self.asked and self.to_come == 0 and self.retry_at is None

    def count_jump(self, held: Flight | Standing | None, come: Flight | Standing) -> None:
        """Count the versions between the one held and the one that came."""
        if held is not None and come.version > held.version + 1:
            self.jumps += come.version - held.version - 1

    @property
    def jumps_open(self) -> int:
        """Missing versions that neither the last heartbeat nor a resume accounts for."""
        return max(0, self.jumps - self.jumps_forgiven - self.skipped)


def collect(asked: Asked, message: Snapshot) -> bool:
    """Add a part of a snapshot, and return whether it is complete. A first part starts a new one."""
    if message.part == 1:
        asked.parts.clear()
        asked.standings.clear()
        asked.expected_part = 1
    if message.part != asked.expected_part:
        asked.parts.clear()
        asked.expected_part = 0  # nothing fits until a first part comes
        return False
    asked.parts.extend(message.flights)
    if message.standings is not UNSET:
        asked.standings.extend(message.standings)
    asked.expected_part += 1
    return message.part == message.parts

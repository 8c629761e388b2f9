"""A place in the journal, as clients keep it."""

from dataclasses import dataclass

from windsock.errors import ProtocolError


@dataclass(frozen=True, slots=True)
class Position:
    """The event with this `offset` in the journal of this `epoch`; offset 0 is before the first event.

    Positions of different epochs cannot be compared: a new epoch says that the journal was replaced (restore,
    failover), so whoever holds an old one takes a snapshot.
    """

    epoch: str
    offset: int

    def __str__(self) -> str:
        return f"{self.epoch}:{self.offset}"

    @classmethod
    def parse(cls, text: str) -> "Position":
        """Parse a position, `epoch:offset`. Raises ProtocolError (code `invalid_position`) on anything else."""
        epoch, separator, offset = text.rpartition(":")
        if not separator or not epoch or not (offset.isascii() and offset.isdigit()) or len(text) > 80:
            raise ProtocolError(
                f"{text[:80]!r} is not a position. Send back one that the server gave, such as 'k3v9q2:1842'.",
                code="invalid_position",
            )
        return cls(epoch, int(offset))

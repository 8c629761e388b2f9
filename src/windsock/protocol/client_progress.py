"""How far a client has come in the journal, and how far that is certain."""

from windsock.protocol.positions import Position


class Progress:
    """The position up to which a client has events, and the one up to which it certainly missed none.

    `position` follows each event. `verified` follows what accounts for all before it: a heartbeat whose counts agree, a
    resume, a snapshot. A client that notices a loss rewinds to it.
    """

    def __init__(self, position: Position | None) -> None:
        self.position = position
        self.verified = position

    def is_foreign(self, position: Position) -> bool:
        """Return whether a position is of another epoch, which means that the journal was replaced."""
        return self.position is not None and position.epoch != self.position.epoch

    def advance(self, position: Position) -> None:
        """Take over a position unless it is behind."""
        if self.position is None or self.is_foreign(position) or position.offset > self.position.offset:
            self.position = position

    def verify(self, position: Position) -> None:
        """Advance to a position up to which everything is accounted for."""
        self.advance(position)
        self.verified = self.position

    def restart(self, position: Position) -> None:
        """Begin anew at a position of another journal."""
        self.position = self.verified = position

    def rewind(self) -> None:
        """Go back to the last place that was accounted for."""
        self.position = self.verified

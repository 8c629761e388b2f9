"""The result of each report: recorded, or rejected with what to correct."""

from dataclasses import dataclass

from windsock.errors import ReportError
from windsock.flights import Change
from windsock.protocol.positions import Position


@dataclass(frozen=True, slots=True)
class Recorded:
    """A report is durable. `position` is that of its event or, if it changed nothing, of the newest event before it.

    `changes` is empty if the report had nothing new. `version` is the flight's version after it.
    """

    index: int
    position: Position
    flight_id: str
    version: int
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A report was rejected. The others of its batch are not affected.

    `field` is a dotted path into the report, `value` the value given there, `expected` what is needed. `retryable`
    means that the report is right but the journal was not available: send it again.
    """

    index: int
    code: str
    message: str
    field: str | None = None
    value: object = None
    expected: str | None = None
    candidates: tuple[str, ...] = ()
    retryable: bool = False

    @classmethod
    def of(cls, index: int, error: ReportError) -> "Rejected":
        """Return the rejection that describes an error."""
        return cls(
            index, error.code, error.message, error.field, error.value, error.expected, error.candidates
        )


Result = Recorded | Rejected

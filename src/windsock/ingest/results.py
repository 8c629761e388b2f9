"""What became of each report: recorded, or rejected with what to correct."""

from dataclasses import dataclass

from windsock.errors import ReportError
from windsock.flights import Change
from windsock.protocol.positions import Position


@dataclass(frozen=True, slots=True)
class Recorded:
    """The report is durable. `position` is that of its event or, where it changed nothing, of the newest one before it.

    `changes` is empty where it said nothing new; `version` is the flight's after it.
    """

    index: int
    position: Position
    flight_id: str
    version: int
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """The report was not taken; the others of its batch are not affected.

    `field` is a dotted path into the report, `value` what was given there, `expected` what would be right. `retryable`
    says that nothing is wrong with it: the journal was not available, send the same again.
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
        """The rejection that an error tells."""
        return cls(
            index, error.code, error.message, error.field, error.value, error.expected, error.candidates
        )


Result = Recorded | Rejected

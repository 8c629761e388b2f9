"""Every exception Windsock raises on purpose.

WindsockError
├── ConfigError             a setting is missing, unknown or has a wrong value
├── ReportError             a report was not taken; carries code, field, value, expected
│   ├── InvalidReport       its shape or a value is wrong
│   ├── SourceRefused       it names a source as which whoever sends it may not speak
│   ├── UnknownFlight       it names no flight we know and too little to add one
│   └── AmbiguousFlight     it fits several flights; carries the candidates
├── JournalError
│   ├── PositionTrimmed     the journal no longer holds events this old
│   ├── PositionUnknown     another epoch, or ahead of the head
│   └── JournalUnavailable  the database did not answer; nothing was acknowledged
│       └── ValueRefused    it refused a value: the fault of one report of the batch
├── ProtocolError           the other side broke the wire contract; carries code and close code
├── FeedError               a feed's input is unreadable as a whole
├── AccessDenied            who asks is not known, or may not do this
└── ClientError             the Python client cannot go on
    ├── NotReachable        nobody answers at the address, or the answer did not come in time
    └── SessionEnded        the server ended the session for good; carries the close code
"""

from collections.abc import Sequence


class WindsockError(Exception):
    """The root: catch this to catch everything Windsock raises on purpose."""


class ConfigError(WindsockError):
    """A setting is missing, unknown or wrong. The text names the key, what was given and what would be right."""


class ReportError(WindsockError):
    """One report was not taken; the others of its batch are not affected.

    `code` is stable and machine-readable, `field` a dotted path into the report (or None for the whole),
    `value` what was given there, `expected` says what would be right.
    """

    code = "invalid_report"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        field: str | None = None,
        value: object = None,
        expected: str | None = None,
        candidates: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.field = field
        self.value = value
        self.expected = expected
        self.candidates = tuple(candidates)


class InvalidReport(ReportError):
    """The report's shape or one of its values is wrong. Correct the named field and send it again."""


class SourceRefused(ReportError):
    """Whoever sends the report may not speak as the source that it names. Leave `source` out, or ask for the right."""

    code = "foreign_source"


class UnknownFlight(ReportError):
    """No such flight is known, and the report says too little to add it. Give `date` and `origin`."""

    code = "unknown_flight"


class AmbiguousFlight(ReportError):
    """The report fits several flights. Send it again with the origin of one of the `candidates`."""

    code = "ambiguous_flight"


class JournalError(WindsockError):
    """The journal could not answer."""


class PositionTrimmed(JournalError):
    """The journal no longer holds events this old. Take a fresh snapshot; asking again will not help."""


class PositionUnknown(JournalError):
    """The position is of another epoch or ahead of the head: the journal was replaced. Take a fresh snapshot."""


class JournalUnavailable(JournalError):
    """The database did not answer in time. Nothing was acknowledged; try again."""


class ValueRefused(JournalUnavailable):
    """The database refused a value of what was written: the fault of one report, to be found and rejected alone."""


class ProtocolError(WindsockError):
    """The other side broke the wire contract. `code` goes into an `error` message; `close_code`, if any, ends it."""

    def __init__(self, message: str, *, code: str = "protocol", close_code: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.close_code = close_code


class FeedError(WindsockError):
    """A feed's input is unreadable as a whole (wrong format, not a line of it)."""


class AccessDenied(WindsockError):
    """Who asks is not known, or may not do this. The text says which permission or credential is needed."""


class ClientError(WindsockError):
    """The Python client cannot go on; the text says why and what to do."""


class NotReachable(ClientError):
    """Nobody answers at the address, or not in time. Check that the service runs and that the address is right."""


class SessionEnded(ClientError):
    """The server ended the session and said not to come back; `code` is its close code."""

    def __init__(self, message: str, *, code: int) -> None:
        super().__init__(message)
        self.code = code

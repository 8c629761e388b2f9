"""Every exception that Windsock raises on purpose.

WindsockError
├── ConfigError             a setting is missing, unknown or has a wrong value
├── ReportError             a report was rejected; carries code, field, value, expected
│   ├── InvalidReport       the shape or a value is wrong
│   ├── SourceRefused       the sender may not report as the source it names
│   ├── UnknownFlight       the flight is unknown, and the report has too little to add it
│   └── AmbiguousFlight     several flights match; carries the candidates
├── JournalError
│   ├── PositionTrimmed     the journal no longer holds events this old
│   ├── PositionUnknown     the position is of another epoch, or ahead of the head
│   │   └── JournalReplaced the journal was replaced since a cursor last read it
│   ├── CursorMoved         another runner advanced this cursor; what was read belongs to it
│   └── JournalUnavailable  the database did not answer; nothing was acknowledged
│       └── ValueRefused    the database refused a value of one report of the batch
├── ProtocolError           the peer violated the protocol; carries code and close code
├── FeedError               a feed's input is unreadable as a whole
├── AccessDenied            the caller is unknown, or lacks a permission
└── ClientError             the Python client cannot continue
    ├── NotReachable        the service does not answer, or not in time
    └── SessionEnded        the server ended the session for good; carries the close code
"""

from collections.abc import Sequence


class WindsockError(Exception):
    """The base class: catch it to catch everything that Windsock raises on purpose."""


class ConfigError(WindsockError):
    """A setting is missing, unknown or wrong. The text names the key, the value and what is needed."""


class ReportError(WindsockError):
    """A report was rejected. The others of its batch are not affected.

    `code` is stable and machine-readable. `field` is a dotted path into the report (None: the report as a whole),
    `value` the value given there, `expected` a description of what is needed.
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
    """The shape of a report or one of its values is wrong. Correct the named field and send it again."""


class SourceRefused(ReportError):
    """The sender may not report as the source that it names. Leave out `source`, or request that right."""

    code = "foreign_source"


class UnknownFlight(ReportError):
    """The flight is unknown, and the report has too little to add it. Give `date` and `origin`."""

    code = "unknown_flight"


class AmbiguousFlight(ReportError):
    """Several flights match the report. Send it again with the origin of one of the `candidates`."""

    code = "ambiguous_flight"


class JournalError(WindsockError):
    """The journal cannot answer."""


class PositionTrimmed(JournalError):
    """The journal no longer holds events this old. Take a fresh snapshot; retrying does not help."""


class PositionUnknown(JournalError):
    """The position is of another epoch or ahead of the head: the journal was replaced. Take a fresh snapshot."""


class JournalReplaced(PositionUnknown):
    """The journal was replaced since a named cursor last read it. Call `recover` with the place to read on from."""


class CursorMoved(JournalError):
    """A named cursor is no longer where it was read: another runner uses it too. Read again; nothing was written."""


class JournalUnavailable(JournalError):
    """The database did not answer in time. Nothing was acknowledged; retry."""


class ValueRefused(JournalUnavailable):
    """The database refused a value of one report, which is to be found and rejected alone."""


class ProtocolError(WindsockError):
    """The peer violated the protocol. `code` goes into an `error` message; a `close_code` closes the connection."""

    def __init__(self, message: str, *, code: str = "protocol", close_code: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.close_code = close_code


class FeedError(WindsockError):
    """The input of a feed cannot be read at all, as opposed to a line of it."""


class AccessDenied(WindsockError):
    """The caller is unknown or lacks a permission. The text names the permission or credential that is needed."""


class ClientError(WindsockError):
    """The Python client cannot continue. The text says why and what to do."""


class NotReachable(ClientError):
    """The service does not answer, or not in time. Check that it runs and that the address is right."""


class SessionEnded(ClientError):
    """The server ended the session for good. `code` is its close code."""

    def __init__(self, message: str, *, code: int) -> None:
        super().__init__(message)
        self.code = code

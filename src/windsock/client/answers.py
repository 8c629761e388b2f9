"""What a refusal of the server means as an exception."""

from msgspec import UNSET

from windsock.errors import (
    AccessDenied,
    AmbiguousFlight,
    ClientError,
    InvalidReport,
    JournalUnavailable,
    SessionEnded,
    UnknownFlight,
    WindsockError,
)
from windsock.protocol.client_outputs import FAILED_HERE, Stopped
from windsock.protocol.codes import CloseCode, ErrorCode
from windsock.protocol.messages import Error


def refused_report(error: Error) -> WindsockError:
    """Return the exception for a report that was refused, with all that the server said about it."""
    if error.code in (ErrorCode.FORBIDDEN, ErrorCode.NOT_AUTHENTICATED):
        return AccessDenied(error.message)
    if error.code in (ErrorCode.UNAVAILABLE, ErrorCode.OVERLOADED):
        return JournalUnavailable(error.message)
    kind = {AmbiguousFlight.code: AmbiguousFlight, UnknownFlight.code: UnknownFlight}.get(
        error.code, InvalidReport
    )
    return kind(
        error.message,
        code=error.code,
        field=None if error.field is UNSET else error.field,
        value=None if error.value is UNSET else error.value,
        expected=None if error.expected is UNSET else error.expected,
        candidates=() if error.candidates is UNSET else error.candidates,
    )


def ended(stopped: Stopped) -> WindsockError | None:
    """Return the exception for an end that the user did not ask for; None for an agreed one."""
    if stopped.code == CloseCode.DONE:
        return None
    if stopped.code == FAILED_HERE:
        return ClientError(stopped.why)
    if stopped.code in (401, 403, CloseCode.NOT_AUTHENTICATED, CloseCode.FORBIDDEN):
        return AccessDenied(
            f"The service does not let you in ({stopped.why}). Check the token: it may be missing, expired or revoked "
            "(`windsock token create` makes one)."
        )
    if stopped.code == 404:
        return ClientError(f"There is no Windsock at this address ({stopped.why}). Check the URL.")
    return SessionEnded(f"The service ended the session for good: {stopped.why}.", code=stopped.code)

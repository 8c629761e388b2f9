"""The reasons that go with close codes and refusals: every sentence the server closes a connection with, in one place.

A close frame holds at most 123 bytes of UTF-8 (RFC 6455, 5.5.1). Clients decide by the code (see `codes.reaction`); the
reason is for the people who read logs.
"""

from typing import Literal

# 4108, too slow
SEND_QUEUE_FULL = "too slow: send queue full; reconnect and resume"
SNAPSHOT_UNREAD = "too slow: snapshot not read in time; reconnect and resume"

# 4200, moving
SHUTTING_DOWN = "server shutting down; reconnect and resume"

# 4150, overloaded
NOT_READY = "the journal is still being read; retry shortly"
SERVER_FULL = "server is at its connection limit"
SERVER_OVERLOADED = "server is overloaded"
TOO_MANY_HANDSHAKES = "too many connections are being opened"

# 1011, a fault on the server's side
INTERNAL_ERROR = "internal error; reconnect and resume"

# 4001 and 4003, who one is and what one may do
SIGNED_OUT = "no longer signed in"
READ_REVOKED = "read permission revoked"
EXPIRED = "the right to read has expired; sign in again"
PUBLISH_REVOKED = "publish permission revoked; reconnect with the remaining rights"


def reader_stuck(seconds: float) -> str:
    """Return the reason for 4108: the reader took nothing for `seconds`."""
    return f"too slow: nothing read for {seconds:g} s; reconnect and resume"


def message_too_big(limit: int) -> str:
    """Return the reason for 1009: a message has more than `limit` bytes."""
    return f"message too big: at most {limit} bytes are allowed"


def too_many_frames(limit: int) -> str:
    """Return the reason for 4129: more than `limit` control frames and fragments between two heartbeats."""
    return f"more than {limit} pings, pongs and fragments between two heartbeats; slow down, then reconnect"


def too_many_connections(limit: int, of: Literal["user", "address"]) -> str:
    """Return the reason for 4130: the user or address has `limit` connections already."""
    return f"connection limit reached ({limit} per {of}); close one and retry"

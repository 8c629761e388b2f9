"""Close codes, whose range alone determines what a client does, and the codes of `error` messages."""

from enum import IntEnum, StrEnum

SUBPROTOCOL = "windsock.v1.json"
"""What a client offers and the server echoes; a client that offers nothing is a plain client."""

TICKET_PREFIX = "windsock.ticket."
"""A second subprotocol `windsock.ticket.TICKET` carries a browser's single-use ticket; it is never echoed."""


class Reaction(StrEnum):
    """What a client does after its connection ended."""

    STOP = "stop"  # do not reconnect: it would end the same way
    BACK_OFF = "back_off"  # reconnect and resume, after full jitter
    AT_ONCE = "at_once"  # reconnect now and resume


class CloseCode(IntEnum):
    """The codes Windsock closes with. Clients must not know the list, only the ranges (see `reaction`)."""

    DONE = 1000
    GOING_AWAY = 1001
    TOO_BIG = 1009

    PROTOCOL = 4000
    NOT_AUTHENTICATED = 4001
    FORBIDDEN = 4003
    VERSION = 4006

    TOO_SLOW = 4108
    TOO_MANY_MESSAGES = 4129
    TOO_MANY_CONNECTIONS = 4130
    OVERLOADED = 4150

    MOVING = 4200
    AUTH_EXPIRED = 4201
    NO_HEARTBEAT = 4203


def reaction(code: int | None) -> Reaction:
    """Return what to do after a close with `code` (None: the connection broke without one).

    4000-4099 stop, 4100-4199 back off, 4200-4299 at once; also codes of these ranges that are yet to be invented. 1000
    and 1009 stop: the first is an agreed end, the second would repeat itself. All else (1001, 1006, 1011, 1012 …) is a
    server or a network in trouble: back off.
    """
    if code in (CloseCode.DONE, CloseCode.TOO_BIG) or (code is not None and 4000 <= code <= 4099):
        return Reaction.STOP
    if code is not None and 4200 <= code <= 4299:
        return Reaction.AT_ONCE
    return Reaction.BACK_OFF


class ErrorCode(StrEnum):
    """Codes of `error` messages about the conversation itself; a refused report bears its ReportError's own code."""

    MALFORMED = "malformed"  # not JSON, not UTF-8, not an object
    UNKNOWN_TYPE = "unknown_type"  # no `type`, or none we know
    INVALID_MESSAGE = "invalid_message"  # a field is missing, unknown or of the wrong type
    UNKNOWN_TOPIC = "unknown_topic"
    INVALID_POSITION = "invalid_position"
    TOO_MANY_TOPICS = "too_many_topics"
    TOO_MANY_MESSAGES = "too_many_messages"
    TOO_BIG = "too_big"
    FORBIDDEN = "forbidden"  # known, but may not do this
    NOT_AUTHENTICATED = "not_authenticated"  # a ticket that is unknown, used or expired
    UNAVAILABLE = "unavailable"  # the journal cannot be written just now; nothing was acknowledged
    OVERLOADED = "overloaded"
    TOO_MANY_CONNECTIONS = "too_many_connections"  # of this user or address

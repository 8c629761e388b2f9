"""Every message of the wire, one struct each; the field `type` tells them apart. AsyncAPI derives from these.

Absent optional fields are UNSET and do not appear on the wire. Times are aware UTC. Clients' messages refuse unknown
fields (a misspelt `after` must not pass silently); servers' messages accept them, so that an older client can talk to
a newer server.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from windsock.clock import ReplayClock
from windsock.flights import Change, Flight
from windsock.flights.programmes import ProgrammeChange, Standing

RequestId = Annotated[str, Meta(max_length=64)] | int
"""Chosen by the client, returned in the answer. Optional: without it the answer bears none."""

Mode = Literal["every", "latest"]
"""`every`: all events, conflated only when the reader is too slow. `latest`: only the newest state of each flight."""


class Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """What all messages have in common: a tag, and that they never change."""


# Client → server -----------------------------------------------------------------------------------------------------


class Subscribe(Message, frozen=True, kw_only=True, tag="subscribe", forbid_unknown_fields=True):
    """Adds topics; answered by `snapshot`, or by `resumed` where `after` can be honoured. Topics add up."""

    topics: Annotated[list[Annotated[str, Meta(max_length=80)]], Meta(min_length=1)]
    id: RequestId | UnsetType = UNSET
    after: str | UnsetType = UNSET
    mode: Mode = "every"


class Unsubscribe(Message, frozen=True, kw_only=True, tag="unsubscribe", forbid_unknown_fields=True):
    """Removes topics; answered only by an error. Topics that were not subscribed to are ignored."""

    topics: Annotated[list[Annotated[str, Meta(max_length=80)]], Meta(min_length=1)]
    id: RequestId | UnsetType = UNSET


class SendReport(Message, frozen=True, kw_only=True, tag="report", forbid_unknown_fields=True):
    """Publishes a report; answered by `recorded` when it is durable, or by `error`. Needs `windsock.publish`."""

    report: dict[str, Any]
    id: RequestId | UnsetType = UNSET


class Auth(Message, frozen=True, kw_only=True, tag="auth", forbid_unknown_fields=True):
    """Extends the session's right to be here by a fresh single-use ticket of the same user."""

    ticket: Annotated[str, Meta(max_length=200)]
    id: RequestId | UnsetType = UNSET


class Ping(Message, frozen=True, kw_only=True, tag="ping", forbid_unknown_fields=True):
    """Answered at once by `pong`."""

    id: RequestId | UnsetType = UNSET


ClientMessage = Subscribe | Unsubscribe | SendReport | Auth | Ping


# Server → client -----------------------------------------------------------------------------------------------------


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of a session; sent in `welcome`, so that clients need not find out by being closed."""

    message_bytes: int = 65_536
    messages_per_minute: int = 600
    topics: int = 200


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """How an earlier connection of the same user or token ended, whose close frame stood behind what was never read."""

    connection: str
    code: int
    reason: str


class Welcome(Message, frozen=True, kw_only=True, tag="welcome"):
    """The first message of every connection but a plain one. `position` is the head, `oldest` the earliest `after`."""

    protocol: str
    connection: str
    position: str
    oldest: str
    heartbeat_seconds: float
    limits: Limits
    server_time: datetime
    clock: ReplayClock | UnsetType = UNSET
    may_publish: bool | UnsetType = UNSET
    ended: Ended | UnsetType = UNSET
    expires_at: datetime | UnsetType = UNSET


class Snapshot(Message, frozen=True, kw_only=True, tag="snapshot"):
    """The flights of `topics` (canonical names) as of `position`. Complete when part 1 … `parts` have come, in order.

    Without an `id` nobody asked for it: the journal was replaced, or what waited for a slow reader was dropped. Either
    way this is now the truth of these topics. `standings` come with the first part, for topics of programmes.
    """

    topics: list[str]
    position: str
    flights: list[Flight]
    id: RequestId | UnsetType = UNSET
    part: int = 1
    parts: int = 1
    standings: list[Standing] | UnsetType = UNSET


class Resumed(Message, frozen=True, kw_only=True, tag="resumed"):
    """`after` is honoured: exactly `count` events follow at once, then the live ones."""

    after: str
    position: str
    count: int
    id: RequestId | UnsetType = UNSET
    topics: list[str] | UnsetType = UNSET


class Event(Message, frozen=True, kw_only=True, tag="event"):
    """A flight's new whole state and how it came about; the same bytes for every client."""

    position: str
    flight: Flight
    changes: list[Change]
    recorded_at: datetime


class Programmes(Message, frozen=True, kw_only=True, tag="programmes"):
    """An event like any other, but of an airport: all its programmes as they now are, and how they came about."""

    position: str
    standing: Standing
    changes: list[ProgrammeChange]
    recorded_at: datetime


class Head(Message, frozen=True, kw_only=True, tag="head"):
    """The heartbeat: all that this session should have seen up to `position` was sent.

    `sent` counts the `event` and `programmes` messages on this connection so far, `skipped` the steps conflated away.
    """

    position: str
    sent: int
    skipped: int
    server_time: datetime
    clock: ReplayClock | UnsetType = UNSET


class Recorded(Message, frozen=True, kw_only=True, tag="recorded"):
    """The report is durable. `flight` is the flight's id; no `changes` means that it brought nothing new."""

    position: str
    flight: str
    version: int
    changes: list[Change]
    id: RequestId | UnsetType = UNSET


class Error(Message, frozen=True, kw_only=True, tag="error"):
    """What was wrong with a message, what was given, what would be right; the connection stays open."""

    code: str
    message: str
    retryable: bool = False
    id: RequestId | UnsetType = UNSET
    retry_after: float | UnsetType = UNSET
    field: str | UnsetType = UNSET
    value: Any | UnsetType = UNSET
    expected: str | UnsetType = UNSET
    candidates: list[str] | UnsetType = UNSET


class AuthExpiring(Message, frozen=True, kw_only=True, tag="auth_expiring"):
    """The session's right ends at `expires_at` unless an `auth` comes before."""

    expires_at: datetime


class Notice(Message, frozen=True, kw_only=True, tag="notice"):
    """What other code of the host project sent to the group `flight-delay`; passed on, not journaled."""

    data: Any


class Moving(Message, frozen=True, kw_only=True, tag="moving"):
    """This server goes. Open a new connection within `delay_seconds`, resume there, then close this one."""

    delay_seconds: float


class Pong(Message, frozen=True, kw_only=True, tag="pong"):
    """The answer to `ping`."""

    id: RequestId | UnsetType = UNSET


ServerMessage = (
    Welcome
    | Snapshot
    | Resumed
    | Event
    | Programmes
    | Head
    | Recorded
    | Error
    | AuthExpiring
    | Notice
    | Moving
    | Pong
)

CLIENT_MESSAGES: tuple[type[Message], ...] = (Subscribe, Unsubscribe, SendReport, Auth, Ping)
SERVER_MESSAGES: tuple[type[Message], ...] = (
    Welcome, Snapshot, Resumed, Event, Programmes, Head, Recorded, Error, AuthExpiring, Notice, Moving, Pong,
)  # fmt: skip

"""One client's conversation: pass what its frames ask on to the hub, to ingest, or to the lookup of rights."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

import msgspec

from windsock.access.rights import Identity
from windsock.errors import JournalError
from windsock.ingest.results import Recorded, Rejected, Result
from windsock.live.core.frames import Encoded
from windsock.live.core.hub import Hub
from windsock.live.core.session import Session
from windsock.protocol import close_reasons, codec, commands, messages
from windsock.protocol.codes import CloseCode, ErrorCode
from windsock.protocol.messages import RequestId
from windsock.protocol.server_session import ServerSession

logger = logging.getLogger(__name__)


class Backend(Protocol):
    """The blocking work of a conversation: recording a report, redeeming a ticket."""

    async def record(self, report: dict[str, object], identity: Identity) -> Result: ...

    async def redeem(self, ticket: str) -> Identity | None: ...


class Conversation:
    """Joins a hub's session with the protocol's. `receive` takes frames; answers leave by the session's outlet."""

    __slots__ = ("__weakref__", "_door", "_hub", "_identity", "_protocol", "_tasks", "session")

    def __init__(
        self, hub: Hub, session: Session, protocol: ServerSession, identity: Identity, door: Backend
    ) -> None:
        self.session = session
        self._hub = hub
        self._protocol = protocol
        self._identity = identity
        self._door = door
        self._tasks: set[asyncio.Task[None]] | None = None

    @property
    def identity(self) -> Identity:
        """The client's identity, with the rights as last looked up."""
        return self._identity

    @identity.setter
    def identity(self, identity: Identity) -> None:
        self._identity = self.session.identity = identity
        self._protocol.may_publish = identity.may_publish

    def open(self, topics: Sequence[str] = ()) -> None:
        """Open the conversation; a plain client is subscribed to `topics`."""
        self._do(self._protocol.opened(topics))

    def receive(self, frame: str | bytes) -> None:
        """Receive one frame."""
        self._do(self._protocol.receive(frame))

    def warn(self, expires_at: datetime) -> None:
        """Announce that the identity's right will expire; plain clients would not understand."""
        if not self.session.plain:
            self._send(messages.AuthExpiring(expires_at=expires_at))

    def end(self, code: int, reason: str) -> None:
        """Close the connection."""
        self._hub.end(self.session, code, reason)

    def gone(self) -> None:
        """Forget the connection, which has ended. Reports under way are still recorded."""
        self._protocol.closed = True
        self._hub.detach(self.session)

    def _do(self, asked: Sequence[commands.Command]) -> None:
        for command in asked:
            if self.session.closed:
                return
            match command:
                case commands.Subscribe():
                    self._hub.subscribe(
                        self.session,
                        command.topics,
                        id=command.id,
                        after=command.after,
                        mode=command.mode,
                        quiet=command.quiet,
                    )
                case commands.Unsubscribe():
                    self._hub.unsubscribe(self.session, command.topics)
                case commands.Ping():
                    self._send(command.message)
                case commands.Refuse():
                    self._send(command.error)
                case commands.Close():
                    self.end(command.code, command.reason)
                case commands.PublishReport():
                    self._start(self._publish(command))
                case commands.Authenticate():
                    self._start(self._authenticate(command))

    def _send(self, message: messages.Message) -> None:
        self.session.send(Encoded(codec.encode(message)))

    def _start(self, work: "asyncio.Future[None] | object") -> None:
        if self._tasks is None:
            self._tasks = set()
        task: asyncio.Task[None] = asyncio.ensure_future(work)  # type: ignore[arg-type]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _publish(self, command: commands.PublishReport) -> None:
        try:
            result = await self._door.record(command.report, self._identity)
        except JournalError as error:
            self._refuse(ErrorCode.UNAVAILABLE, str(error), command.id, retry_after=1.0)
        except Exception:
            logger.exception("A report from %s could not be recorded", self._identity.key)
            text = "The report could not be recorded because of an internal error. Send it again."
            self._refuse(ErrorCode.UNAVAILABLE, text, command.id, retry_after=5.0)
        else:
            self._send(answer_to(result, command.id))

    async def _authenticate(self, command: commands.Authenticate) -> None:
        try:
            fresh = await self._door.redeem(command.ticket)
        except Exception:
            logger.exception("A ticket could not be redeemed")
            self._refuse(
                ErrorCode.UNAVAILABLE, "The ticket could not be looked up. Try again.", command.id, 1.0
            )
            return
        if fresh is None or fresh.key != self._identity.key:
            text = "The ticket is unknown, used, expired or somebody else's. Fetch a new one and send it within 30 s."
            self._refuse(ErrorCode.NOT_AUTHENTICATED, text, command.id)
        elif not fresh.may_read:
            self.end(CloseCode.FORBIDDEN, close_reasons.READ_REVOKED)
        else:
            self.identity = replace(fresh, session_key=fresh.session_key or self._identity.session_key)

    def _refuse(
        self, code: str, text: str, id: RequestId | msgspec.UnsetType, retry_after: float | None = None
    ) -> None:
        self._send(
            messages.Error(
                code=str(code),
                message=text,
                id=id,
                retryable=retry_after is not None,
                retry_after=retry_after if retry_after is not None else msgspec.UNSET,
            )
        )


def answer_to(result: Result, id: RequestId | msgspec.UnsetType) -> messages.Recorded | messages.Error:
    """Return the message that answers a report."""
    match result:
        case Recorded():
            return messages.Recorded(
                position=str(result.position),
                flight=result.flight_id,
                version=result.version,
                changes=list(result.changes),
                id=id,
            )
        case Rejected():
            return messages.Error(
                code=result.code,
                message=result.message,
                retryable=result.retryable,
                id=id,
                retry_after=1.0 if result.retryable else msgspec.UNSET,
                field=result.field if result.field is not None else msgspec.UNSET,
                value=result.value if result.value is not None else msgspec.UNSET,
                expected=result.expected if result.expected is not None else msgspec.UNSET,
                candidates=list(result.candidates) or msgspec.UNSET,
            )

"""The live service of one process and event loop: hub, tail, bridge and rights, started and stopped together."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import TypeVar
from weakref import WeakKeyDictionary

import msgspec
from channels.layers import get_channel_layer
from django.db import connections

from windsock import journal
from windsock.access import tickets
from windsock.access.rights import Identity
from windsock.conf import Config, config
from windsock.ingest import arecord, pipeline
from windsock.ingest.results import Result
from windsock.ingest.speaker import speaker_of
from windsock.journal.base import Event
from windsock.journal.sqlite_changes import change_probe
from windsock.live.admission.overload import HandshakeGate
from windsock.live.admission.rights import RightsWatch
from windsock.live.conversation import Conversation
from windsock.live.core import drain
from windsock.live.core.connection_limits import SessionRefused
from windsock.live.core.frames import Encoded
from windsock.live.core.hub import Hub
from windsock.live.core.outlet import Outlet
from windsock.live.core.ports import HubLimits
from windsock.live.core.tail import Tail
from windsock.live.group.bridge import Bridge
from windsock.live.group.local import LocalGroup
from windsock.live.group.ringer import is_shared
from windsock.live.transport.keepalive import Keepalive
from windsock.protocol import close_reasons, codec, messages
from windsock.protocol.codes import CloseCode
from windsock.protocol.positions import Position
from windsock.protocol.server_session import ServerSession, Terms

logger = logging.getLogger(__name__)
T = TypeVar("T")

# A connection that arrives while the journal is read for the first time waits this long before it is refused.
LOAD_SECONDS = 10.0
# Connections that are closed on shutdown have this long to answer.
GOODBYE_SECONDS = 0.3

_services: "WeakKeyDictionary[asyncio.AbstractEventLoop, LiveService]" = WeakKeyDictionary()


class LiveService:
    """Everything live in this process. `await LiveService.running()` gives the started one of the current loop."""

    def __init__(self, settings: Config | None = None) -> None:
        self.settings = settings or config()
        self.loop = asyncio.get_running_loop()
        self.draining = False
        limits = messages.Limits(
            message_bytes=self.settings.max_message_bytes,
            messages_per_minute=self.settings.max_messages_per_minute,
            topics=self.settings.max_topics,
        )
        self.terms = Terms(limits=limits)
        self.journal = journal.current()
        # One thread each, so that a long read for one client never holds up the tail.
        self._tail_thread = ThreadPoolExecutor(1, "windsock-tail")
        self._query_thread = ThreadPoolExecutor(1, "windsock-queries")
        self.hub = Hub(
            self.loop,
            journal=self.journal,
            query=self._query,
            limits=HubLimits(
                heartbeat_seconds=self.settings.heartbeat_seconds,
                ring_events=self.settings.ring_events,
                max_pending_bytes=self.settings.max_pending_bytes,
                max_connections=self.settings.max_connections,
                max_connections_per_user=self.settings.max_connections_per_user,
                max_connections_per_address=self.settings.max_connections_per_address,
                max_anonymous_per_address=self.settings.max_anonymous_per_address,
                conversation=limits,
            ),
        )
        self._probe = change_probe(self.settings.database)
        self.tail = Tail(
            self.journal,
            self.hub,
            run=partial(self.loop.run_in_executor, self._tail_thread),
            active=timedelta(hours=self.settings.active_hours),
            probe=None if self._probe is None else self._probe.changed,
        )
        layer = get_channel_layer(self.settings.channel_layer)
        self.bridge = (
            Bridge(layer, on_events=self.tail.offer, on_notice=self.notice) if layer is not None else None
        )
        # A shared layer is rung by one process of all: see `windsock.live.group.duties`.
        self.group = None if layer is None or is_shared(layer) else LocalGroup(layer, self.hub, self._read)
        self._rings = is_shared(layer)
        self.rights = RightsWatch()
        self.gate = HandshakeGate(self.loop, self.settings.max_handshakes)
        self.pulse = Keepalive(self.loop, self.settings.heartbeat_seconds)
        self._unlisten: Callable[[], None] | None = None
        self._stopped = False

    # Life -------------------------------------------------------------------------------------------------------------

    @classmethod
    async def running(cls) -> "LiveService":
        """Return the service of the running loop, and start it if there was none."""
        loop = asyncio.get_running_loop()
        service = _services.get(loop)
        if service is None or service._stopped:
            service = _services[loop] = cls()
            service.start()
        return service

    @classmethod
    def existing(cls) -> "list[LiveService]":
        """Return the running services of this process, of every loop. Callable from any thread; starts nothing."""
        return [service for service in list(_services.values()) if not service._stopped]

    def start(self) -> None:
        """Start everything; the hub is ready as soon as the journal has been read."""
        self._unlisten = pipeline().listen(self._written)
        self.tail.start()
        self.rights.start()
        self.gate.start()
        if self.bridge is not None:
            self.bridge.start()
        if self.group is not None:
            self.group.start()

    async def drain(self, seconds: float | None = None) -> None:
        """Refuse new connections, ask sessions to move, then close those left; see `windsock.live.core.drain`.

        `seconds` None: as long as the number of sessions asks for.
        """
        self.draining = True
        if seconds is None:
            seconds = drain.seconds_for(self.hub.session_count)
        await drain.drain(self.hub, seconds, self._emptied)
        # The server must not wait for sockets that were handed over: it no longer knows them.
        await self.pulse.emptied(min(GOODBYE_SECONDS, seconds))

    async def stop(self, seconds: float = 0.0) -> None:
        """Drain within `seconds`, then end every task, thread and connection. Harmless when repeated."""
        if self._stopped:
            return
        await self.drain(seconds)
        self._stopped = True
        if self._unlisten is not None:
            self._unlisten()
        self.pulse.stop()
        self.gate.stop()
        await self.rights.stop()
        if self.group is not None:
            await self.group.stop()
        if self.bridge is not None:
            await self.bridge.stop()
        await self.tail.stop()
        self.hub.stop()
        if self._probe is not None:
            self._probe.close()
        for thread in (self._tail_thread, self._query_thread):
            await self.loop.run_in_executor(thread, connections.close_all)
            thread.shutdown(wait=False)
        if _services.get(self.loop) is self:
            del _services[self.loop]

    async def _emptied(self, until: float) -> bool:
        while self.loop.time() < until:
            if not any(True for _ in self.hub.sessions):
                return True
            await asyncio.sleep(0.02)
        return not any(True for _ in self.hub.sessions)

    # Connections -------------------------------------------------------------------------------------------------

    async def attach(
        self,
        outlet: Outlet,
        identity: Identity,
        *,
        plain: bool = False,
        welcome: bool = True,
        address: str | None = None,
    ) -> Conversation:
        """Start a conversation over this outlet. Raises SessionRefused when no further one is accepted."""
        if self.draining:
            raise SessionRefused(CloseCode.MOVING, close_reasons.SHUTTING_DOWN)
        if not self.hub.ready:
            try:
                async with asyncio.timeout(LOAD_SECONDS):
                    await self.tail.loaded()
            except TimeoutError:
                pass  # attach says what is to be said
        protocol = ServerSession(may_publish=identity.may_publish, plain=plain, terms=self.terms)
        session = self.hub.attach(outlet, identity=identity, plain=plain, welcome=welcome, address=address)
        try:
            conversation = Conversation(self.hub, session, protocol, identity, self)
            self.rights.add(conversation)
        except BaseException:
            self.hub.detach(session)  # whoever asked has no conversation to end it by
            raise
        session.on_close = lambda code, reason: self.rights.remove(conversation)
        return conversation

    def detach(self, conversation: Conversation) -> None:
        """Forget the conversation: its connection has ended."""
        self.rights.remove(conversation)
        conversation.gone()

    async def record(self, report: dict[str, object], identity: Identity) -> Result:
        """Record one report of this sender."""
        (result,) = await arecord([report], source=identity.source, speaker=speaker_of(identity, "socket"))
        return result

    async def redeem(self, ticket: str) -> Identity | None:
        """Redeem the ticket, and return its identity; None if it is unknown, used or expired."""
        return await tickets.aredeem(ticket, "socket")

    # From elsewhere ----------------------------------------------------------------------------------------------

    def notice(self, data: object) -> None:
        """Send every client what other code of the host project sent to the group."""
        try:
            encoded = codec.encode(messages.Notice(data=data))
        except (TypeError, ValueError, RecursionError, msgspec.MsgspecError) as error:
            logger.warning("A message to the group 'flight-delay' cannot be sent as JSON: %s", error)
            return
        self.hub.broadcast(Encoded(encoded))

    def _written(self, epoch: str, events: Sequence[Event]) -> None:
        """In the writer's thread, after each commit."""
        try:
            self.loop.call_soon_threadsafe(self._tell, epoch, list(events))
        except RuntimeError:
            pass  # the loop has ended; others read the journal

    def _tell(self, epoch: str, events: list[Event]) -> None:
        if self._stopped:
            return
        self.tail.offer(epoch, events)
        if self.bridge is not None and self._rings:
            self.bridge.ring(epoch, events)

    async def _read(self, position: Position, limit: int) -> list[Event]:
        return await self.loop.run_in_executor(
            self._query_thread, partial(self.journal.after, position, limit)
        )

    def _query(self, query: Callable[[], T], done: Callable[[T | BaseException], None]) -> None:
        def finished(future: "asyncio.Future[T]") -> None:
            if not future.cancelled() and not self._stopped:
                done(future.exception() or future.result())

        self.loop.run_in_executor(self._query_thread, query).add_done_callback(finished)

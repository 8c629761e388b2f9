"""End sessions when their right ends: logout, deactivation, a revoked token, a lost permission, an expiry.

Code that takes a right away, in whatever process, notes it (`windsock.access.revocations`). The notes are read twice a
second, at once where this process wrote one; the identities they concern are looked up again, in a few queries. Once a
minute all are, as a safety net for changes that nobody noted.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from django.conf import settings
from django.db import connections, router

from windsock.access import revocations
from windsock.access.lookup.recheck import recheck_all
from windsock.access.models import AccessChange
from windsock.access.revocations import Kind, RightsChange
from windsock.access.rights import Identity
from windsock.clock import Clock, system_clock
from windsock.journal.sqlite_changes import FileChangeProbe, change_probe
from windsock.live.conversation import Conversation
from windsock.protocol import close_reasons
from windsock.protocol.codes import CloseCode

logger = logging.getLogger(__name__)
T = TypeVar("T")

# Without any note (an UPDATE by hand) a lost right is noticed within this time.
RECHECK_SECONDS = 60.0
# Clients are warned this long before their right expires: time to fetch a ticket, too short to forget it.
WARN_SECONDS = 60.0
LOOK_SECONDS = 0.5
# A change may be read while a connection is on its way in, with rights that were looked up before it.
ON_THE_WAY_SECONDS = 20.0
# Sessions ended between two turns of the loop.
SLICE = 200
# Identities that the minute's check looks up at a time: all at once would keep the loop waiting for the thread.
NET = 500


class RightsWatch:
    """Watches over the identities of all conversations of this process."""

    def __init__(
        self,
        *,
        clock: Clock = system_clock,
        recheck_seconds: float = RECHECK_SECONDS,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self.asked = 0  # identities that were looked up again
        self.ended = 0  # connections ended because of it
        self.failing = False
        self._clock = clock
        self._recheck_seconds = recheck_seconds
        self._look_seconds = look_seconds
        self._conversations: dict[Conversation, None] = {}
        self._expiring: dict[Conversation, datetime | None] = {}  # → the expiry it was warned of
        self._recent: deque[tuple[float, RightsChange]] = deque()
        self._again: list[RightsChange] = []
        self._doubtful: set[Conversation] = set()
        self._round: deque[Conversation] = deque()  # those the minute's check has yet to look up
        self._reader = revocations.RightsChangeReader()
        self._wake = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._unlisten: Callable[[], None] = lambda: None
        self._probe: FileChangeProbe | None = None
        self._sessions_are_rows = settings.SESSION_ENGINE == "django.contrib.sessions.backends.db"

    def __len__(self) -> int:
        return len(self._conversations)

    def add(self, conversation: Conversation) -> None:
        """End this conversation from now on when its identity's right ends."""
        self._conversations[conversation] = None
        if conversation.identity.expires_at is not None:
            self._expiring[conversation] = None
        if self._recent:
            self._forget_old()
            if _Meant(change for _, change in self._recent).includes(conversation.identity):
                self._doubtful.add(conversation)
                self._wake.set()

    def remove(self, conversation: Conversation) -> None:
        """Forget a conversation that has ended."""
        self._conversations.pop(conversation, None)
        self._expiring.pop(conversation, None)
        self._doubtful.discard(conversation)

    def start(self) -> None:
        """Start watching."""
        if self._task is None:
            self._thread = ThreadPoolExecutor(1, "windsock-rights")
            self._probe = change_probe(router.db_for_read(AccessChange))
            self._unlisten = revocations.listen(self._noted)
            self._wake.set()  # from now on, before any new connection is looked up
            self._task = asyncio.create_task(self._watch(), name="windsock rights")

    async def stop(self) -> None:
        """Stop watching."""
        self._unlisten()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        if self._thread is not None:
            await self._loop.run_in_executor(self._thread, connections.close_all)
            self._thread.shutdown(wait=False)
            self._thread = None
        if self._probe is not None:
            self._probe.close()

    # Inside -----------------------------------------------------------------------------------------------------------

    def _noted(self) -> None:
        """In whatever thread: this process noted a change."""
        try:
            self._loop.call_soon_threadsafe(self._wake.set)
        except RuntimeError:
            pass  # the loop has ended, and with it the connections

    async def _watch(self) -> None:
        checked_at = self._loop.time()
        settled = changed = True
        while True:
            woken = await self._pause()
            self._expire()
            if self._loop.time() - checked_at >= self._recheck_seconds and not self._round:
                checked_at = self._loop.time()
                self._round.extend(self._conversations)
                settled = False
            self._doubtful.update(self._round.popleft() for _ in range(min(NET, len(self._round))))
            # With a probe, nothing is queried until somebody has written.
            changed = changed or woken or self._probe is None or self._probe.changed()
            if settled and not (changed or self._again or self._doubtful):
                continue
            try:
                if not settled:
                    await self._ask(self._reader.settle)
                    settled = True
                await self._look()
            except Exception as error:
                # An unreachable database takes nobody's right; what was noted meanwhile is read when it is reachable.
                if not self.failing:
                    logger.warning("Rights cannot be checked: %s: %s", type(error).__name__, error)
                self.failing = True
                continue
            changed = self.failing = False

    async def _pause(self) -> bool:
        """Wait until woken (True) or until the time is up (False)."""
        try:
            async with asyncio.timeout(self._look_seconds):
                await self._wake.wait()
        except TimeoutError:
            return False
        self._wake.clear()
        return True

    async def _look(self) -> None:
        """Read the notes, and look up again the identities they concern."""
        news = await self._ask(self._reader.read)
        again, self._again = self._again, []
        doubtful, self._doubtful = self._doubtful, set()
        now = self._loop.time()
        self._recent.extend((now, change) for change in news or ())
        self._forget_old()
        meant = _Meant([*(news or ()), *again])
        meant.everybody = meant.everybody or news is None
        concerned = [conversation for conversation in doubtful if conversation in self._conversations]
        if meant.anybody:
            concerned += [
                conversation
                for conversation in self._conversations
                if conversation not in doubtful and meant.includes(conversation.identity)
            ]
        try:
            await self._recheck(concerned)
        except BaseException:
            self._doubtful.update(
                conversation for conversation in concerned if conversation in self._conversations
            )
            raise
        if not self._sessions_are_rows:
            # Other stores delete a session only after it was noted, or from a cache after the row.
            self._again += [change for change in news or () if change.kind == Kind.SESSION]

    async def _recheck(self, conversations: list[Conversation]) -> None:
        if not conversations:
            return
        asked = {
            conversation: replace(conversation.identity, expires_at=None) for conversation in conversations
        }
        identities = set(asked.values())
        self.asked += len(identities)
        now = self._clock()
        fresh = await self._ask(lambda: recheck_all(identities, now))
        for number, (conversation, identity) in enumerate(asked.items()):
            # An `auth` that arrived meanwhile has looked it up itself.
            if conversation in self._conversations and _same(conversation.identity, identity):
                self._apply(conversation, fresh[identity])
            if number % SLICE == SLICE - 1:
                await asyncio.sleep(0)

    def _apply(self, conversation: Conversation, fresh: Identity | None) -> None:
        if fresh is None:
            self._end(conversation, CloseCode.NOT_AUTHENTICATED, close_reasons.SIGNED_OUT)
            return
        if not fresh.may_read:
            self._end(conversation, CloseCode.FORBIDDEN, close_reasons.READ_REVOKED)
            return
        known = conversation.identity
        # Only a token's end is in the database; that of another right was set by the ticket that gave it.
        expires_at = fresh.expires_at if known.token_id is not None else known.expires_at
        rights = (fresh.may_read, fresh.may_publish, expires_at)
        if rights == (known.may_read, known.may_publish, known.expires_at):
            return
        conversation.identity = replace(
            known, may_read=fresh.may_read, may_publish=fresh.may_publish, expires_at=expires_at
        )
        if expires_at is not None:
            self._expiring.setdefault(conversation, None)
            self._wake.set()  # it may end at once
        if known.may_publish and not fresh.may_publish:
            # A client that reconnects learns from `welcome` what it may still do, and resumes: only the right is lost.
            self._end(conversation, CloseCode.AUTH_EXPIRED, close_reasons.PUBLISH_REVOKED)

    def _expire(self) -> None:
        now = self._clock()
        for conversation, warned_of in list(self._expiring.items()):
            expires_at = conversation.identity.expires_at
            if expires_at is None:
                continue
            left = (expires_at - now).total_seconds()
            if left <= 0:
                self._end(conversation, CloseCode.AUTH_EXPIRED, close_reasons.EXPIRED)
            elif left <= WARN_SECONDS and warned_of != expires_at:
                self._expiring[conversation] = expires_at
                conversation.warn(expires_at)

    def _end(self, conversation: Conversation, code: CloseCode, reason: str) -> None:
        self.ended += 1
        self.remove(conversation)
        conversation.end(code, reason)

    def _forget_old(self) -> None:
        oldest = self._loop.time() - ON_THE_WAY_SECONDS
        while self._recent and self._recent[0][0] < oldest:
            self._recent.popleft()

    async def _ask(self, query: Callable[[], T]) -> T:
        """Run the query in the thread; drop its connection when it fails, so that the next query may get through."""

        def asked() -> T:
            try:
                return query()
            except Exception:
                connections.close_all()
                raise

        return await self._loop.run_in_executor(self._thread, asked)


class _Meant:
    """The identities that several changes concern, as sets: a deployment may change many at once."""

    def __init__(self, noted: Iterable[RightsChange]) -> None:
        by_kind: dict[str, set[str]] = {}
        for change in noted:
            by_kind.setdefault(change.kind, set()).add(change.subject)
        self.everybody = Kind.EVERYBODY in by_kind
        self._users = by_kind.get(Kind.USER, set())
        self._tokens = by_kind.get(Kind.TOKEN, set())
        self._sessions = by_kind.get(Kind.SESSION, set())

    @property
    def anybody(self) -> bool:
        """Whether there is any change."""
        return self.everybody or bool(self._users or self._tokens or self._sessions)

    def includes(self, identity: Identity) -> bool:
        """Return whether the changes concern this identity."""
        if self.everybody:
            return True
        if self._users and identity.user_id is not None and str(identity.user_id) in self._users:
            return True
        if self._tokens and identity.token_id is not None and str(identity.token_id) in self._tokens:
            return True
        key = identity.session_key
        return bool(self._sessions) and key is not None and revocations.digest(key) in self._sessions


def _same(identity: Identity, asked: Identity) -> bool:
    return replace(identity, expires_at=None) == asked

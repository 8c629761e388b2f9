"""Sessions end when their right ends: logout, deactivation, a revoked token, a lost permission, an expiry."""

import asyncio
import logging
from collections.abc import Callable, Hashable
from dataclasses import replace
from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_out
from django.db import transaction
from django.db.models.signals import m2m_changed, post_delete, post_save

from windsock.access.identity import Identity, recheck
from windsock.access.models import Token
from windsock.clock import Clock, system_clock
from windsock.live.conversation import Conversation
from windsock.protocol.codes import CloseCode

logger = logging.getLogger(__name__)

# Without any signal (another process, an UPDATE by hand) a lost right is noticed within this time.
RECHECK_SECONDS = 60.0
# Clients are warned so long before their right expires: time to fetch a ticket, not so long that it is forgotten.
WARN_SECONDS = 60.0
TICK_SECONDS = 1.0


class Rights:
    """Watches over the identities of all conversations of this process."""

    def __init__(self, *, clock: Clock = system_clock, recheck_seconds: float = RECHECK_SECONDS) -> None:
        self._clock = clock
        self._recheck_seconds = recheck_seconds
        self._conversations: dict[Conversation, None] = {}
        self._warned: dict[Conversation, datetime] = {}
        self._soon: list[Callable[[Identity], bool]] = []
        self._wake = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._conversations)

    def add(self, conversation: Conversation) -> None:
        """From now on this conversation ends when its identity's right does."""
        self._conversations[conversation] = None

    def remove(self, conversation: Conversation) -> None:
        """It has ended."""
        self._conversations.pop(conversation, None)
        self._warned.pop(conversation, None)

    def start(self) -> None:
        """Begins to watch, and to listen to Django's signals in this process."""
        if self._task is None:
            self._task = asyncio.create_task(self._watch(), name="windsock rights")
            user_logged_out.connect(self._logged_out)
            for signal in (post_save, post_delete):
                signal.connect(self._user_changed, sender=get_user_model())
                signal.connect(self._token_changed, sender=Token)
            m2m_changed.connect(self._permissions_changed)
            if apps.is_installed("django.contrib.sessions"):
                from django.contrib.sessions.models import Session

                post_delete.connect(self._session_deleted, sender=Session)

    async def stop(self) -> None:
        """Ends watching."""
        user_logged_out.disconnect(self._logged_out)
        for signal in (post_save, post_delete):
            signal.disconnect(self._user_changed, sender=get_user_model())
            signal.disconnect(self._token_changed, sender=Token)
        m2m_changed.disconnect(self._permissions_changed)
        if apps.is_installed("django.contrib.sessions"):
            from django.contrib.sessions.models import Session

            post_delete.disconnect(self._session_deleted, sender=Session)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    # Signals: in whatever thread, perhaps inside a transaction that has yet to commit -----------------------------

    def _logged_out(self, sender: Any, request: Any, user: Any, **_: Any) -> None:
        key = getattr(getattr(request, "session", None), "session_key", None)
        if key:
            self._ask(lambda identity: identity.session_key == key, gone=True)

    def _session_deleted(self, sender: Any, instance: Any, **_: Any) -> None:
        key = instance.pk
        self._ask(lambda identity: identity.session_key == key)

    def _user_changed(self, sender: Any, instance: Any, **_: Any) -> None:
        pk = instance.pk
        self._ask(lambda identity: identity.user_id == pk)

    def _token_changed(self, sender: Any, instance: Any, **_: Any) -> None:
        pk = instance.pk
        self._ask(lambda identity: identity.token_id == pk)

    def _permissions_changed(self, sender: Any, instance: Any, action: str, **_: Any) -> None:
        name = getattr(sender, "__name__", "")
        if action.startswith("post_") and ("permission" in name or "group" in name):
            # A group's permissions concern many users; all are asked again, which costs each one query.
            pk = instance.pk if isinstance(instance, get_user_model()) else None
            self._ask(lambda identity: pk is None or identity.user_id == pk)

    def _ask(self, concerned: Callable[[Identity], bool], gone: bool = False) -> None:
        def tell() -> None:
            try:
                self._loop.call_soon_threadsafe(self._end_now if gone else self._recheck_soon, concerned)
            except RuntimeError:
                pass  # the loop has ended, and with it the connections

        transaction.on_commit(tell)

    # On the loop -------------------------------------------------------------------------------------------------

    def _end_now(self, concerned: Callable[[Identity], bool]) -> None:
        for conversation in list(self._conversations):
            if concerned(conversation.identity):
                conversation.end(CloseCode.NOT_AUTHENTICATED, "signed out")

    def _recheck_soon(self, concerned: Callable[[Identity], bool]) -> None:
        self._soon.append(concerned)
        self._wake.set()

    async def _watch(self) -> None:
        checked_at = self._loop.time()
        while True:
            try:
                async with asyncio.timeout(TICK_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            try:
                self._expire()
                soon, self._soon = self._soon, []
                due = self._loop.time() - checked_at >= self._recheck_seconds
                if due:
                    checked_at = self._loop.time()
                if soon or due:
                    await self._recheck(_any_of(soon, everybody=due))
            except Exception:
                # A database that is away takes nobody's right; the next minute asks again.
                logger.warning("Rights could not be checked", exc_info=True)

    def _expire(self) -> None:
        now = self._clock()
        for conversation in list(self._conversations):
            expires_at = conversation.identity.expires_at
            if expires_at is None:
                continue
            left = (expires_at - now).total_seconds()
            if left <= 0:
                conversation.end(CloseCode.AUTH_EXPIRED, "your right to be here has expired; sign in again")
            elif left <= WARN_SECONDS and self._warned.get(conversation) != expires_at:
                self._warned[conversation] = expires_at
                conversation.warn(expires_at)

    async def _recheck(self, concerned: Callable[[Identity], bool]) -> None:
        by_identity: dict[Hashable, list[Conversation]] = {}
        for conversation in self._conversations:
            identity = conversation.identity
            if concerned(identity):
                who = (identity.key, identity.session_key, identity.token_id)
                by_identity.setdefault(who, []).append(conversation)
        for conversations in by_identity.values():
            fresh = await sync_to_async(recheck)(
                replace(conversations[0].identity, expires_at=None), self._clock()
            )
            for conversation in conversations:
                if conversation in self._conversations:
                    _apply(conversation, fresh)


def _any_of(questions: list[Callable[[Identity], bool]], *, everybody: bool) -> Callable[[Identity], bool]:
    return lambda identity: everybody or any(concerns(identity) for concerns in questions)


def _apply(conversation: Conversation, fresh: Identity | None) -> None:
    if fresh is None:
        conversation.end(CloseCode.NOT_AUTHENTICATED, "you are no longer signed in here")
    elif not fresh.may_read:
        conversation.end(CloseCode.FORBIDDEN, "you may no longer read here")
    else:
        conversation.identity = replace(
            conversation.identity, may_read=fresh.may_read, may_publish=fresh.may_publish
        )

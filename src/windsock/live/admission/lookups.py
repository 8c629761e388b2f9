"""Batch identity lookups: connections that arrive while a query is running share the next one."""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from django.db import close_old_connections, connections

from windsock.access.lookup import bulk, redemption
from windsock.access.rights import Identity
from windsock.access.session_cookie import session_key

logger = logging.getLogger(__name__)

Ask = Callable[[Collection[str]], Mapping[str, Identity]]

# The key of the scope under which `SessionCookie` leaves the session's key.
SCOPE_KEY = "windsock.session_key"
# Lookups per query, at most: a batch holds the thread, and on SQLite the write lock, for a short time only.
MAX_BATCH = 500
# Under load a batch gathers for this long; a connection that arrives alone does not wait.
GATHER_SECONDS = 0.004

_lookups: "WeakKeyDictionary[asyncio.AbstractEventLoop, IdentityLookups]" = WeakKeyDictionary()


class IdentityLookups:
    """Looks up sessions, tokens and tickets, many at once, in one thread of its own. One per event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, "windsock-lookups")
        self._waiting: dict[Ask, dict[str, list[asyncio.Future[Identity | None]]]] = {}
        self._busy = False

    @classmethod
    def for_loop(cls) -> "IdentityLookups":
        """Return the lookups of the running loop."""
        loop = asyncio.get_running_loop()
        reception = _lookups.get(loop)
        if reception is None:
            reception = _lookups[loop] = cls()
        return reception

    async def session(self, key: str) -> Identity | None:
        """Return the identity signed in by this session, or None."""
        return await self._ask(bulk.by_session_keys, key)

    async def token(self, secret: str) -> Identity | None:
        """Return the identity of this token, or None."""
        return await self._ask(bulk.by_token_secrets, secret)

    async def ticket(self, text: str) -> Identity | None:
        """Redeem this ticket, and return its identity; None if it is unknown, used or expired."""
        return await self._ask(_redeemed, text)

    async def _ask(self, ask: Ask, key: str) -> Identity | None:
        future: asyncio.Future[Identity | None] = self._loop.create_future()
        self._waiting.setdefault(ask, {}).setdefault(key, []).append(future)
        if not self._busy:
            self._busy = True
            self._loop.call_soon(self._next)
        return await future

    def _rest(self, answered: int) -> None:
        """Start the next batch, after a moment if this one was large: more lookups are then on their way."""
        if answered > 1:
            self._loop.call_later(GATHER_SECONDS, self._next)
        else:
            self._next()

    def _next(self) -> None:
        if not self._waiting:
            self._busy = False
            self._thread.submit(connections.close_all)
            return
        ask = next(iter(self._waiting))
        askers = self._waiting.pop(ask)
        if len(askers) > MAX_BATCH:
            keys = list(askers)
            self._waiting[ask] = {key: askers.pop(key) for key in keys[MAX_BATCH:]}
        answering = self._loop.run_in_executor(self._thread, partial(_answer, ask, list(askers)))
        answering.add_done_callback(partial(self._tell, ask, askers))

    def _tell(
        self,
        ask: Ask,
        askers: dict[str, list["asyncio.Future[Identity | None]"]],
        answer: "asyncio.Future[Mapping[str, Identity]]",
    ) -> None:
        error = asyncio.CancelledError() if answer.cancelled() else answer.exception()
        for key, futures in askers.items():
            for number, future in enumerate(futures):
                if future.done():
                    continue
                if error is not None:
                    future.set_exception(error)
                else:
                    # A ticket is redeemed once, even if it arrives twice at the same moment.
                    future.set_result(
                        answer.result().get(key) if number == 0 or ask is not _redeemed else None
                    )
        self._rest(sum(map(len, askers.values())))


class SessionCookie:
    """ASGI middleware in the place of `AuthMiddlewareStack`: finds the session's key, and leaves the rest for later.

    Channels' own middleware reads session, user, permissions and groups one after the other, each with a hop to a
    thread, even where a token or ticket identifies the client. `FlightDelayConsumer` works behind either.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        return await self.inner({**scope, SCOPE_KEY: session_key(scope.get("headers") or ())}, receive, send)


def _redeemed(texts: Collection[str]) -> Mapping[str, Identity]:
    return redemption.redeem_all(texts, "socket")


def _answer(ask: Ask, keys: list[str]) -> Mapping[str, Identity]:
    close_old_connections()
    try:
        return ask(keys)
    except Exception:
        connections.close_all()  # the database may have restarted: the next query opens a new connection
        raise

"""Give up PostgreSQL connections whose server stands still: no answer, no reset, and no timeout of the driver's.

A server that is frozen (a stopped virtual machine, a disk that hangs, a firewall that drops everything) keeps every
query waiting forever, and with it a thread for each request. Connections that have waited for long are suspected; a
new connection, which has a timeout, tells whether the server is merely slow. If it does not answer either, the suspects
are shut down under their threads, which then get the error they would get from a server that has died.

Nothing is added to a query: one thread per process looks at the connections that are open.
"""

import logging
import os
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
SUSPECT_SECONDS = 4.0
"""After a query has taken this long, the server is asked whether it lives; most queries never come near it."""

ANSWER_SECONDS = 3
"""A live server takes a new connection within this, however busy it is. With the two above, and one retry on a new
connection, every request is answered within 20 seconds."""

CONNECT_SECONDS = 5
"""How long to try a new connection, unless the settings say otherwise: the driver itself tries for minutes."""

KEPT_ALIVE: dict[str, object] = {
    "connect_timeout": CONNECT_SECONDS,
    # Notice a link that was cut while idle within a minute, not after two hours.
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}


@dataclass(slots=True)
class _Watched:
    alias: str
    busy_since: float | None = None


_watched: WeakKeyDictionary[Any, _Watched] = WeakKeyDictionary()  # by psycopg's connection
_lock = threading.Lock()
_thread: threading.Thread | None = None


def set_patience(alias: str) -> None:
    """Bound how long a new connection of this database is tried, unless its OPTIONS say so."""
    database = connections.settings.get(alias)
    if database is None or "postgresql" not in str(database.get("ENGINE")):
        return
    options = database.setdefault("OPTIONS", {})
    if "service" in options:
        return  # libpq's service file configures the connection
    for name, value in KEPT_ALIVE.items():
        options.setdefault(name, value)


def on_connection_created(sender: Any, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Watch a new connection (Django's signal)."""
    global _thread
    driver = connection.connection
    if connection.vendor != "postgresql" or not hasattr(driver, "pgconn"):
        return  # psycopg2 does not expose its state
    with _lock:
        _watched[driver] = _Watched(connection.alias)
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_watch, name="windsock-standstill", daemon=True)
            _thread.start()


def _watch() -> None:
    while True:
        time.sleep(LOOK_SECONDS)
        try:
            suspects = _suspects()
            for alias in {watched.alias for _, watched in suspects}:
                answers = _answers(alias)
                for driver, watched in suspects:
                    if watched.alias == alias:
                        watched.busy_since = None  # suspected again after the same time
                        if not answers:
                            _end(driver)
        except Exception:
            logger.exception("The watch over PostgreSQL's standstill failed; continuing")


def _suspects() -> list[tuple[Any, _Watched]]:
    """Return the connections that have been waiting for an answer at every look for too long."""
    now = time.monotonic()
    with _lock:
        known = list(_watched.items())
    found = []
    for driver, watched in known:
        if not _is_waiting(driver):
            watched.busy_since = None
        elif watched.busy_since is None:
            watched.busy_since = now
        elif now - watched.busy_since >= SUSPECT_SECONDS:
            found.append((driver, watched))
    return found


def _is_waiting(driver: Any) -> bool:
    from psycopg.pq import TransactionStatus

    return not driver.closed and driver.pgconn.transaction_status == TransactionStatus.ACTIVE


def _answers(alias: str) -> bool:
    """Return whether the server takes a new connection and answers on it in time."""
    import psycopg

    try:
        given = connections[alias].get_connection_params()
        given.pop("pool", None)
        with psycopg.connect(**{**given, "connect_timeout": ANSWER_SECONDS, "autocommit": True}) as probe:
            timer = threading.Timer(ANSWER_SECONDS, _end, (probe, True))
            timer.daemon = True
            timer.start()
            try:
                probe.execute("SELECT 1")
            finally:
                timer.cancel()
        return True
    except psycopg.errors.TooManyConnections:
        return True  # that was an answer
    except psycopg.Error as error:
        if getattr(error, "sqlstate", None) is not None:
            return True  # that was an answer, too
        logger.warning("PostgreSQL (%s) does not answer: %s", alias, " ".join(str(error).split()))
        return False


def _end(driver: Any, quietly: bool = False) -> None:
    with suppress(OSError, Exception):
        if not _is_waiting(driver):
            return
        # A copy of the descriptor: shutting it down wakes the thread that waits on it, which closes the original.
        with socket.socket(fileno=os.dup(driver.fileno())) as found:
            found.shutdown(socket.SHUT_RDWR)
        if not quietly:
            logger.warning("A query that PostgreSQL does not answer was given up")


def _forget() -> None:
    """Forget everything in a forked child: the thread and the connections stayed in the parent."""
    global _lock, _thread
    _lock, _thread = threading.Lock(), None
    _watched.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)

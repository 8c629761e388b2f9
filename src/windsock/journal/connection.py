"""What the journal asks of a Django connection, whatever the host's DATABASES says: durable, and with clear errors."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, NoReturn, TypeVar
from weakref import WeakKeyDictionary

from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    connections,
    transaction,
)
from django.db.backends.base.base import BaseDatabaseWrapper

from windsock.errors import JournalError, JournalUnavailable, ValueRefused
from windsock.journal import database_faults, sqlite_file
from windsock.journal.base import new_epoch
from windsock.journal.database_faults import LOCK_SECONDS, STANDSTILL_SECONDS
from windsock.journal.models import JournalHead

T = TypeVar("T")

# The driver's connection that was prepared last, per Django connection: after a reconnect it is another one.
_prepared: WeakKeyDictionary[BaseDatabaseWrapper, object] = WeakKeyDictionary()


def _prepare(connection: BaseDatabaseWrapper) -> None:
    """Makes commits on this SQLite connection durable: WAL and synchronous=FULL, even if the host chose otherwise."""
    connection.ensure_connection()
    if _prepared.get(connection) is connection.connection:
        return
    with connection.cursor() as cursor:
        # Pragmas, not ORM: they cannot be said otherwise. WAL stays in the file; the others are the connection's.
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute(f"PRAGMA busy_timeout={LOCK_SECONDS * 1000}")
        # Every 32 instead of 4 MB: pages that each batch touches go from the WAL into the file once, not every time.
        cursor.execute("PRAGMA wal_autocheckpoint=8000")
        # 16 instead of 2 MB: a batch's pages need not leave before the commit, nor be read again by the next one.
        cursor.execute("PRAGMA cache_size=-16000")
    _prepared[connection] = connection.connection


class Outcome(NamedTuple):
    """How the newest write of this process ended: when (monotonic), and what was wrong, if anything."""

    at: float
    wrong: str


_outcomes: dict[str, Outcome] = {}


def last_outcome(using: str) -> Outcome | None:
    """Return how this process's newest durable transaction in the database ended; None if there was none yet."""
    return _outcomes.get(using)


@contextmanager
def durable_transaction(using: str) -> Iterator[BaseDatabaseWrapper]:
    """A transaction of its own that is on the disk when the block has ended. How it ended is remembered.

    Raises as `_durable_transaction` does.
    """
    try:
        with _durable_transaction(using) as connection:
            yield connection
    except JournalUnavailable as error:
        _outcomes[using] = Outcome(time.monotonic(), str(error))
        raise
    _outcomes[using] = Outcome(time.monotonic(), "")


@contextmanager
def _durable_transaction(using: str) -> Iterator[BaseDatabaseWrapper]:
    """A transaction of its own that is on the disk when the block has ended.

    Raises JournalUnavailable for whatever the database fails at, JournalError inside another transaction: what is
    acknowledged there could still be rolled back.
    """
    connection = connections[using]
    # Django's TestCase wraps every test in a transaction; atomic(durable=True) knows that and lets it pass.
    if connection.in_atomic_block and not getattr(connection.atomic_blocks[-1], "_from_testcase", False):
        raise JournalError(
            "The journal cannot be written inside transaction.atomic(): a report is acknowledged when it is durable. "
            "Use windsock.ingest.record(), which writes on a connection of its own."
        )
    with answering(using):
        if connection.vendor == "sqlite" and not connection.in_atomic_block:
            sqlite_file.refresh(connection)
            _prepare(connection)
        with _turn(connection), _immediate(connection), transaction.atomic(using, durable=True):
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    # For this transaction only, in one round trip: the host or a pooler may share the session.
                    cursor.execute(
                        f"SET LOCAL synchronous_commit = on; SET LOCAL lock_timeout = '{LOCK_SECONDS}s'; "
                        f"SET LOCAL statement_timeout = '{3 * LOCK_SECONDS}s'; "
                        f"SET LOCAL idle_in_transaction_session_timeout = '{STANDSTILL_SECONDS}s'"
                    )
            outlived = sqlite_file.outlived_epoch(using)
            if outlived is not None:
                JournalHead.objects.using(using).filter(id=1, epoch=outlived).update(epoch=new_epoch())
            yield connection
            sqlite_file.verify(connection)
        # It may have been replaced before the commit, unseen: what is acknowledged must be in the file that is there.
        sqlite_file.verify(connection)
        if outlived is not None:
            sqlite_file.renewed(using, outlived)


# SQLite lets waiting writers sleep and try again, up to 100 ms at a time, and whoever wakes first wins: among sixteen
# threads one was measured to starve for ten seconds. So the threads of a process queue here, only processes there.
_turns: dict[str, Any] = {}
_turns_lock = threading.Lock()


@contextmanager
def _turn(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Waits until no other thread of this process writes to the same SQLite file."""
    if connection.vendor != "sqlite":
        yield
        return
    with _turns_lock:
        turn = _turns.setdefault(str(connection.settings_dict["NAME"]), threading.RLock())
    if not turn.acquire(timeout=LOCK_SECONDS):
        raise OperationalError("database is locked by another thread of this process")
    try:
        yield
    finally:
        turn.release()


def _forget_turns() -> None:
    """In a forked child: whoever held a turn stayed behind in the parent."""
    global _turns_lock
    _turns_lock = threading.Lock()
    _turns.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_turns)


@contextmanager
def _immediate(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """SQLite's BEGIN as BEGIN IMMEDIATE: a transaction that reads first and then writes fails at once otherwise."""
    if connection.vendor != "sqlite":
        yield
        return
    before = getattr(connection, "transaction_mode", None)
    connection.transaction_mode = "IMMEDIATE"  # type: ignore[attr-defined]
    try:
        yield
    finally:
        connection.transaction_mode = before  # type: ignore[attr-defined]


@contextmanager
def answering(using: str) -> Iterator[None]:
    """Turns every failure of the database into JournalUnavailable; drops the connection, so the next call may work."""
    try:
        yield
    except (DatabaseError, InterfaceError) as error:
        connection = connections[using]
        if not connection.in_atomic_block:
            connection.close()
        _unavailable(error)


def ask(using: str, question: Callable[[], T]) -> T:
    """The answer to a read. Asked a second time, on a new connection, where the first turns out to be dead."""
    connection = connections[using]
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        sqlite_file.refresh(connection)
        if sqlite_file.outlived_epoch(using) is not None:
            with durable_transaction(using):
                pass  # begins the new epoch
    if (
        connection.vendor == "postgresql"
        and not connection.in_atomic_block
        and connection.connection is not None
    ):
        try:
            return question()
        except (OperationalError, InterfaceError):
            connection.close()
    with answering(using):
        return question()


def _unavailable(error: Exception) -> NoReturn:
    text = " ".join(str(error).split())
    why = database_faults.explain(error)
    if why == database_faults.UNKNOWN and isinstance(error, (DataError, IntegrityError)):
        raise ValueRefused(
            f"The journal's database refused a value. Nothing was acknowledged. (The database says: {text})"
        ) from error
    raise JournalUnavailable(
        f"{why} Nothing was acknowledged; try again. (The database says: {text})"
    ) from error

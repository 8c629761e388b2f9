"""Use a Django connection so that commits are durable and errors clear, whatever the host's DATABASES says."""

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

# The driver's connection that was prepared last, by Django connection; a reconnect makes another one.
_prepared: WeakKeyDictionary[BaseDatabaseWrapper, object] = WeakKeyDictionary()


def _prepare(connection: BaseDatabaseWrapper) -> None:
    """Make commits on this SQLite connection durable: WAL and synchronous=FULL, even if the host chose otherwise."""
    connection.ensure_connection()
    if _prepared.get(connection) is connection.connection:
        return
    with connection.cursor() as cursor:
        # The ORM has no pragmas. WAL stays with the file, the others with the connection.
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute(f"PRAGMA busy_timeout={LOCK_SECONDS * 1000}")
        # Every 32 MB instead of 4: pages that each batch touches go from the WAL into the file once, not every time.
        cursor.execute("PRAGMA wal_autocheckpoint=8000")
        # 16 MB instead of 2: the pages of a batch stay until the commit, and for the next batch.
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
    """Open a transaction that is on the disk when the block has ended, and remember how it ended.

    Raises the same as `_durable_transaction`.
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
    """Open a transaction that is on the disk when the block has ended.

    Raises JournalUnavailable for any failure of the database, and JournalError inside another transaction, which could
    still roll back what was acknowledged.
    """
    connection = connections[using]
    # Django's TestCase wraps every test in a transaction, which atomic(durable=True) tolerates.
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
                    # For this transaction only, since the host or a pooler may share the session; in one round trip.
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
        # The file may have been replaced just before the commit: what is acknowledged must be in the file at the path.
        sqlite_file.verify(connection)
        if outlived is not None:
            sqlite_file.renewed(using, outlived)


# SQLite lets waiting writers sleep and retry, up to 100 ms at a time, and the first to wake wins: of sixteen threads,
# one starved for ten seconds when measured. So the threads of a process queue here, and only processes compete there.
_turns: dict[str, Any] = {}
_turns_lock = threading.Lock()


@contextmanager
def _turn(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Wait until no other thread of this process writes to the same SQLite file."""
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
    """Forget the turns in a forked child: the threads that held them stayed in the parent."""
    global _turns_lock
    _turns_lock = threading.Lock()
    _turns.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_turns)


@contextmanager
def _immediate(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Make SQLite's BEGIN a BEGIN IMMEDIATE; otherwise a transaction that reads first and then writes fails at once."""
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
    """Turn failures of the database into JournalUnavailable; drop the connection, so that the next call may work."""
    try:
        yield
    except (DatabaseError, InterfaceError) as error:
        connection = connections[using]
        if not connection.in_atomic_block:
            connection.close()
        _unavailable(error)


def ask(using: str, question: Callable[[], T]) -> T:
    """Return the result of a read. Repeat it on a new connection if the first one turns out to be dead."""
    connection = connections[using]
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        sqlite_file.refresh(connection)
        if sqlite_file.outlived_epoch(using) is not None:
            with durable_transaction(using):
                pass  # starts the new epoch
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
    raise JournalUnavailable(f"{why} Nothing was acknowledged; retry. (The database says: {text})") from error

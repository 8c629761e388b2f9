"""Detect that the SQLite file at its path is no longer the one this process has open: a backup was moved over it.

A connection keeps writing to the file it has opened, which then has no name: all that it acknowledges is lost. Worse,
the old file's `-wal` still lies beside the new file, and SQLite would play it into that. So the device and inode of
each connection's file are compared with those at the path before a connection is used, before each commit, and before
the acknowledgement. If they differ, the old file's `-wal` and `-shm` are moved aside, the connection is given up, and
the new file starts a new epoch.
"""

import ctypes
import logging
import os
import threading
import time
from typing import Any
from weakref import WeakKeyDictionary

from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

from windsock.journal.database_faults import REPLACED
from windsock.journal.high_water import highest_seen

logger = logging.getLogger(__name__)

Identity = tuple[int, int]  # device, inode

BESIDE = ("-wal", "-shm")

# The file that each Django connection has open: the driver's connection, its path, and which file it was.
_opened: WeakKeyDictionary[BaseDatabaseWrapper, tuple[object, str, Identity]] = WeakKeyDictionary()
# Which files lay beside the database while it was open, by path: they belong to it.
_beside: dict[str, set[Identity]] = {}
_lock = threading.RLock()
# The last file that replaced another one, by path: what the old one left behind has been moved aside.
_handled: dict[str, Identity | None] = {}
# The epoch that was known when the file of a database was replaced, until the new file has another one.
_outlived: dict[str, str] = {}


def outlived_epoch(alias: str) -> str | None:
    """Return the epoch that must not be continued, since the file of this database was replaced."""
    return _outlived.get(alias) if _outlived else None


def renewed(alias: str, epoch: str) -> None:
    """Note that the file now has another epoch than this one."""
    if _outlived.get(alias) == epoch:
        del _outlived[alias]


def path_of(connection: BaseDatabaseWrapper) -> str | None:
    """Return the path of the connection's file; None if it is not a SQLite file."""
    if connection.vendor != "sqlite":
        return None
    name = os.fspath(connection.settings_dict["NAME"])
    return None if ":memory:" in name or "mode=memory" in name or name.startswith("file:") else name


def identity(path: str) -> Identity | None:
    """Return which file lies at the path; None if there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def connected(connection: BaseDatabaseWrapper) -> None:
    """Note which file a new connection has open (Django's signal `connection_created`).

    Raises OperationalError and gives the connection up if others of this process still have another file open: it may
    have found the `-wal` of that one beside the new file.
    """
    path = path_of(connection)
    if path is None or (here := identity(path)) is None:
        return
    with _lock:
        if _handled.get(path) != here and any(known != here for known in _live(path)):
            driver, connection.connection = connection.connection, None
            # Closing it could play the old file's -wal into the new one. So it stays open until the process ends, and
            # is not closed then either: one connection for each time that a database is replaced.
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(driver))
            _replaced(connection.alias, path)
            raise OperationalError(f"{REPLACED}: {path}")
        _opened[connection] = (connection.connection, path, here)
        note_beside(path, here)


def is_replaced(connection: BaseDatabaseWrapper) -> bool:
    """Return whether the connection's file is no longer the one at its path; costs one `stat`."""
    found = _opened.get(connection)
    return found is not None and found[0] is connection.connection and identity(found[1]) != found[2]


def refresh(connection: BaseDatabaseWrapper) -> None:
    """Give up a connection whose file was replaced, so that its next use opens the new one."""
    if is_replaced(connection):
        _replaced(connection.alias, _opened[connection][1])
        connection.close()


def verify(connection: BaseDatabaseWrapper) -> None:
    """Raise OperationalError if the connection's file was replaced: nothing written to it may be acknowledged."""
    if is_replaced(connection):
        path = _opened[connection][1]
        _replaced(connection.alias, path)
        raise OperationalError(f"{REPLACED}: {path}")
    if (found := _opened.get(connection)) is not None:
        note_beside(found[1], found[2])  # SQLite creates them with its first write


def noticed(alias: str, path: str) -> None:
    """Handle another file found at the path, before anybody opens it."""
    here = identity(path)
    with _lock:
        if any(known != here for known in _live(path)):
            _replaced(alias, path)


def note_beside(path: str, file: Identity) -> None:
    """Remember which `-wal` and `-shm` lie beside the database `file` while it is open."""
    found = {here for end in BESIDE if (here := identity(path + end)) is not None}
    # Checked again: files of a new database must never be taken for the old one's.
    if not found <= _beside.setdefault(path, set()) and identity(path) == file:
        _beside[path] |= found


def _live(path: str) -> set[Identity]:
    """Return the files that connections of this process have open by this path."""
    return {
        known
        for connection, (driver, name, known) in list(_opened.items())
        if name == path and connection.connection is driver and driver is not None
    }


def _replaced(alias: str, path: str) -> None:
    """Move aside what the old file left beside the new one, and give up its epoch; once for each new file."""
    with _lock:
        here = identity(path)
        if path in _handled and _handled[path] == here:
            return
        _handled[path] = here
        stale = [path + end for end in BESIDE if identity(path + end) in _beside.get(path, set())]
        for name in stale:
            aside = f"{name}.replaced-{time.time_ns()}"
            try:
                os.rename(name, aside)
            except OSError as error:
                logger.error(
                    "%s belongs to the database that was replaced and cannot be moved aside: %s", name, error
                )
        _beside.pop(path, None)
        if (seen := highest_seen(alias)) is not None:
            _outlived[alias] = seen.epoch
    logger.error(
        "The database file %s was replaced while this process ran. %s",
        path,
        "The new file is opened under a new epoch, and every client takes a fresh snapshot."
        if here is not None
        else "There is no file now, and nothing can be recorded until there is one.",
    )


def on_connection_created(sender: Any, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Receive Django's signal."""
    connected(connection)

"""Ask a SQLite file, in microseconds, whether another connection has committed since the last time."""

import sqlite3
from collections.abc import Callable
from typing import Any

from django.db import connections

from windsock.journal import sqlite_file


def change_probe(alias: str) -> "FileChangeProbe | None":
    """Return a probe of the database with this alias; None unless it is a SQLite file."""
    database: dict[str, Any] = connections[alias].settings_dict
    name = str(database["NAME"])
    if "sqlite" not in str(database["ENGINE"]) or ":memory:" in name or "mode=memory" in name:
        return None
    return FileChangeProbe(name, lambda: sqlite_file.noticed(alias, name))


class FileChangeProbe:
    """Reads `PRAGMA data_version` (https://sqlite.org/pragma.html#pragma_data_version) of a SQLite file.

    That reads shared memory, waits for no lock and starts no transaction. Use it on one thread only. `on_replaced` is
    called when another file lies at the path, before it is opened here.
    """

    def __init__(self, path: str, on_replaced: Callable[[], None] = lambda: None) -> None:
        self._path = path
        self._on_replaced = on_replaced
        self._connection = self._open()
        self._file = sqlite_file.identity(path)
        self._version: object = None

    def changed(self) -> bool:
        """Return whether the file was written to since the last call. When in doubt, it was."""
        if (file := sqlite_file.identity(self._path)) != self._file:
            self._on_replaced()
            if file is not None:
                self._connection.close()
                self._connection, self._file, self._version = self._open(), file, None
            return True
        try:
            version = self._connection.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error:
            return True
        if version == self._version:
            return False
        self._version = version
        return True

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=0, isolation_level=None)

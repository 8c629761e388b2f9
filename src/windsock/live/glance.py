"""A look at a SQLite file that costs microseconds: has another connection committed since the last look?"""

import sqlite3
from collections.abc import Callable
from typing import Any

from django.db import connections


def database_glance(alias: str) -> tuple[Callable[[], bool] | None, Callable[[], None]]:
    """As `sqlite_glance`, for a database of the settings; None where that is not a SQLite file."""
    database: dict[str, Any] = connections[alias].settings_dict
    name = str(database["NAME"])
    if "sqlite" not in str(database["ENGINE"]) or ":memory:" in name or "mode=memory" in name:
        return None, lambda: None
    return sqlite_glance(name)


def sqlite_glance(path: str) -> tuple[Callable[[], bool], Callable[[], None]]:
    """A function that answers whether the file was written to since it last answered, and one that ends it.

    By `PRAGMA data_version` (https://sqlite.org/pragma.html#pragma_data_version), which reads shared memory, waits
    for no lock and starts no transaction. When in doubt the answer is yes. To be called on one thread only.
    """
    connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    known: object = None

    def changed() -> bool:
        nonlocal known
        try:
            version = connection.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error:
            return True
        if version == known:
            return False
        known = version
        return True

    return changed, connection.close

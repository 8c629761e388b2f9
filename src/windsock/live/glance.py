"""A look at a SQLite file that costs microseconds: has another connection committed since the last look?"""

import sqlite3
from collections.abc import Callable
from typing import Any

from django.db import connections

from windsock.journal import sqlite_file


def database_glance(alias: str) -> tuple[Callable[[], bool] | None, Callable[[], None]]:
    """As `sqlite_glance`, for a database of the settings; None where that is not a SQLite file."""
    database: dict[str, Any] = connections[alias].settings_dict
    name = str(database["NAME"])
    if "sqlite" not in str(database["ENGINE"]) or ":memory:" in name or "mode=memory" in name:
        return None, lambda: None
    return sqlite_glance(name, lambda: sqlite_file.noticed(alias, name))


def sqlite_glance(
    path: str, on_replaced: Callable[[], None] = lambda: None
) -> tuple[Callable[[], bool], Callable[[], None]]:
    """A function that answers whether the file was written to since it last answered, and one that ends it.

    By `PRAGMA data_version` (https://sqlite.org/pragma.html#pragma_data_version), which reads shared memory, waits
    for no lock and starts no transaction. When in doubt the answer is yes. To be called on one thread only.

    `on_replaced` is called when another file lies at the path, before it is opened here.
    """
    connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    file = sqlite_file.identity(path)
    known: object = None

    def changed() -> bool:
        nonlocal known, connection, file
        if (here := sqlite_file.identity(path)) != file:
            on_replaced()
            if here is not None:
                connection.close()
                connection, file, known = sqlite3.connect(path, timeout=0, isolation_level=None), here, None
            return True
        try:
            version = connection.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error:
            return True
        if version == known:
            return False
        known = version
        return True

    def end() -> None:
        connection.close()

    return changed, end

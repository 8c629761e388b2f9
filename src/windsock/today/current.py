"""The day table of this process's journal."""

import time

from windsock import journal
from windsock.today.day_table import DayTable

_tables: dict[int, DayTable] = {}


def current() -> DayTable:
    """Return the day table of `journal.current()`."""
    found = journal.current()
    table = _tables.get(id(found))
    return table if table is not None else _tables.setdefault(id(found), DayTable(found, time.monotonic))

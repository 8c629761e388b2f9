"""The journal: durable, totally ordered, gap-free. See `windsock.journal.base` for what is promised."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from windsock.journal.database import DatabaseJournal

_current: "dict[str, DatabaseJournal]" = {}


def current() -> "DatabaseJournal":
    """Return the journal of this process, in the database that `settings.WINDSOCK["DATABASE"]` names.

    Any thread may use it. Needs Django's settings, and so nothing here is imported before the first call.
    """
    from windsock.conf import config
    from windsock.journal.database import DatabaseJournal

    alias = config().database
    found = _current.get(alias)
    return found if found is not None else _current.setdefault(alias, DatabaseJournal(alias))

"""The search of this process's journal: one for the pages and for the API."""

from datetime import datetime

from windsock import journal
from windsock.clock import system_clock
from windsock.conf import config
from windsock.search.finding import Finder
from windsock.search.results import Found
from windsock.today import current


def search(typed: str, now: datetime | None = None) -> Found:
    """Return what the text may mean at `now`, else at the service's time. Blocks on the database."""
    if now is None:
        clock = journal.current().head().clock
        now = clock.at(system_clock()) if clock else system_clock()
    active = current.current().activity(now)
    return Finder(journal.current(), now, active, config().late_minutes).find(typed)

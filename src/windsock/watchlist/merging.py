"""Merge lists of watched flights. Pure: browsers do the same (`static/windsock/watched.js`).

A list holds one entry per flight: when it was last added or removed, and which. Of two entries the later one counts;
at the same moment adding wins, so that no flight is lost. The merge is commutative, associative and idempotent: in
whatever order browsers send their lists, and however often, all end with the same one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

MAX_WATCHED = 50
"""Watched flights of one user: nobody follows more journeys at once, and each is a topic of the page."""

MAX_ENTRIES = 500
"""Entries in one list, with those of removed flights."""

KEEP_REMOVED = timedelta(days=90)
"""How long it is remembered that a flight was removed: a browser that stays away longer brings it back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A flight, and when it was last added to the list or removed from it."""

    flight: str
    since: datetime
    removed: bool = False


def merged(*lists: Iterable[Entry]) -> dict[str, Entry]:
    """Return the entries that count, by flight."""
    found: dict[str, Entry] = {}
    for entries in lists:
        for entry in entries:
            known = found.get(entry.flight)
            if known is None or _rank(entry) > _rank(known):
                found[entry.flight] = entry
    return found


def within_limits(entries: Iterable[Entry], now: datetime) -> list[Entry]:
    """Return what is kept, the newest first: MAX_WATCHED flights, and which were removed in the last 90 days."""
    newest = sorted(entries, key=lambda entry: (entry.since, entry.flight), reverse=True)
    kept = [entry for entry in newest if not entry.removed][:MAX_WATCHED]
    removed = [entry for entry in newest if entry.removed and now - entry.since < KEEP_REMOVED]
    return [*kept, *removed[: MAX_ENTRIES - len(kept)]]


def _rank(entry: Entry) -> tuple[datetime, bool]:
    return entry.since, not entry.removed

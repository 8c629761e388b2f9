"""Report named cursors that cannot read on or hold old events back, for /readyz, `windsock doctor` and people."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from windsock import journal
from windsock.clock import system_clock
from windsock.conf import config
from windsock.journal.cursors import CursorStatus, list_cursors

CURE = (
    "Run the consumer that reads it (manage.py windsock_run runs Windsock's own), or remove the cursor: "
    "manage.py windsock_cursors --remove NAME"
)


def complaint() -> str | None:
    """Return one sentence for each cursor that needs an operator, then the cure; None while every consumer keeps up."""
    now, kept = _now(), timedelta(days=config().keep_events_days)
    found = [
        wrong for status in list_cursors(config().database) if (wrong := _what_is_wrong(status, now, kept))
    ]
    return f"{' '.join(found)} {CURE}" if found else None


def details() -> Mapping[str, object]:
    """Return where each cursor stands and how far it is behind."""
    now = _now()
    return {
        status.name: {
            "state": status.state,
            "position": str(status.position),
            "events_behind": status.events_behind,
            "seconds_behind": round(status.lag(now).total_seconds(), 1),
            "holds_events": status.holds_events,
        }
        for status in list_cursors(config().database)
    }


def _what_is_wrong(status: CursorStatus, now: datetime, kept: timedelta) -> str | None:
    if status.state == "left behind":
        return f"The cursor {status.name} was left behind: events after {status.position} were pruned unread."
    if status.holds_events and status.lag(now) > kept + timedelta(seconds=config().prune_every):
        return (
            f"The cursor {status.name} has read nothing after {status.position}: {status.events_behind} events, the "
            f"oldest of {status.unread_since:%Y-%m-%d %H:%M}Z, are kept for it longer than KEEP_EVENTS_DAYS."
        )
    return None


def _now() -> datetime:
    """Return what time it is for the journal: a replay's events age by its clock."""
    clock = journal.current().head().clock
    return system_clock() if clock is None else clock.at(system_clock())

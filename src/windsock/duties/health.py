"""Find the duties that no process runs, for /readyz, `windsock doctor`, the system checks and the console."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from windsock.clock import Clock, system_clock
from windsock.duties import lease, registry
from windsock.duties.models import DutyState

GRACE = timedelta(seconds=10)
"""A lease that ended this recently is about to be taken by another process, or renewed late by a busy one."""

CURE = (
    "Run them beside the server with: python manage.py windsock_run (or serve with an ASGI server that supports "
    "lifespan, such as uvicorn: windsock serve)."
)

MAX_NAMED = 5


def attended(names: Collection[str], clock: Clock = system_clock) -> set[str]:
    """Return those of the duties that a living process runs."""
    now = lease.shared_now(clock)
    rows = DutyState.objects.filter(name__in=list(names)).values_list("name", "owned_until")
    return {name for name, until in rows if _is_run(until, now)}


def _is_run(until: datetime | None, now: datetime) -> bool:
    """Return whether a living process holds a lease with this end."""
    return until is not None and now - GRACE < until <= now + lease.TOO_FAR


def unattended(clock: Clock = system_clock) -> dict[str, str]:
    """Return the name and title of each duty that no process runs."""
    wanted = registry.expected()
    run = attended(wanted, clock)
    return {name: title for name, title in wanted.items() if name not in run}


def complaint(clock: Clock = system_clock) -> str | None:
    """Return a sentence that names the duties nobody runs, with the cure; None while all of them run."""
    missing = list(unattended(clock).items())
    if not missing:
        return None
    feeds = [title for name, title in missing if name.startswith("feed.")]
    others = [title for name, title in missing if not name.startswith("feed.")]
    names = others
    if feeds:
        listed = ", ".join(title.removeprefix("the feed ") for title in feeds[:MAX_NAMED])
        more = f" and {len(feeds) - MAX_NAMED} more" if len(feeds) > MAX_NAMED else ""
        names = [f"the feeds ({listed}{more})", *others]
    return f"Nobody runs {_and(names)}. {CURE}"


def details(clock: Clock = system_clock) -> Mapping[str, object]:
    """Return the state of each expected duty, for people who read /readyz."""
    now = lease.shared_now(clock)
    wanted = registry.expected()
    rows = DutyState.objects.in_bulk(list(wanted))
    found: dict[str, object] = {}
    for name in sorted(wanted):
        row = rows.get(name)
        if row is None or not _is_run(row.owned_until, now):
            found[name] = {"state": "unattended"}
            continue
        age = None if row.worked_at is None else round(max(0.0, (now - row.worked_at).total_seconds()), 1)
        state = "failing" if row.failures else "on"
        found[name] = {
            "state": state,
            "owner": row.owner,
            "worked_seconds_ago": age,
            "failures": row.failures,
        }
    return found


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"

"""The hours that a board shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

# Half an hour back shows latecomers what happened; six hours ahead is what people wait for at an airport.
BEHIND, AHEAD = timedelta(minutes=30), timedelta(hours=6)
STEP = timedelta(hours=3)
MAX_LENGTH = timedelta(hours=36)
YEARS = range(1900, 2200)
"""Years in which flights can be: beyond them, hours before or after a moment may not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A window of time. `follow`: nobody chose it, so it moves along with the clock."""

    since: datetime
    until: datetime
    follow: bool


def window_of(now: datetime, since: str | None, until: str | None) -> Window:
    """Return the window that was asked for (`?from=`, `?to=`, ISO 8601), or the one around now. Nonsense is ignored."""
    start, end = _moment(since), _moment(until)
    if start is None and end is None:
        return Window(since=now - BEHIND, until=now + AHEAD, follow=True)
    start = start or (end or now) - BEHIND - AHEAD
    end = end if end and end > start else start + BEHIND + AHEAD
    return Window(since=start, until=min(end, start + MAX_LENGTH), follow=False)


def day_of(now: datetime, zone: ZoneInfo, *, ahead: int = 0) -> Window:
    """Return today at the airport, or the day that many days ahead, from midnight to midnight."""
    day = now.astimezone(zone).date() + timedelta(days=ahead)
    start = datetime.combine(day, time(), zone)
    end = datetime.combine(day + timedelta(days=1), time(), zone)
    return Window(since=start.astimezone(UTC), until=end.astimezone(UTC), follow=False)


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat((text or "").replace(" ", "+"))
        if moment.year not in YEARS:
            return None
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def link(
    choices: Mapping[str, str],
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    part: int = 1,
    without: tuple[str, ...] = (),
    more: Mapping[str, str] | None = None,
) -> str:
    """Return the address of the same board with the same choices but these, at other hours or in another part."""
    query = {name: value for name, value in choices.items() if value and name not in {"part", *without}}
    query |= more or {}
    if since and until:
        query |= {"from": f"{since:%Y-%m-%dT%H:%MZ}", "to": f"{until:%Y-%m-%dT%H:%MZ}"}
    if part > 1:
        query["part"] = str(part)
    return f"?{urlencode(query)}"

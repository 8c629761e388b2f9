"""Minutes, ages and days in words."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from windsock.wording.language import gettext


def duration(minutes: int) -> str:
    """Return how long that is: "35 min", "2 h 5 min"."""
    hours, rest = divmod(abs(minutes), 60)
    if not hours:
        return gettext("{minutes} min", minutes=rest)
    if not rest:
        return gettext("{hours} h", hours=hours)
    return gettext("{hours} h {minutes} min", hours=hours, minutes=rest)


def lateness(minutes: int | None) -> str:
    """Return "35 min late", "4 min early" or "on time"; "" if unknown."""
    if minutes is None:
        return ""
    if minutes == 0:
        return gettext("on time")
    if minutes > 0:
        return gettext("{duration} late", duration=duration(minutes))
    return gettext("{duration} early", duration=duration(minutes))


def age(then: datetime, now: datetime) -> str:
    """Return the time since `then`, in short: "now", "4 min", "2 h", "3 d"."""
    minutes = int((now - then).total_seconds() // 60)
    if minutes < 1:
        return gettext("now")
    if minutes < 60:
        return gettext("{minutes} min", minutes=minutes)
    if minutes < 48 * 60:
        return gettext("{hours} h", hours=minutes // 60)
    return gettext("{days} d", days=minutes // 1440)


def ago(then: datetime | None, now: datetime) -> str:
    """Return "now" or "4 min ago"; "" for never."""
    if then is None:
        return ""
    if now - then < timedelta(minutes=1):
        return gettext("now")
    return gettext("{age} ago", age=age(then, now))


def span(length: timedelta) -> str:
    """Return how long something takes, in its largest unit: "12 s", "4 min", "3 h"."""
    seconds = max(0, round(length.total_seconds()))
    if seconds < 60:
        return gettext("{seconds} s", seconds=seconds)
    minutes = round(seconds / 60)
    if minutes < 120:
        return gettext("{minutes} min", minutes=minutes)
    if minutes < 48 * 60:
        return gettext("{hours} h", hours=round(minutes / 60))
    return gettext("{days} days", days=round(minutes / 1440))


def day_marker(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return "+1" for tomorrow in `zone`, "−1" for yesterday, "" for today."""
    days = (at.astimezone(zone).date() - now.astimezone(zone).date()).days
    return "" if days == 0 else f"+{days}" if days > 0 else f"−{-days}"


def clock_time(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return the time on the wall in `zone`, with the day if it is not today: "23:10", "01:40 +1"."""
    return f"{at.astimezone(zone):%H:%M} {day_marker(at, now, zone)}".strip()

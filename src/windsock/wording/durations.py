"""Minutes, ages and days in words."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo


def duration(minutes: int) -> str:
    """Return how long that is: "35 min", "2 h 5 min"."""
    hours, rest = divmod(abs(minutes), 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def lateness(minutes: int | None) -> str:
    """Return "35 min late", "4 min early" or "on time"; "" if unknown."""
    if minutes is None:
        return ""
    if minutes == 0:
        return "on time"
    return f"{duration(minutes)} late" if minutes > 0 else f"{duration(minutes)} early"


def age(then: datetime, now: datetime) -> str:
    """Return the time since `then`, in short: "now", "4 min", "2 h", "3 d"."""
    minutes = int((now - then).total_seconds() // 60)
    if minutes < 1:
        return "now"
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} d"


def ago(then: datetime | None, now: datetime) -> str:
    """Return "now" or "4 min ago"; "" for never."""
    if then is None:
        return ""
    text = age(then, now)
    return text if text == "now" else f"{text} ago"


def span(length: timedelta) -> str:
    """Return how long something takes, in its largest unit: "12 s", "4 min", "3 h"."""
    seconds = max(0, round(length.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{round(minutes / 60)} h" if minutes < 48 * 60 else f"{round(minutes / 1440)} days"


def day_marker(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return "+1" for tomorrow in `zone`, "−1" for yesterday, "" for today."""
    days = (at.astimezone(zone).date() - now.astimezone(zone).date()).days
    return "" if days == 0 else f"+{days}" if days > 0 else f"−{-days}"


def clock_time(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return the time on the wall in `zone`, with the day if it is not today: "23:10", "01:40 +1"."""
    return f"{at.astimezone(zone):%H:%M} {day_marker(at, now, zone)}".strip()

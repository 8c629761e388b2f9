"""The day of times of day without one, as boards show them, by the plan beside them."""

from datetime import UTC, datetime, time, timedelta
from datetime import date as Day
from zoneinfo import ZoneInfo

EARLY = timedelta(hours=6)
"""No flight is this early: such a time is of the next day."""

LATE = timedelta(hours=20)
"""Boards name the day of a flight that is this late: such a time came a little early, before midnight."""

_DAY = timedelta(days=1)


MAX_DAYS = 3
"""A long flight over the date line arrives on the second day after it left, and may be late. Further off, a date is
wrong."""


def days_off(plan: datetime, shown: datetime) -> int:
    """Return by how many days to move `shown`, a time beside the time `plan`.

    `shown` is the time of day on the plan's own date. It stays there while that is believable: from less than EARLY
    before the plan to LATE after it. Otherwise it is the nearest such time, so that 00:10 beside 23:50 is the next
    day's, and 23:58 beside 00:10 the day's before.
    """
    gap = shown - plan
    if -EARLY <= gap <= LATE:
        return 0
    # From EARLY before the plan on for a day: exactly one day fits.
    days = -((gap + EARLY) // _DAY)
    return days if abs(days) <= MAX_DAYS else 0


def days_behind(before: datetime, shown: datetime) -> int:
    """Return by how many days to move `shown` so that it is the first such time after `before`.

    Over the date line from west to east a flight arrives on the day before it left.
    """
    days = -((shown - before) // _DAY)
    return days if abs(days) <= MAX_DAYS else 0


def on_its_day(plan: datetime, hour: int, minute: int, zone: ZoneInfo) -> datetime:
    """Return the moment in UTC at which the clocks of `zone` show this time for a flight planned at `plan`.

    Where they show it twice, the moment nearer to the plan; where they skip it, as if they had not been changed.
    """
    local = plan.astimezone(zone).date()
    day = local + _DAY * days_off(plan, _moment(local, hour, minute, zone, 0))
    return min((_moment(day, hour, minute, zone, fold) for fold in (0, 1)), key=lambda time: abs(time - plan))


def _moment(day: Day, hour: int, minute: int, zone: ZoneInfo, fold: int) -> datetime:
    return datetime.combine(day, time(hour, minute, fold=fold), tzinfo=zone).astimezone(UTC)

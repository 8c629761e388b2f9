"""Periods, days and clocks as schedules write them: 01JUL26 to 31AUG26, days 1234567, every second week, 0905 local."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from datetime import date as Day
from functools import lru_cache

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")

OPEN_END = Day(2199, 12, 31)
"""The end of a period with "00XXX00" (until further notice): the last date that a flight may have."""

CENTURY_BREAK = 70
"""Years from 70 to 99 are of the last century: there are no electronic schedules from before 1970."""


@dataclass(frozen=True, slots=True)
class Period:
    """The operating days from `start` to `end` on these ISO weekdays (1 is Monday), in every `every`-th week."""

    start: Day
    end: Day
    days: frozenset[int]
    every: int = 1

    def between(self, first: Day, last: Day) -> Iterator[Day]:
        """Yield its operating days from `first` to `last`, both included, in order."""
        day, end = max(self.start, first), min(self.end, last)
        while day <= end:
            if day.isoweekday() in self.days and (day - self.start).days // 7 % self.every == 0:
                yield day
            day += timedelta(days=1)


@lru_cache(maxsize=4096)  # a file of a million lines has a few hundred of them
def full_date(text: str) -> Day:
    """Return the day of ddMMMyy, where "00XXX00" is the open end; raise ValueError with what was given."""
    if text.upper() == "00XXX00":
        return OPEN_END
    if len(text) == 7 and text.isascii() and text[:2].isdigit() and text[5:].isdigit():
        month, year = text[2:5].upper(), int(text[5:])
        if month in MONTHS:
            try:
                century = 1900 if year >= CENTURY_BREAK else 2000
                return Day(century + year, MONTHS.index(month) + 1, int(text[:2]))
            except ValueError:
                pass
    raise ValueError(f"{text!r} is not a date; use one like 01JUL26")


@lru_cache(maxsize=4096)  # a file of a million lines has a few hundred of them
def weekdays(text: str) -> frozenset[int]:
    """Return the ISO weekdays whose digits `text` has ("1 3 5", "135"); raise ValueError for anything else."""
    digits = "".join(text.split())
    if not digits or any(digit not in "1234567" for digit in digits):
        raise ValueError(f"{text!r} are not days of operation; use digits from 1 (Monday) to 7 (Sunday)")
    return frozenset(int(digit) for digit in digits)


@lru_cache(maxsize=4096)  # a file of a million lines has a few hundred of them
def clock(text: str) -> timedelta:
    """Return how long after midnight hhmm is, "2400" being the end of the day; raise ValueError otherwise."""
    if len(text) == 4 and text.isascii() and text.isdigit():
        hours, minutes = int(text[:2]), int(text[2:])
        if minutes < 60 and (hours < 24 or text == "2400"):
            return timedelta(hours=hours, minutes=minutes)
    raise ValueError(f"{text!r} is not a time; use four digits like 0905")


def midnight(day: Day) -> datetime:
    """Return the day's 00:00 UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def from_local(day: Day, since: timedelta, zone: tzinfo) -> datetime:
    """Return the UTC moment when the clocks of `zone` show `since` on `day`; raise ValueError if never or twice."""
    local = (midnight(day) + since).replace(tzinfo=zone)
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        raise ValueError(f"{local:%Y-%m-%d %H:%M} is shown twice or never by the clocks of {zone}")
    return local.astimezone(UTC)

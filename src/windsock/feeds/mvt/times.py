"""The moments in a telex: its two digits of a day and four of a time become moments in UTC."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from datetime import date as Day

_DAY = timedelta(days=1)
# Times are cut to the minute by different people: a later event may seem to be before an earlier one by this.
_ROUNDING = timedelta(minutes=5)
# Clocks of senders differ by this; as in the validation of reports.
_SKEW = timedelta(minutes=10)
# A revised time is sent a little after it passed (09:05 at 09:06), hardly ever hours after.
_OVERTAKEN = timedelta(hours=2)
# A departure just after midnight may leave before it. Where the telex says when it was sent, its sender may even count
# days by the local clock, up to 14 hours ahead of UTC; without, a mistyped hour must not become yesterday.
_EARLY, _EARLY_IF_SENT = timedelta(hours=6), timedelta(hours=14)
# Without a time of sending, the receipt dates an event only if the flight is this recent: archives are older.
_RECENT = timedelta(days=2)
# A report may be this far from its flight's date; the validation of reports refuses more.
_BEFORE, _AFTER = timedelta(days=2), timedelta(days=10)
# Of three months in a row one at least has a 31st; nine years hold a 29 February, also around 2100.
_MONTHS, _YEARS = 3, 9


def sent_at(text: str, received_at: datetime) -> datetime | None:
    """Return the latest moment that a sender's ddhhmm can mean, not after `received_at`; None if it is not one."""
    latest = received_at + _SKEW
    for day in _days(int(text[:2]), None, latest.date()):
        moment = _at(day, text[2:])
        if moment is None:
            return None
        if moment <= latest:
            return min(moment, received_at)
    return None


def operating_day(day: int, month: int | None, year: int | None, received_at: datetime) -> Day | None:
    """Return the latest date that this day, month (if given) and two-digit year (if given) can mean, up to tomorrow.

    A year that would make it later is ignored. None if there is no such day.
    """
    last = (received_at + _DAY).date()
    if month is not None and year is not None:
        try:
            date = Day(2000 + year, month, day)
        except ValueError:
            return None
        if date <= last:
            return date
    return next(_days(day, month, last), None)


def _days(day: int, month: int | None, last: Day) -> Iterator[Day]:
    """Yield the dates with this day (of this month), the latest first, none after `last`."""
    if month is None:
        months = [divmod(last.year * 12 + last.month - 1 - back, 12) for back in range(_MONTHS)]
    else:
        months = [(last.year - back, month - 1) for back in range(_YEARS)]
    for year, before in months:
        try:
            date = Day(year, before + 1, day)
        except ValueError:  # this month has no such day
            continue
        if date <= last:
            yield date


class Timeline:
    """The times of one telex, read in the order of a flight: hhmm is after the events read before.

    The first event is the latest such time when the telex was sent (or received, if the flight is recent); without that
    it is the first one of the operating day. The first estimate is the first such time then or after.
    """

    def __init__(self, day: Day, then: datetime | None, early: timedelta = _EARLY) -> None:
        self.midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        self.then, self.early = then, early
        self.happened: datetime | None = None
        self.foreseen: datetime | None = None

    def actual(self, text: str) -> datetime | None:
        """Return the moment of an event written hhmm or ddhhmm; None if it is not a time near the operating day."""
        moment = None
        if len(text) == 4 and self.happened is None and self.then is not None:
            moment = self._latest(text, self.then + _SKEW)
        if moment is None:
            moment = self._first(text, self.midnight if self.happened is None else self.happened - _ROUNDING)
        self.happened = moment or self.happened
        return moment

    def expected(self, text: str) -> datetime | None:
        """Return the moment of an estimate written hhmm or ddhhmm; None if it is not a time near the operating day."""
        start = self.midnight if self.then is None else max(self.midnight, self.then - _OVERTAKEN)
        if (before := self.foreseen or self.happened) is not None:
            start = before - _ROUNDING
        moment = self._first(text, start)
        self.foreseen = moment or self.foreseen
        return moment

    def _latest(self, text: str, latest: datetime) -> datetime | None:
        moment = _at(latest.date(), text)
        if moment is not None and moment > latest:
            moment -= _DAY
        return moment if moment is not None and moment >= self.midnight - self.early else None

    def _first(self, text: str, start: datetime) -> datetime | None:
        if len(text) == 4:
            moment = _at(start.date(), text)
            return moment + _DAY if moment is not None and moment < start else moment
        # Five digits had a blank before the day: ` 50500`.
        dayed = text.zfill(6)
        first = (self.midnight - _BEFORE).date()
        for ahead in range((_BEFORE + _AFTER).days):
            day = first + ahead * _DAY
            if day.day == int(dayed[:2]):
                return _at(day, dayed[2:])
        return None


def timelines(day: Day, sent: datetime | None, received_at: datetime) -> tuple[Timeline, ...]:
    """Yield the ways to read the times of a telex, the likeliest first.

    The next is for when an event of the one before would be later than the telex: one with both take-off and landing
    may be of a flight that left the day before.
    """
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    then = received_at if sent is None else sent
    if not -_DAY <= then - midnight <= (_RECENT if sent is None else _AFTER):
        return (Timeline(day, None),)
    early = _EARLY if sent is None else _EARLY_IF_SENT
    return Timeline(day, then, early), Timeline(day, then - _DAY, early)


def not_yet(moment: datetime | None, now: datetime) -> bool:
    """Return whether an event would be later than `now` by more than clocks differ."""
    return moment is not None and moment - now > _SKEW


def _at(day: Day, hhmm: str) -> datetime | None:
    hour, minute = int(hhmm[:2]), int(hhmm[2:])
    if minute > 59 or hour > 24 or (hour == 24 and minute):
        return None
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour, minutes=minute)

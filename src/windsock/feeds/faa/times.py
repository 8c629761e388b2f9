"""The English of the FAA's NAS status: durations, times of day with a zone word, days without a year."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from windsock.flights.airports import Airport
from windsock.flights.localtime import NoSuchTime, TwiceThatDay, resolve

ENDED_LATELY = timedelta(hours=2)
"""A programme is sometimes still listed after its end; an end longer ago than this is tomorrow's."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_UNITS = {"minute": 1, "min": 1, "hour": 60, "hr": 60, "day": 1440}
# The zone words of the places the FAA serves. A word settles the hour that comes twice in autumn.
_ZONES = {
    "utc": 0, "gmt": 0, "z": 0, "ast": -4, "adt": -3, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7,
    "mdt": -6, "pst": -8, "pdt": -7, "akst": -9, "akdt": -8, "hst": -10, "sst": -11, "chst": 10,
}  # fmt: skip
_CLOCK = re.compile(r"(\d{1,2})(?::(\d\d))?\s?([ap])\.?m\.?(?:\s([a-z]{1,5}))?\.?", re.ASCII)
_DAY = re.compile(
    r"([a-z]{3})[a-z]{0,6}\.? (\d{1,2}),?(?: at)? (\d{1,2}):?(\d\d)(?: (?:utc|gmt|z))?\.?", re.ASCII
)


def minutes_of(told: str) -> int:
    """Return the minutes of "1 hour and 5 minutes" or "46 minutes"; raise ValueError."""
    words = told[:60].lower().replace(",", " ").rstrip(". ").split()
    words = [word for word in words if word != "and"]
    if len(words) % 2 or not words:
        raise ValueError(told)
    total = 0
    for amount, unit in zip(words[::2], words[1::2], strict=True):
        if not (amount.isascii() and amount.isdigit() and len(amount) < 6) or unit.rstrip("s") not in _UNITS:
            raise ValueError(told)
        total += int(amount) * _UNITS[unit.rstrip("s")]
    return total


def clock_time(told: str, place: Airport, near: datetime) -> datetime:
    """Return the moment of "9:00 pm EDT." after `near` (or shortly before, see ENDED_LATELY), in UTC; raise ValueError.

    Read by the zone word; without a word, or with an unknown one, by the clocks of the airport.
    """
    match = _CLOCK.fullmatch(" ".join(told[:60].lower().split()))
    if match is None:
        raise ValueError(told)
    hour, minute, half, word = int(match[1]), int(match[2] or 0), match[3], match[4]
    if not 1 <= hour <= 12:
        raise ValueError(told)
    at = time(hour % 12 + (12 if half == "p" else 0), minute)
    offset = _ZONES.get(word or "")
    zone: tzinfo = place.tz if offset is None else timezone(timedelta(hours=offset))
    today = near.astimezone(zone).date()
    for days in (-1, 0, 1, 2):
        moment = _at(today + timedelta(days=days), at, place, offset)
        if moment >= near - ENDED_LATELY:
            return moment
    raise ValueError(told)  # pragma: no cover - the day after tomorrow is always after now


def _at(day: date, at: time, place: Airport, offset: int | None) -> datetime:
    local_time = datetime.combine(day, at)
    if offset is not None:
        return (local_time - timedelta(hours=offset)).replace(tzinfo=UTC)
    try:
        return resolve(local_time, place.tz)
    except NoSuchTime as gap:
        return gap.next
    except TwiceThatDay as both:
        return both.second  # an end that is reported too late does less harm


def nearest_day(told: str, near: datetime) -> datetime:
    """Return the moment of "May 27 at 18:26 UTC." in the year that brings it nearest to `near`; raise ValueError."""
    match = _DAY.fullmatch(" ".join(told[:60].lower().split()))
    if match is None or match[1] not in _MONTHS:
        raise ValueError(told)
    month, day = _MONTHS.index(match[1]) + 1, int(match[2])
    found = []
    for year in (near.year - 1, near.year, near.year + 1):
        try:
            found.append(datetime(year, month, day, int(match[3]), int(match[4]), tzinfo=UTC))
        except ValueError:  # 29 February, or not a time at all
            continue
    return min(found, key=lambda moment: abs(moment - near))


def update_time(told: str) -> datetime:
    """Return the moment of "Fri Oct 2 11:46:31 2026 GMT"; raise ValueError or OverflowError.

    Parsed by hand, since `strptime` follows the locale.
    """
    _, month, day, clock, year, zone = told[:60].lower().split()
    if zone not in ("gmt", "utc", "z") or len(clock) != 8 or not "2000" <= year <= "2999":
        raise ValueError(told)
    return datetime.combine(
        date(int(year), _MONTHS.index(month) + 1, int(day)), time.fromisoformat(clock), tzinfo=UTC
    )

"""Values in the many ways sources write them: times and days by the rules of a mapping file, minutes, yes and no."""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from datetime import date as Day

from windsock.feeds.generic.mapping import TimeRule
from windsock.flights.airports import Airport, zone
from windsock.flights.localtime import NoSuchTime, TwiceThatDay, resolve

UTC_ZONE = "UTC"

_TRUE = frozenset({"true", "t", "yes", "y", "1"})
_FALSE = frozenset({"false", "f", "no", "n", "0"})
_LONGEST = 64
_DIGITS = re.compile(r"[0-9]{1,4}", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,16}(?:\.[0-9]{1,9})?", re.ASCII)
# strptime reads "115" by "%H%M" as 11:05: undivided digits must be as many as it would write itself.
_PACKED = re.compile(r"%[a-yA-Y]%[a-yA-Y]")


def told(value: object) -> str:
    """Return a value as text: text as it is, numbers as they are written; raise ValueError for lists and objects."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, int) and abs(value) >= 10**20:
        raise ValueError("This number is too large.")
    if isinstance(value, (int, float)):
        return str(value)
    raise ValueError("This must be one value, not a list or an object.")


def minutes_of(value: object) -> int:
    """Return whole minutes; raise ValueError."""
    try:
        if isinstance(value, bool) or not isinstance(value, (int, float, str)) or len(str(value)) > 20:
            raise ValueError
        number = float(value)
        if not number.is_integer():
            raise ValueError
        return int(number)
    except (ValueError, OverflowError):
        raise ValueError("This is not a whole number of minutes.") from None


def truth_of(value: object) -> bool:
    """Return whether it is yes or no, in the usual words; raise ValueError."""
    word = told(value).lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise ValueError("This is neither yes nor no (true, false, yes, no, y, n, 1, 0).")


def day_of(value: object, written: str) -> Day:
    """Return the day of a value; raise ValueError with the text of a fault."""
    text = told(value)
    try:
        if len(text) > _LONGEST:
            raise ValueError
        if written != "iso":
            return _parsed(text, written).date()
        return Day.fromisoformat(text) if len(text) <= 10 else datetime.fromisoformat(text).date()
    except (ValueError, OverflowError):
        raise ValueError(f"This is not a date written like {_example(written)}.") from None


def moment_of(
    value: object,
    rule: TimeRule,
    day: Day | None,
    place: Airport | str | None,
    days: Callable[[datetime], int] | None = None,
) -> datetime:
    """Return the moment in UTC of a value; raise ValueError with the text of a fault.

    `day` is the date of a time of day, and `days` returns by how many days the moment on that date is to be moved.
    `place` is the airport, or the name of the zone, by whose clocks a time without offset is read.
    """
    text = told(value)
    if rule.format in ("epoch", "epoch_ms"):
        return _of_a_flight(_epoch(text, 1000 if rule.format == "epoch_ms" else 1))
    try:
        if len(text) > _LONGEST:
            raise ValueError
        local = _clock(text, rule.format, day)
    except (ValueError, OverflowError):
        raise ValueError(f"This is not a time written like {_example(rule.format)}.") from None
    moment = _in_utc(_of_a_flight(local), rule, place)
    off = 0 if days is None else days(moment)
    return moment if off == 0 else _in_utc(_of_a_flight(local + timedelta(days=off)), rule, place)


def _of_a_flight(moment: datetime) -> datetime:
    # The years that reports may have; also keeps away from where arithmetic with zones and days overflows.
    if not 1930 <= moment.year <= 2199:
        raise ValueError(f"{moment.year:04} is not a plausible year for a flight.")
    return moment


def _clock(text: str, written: str, day: Day | None) -> datetime:
    """Return the time as it is written, aware if it has an offset."""
    if day is None:
        if written == "hhmm":
            raise ValueError(text)
        if written == "iso" and len(text) <= 10:
            raise ValueError(text)  # a date without a time, which Python takes for midnight
        return datetime.fromisoformat(text) if written == "iso" else _parsed(text, written)
    next_day = timedelta(0)
    if written == "hhmm":
        digits = text.replace(":", "")
        if _DIGITS.fullmatch(digits) is None:
            raise ValueError(text)
        digits = digits.zfill(4)
        if digits == "2400":  # the midnight that ends the day
            digits, next_day = "0000", timedelta(days=1)
        of_day = time(int(digits[:2]), int(digits[2:]))
    else:
        of_day = time.fromisoformat(text) if written == "iso" else _parsed(text, written).timetz()
    return datetime.combine(day, of_day) + next_day


def _parsed(text: str, written: str) -> datetime:
    found = datetime.strptime(text, written)  # noqa: DTZ007
    if _PACKED.search(written) and found.strftime(written).lower() != text.lower():
        raise ValueError(text)
    return found


def _epoch(text: str, unit: int) -> datetime:
    # A number below 10^16 is exact to the second in a float, and no year 9999 in milliseconds has more digits.
    if _NUMBER.fullmatch(text) is None or not math.isfinite(seconds := float(text) / unit):
        raise ValueError(f"This is not a number of {'seconds' if unit == 1 else 'milliseconds'} since 1970.")
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise ValueError(
            "This number of seconds since 1970 is outside of the calendar."
            + (' Are they milliseconds (format = "epoch_ms")?' if unit == 1 else "")
        ) from None


def _in_utc(local: datetime, rule: TimeRule, place: Airport | str | None) -> datetime:
    if local.tzinfo is not None and not rule.ignore_offset:
        return local.astimezone(UTC)
    local = local.replace(tzinfo=None)
    if place is None:
        raise ValueError("It has no offset, and the mapping gives no zone.")
    tz = zone(place) if isinstance(place, str) else place.tz
    name = place if isinstance(place, str) else place.zone
    try:
        return resolve(local, tz)
    except NoSuchTime:
        raise ValueError(f"This time did not exist in {name}: the clocks were put forward over it.") from None
    except TwiceThatDay:
        raise ValueError(f"This time came twice in {name}: the clocks were put back over it.") from None


def _example(written: str) -> str:
    moment = datetime(2026, 11, 25, 21, 34, 56, tzinfo=UTC)
    if written == "iso":
        return "2026-11-25T21:34:56Z, 2026-11-25 or 21:34"
    return "2134 or 905" if written == "hhmm" else f"{moment.strftime(written)} ({written})"

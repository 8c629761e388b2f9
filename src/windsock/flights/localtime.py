"""Local clock times made UTC, honestly: an hour that did not exist or came twice is said to be so."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


class NoSuchTime(ValueError):
    """The clocks were put forward over this time; `next` is the first moment after the gap, in UTC."""

    def __init__(self, next_: datetime) -> None:
        super().__init__("local time in a gap")
        self.next = next_


class TwiceThatDay(ValueError):
    """The clocks were put back over this time; `first` and `second` are the two moments it can mean, in UTC."""

    def __init__(self, first: datetime, second: datetime) -> None:
        super().__init__("local time in an overlap")
        self.first, self.second = first, second


def resolve(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment in UTC at which the clocks of `zone` showed the naive time `local`.

    Raises NoSuchTime in the gap when clocks go forward, TwiceThatDay in the overlap when they go back.
    """
    first = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if first == second:
        return first
    if first.astimezone(zone).replace(tzinfo=None) != local:
        raise NoSuchTime(_end_of_gap(local, zone))
    raise TwiceThatDay(first, second)


def _end_of_gap(local: datetime, zone: ZoneInfo) -> datetime:
    """Find the moment of the jump by halving: `fold` 1 reads the time by the later offset, so it lies before it."""
    low = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    high = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)

"""The rows of the day's tables and the orders in which they can be read. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from windsock.flights.punctuality import MIN_FLIGHTS, Tally
from windsock.pages.today.trend import Bar, bars

SORTS = ("late", "median", "cancelled", "diverted", "flights", "name")
"""The columns by which a table is sorted, as they stand in the address; the first without one."""


MIN_SIZE = 0.1
"""Of the flights of the busiest: below this, five late flights of five would be called the worst of the day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankRow:
    """An airport or a carrier with its figures. `few`: too few flights for a share to mean anything."""

    code: str
    name: str
    tally: Tally
    late_percent: int | None
    cancelled_percent: int
    few: bool
    bars: list[Bar]


def few_below(tallies: Iterable[Tally]) -> int:
    """Return how many known or cancelled flights a share needs, to be compared with those of the busiest."""
    busiest = max((tally.day.known + tally.day.cancelled for tally in tallies), default=0)
    return max(MIN_FLIGHTS, round(MIN_SIZE * busiest))


def rank_row(code: str, name: str, tally: Tally, start: datetime, few_below: int) -> RankRow:
    """Return the row of a tally whose day began at `start` (local)."""
    day = tally.day
    share = day.late_share
    return RankRow(
        code=code,
        name=name,
        tally=tally,
        late_percent=None if share is None else round(100 * share),
        cancelled_percent=round(100 * day.cancelled / day.planned) if day.planned else 0,
        few=day.known + day.cancelled < few_below,
        bars=bars(tally, start),
    )


_KEYS: dict[str, Callable[[RankRow], float]] = {
    "late": lambda row: -(row.tally.day.late_share or 0.0),
    "median": lambda row: -(row.tally.median_delay or 0),
    "cancelled": lambda row: -row.tally.day.cancelled,
    "diverted": lambda row: -row.tally.day.diverted,
    "flights": lambda row: -row.tally.day.planned,
    "name": lambda row: 0.0,
}


def ranked(rows: Iterable[RankRow], sort: str) -> list[RankRow]:
    """Return the rows, the worst first. By shares and medians, those with few flights come last."""
    key = _KEYS[sort]
    if sort == "name":
        return sorted(rows, key=lambda row: (row.name.casefold(), row.code))
    return sorted(
        rows,
        key=lambda row: (row.few and sort in ("late", "median"), key(row), -row.tally.day.planned, row.code),
    )

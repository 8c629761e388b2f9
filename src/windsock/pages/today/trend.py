"""The day's hours as bars: how many flights, how many of them late or cancelled. Pure; units of the drawing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from windsock.flights.punctuality import Count, Tally

BAR, GAP, HEIGHT = 8, 2, 48
"""Widths of a bar and of the gap behind it, and the height of the busiest hour."""

WIDTH = 24 * (BAR + GAP) - GAP


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One hour: from the top `ahead` (planned, nothing known yet), `calm`, `late` and `cancelled`, as heights."""

    x: int
    hour: str
    count: Count
    late_percent: int | None
    ahead_y: float
    ahead: float
    calm_y: float
    calm: float
    late_y: float
    late: float
    cancelled_y: float
    cancelled: float
    now: bool


def bars(tally: Tally, start: datetime, busiest: int | None = None) -> list[Bar]:
    """Return the 24 bars of a day that began at `start` (local). `busiest`: flights that fill the height."""
    full = busiest or max((count.planned for count in tally.hours), default=0) or 1
    found = []
    for index, count in enumerate(tally.hours):
        unit = HEIGHT / full
        cancelled, late = count.cancelled * unit, count.late * unit
        calm = (count.known - count.late) * unit
        ahead = max(0.0, count.planned * unit - cancelled - late - calm)
        late_y = HEIGHT - cancelled - late
        share = count.late_share
        found.append(
            Bar(
                x=index * (BAR + GAP),
                hour=f"{start + timedelta(hours=index):%H}:00",
                count=count,
                late_percent=None if share is None else round(100 * share),
                ahead_y=round(late_y - calm - ahead, 2),
                ahead=round(ahead, 2),
                calm_y=round(late_y - calm, 2),
                calm=round(calm, 2),
                late_y=round(late_y, 2),
                late=round(late, 2),
                cancelled_y=round(HEIGHT - cancelled, 2),
                cancelled=round(cancelled, 2),
                now=index == tally.now_hour,
            )
        )
    return found

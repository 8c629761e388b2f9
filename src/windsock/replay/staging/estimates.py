"""The estimates and delay reasons that an airline would have announced, made from what really happened.

As in life they come late and too low: the first one names a part of the delay, a second one most of it, and a flight
that leaves after its last estimate is overdue again. Of some flights nobody says anything.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from windsock.flights.report import ArrivalReport, DepartureReport, Reason
from windsock.replay.past_flights import PastFlight
from windsock.replay.script import CANCELLED_AHEAD, TimedReport
from windsock.replay.staging import choice
from windsock.replay.staging.reports import staged

LATE = timedelta(minutes=20)
"""A delay below this is announced by nobody."""

_LATE_AIRCRAFT, _WEATHER, _WEATHER_THERE, _DE_ICING = "93", "71", "84", "75"
_OTHERS = ("41", "64", "32", "89")
# AHM 730: technical, crew, loading, restrictions at the airport.

_SILENT_OF_TEN = 2
_FIRST_AHEAD = (15, 70)
# Minutes before the scheduled departure at which the first estimate comes.
_FIRST_SHARE, _SECOND_SHARE = (25, 60), (70, 100)
# Percent of the real delay that an estimate names.


def of(row: PastFlight, *, weather: str, late_aircraft: bool) -> Iterator[TimedReport]:
    """Yield what is announced about a flight: departure estimates with a reason, then when it will arrive.

    `late_aircraft`: its inbound flight is the reason. `weather` decides the other reasons.
    """
    reason = _reason(row, weather, late_aircraft)
    if row.cancelled:
        if row.out is None:
            yield staged(row, row.scheduled_out - CANCELLED_AHEAD, cancelled=True, delay_reasons=(reason,))
        return
    if row.out is None or row.out - row.scheduled_out < LATE:
        return
    if choice.number("silent", row.key, below=10) >= _SILENT_OF_TEN:
        yield from _departure(row, row.out, reason)
    if row.in_ is not None and row.scheduled_in is not None:
        # The crew knows well when it will be there.
        arrives = row.in_ + timedelta(minutes=choice.between(-6, 6, "arrives", row.key))
        if arrives > row.out:
            yield staged(row, row.out + timedelta(minutes=1), arrival=ArrivalReport(estimated=arrives))


def _departure(row: PastFlight, out: datetime, reason: Reason) -> Iterator[TimedReport]:
    delay = int((out - row.scheduled_out).total_seconds() // 60)
    first = row.scheduled_out - timedelta(minutes=choice.between(*_FIRST_AHEAD, "first", row.key))
    estimate = _estimate(row, delay, choice.between(*_FIRST_SHARE, "first share", row.key))
    yield staged(row, first, departure=DepartureReport(estimated=estimate), delay_reasons=(reason,))
    second = estimate - timedelta(minutes=choice.between(3, 12, "second", row.key))
    better = _estimate(row, delay, choice.between(*_SECOND_SHARE, "second share", row.key))
    if first < second < out and better > estimate:
        yield staged(row, second, departure=DepartureReport(estimated=better))


def _estimate(row: PastFlight, delay: int, percent: int) -> datetime:
    """Return the scheduled departure and that part of the delay, in steps of five minutes as people say it."""
    return row.scheduled_out + timedelta(minutes=max(delay * percent // 500, 1) * 5)


def _reason(row: PastFlight, weather: str, late_aircraft: bool) -> Reason:
    if late_aircraft and not row.cancelled:
        return Reason("ahm730", _LATE_AIRCRAFT)
    if choice.number("reason", row.key, below=10) < 2 and not row.cancelled:
        return Reason("ahm730", choice.one(_OTHERS, "other reason", row.key))
    if weather == "snow":
        return Reason(
            "ahm730", choice.one((_DE_ICING, _WEATHER), "weather", row.key) if not row.cancelled else _WEATHER
        )
    return Reason("ahm730", choice.one((_WEATHER, _WEATHER, _WEATHER_THERE), "weather", row.key))

"""What a replay says and when: nothing before it could be known."""

import random
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from tests.unit.feeds import on_time_files as files
from tests.unit.feeds.on_time_files import dot_file, dot_row
from windsock.replay.bts import read
from windsock.replay.days import DAYS
from windsock.replay.past_flights import PastFlight
from windsock.replay.script import TimedReport, instants, script, shifted


def rows(source: bytes) -> list[PastFlight]:
    return [row for row in read(source) if isinstance(row, PastFlight)]


def told(*lines: str) -> list[TimedReport]:
    return script(rows(dot_file(*lines)))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_flight_is_told_as_it_happens_schedule_out_off_on_in() -> None:
    tells = told(dot_row())
    assert [(tell.at, sorted(_said(tell))) for tell in tells] == [
        (utc("2015-01-02 01:55"), ["arrival.scheduled", "departure.scheduled"]),
        (utc("2015-01-02 14:29"), ["departure.actual", "registration"]),
        (utc("2015-01-02 14:47"), ["takeoff.actual"]),
        (utc("2015-01-02 15:55"), ["landing.actual"]),
        (utc("2015-01-02 16:05"), ["arrival.actual", "delay_reasons"]),
    ]
    assert {tell.report.flight for tell in tells} == {"DL1865"}
    assert all(tell.report.observed_at == tell.at for tell in tells)


def _said(tell: TimedReport) -> Iterable[str]:
    """The dotted names of what a report says beyond which flight it is about."""
    report = msgspec.to_builtins(tell.report)
    for name in ("flight", "date", "origin", "destination", "source", "observed_at"):
        del report[name]
    for name, value in report.items():
        if isinstance(value, dict):
            yield from (f"{name}.{inner}" for inner in value)
        else:
            yield name


@pytest.mark.parametrize("day", DAYS.values(), ids=lambda day: day.name)
def test_nothing_is_told_before_it_happened(day) -> None:  # type: ignore[no-untyped-def]
    for tell in script(row for row in read(day.path) if isinstance(row, PastFlight)):
        report = tell.report
        for part in (report.departure, report.takeoff, report.landing, report.arrival):
            actual = getattr(part, "actual", None)
            if isinstance(actual, datetime):
                assert actual <= tell.at


def test_the_schedule_of_a_day_comes_in_one_go_twelve_hours_before_its_first_departure() -> None:
    lines = [dot_row(FLIGHT_NUMBER=n, SCHEDULED_DEPARTURE=f"{h:02}00") for n, h in ((1, 9), (2, 6), (3, 22))]
    at, first = next(instants(told(*lines)))
    assert at == utc("2015-01-01 23:00")
    assert [report.flight for report in first] == ["DL1", "DL2", "DL3"]


def test_each_date_of_a_long_file_has_its_own_schedule_time() -> None:
    tells = told(dot_row(), dot_row(DAY=3))
    assert [tell.at for tell in tells if "departure.scheduled" in _said(tell)] == [
        utc("2015-01-02 01:55"),
        utc("2015-01-03 01:55"),
    ]


def test_a_cancellation_is_told_two_hours_ahead_with_its_reason() -> None:
    last = script(rows(files.DOT.encode()))
    (cancelled,) = [tell for tell in last if tell.report.cancelled is True]
    assert cancelled.at == utc("2015-01-02 15:00")
    assert [(r.scheme, r.code) for r in cancelled.report.delay_reasons or ()] == [("bts", "B")]


def test_a_flight_cancelled_after_it_left_the_gate_is_told_so_an_hour_after_it_moved() -> None:
    nothing = dict.fromkeys(("ARRIVAL_DELAY", "TAXI_IN", "LATE_AIRCRAFT_DELAY", "AIR_SYSTEM_DELAY"), "")
    tells = told(dot_row(CANCELLED=1, CANCELLATION_REASON="A", **nothing))
    assert [sorted(_said(tell)) for tell in tells[1:]] == [
        ["departure.actual", "registration"], ["takeoff.actual"], ["cancelled", "delay_reasons"]
    ]  # fmt: skip
    assert tells[-1].at == utc("2015-01-02 15:47")


def test_a_diversion_is_told_when_the_flight_was_due() -> None:
    (diverted,) = [tell for tell in script(rows(files.TRANSTATS.encode())) if tell.report.diverted is True]
    assert diverted.at == utc("2015-01-03 05:26")
    assert diverted.report.diverted_to == "DEN"


def test_a_diversion_is_never_told_before_half_an_hour_in_the_air() -> None:
    nothing = dict.fromkeys(("ARRIVAL_DELAY", "TAXI_IN", "LATE_AIRCRAFT_DELAY", "AIR_SYSTEM_DELAY"), "")
    tells = told(dot_row(DIVERTED=1, DEPARTURE_DELAY="300", **nothing))
    assert tells[-1].at == tells[-2].at + timedelta(minutes=30)


def test_the_script_does_not_depend_on_the_order_of_the_rows() -> None:
    flights = [row for row in read(DAYS["snow"].path) if isinstance(row, PastFlight)]
    turned = flights.copy()
    random.Random(7).shuffle(turned)
    assert script(turned) == script(flights)


# --- Moved to another time ----------------------------------------------------------------------------------


def test_moved_by_whole_days_local_times_stay() -> None:
    (row,) = shifted(rows(dot_file(dot_row())), timedelta(days=10))
    assert row.date == date(2015, 1, 12)
    assert row.scheduled_out == utc("2015-01-12 13:55")
    assert row.in_ == utc("2015-01-12 16:05")


def test_moved_over_midnight_the_flight_date_follows_the_local_calendar() -> None:
    (row,) = shifted(rows(dot_file(dot_row())), timedelta(hours=18))
    assert row.scheduled_out == utc("2015-01-03 07:55")
    assert row.date == date(2015, 1, 3)


def test_a_departure_at_2400_stays_on_the_list_of_the_day_that_ends() -> None:
    (row,) = shifted(rows(dot_file(dot_row(SCHEDULED_DEPARTURE="2400"))), timedelta(days=1))
    assert row.date == date(2015, 1, 3)
    assert row.scheduled_out == utc("2015-01-04 05:00")


def test_a_moved_day_tells_the_same_story_later() -> None:
    flights = [row for row in read(DAYS["storm"].path) if isinstance(row, PastFlight)]
    week = timedelta(days=7)
    moved = script(shifted(flights, week))
    assert [(t.at - week, t.report.flight) for t in moved] == [
        (t.at, t.report.flight) for t in script(flights)
    ]

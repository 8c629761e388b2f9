"""The day to be told: its label, its hub, what --from means there, and moving it to now."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from tests.unit.feeds.on_time_files import dot_file, dot_row
from windsock.cli.day import load, shift_to_now
from windsock.errors import FeedError


def test_a_shipped_day_is_told_in_new_york_time() -> None:
    day = load("snow")
    assert day.label == "8 February 2013, New York"
    assert day.at("07:00") == datetime(2013, 2, 8, 12, 0, tzinfo=UTC)
    assert day.local(day.at("07:00")) == "07:00"
    assert len(day.tells) > len(day.rows) == 930


def test_a_file_is_told_in_the_time_of_its_busiest_airport(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    path.write_bytes(dot_file(dot_row(), dot_row(FLIGHT_NUMBER=2, ORIGIN_AIRPORT="DEN"), dot_row(FLIGHT_NUMBER=3, ORIGIN_AIRPORT="DEN")))  # fmt: skip  # noqa: E501
    day = load(str(path))
    assert day.hub == "DEN"
    assert day.label == "2 January 2015"
    assert day.at("07:00") == datetime(2015, 1, 2, 14, 0, tzinfo=UTC)


def test_wrong_lines_are_kept_beside_the_flights(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    path.write_bytes(dot_file(dot_row(), "nonsense"))
    day = load(str(path))
    assert len(day.rows) == 1
    assert [fault.line for fault in day.faults] == [3]


def test_a_file_without_a_single_flight_says_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    path.write_bytes(dot_file(dot_row(ORIGIN_AIRPORT="QQQ")))
    with pytest.raises(FeedError, match=r"no flight that can be played.*line 2, ORIGIN_AIRPORT 'QQQ'"):
        load(str(path))


@pytest.mark.parametrize("text", ["25:00", "7", "seven", "07:60", "", "7:00:00"])
def test_a_time_of_day_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(FeedError, match="is not a time of day"):
        load("storm").at(text)


@time_machine.travel(datetime(2026, 11, 22, 15, 30, tzinfo=UTC), tick=False)
def test_moved_to_now_the_day_is_today_and_keeps_its_local_times() -> None:
    day = load("snow")
    moved = load("snow", shift=shift_to_now(day, None))
    assert moved.date == date(2026, 11, 22)
    assert moved.rows[0].scheduled_out.date() == date(2026, 11, 22)
    assert (moved.rows[0].scheduled_out - day.rows[0].scheduled_out) % timedelta(days=1) == timedelta()


@time_machine.travel(datetime(2026, 11, 22, 15, 30, tzinfo=UTC), tick=False)
def test_moved_to_now_with_from_that_moment_is_now() -> None:
    day = load("storm")
    by = shift_to_now(day, "07:00")
    assert day.at("07:00") + by == datetime(2026, 11, 22, 15, 30, tzinfo=UTC)


def test_the_label_of_a_file_with_many_days_names_first_and_last(tmp_path: Path) -> None:
    path = tmp_path / "days.csv"
    path.write_bytes(dot_file(*(dot_row(DAY=n) for n in range(2, 9))))
    assert load(str(path)).label == "2 January 2015 to 8 January 2015"

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from windsock.flights.localtime import NoSuchTime, TwiceThatDay, resolve

ATLANTA = ZoneInfo("America/New_York")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_an_ordinary_time_is_what_the_clocks_showed() -> None:
    assert resolve(local("2015-01-02T08:55"), ATLANTA) == datetime(2015, 1, 2, 13, 55, tzinfo=UTC)
    assert resolve(local("2015-07-02T08:55"), ATLANTA) == datetime(2015, 7, 2, 12, 55, tzinfo=UTC)


@pytest.mark.parametrize("time", ["02:00", "02:30", "02:59:59"])
def test_a_time_that_never_was_names_the_first_moment_after_it(time: str) -> None:
    with pytest.raises(NoSuchTime) as gap:
        resolve(local(f"2015-03-08T{time}"), ATLANTA)

    assert gap.value.next == datetime(2015, 3, 8, 7, tzinfo=UTC)


@pytest.mark.parametrize("time", ["01:59:59", "03:00"])
def test_the_edges_of_the_gap_exist(time: str) -> None:
    assert resolve(local(f"2015-03-08T{time}"), ATLANTA)


def test_a_time_that_came_twice_names_both() -> None:
    with pytest.raises(TwiceThatDay) as both:
        resolve(local("2015-11-01T01:30"), ATLANTA)

    assert both.value.first == datetime(2015, 11, 1, 5, 30, tzinfo=UTC)
    assert both.value.second == datetime(2015, 11, 1, 6, 30, tzinfo=UTC)


def test_lord_howe_moves_its_clocks_by_half_an_hour() -> None:
    with pytest.raises(NoSuchTime) as gap:
        resolve(local("2015-10-04T02:15"), ZoneInfo("Australia/Lord_Howe"))

    assert gap.value.next == datetime(2015, 10, 3, 15, 30, tzinfo=UTC)


def test_a_day_that_samoa_left_out_is_a_gap() -> None:
    with pytest.raises(NoSuchTime):
        resolve(local("2011-12-30T12:00"), ZoneInfo("Pacific/Apia"))

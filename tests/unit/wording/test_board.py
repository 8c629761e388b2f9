"""What a row says, held to the same cases as the browser's wording (tests/js/wording.test.js)."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import msgspec
import pytest

from windsock.flights import Flight
from windsock.flights.state import Status
from windsock.wording.board import BoardContext, board_row, in_window
from windsock.wording.durations import age, day_marker, duration
from windsock.wording.status import Tone, spaced
from windsock.wording.times import Direction

SHARED: dict[str, Any] = json.loads((Path(__file__).parents[2] / "js" / "wording.json").read_text("utf-8"))
NOW = datetime.fromisoformat(SHARED["now"])
ZONE = ZoneInfo(SHARED["zone"])


@pytest.mark.parametrize("given", SHARED["cases"], ids=lambda given: given["name"])
def test_the_board_says_of_a_flight(given: dict[str, Any]) -> None:
    flight = msgspec.convert(given["flight"], Flight)
    now = datetime.fromisoformat(given.get("now", SHARED["now"]))
    board = BoardContext(
        direction=given["direction"], airport=given["airport"], zone=ZONE, now=now, **SHARED["names"]
    )

    row = board_row(flight, board)

    assert {key: getattr(row, key) for key in given["row"]} == given["row"]
    shown = in_window(flight, given["direction"], now - timedelta(minutes=30), now + timedelta(hours=6))
    assert shown == given["in_window"]


def test_the_shared_table_has_every_status_in_both_directions_and_every_tone() -> None:
    rows = SHARED["cases"]
    seen = {(given["direction"], given["flight"]["status"]) for given in rows}
    assert seen == {(direction, status) for direction in get_args(Direction) for status in get_args(Status)}
    assert {given["row"]["tone"] for given in rows if "tone" in given["row"]} == set(get_args(Tone))


def test_a_day_marker_counts_calendar_days_at_the_place_not_hours() -> None:
    late = datetime(2015, 1, 3, 4, 30, tzinfo=UTC)  # 23:30 in New York

    assert day_marker(datetime(2015, 1, 3, 5, 10, tzinfo=UTC), late, ZONE) == "+1"
    assert day_marker(datetime(2015, 1, 2, 5, 10, tzinfo=UTC), late, ZONE) == ""


def test_minutes_and_ages_are_short() -> None:
    assert [duration(minutes) for minutes in (5, 59, 60, 61, 120)] == [
        "5 min",
        "59 min",
        "1 h",
        "1 h 1 min",
        "2 h",
    ]
    ages = [
        age(NOW - timedelta(seconds=seconds), NOW) for seconds in (0, 59, 60, 3599, 3600, 86_400, 172_800)
    ]
    assert ages == ["now", "now", "1 min", "59 min", "1 h", "24 h", "2 d"]


def test_designators_are_read_in_two_parts() -> None:
    names = ["DL1865", "DAL1865", "9E3325", "B6711A", "odd"]

    assert [spaced(name) for name in names] == ["DL 1865", "DAL 1865", "9E 3325", "B6 711A", "odd"]


def test_an_overdue_flight_never_drops_out_of_the_window_by_itself() -> None:
    case = next(given for given in SHARED["cases"] if given["name"].startswith("overdue"))
    flight = msgspec.convert(case["flight"], Flight)
    later = NOW + timedelta(hours=9)

    assert in_window(flight, "departures", later - timedelta(minutes=30), later + timedelta(hours=6))

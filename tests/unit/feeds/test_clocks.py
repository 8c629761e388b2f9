"""Times of day beside a plan: midnight between them is noticed, by whichever clock and for every column."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.unit.feeds import test_hongkong as hk
from windsock.feeds import generic, hongkong
from windsock.feeds.clocks import EARLY, days_behind, days_off, on_its_day
from windsock.feeds.generic.mapping import FIELDS, Mapping, kind_of
from windsock.feeds.generic.mappingfile import read_mapping
from windsock.flights import airports
from windsock.flights.airports import zone

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
RECEIVED = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
# Of a day on both sides of the date line; no clock is changed in these days.
ZONES = (
    "Pacific/Kiritimati",
    "Asia/Hong_Kong",
    "Europe/Oslo",
    "UTC",
    "America/Los_Angeles",
    "Pacific/Pago_Pago",
)
# A little more than boards can say: an early movement just before midnight, a late one long after it.
delays = st.integers(-(EARLY // MINUTE) + 121, 18 * 60 - 1)
plans = st.integers(0, 1439).map(lambda minutes: NOON + minutes * MINUTE)
some_zone = st.sampled_from(ZONES).map(zone)


@given(plans, delays, some_zone)
@example(datetime(2026, 11, 26, 23, 50, tzinfo=UTC), 20, ZoneInfo("UTC"))
@example(datetime(2026, 11, 26, 0, 10, tzinfo=UTC), -12, ZoneInfo("UTC"))
def test_a_time_is_on_the_day_that_flights_can_mean(plan: datetime, late: int, here: ZoneInfo) -> None:
    meant = plan + late * MINUTE
    shown = meant.astimezone(here)
    assert on_its_day(plan, shown.hour, shown.minute, here) == meant


@given(plans, st.integers(-3, 3), st.integers(0, 1439))
def test_the_day_is_one_on_which_the_time_is_near_or_the_one_written(
    plan: datetime, days: int, minutes: int
) -> None:
    shown = plan.replace(hour=0, minute=0) + days * DAY + minutes * MINUTE
    off = days_off(plan, shown)
    assert off == 0 or -EARLY <= shown + off * DAY - plan < DAY - EARLY
    behind = days_behind(plan, shown)
    assert behind == 0 or timedelta(0) <= shown + behind * DAY - plan < DAY


def test_where_the_clocks_show_a_time_twice_the_nearer_one_is_meant() -> None:
    oslo = zone("Europe/Oslo")
    for plan in (datetime(2026, 10, 25, 0, 10, tzinfo=UTC), datetime(2026, 10, 25, 1, 40, tzinfo=UTC)):
        assert on_its_day(plan, 2, 30, oslo) == plan.replace(minute=30)


# --- Every column of the generic feed --------------------------------------------------------------------------------

BESIDE_A_PLAN = [
    field
    for field in FIELDS
    if kind_of(field) == "time" and "." in field and field not in ("departure.scheduled", "arrival.scheduled")
]
WAYS = [("ZRH", "LHR"), ("LAX", "SYD"), ("SYD", "LAX"), ("AKL", "HNL"), ("HNL", "AKL")]


def mapped(field: str) -> Mapping:
    return read_mapping(
        'format = "json"\n[flight]\ndesignator = "f"\n[times]\nformat = "hhmm"\nzone = "airport"\n[columns]\n'
        'o = "origin"\nd = "destination"\nstd = { field = "departure.scheduled", date = "day" }\n'
        f'sta = {{ field = "arrival.scheduled", date = "day" }}\nt = {{ field = "{field}", date = "day" }}\n'
    )


@pytest.mark.parametrize("field", BESIDE_A_PLAN)
@given(way=st.sampled_from(WAYS), minutes=st.integers(0, 1439), hours=st.integers(1, 19), late=delays)
def test_every_column_is_read_beside_its_plan(
    field: str, way: tuple[str, str], minutes: int, hours: int, late: int
) -> None:
    origin, destination = (airports.airport(code) for code in way)
    assert origin is not None and destination is not None
    left = NOON - DAY + minutes * MINUTE
    plans = {"departure": left, "arrival": left + hours * timedelta(hours=1)}
    end = "arrival" if field.startswith(("arrival", "landing")) else "departure"
    meant = plans[end] + late * MINUTE
    record = {
        "f": "XQ112", "o": way[0], "d": way[1], "day": f"{left.astimezone(origin.tz):%Y-%m-%d}",
        "std": f"{left.astimezone(origin.tz):%H%M}",
        "sta": f"{plans['arrival'].astimezone(destination.tz):%H%M}",
        "t": f"{meant.astimezone((destination if end == 'arrival' else origin).tz):%H%M}",
    }  # fmt: skip
    parsed = generic.parse(
        json.dumps(record).encode(), received_at=RECEIVED, source="board", mapping=mapped(field)
    )
    assert parsed.faults == ()
    report: Any = parsed.reports[0]
    part, name = field.split(".")
    assert (report.departure.scheduled, report.arrival.scheduled) == tuple(plans.values())
    assert getattr(getattr(report, part), name) == meant


def test_with_a_date_of_its_own_a_time_is_as_late_as_it_says_and_never_a_day_early() -> None:
    by = read_mapping(
        'format = "json"\n[flight]\ndesignator = "f"\n[times]\nformat = "hhmm"\nzone = "utc"\n[columns]\n'
        'o = "origin"\nstd = { field = "departure.scheduled", date = "day" }\n'
        'etd = { field = "departure.estimated", date = "on" }\n'
    )
    for on, meant in (("2026-11-27", 27), ("2026-11-26", 27)):
        record = {"f": "XQ112", "o": "ZRH", "day": "2026-11-26", "std": "2350", "on": on, "etd": "0010"}
        late = record | {"std": "0005"}
        found: list[Any] = [
            generic.parse(json.dumps(one).encode(), received_at=RECEIVED, source="board", mapping=by)
            for one in (record, late)
        ]
        assert found[0].reports[0].departure.estimated == datetime(2026, 11, meant, 0, 10, tzinfo=UTC)
        assert found[1].reports[0].departure.estimated.day == int(on[-2:])


# --- Hong Kong's texts -----------------------------------------------------------------------------------------------


@given(st.integers(0, 1439), delays, st.sampled_from(["Est at", "Dep"]))
def test_hong_kongs_texts_are_read_beside_their_plan(minutes: int, late: int, word: str) -> None:
    here = zone("Asia/Hong_Kong")
    plan = datetime(2026, 5, 8, tzinfo=here) + minutes * MINUTE
    meant = plan + late * MINUTE
    data = hk.departures(hk.flight(time=f"{plan:%H:%M}", status=f"{word} {meant:%H:%M}"), day="2026-05-08")
    report: Any = hongkong.parse(data, received_at=hk.NOW).reports[0]
    assert (report.departure.actual if word == "Dep" else report.departure.estimated) == meant.astimezone(UTC)

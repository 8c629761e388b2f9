"""The table of airports as a whole: its zones against the zones' boundaries, its codes against a second source."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import neobase
import pytest
from timezonefinder import TimezoneFinder

from windsock.flights import airports

DATA = Path(airports.__file__).with_name("data")

# Xinjiang's clocks show two hours less than Beijing's by custom, but its timetables are Beijing's. Who flies to an ice
# runway keeps the time of the place he comes from, and a boundary in the open sea ("Etc/…") is nobody's clock.
BY_TIMETABLE = {"Asia/Urumqi"}
ICE = {"SCGC"}

MOMENTS = [
    datetime(year, month, 15, 12, tzinfo=UTC) for year in (2025, 2026, 2027) for month in (1, 4, 7, 10)
]


@cache
def clocks(zone: str) -> list[timedelta | None]:
    return [moment.astimezone(ZoneInfo(zone)).utcoffset() for moment in MOMENTS]


def listed() -> Iterator[airports.Airport]:
    seen = set()
    for code in airports.codes():
        found = airports.airport(code)
        if found is not None and found not in seen:
            seen.add(found)
            yield found


def test_every_airport_keeps_the_clocks_of_the_zone_in_which_it_lies() -> None:
    finder = TimezoneFinder()
    count, wrong = 0, []
    for airport in listed():
        assert airport.latitude is not None and airport.longitude is not None
        there = finder.timezone_at(lng=airport.longitude, lat=airport.latitude)
        count += 1
        if there is None or there.startswith("Etc/") or there in BY_TIMETABLE or airport.icao in ICE:
            continue
        if clocks(there) != clocks(airport.zone):
            wrong.append((airport.code, airport.name, airport.zone, there))

    assert count > 28_000
    assert wrong == []


def test_xinjiangs_airports_keep_beijing_time() -> None:
    for code in ("URC", "KHG", "AKU", "FYN", "NLT"):
        airport = airports.airport(code)
        assert airport is not None and airport.zone == "Asia/Shanghai"


def test_every_zone_of_our_own_tables_exists_and_every_correction_names_an_airport() -> None:
    with (DATA / "airport_zones.csv").open() as lines:
        for row in csv.DictReader(lines):
            found = airports.airport(row["icao"])
            assert found is not None and found.zone == ZoneInfo(row["zone"]).key == row["zone"]


def test_every_airport_with_traffic_in_the_second_source_is_known() -> None:
    base = neobase.NeoBase()
    codes = {
        entry["iata_code"]
        for entry in (base.get(key) for key in base)
        if "A" in entry["location_type"] and entry["iata_code"] and float(entry["page_rank"] or 0) > 0
    }

    assert len(codes) > 3500
    assert sorted(code for code in codes if airports.airport(code) is None) == []


def test_a_former_code_answers_with_the_airport_of_today() -> None:
    with (DATA / "former_airport_codes.csv").open() as lines:
        for row in csv.DictReader(lines):
            found = airports.airport(row["former"])
            assert found is not None and found == airports.airport(row["today"])
            assert row["former"] not in (found.iata, found.icao)


@pytest.mark.parametrize(
    ("old", "new"), [("TSE", "NQZ"), ("KIV", "RMO"), ("FRU", "BSZ"), ("DJT", "PBI"), ("KPBI", "PBI")]
)
def test_an_airport_that_changed_its_code_is_still_found_by_the_old_one(old: str, new: str) -> None:
    found = airports.airport(old)

    assert found is not None and found.code == new


@pytest.mark.parametrize(("old", "new", "closed"), [("PNH", "KTI", 2025), ("REP", "SAI", 2023)])
def test_an_airport_whose_city_built_another_one_stays_the_one_it_was(
    old: str, new: str, closed: int
) -> None:
    former, today = airports.airport(old), airports.airport(new)

    assert former is not None and former.closed == closed
    assert today is not None and today.closed is None and today.city != ""


@pytest.mark.parametrize(
    ("code", "local"),
    [
        ("CUU", "2026-11-28 00:30"),
        ("CUN", "2026-11-28 01:30"),
        ("UUS", "2026-11-28 17:30"),
        ("FEN", "2026-11-28 04:30"),
    ],
)
def test_a_morning_in_utc_is_the_day_that_the_airports_clocks_show(code: str, local: str) -> None:
    airport = airports.airport(code)

    assert airport is not None
    assert f"{datetime(2026, 11, 28, 6, 30, tzinfo=UTC).astimezone(airport.tz):%Y-%m-%d %H:%M}" == local

"""The table of carriers as a whole: against a second public source, against itself, and over the years.

`airline_codes.csv` holds the pairs of codes of the npm package aircodes 1.3.16 (MIT). `airline_differences.csv` lists
the pairs on which we differ on purpose: two carriers hold the code, and ours (third column) is the one that answers.
"""

import csv
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tests import services
from windsock.flights import Designator, airlines

HERE = Path(__file__).parent
DATA = Path(airlines.__file__).with_name("data")
TODAY = date(2026, 11, 27)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def same_flight(one: str, other: str, on: date) -> bool:
    return Designator.parse(f"{one}1234", on) == Designator.parse(f"{other}1234", on)


def test_both_codes_of_every_carrier_of_the_second_source_are_one_flight_or_listed_as_a_difference() -> None:
    pairs = {(row["iata"], row["icao"]) for row in rows(HERE / "airline_codes.csv")}
    listed = {(row["iata"], row["icao"]) for row in rows(HERE / "airline_differences.csv")}

    assert len(pairs) > 1000
    assert {pair for pair in pairs if not same_flight(*pair, TODAY)} == listed


def test_a_listed_difference_names_the_carrier_that_answers_to_the_code() -> None:
    for row in rows(HERE / "airline_differences.csv"):
        found = airlines.airline(row["iata"], TODAY)
        assert (found.icao if found else None) == (row["ours"] or None), row


@pytest.mark.parametrize("row", rows(DATA / "airlines_reviewed.csv"), ids=lambda row: row["iata"])
def test_a_reviewed_carrier_is_one_flight_under_both_codes_as_long_as_it_holds_them(
    row: dict[str, str],
) -> None:
    first = date.fromisoformat(row["from"]) if row["from"] else TODAY
    last = date.fromisoformat(row["to"]) if row["to"] else TODAY
    for day in (first, first + (last - first) / 2, last):
        holder = airlines.airline(row["iata"], day)
        assert holder is not None
        if (holder.iata, holder.icao) == (row["iata"], row["icao"]):
            assert same_flight(row["iata"], row["icao"], day)
        else:  # only a former holder in airlines_added.csv comes first
            assert holder.valid_to is not None and holder.valid_to < TODAY


def test_no_two_carriers_are_reviewed_for_one_code_on_one_day() -> None:
    spans: dict[str, list[tuple[str, str]]] = {}
    for row in rows(DATA / "airlines_reviewed.csv"):
        spans.setdefault(row["iata"], []).append((row["from"], row["to"] or "9999"))
    for code, found in spans.items():
        found.sort()
        assert all(one[1] < other[0] for one, other in pairwise(found)), code


@pytest.mark.parametrize("row", rows(DATA / "airlines_sold_as.csv"), ids=lambda row: row["icao"])
def test_a_carrier_sold_under_its_groups_code_is_that_flight_from_the_day_on(row: dict[str, str]) -> None:
    since = date.fromisoformat(row["from"])
    for day in (since, TODAY):
        assert airlines.canonical(row["icao"], day) == row["sold_as"]
        own = airlines.airline(row["icao"], day)
        if own is not None and own.iata is not None and airlines.airline(own.iata, day) == own:
            assert airlines.canonical(own.iata, day) == row["sold_as"]
    before = since - timedelta(days=1)
    assert airlines.canonical(row["icao"], before) != row["sold_as"]


def test_a_group_sells_under_a_code_that_is_not_sold_under_another_one() -> None:
    members = {row["icao"] for row in rows(DATA / "airlines_sold_as.csv")}
    for code in {row["sold_as"] for row in rows(DATA / "airlines_sold_as.csv")}:
        holder = airlines.airline(code, TODAY)
        assert holder is not None and holder.icao not in members
        assert airlines.canonical(code, TODAY) == code


def test_to_be_canonical_is_final_on_every_day_on_which_a_code_changes_hands() -> None:
    days = {TODAY}
    for name in ("airlines_added.csv", "airlines_reviewed.csv", "airlines_sold_as.csv"):
        for row in rows(DATA / name):
            for field in ("from", "to"):
                if row.get(field, "") > "2000":
                    days |= {date.fromisoformat(row[field]) + timedelta(days=n) for n in (-1, 0, 1)}
    codes = [code for code in airlines.known_codes() if len(code) == 2]
    for day in sorted(days)[::7]:
        for code in codes:
            once = airlines.canonical(code, day)
            assert airlines.canonical(once, day) == once, (code, day)


@pytest.mark.parametrize(
    ("code", "day", "icao"),
    [
        ("DI", "2019-06-01", "NRS"),
        ("DI", "2026-11-27", "MBU"),
        ("XP", "2019-06-01", "CXP"),
        ("XP", "2026-11-27", "VXP"),
        ("ZG", "2015-06-01", "GOZ"),
        ("ZG", "2026-11-27", "TZP"),
        ("W9", "2026-11-27", "WUK"),
        ("5W", "2026-11-27", "WAZ"),
        ("W4", "2026-11-27", "WMT"),
        ("YX", "2026-11-27", "RPA"),
        ("F9", "2026-11-27", "FFT"),
        ("RK", "2026-11-27", "RUK"),
        ("8K", "2026-11-27", "KMI"),
        ("KM", "2026-11-27", "KMM"),
        ("AZ", "2026-11-27", "ITY"),
        ("TR", "2026-11-27", "TGW"),
        ("VL", "2026-11-27", "LHX"),
        ("ZF", "2026-11-27", "AZV"),
    ],
)
def test_a_code_that_changed_hands_answers_by_date(code: str, day: str, icao: str) -> None:
    on = date.fromisoformat(day)
    found = airlines.airline(code, on)

    assert found is not None and found.icao == icao
    assert same_flight(code, icao, on)


def test_easyjets_three_carriers_are_one_designator() -> None:
    names = ["U27181", "EJU7181", "EC7181", "EZS7181", "DS7181", "EZY7181"]

    assert {str(Designator.parse(name, TODAY)) for name in names} == {"U27181"}


@pytest.mark.shared_data
def test_every_pair_of_codes_in_open_travel_data_is_one_flight_or_the_code_is_held_by_a_carrier_we_prefer() -> (
    None
):
    source = services.SHARED / "data" / "reference" / "optd_airlines.csv"
    ours = {row["iata"] for row in rows(DATA / "airlines_reviewed.csv")}
    strange = []
    with source.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="^"):
            pair = (row["2char_code"], row["3char_code"])
            if not all(pair) or row["validity_to"] or not row["flt_freq"] or pair[0] in ours:
                continue
            if not same_flight(*pair, TODAY):
                holder = airlines.airline(pair[0], TODAY)
                if holder is None or holder.icao in (None, pair[1]):
                    strange.append(pair)
    assert strange == []


# Seaplanes, helicopters, charter brokers and railways that have no ICAO code, or stopped flying under the one they had.
WITHOUT_ICAO = {
    "3A",
    "3Q",
    "4P",
    "4T",
    "5I",
    "6V",
    "8S",
    "FC",
    "GD",
    "HI",
    "HK",
    "I4",
    "I5",
    "J5",
    "JN",
    "KT",
    "L4",
    "LE",
    "SH",
    "X4",
    "YB",
    "Z3",
}
RAILWAYS = {"2C", "2H", "7T", "9B", "9F"}


@pytest.mark.shared_data
def test_every_carrier_with_traffic_has_both_codes_but_for_those_that_have_none() -> None:
    source = services.SHARED / "data" / "reference" / "optd_airlines.csv"
    missing = set()
    with source.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="^"):
            code = row["2char_code"]
            if code and row["flt_freq"] and not row["validity_to"]:
                holder = airlines.airline(code, TODAY)
                if holder is None or holder.icao is None:
                    missing.add(code)

    assert missing == WITHOUT_ICAO | RAILWAYS

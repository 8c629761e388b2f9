"""Airports, airlines, delay codes."""

import csv
import gzip
from datetime import date
from pathlib import Path
from zoneinfo import available_timezones

import pytest

from tests import services
from windsock.flights import airlines, airports, delay_codes


def test_an_airport_is_found_by_iata_and_icao_in_any_case() -> None:
    jfk = airports.airport("JFK")

    assert jfk is not None
    assert jfk == airports.airport("kjfk")
    assert (jfk.iata, jfk.icao, jfk.city, jfk.country, jfk.zone) == (
        "JFK",
        "KJFK",
        "New York",
        "US",
        "America/New_York",
    )
    assert jfk.code == "JFK"


def test_an_airport_without_iata_code_goes_by_its_icao_code() -> None:
    field = airports.airport("BISG")

    assert field is not None
    assert field.iata is None
    assert field.code == "BISG"


@pytest.mark.parametrize(("code", "closed"), [("ISN", 2019), ("PFN", 2010), ("KISN", 2019)])
def test_closed_airports_are_still_known(code: str, closed: int) -> None:
    found = airports.airport(code)

    assert found is not None
    assert found.closed == closed


def test_where_a_closed_airports_icao_code_lives_on_its_successor_answers() -> None:
    berlin = airports.airport("EDDB")

    assert berlin is not None
    assert berlin.code == "BER"


@pytest.mark.parametrize(
    "code", ["", "J", "JF", "XQX", "JFKXX", 'J"K', "\n", "JFK\n\n", "ÄÄÄ", '","', "tz", "iata"]
)
def test_what_is_no_airport_is_none(code: str) -> None:
    assert airports.airport(code) is None or code.strip() == "JFK"


def test_every_closed_airport_has_a_zone_that_exists() -> None:
    rows = Path(airports.__file__).with_name("data").joinpath("closed_airports.csv").read_text().splitlines()

    assert {next(csv.reader([row]))[9] for row in rows} <= available_timezones()


@pytest.mark.shared_data
@pytest.mark.parametrize("name", ["us_ontime_2008-02-21.csv.gz", "us_ontime_2015-01-02.csv.gz"])
def test_every_airport_of_the_real_days_is_known(name: str) -> None:
    codes = set()
    with gzip.open(services.SHARED / "data" / "bts" / name, "rt") as lines:
        for row in csv.DictReader(lines):
            codes |= {value for key, value in row.items() if key.lower().startswith(("origin", "dest"))}

    assert len(codes) > 250
    assert [code for code in codes if airports.airport(code) is None] == []


def test_a_two_letter_code_belongs_to_whoever_held_it_that_day() -> None:
    aloha, nine = airlines.airline("AQ", date(2008, 2, 21)), airlines.airline("AQ", date(2020, 1, 1))

    assert aloha is not None
    assert nine is not None
    assert (aloha.name, nine.name) == ("Aloha Airlines", "9 Air")
    assert (
        airlines.airline("AQ", date(2010, 1, 1)) is None or airlines.airline("AQ", date(2010, 1, 1)) != aloha
    )


@pytest.mark.parametrize(
    ("icao", "iata"), [("DAL", "DL"), ("BAW", "BA"), ("THY", "TK"), ("RYR", "FR"), ("JBU", "B6")]
)
def test_a_carrier_goes_by_its_iata_code(icao: str, iata: str) -> None:
    assert airlines.canonical(icao) == iata


def test_an_unknown_carriers_code_stays_as_it_is() -> None:
    assert airlines.airline("ZZQ") is None
    assert airlines.canonical("zzq") == "ZZQ"


def test_to_be_canonical_is_final() -> None:
    day = date(2024, 6, 1)

    for code in airlines.known_codes():
        once = airlines.canonical(code, day)
        assert airlines.canonical(once, day) == once


def test_the_source_of_the_airline_table_is_named_beside_it() -> None:
    notice = Path(airports.__file__).with_name("data").joinpath("NOTICE").read_text()

    assert "Open Travel Data" in notice
    assert "Creative Commons Attribution 4.0" in notice


@pytest.mark.parametrize(
    ("scheme", "code", "words"),
    [
        ("ahm730", "93", "late inbound aircraft"),
        ("ahm730", "RA", "late inbound aircraft"),
        ("ahm730", "ra", "late inbound aircraft"),
        ("ahm730", "93C", "late inbound aircraft"),
        ("ahm730", "75", "aircraft de-icing"),
        ("ahm730", "04", "airline's own reason"),
        ("ahm730", "00", "airline's own reason"),
        ("bts", "late_aircraft", "late inbound aircraft"),
        ("bts", "B", "cancelled for weather"),
        ("ahm730", "10", None),
        ("ahm732", "DBN", None),
        ("text", "snow", None),
    ],
)
def test_reasons_in_our_words(scheme: str, code: str, words: str | None) -> None:
    assert delay_codes.reason_text(scheme, code) == words


def test_the_same_reason_counts_to_the_same_bts_bucket_by_number_and_letters() -> None:
    assert delay_codes.bts_bucket("ahm730", "93") == delay_codes.bts_bucket("ahm730", "RA") == "late_aircraft"
    assert delay_codes.bts_bucket("bts", "C") == "nas"
    assert delay_codes.bts_bucket("ahm732", "DBN") is None

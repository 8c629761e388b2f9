"""The name of a place tells the airports of one city apart."""

import csv
from collections import defaultdict
from importlib import resources

import pytest

from windsock.flights import airports
from windsock.flights.airports import Airport
from windsock.flights.place_names import place_name

AREAS: dict[str, list[str]] = defaultdict(list)
for row in csv.DictReader(
    resources.files("airportsdata").joinpath("iata_macs.csv").read_text("utf-8").splitlines()
):
    AREAS[f"{row['City Code']} {row['City Name']}"].append(row["Airport Code"])


@pytest.mark.parametrize("area", AREAS)
def test_no_airport_of_a_metropolitan_area_is_called_by_the_city_alone(area: str) -> None:
    city = area.partition(" ")[2]
    names = [place_name(code) or code for code in AREAS[area]]

    assert all(name.lower().startswith(city.lower()) and len(name) > len(city) for name in names), names
    assert len(set(names)) == len(names)


def test_the_areas_are_known_at_all() -> None:
    assert len(AREAS) > 35
    assert {"LHR", "LGW"} <= set(AREAS["LON London"])


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("MCO", "Orlando"),
        ("LGW", "London Gatwick"),
        ("JFK", "New York JFK"),
        ("LGA", "New York LaGuardia"),
        ("SWF", "New York Stewart"),
        ("EWR", "Newark"),
        ("HND", "Tokyo Haneda"),
        ("CDG", "Paris CDG"),
        ("ORY", "Paris-Orly"),
        ("BGY", "Milan Bergamo"),
        ("BRU", "Brussels Airport"),
        ("WMI", "Warsaw Modlin"),
        ("EGKK", "London Gatwick"),
        ("ZZZ", None),
    ],
)
def test_the_name_of_a_place(code: str, name: str | None) -> None:
    assert place_name(code) == name


def test_an_airport_of_the_operator_in_a_city_with_several_is_named_like_the_others() -> None:
    airports.use_own(
        [
            Airport(
                iata="XLN", icao=None, name="London Thames", city="London", country="GB", zone="Europe/London"
            )
        ]
    )
    try:
        assert place_name("XLN") == "London Thames"
    finally:
        airports.use_own([])

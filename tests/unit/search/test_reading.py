"""What people type, in many spellings, and what it means."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windsock.search.reading import MAX_TEXT, read_search

BUSY = {"JFK": 300, "LGA": 300, "EWR": 290, "LAX": 100, "ATL": 90, "MCO": 80, "LAS": 40, "SJC": 20}
BUSY |= {"SFO": 50, "ORD": 70, "BOS": 60, "DCA": 30, "LHR": 20, "LGW": 9, "FRA": 5, "ZRH": 4}
FLYING = frozenset({"DL", "B6", "AA", "UA", "EV", "BA", "LH", "WN"})
DAY = date(2013, 7, 1)


def read(typed: str):  # type: ignore[no-untyped-def]
    return read_search(typed, BUSY, DAY, FLYING)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("DL1865", "DL1865"),
        ("dl 1865", "DL1865"),
        ("DL-1865", "DL1865"),
        ("DL\u20111865", "DL1865"),
        ("DL0001", "DL1"),
        ("DAL1865", "DL1865"),
        ("dal 1865", "DL1865"),
        ("delta 1865", "DL1865"),
        ("Delta Air Lines 1865", "DL1865"),
        ("DELTA1865", "DL1865"),
        ("flight dl 1865", "DL1865"),
        ("Flight no. DL1865", "DL1865"),
        ("Flug LH 400", "LH400"),
        ("vuelo ba 12", "BA12"),
        ("lufthansa 400", "LH400"),
        ("jetblue 27", "B627"),
        ("b6 27", "B627"),
        ("B627", "B627"),
        ("American Airlines 12", "AA12"),
        ("southwest #33", "WN33"),
        ("dl1865a", "DL1865A"),
        ("  dl   1865. ", "DL1865"),
        ("ＤＬ１８６５", "DL1865"),
        ("9W 5", "9W5"),
    ],
)
def test_a_flight_number_is_read_in_any_spelling(typed: str, number: str) -> None:
    reading = read(typed)

    assert reading.numbers[0] == number
    assert reading.route is None
    assert reading.airports == ()


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("JFK", {"JFK"}),
        ("kjfk", {"JFK"}),
        ("orlando", {"MCO"}),
        ("orl", {"MCO"}),
        ("Las Vegas", {"LAS"}),
        ("o’hare", {"ORD"}),
        ("O'Hare", {"ORD"}),
        ("zurich", {"ZRH"}),
        ("Zürich", {"ZRH"}),
        ("london", {"LHR", "LGW"}),
        ("gatwick", {"LGW"}),
        ("lon", {"LHR", "LGW"}),
        ("san fran", {"SFO"}),
        ("kennedy", {"JFK"}),
    ],
)
def test_a_place_is_read_by_code_city_or_name(typed: str, codes: set[str]) -> None:
    reading = read(typed)

    assert codes <= set(reading.airports)
    assert {code for code in reading.airports if code in BUSY} == codes
    assert reading.route is None
    assert reading.numbers == ()


@pytest.mark.parametrize(
    ("typed", "origin", "destination"),
    [
        ("JFK LAX", "JFK", "LAX"),
        ("jfk lax", "JFK", "LAX"),
        ("JFK-LAX", "JFK", "LAX"),
        ("JFK – LAX", "JFK", "LAX"),
        ("JFK → LAX", "JFK", "LAX"),
        ("JFK>LAX", "JFK", "LAX"),
        ("JFK/LAX", "JFK", "LAX"),
        ("jfklax", "JFK", "LAX"),
        ("KJFK KLAX", "JFK", "LAX"),
        ("New York to Los Angeles", "JFK", "LAX"),
        ("new york los angeles", "JFK", "LAX"),
        ("from Boston to Washington", "BOS", "DCA"),
        ("Las Vegas Atlanta", "LAS", "ATL"),
        ("Zürich nach Frankfurt", "ZRH", "FRA"),
        ("von zürich nach london", "ZRH", "LHR"),
        ("Boston a Orlando", "BOS", "MCO"),
        ("boston vers orlando", "BOS", "MCO"),
        ("boston til orlando", "BOS", "MCO"),
    ],
)
def test_a_route_is_read_in_any_spelling(typed: str, origin: str, destination: str) -> None:
    reading = read(typed)

    assert reading.route is not None
    origins, destinations = reading.route
    assert origin in origins
    assert destination in destinations
    assert reading.numbers == ()


@pytest.mark.parametrize(
    ("typed", "registration"),
    [
        ("N910DE", "N910DE"),
        ("n910de", "N910DE"),
        ("G-EUPT", "G-EUPT"),
        ("geupt", "GEUPT"),
        ("D-AIMA", "D-AIMA"),
    ],
)
def test_a_registration_is_read(typed: str, registration: str) -> None:
    assert read(typed).registration == registration


def test_a_carrier_is_read_by_name_and_by_code() -> None:
    for typed in ("delta", "DL", "dal"):
        assert read(typed).carriers == ("DL",)
    assert read("jetblue").carriers == ("B6",)


def test_a_number_alone_and_the_beginning_of_one_are_read() -> None:
    assert read("1865").number_only == 1865
    assert read("0027").number_only == 27
    assert read("dl18").beginning == "DL18"
    assert read("B6").beginning == "B6"


@given(st.text(max_size=2 * MAX_TEXT))
def test_any_text_is_read(typed: str) -> None:
    reading = read(typed)

    assert len(reading.text) <= MAX_TEXT
    assert all(number[-1:].isalnum() for number in reading.numbers)


@given(
    st.sampled_from(["DL", "B6", "AA", "LH"]),
    st.integers(1, 9999),
    st.sampled_from(["{c}{n}", "{c} {n}", "{c}-{n}", "{c}{n:04}", " {c}  {n} ", "flight {c} {n}"]),
    st.booleans(),
)
def test_every_spelling_of_a_number_means_the_same(carrier: str, number: int, form: str, lower: bool) -> None:
    typed = form.format(c=carrier, n=number)

    assert read(typed.lower() if lower else typed).numbers == (f"{carrier}{number}",)

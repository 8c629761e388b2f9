"""What is typed into a search box, as it is compared."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windsock.journal.flight_query import canonical_text, registrations


@given(
    carrier=st.sampled_from(
        [("DL", "DAL"), ("LH", "DLH"), ("U2", "EJU"), ("9K", "KAP"), ("B6", "JBU"), ("F9", "FFT")]
    ),
    icao=st.booleans(),
    number=st.integers(1, 9999),
    suffix=st.sampled_from(["", "A", "d"]),
    between=st.sampled_from(["", " ", "  ", "-", " - ", "\t", "\u00a0"]),
    zeros=st.integers(0, 3),
    lower=st.booleans(),
    around=st.sampled_from(["", " ", "\n"]),
)
def test_every_spelling_of_a_flight_number_is_that_number(
    carrier: tuple[str, str],
    icao: bool,
    number: int,
    suffix: str,
    between: str,
    zeros: int,
    lower: bool,
    around: str,
) -> None:
    text = f"{around}{carrier[icao]}{between}{'0' * zeros}{number}{suffix}{around}"

    assert canonical_text(text.lower() if lower else text) == f"{carrier[0]}{number}{suffix.upper()}"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("dl", "DL"),
        (" jf k ", "JFK"),
        ("dal1865.2015-01-02.katl", "DL1865.2015-01-02.ATL"),
        ("n910de", "N910DE"),
        ("a.b", "A.B"),
    ],
)
def test_other_text_is_capitals_without_blanks_and_an_id_is_canonical(typed: str, meant: str) -> None:
    assert canonical_text(typed) == meant


def test_a_number_means_the_carrier_of_the_date_that_is_asked_for() -> None:
    assert canonical_text("TAM3456", date(2026, 11, 27)) == "LA3456"
    assert canonical_text("TAM3456", date(2015, 1, 2)) == "JJ3456"


@pytest.mark.parametrize("held", ["G-EUPT", "GEUPT", "D-AIBL", "9V-SKA", "4X-EKA", "N910DE", "VH-OQA"])
def test_a_registration_is_found_with_and_without_its_hyphen(held: str) -> None:
    assert held in registrations(held)
    assert held in registrations(held.replace("-", ""))
    assert held not in registrations("GEUPX")

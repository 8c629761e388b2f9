from datetime import date

import pytest

from windsock.flights import Designator, FlightKey


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("DL1865", "DL1865"),
        ("DL 1865", "DL1865"),
        ("dl-1865", "DL1865"),
        ("DAL1865", "DL1865"),
        ("DL0012", "DL12"),
        ("DL1865A", "DL1865A"),
        ("9E5609", "9E5609"),
        ("U21234", "U21234"),
        ("EZY1234", "U21234"),
    ],
)
def test_a_designator_is_read_however_it_is_spelled(text: str, meant: str) -> None:
    assert str(Designator.parse(text)) == meant


def test_a_registration_that_looks_like_a_flight_number_is_carrier_b6() -> None:
    assert Designator.parse("B6919") == Designator("B6", 919)


def test_tk2_is_not_tk20() -> None:
    assert Designator.parse("TK2") != Designator.parse("TK20")


@pytest.mark.parametrize(
    "text", ["", "1865", "DL", "DL0", "DL12345", "N910DE", "DELTA1", "DL1865AB", "٣L12", "DL１"]
)
def test_what_is_no_flight_number_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="like 'DL1865'"):
        Designator.parse(text)


def test_a_key_says_who_when_and_where_from() -> None:
    key = FlightKey.parse("DL1865.2015-01-02.ATL")

    assert (key.carrier, key.number, key.suffix, key.date, key.origin) == (
        "DL",
        1865,
        None,
        date(2015, 1, 2),
        "ATL",
    )
    assert str(key) == "DL1865.2015-01-02.ATL"
    assert str(key.designator) == "DL1865"


def test_icao_codes_in_a_key_become_the_canonical_ones() -> None:
    assert FlightKey.parse("DAL1865.2015-01-02.KATL") == FlightKey.parse("DL1865.2015-01-02.ATL")


def test_legs_of_a_through_flight_have_different_keys() -> None:
    assert FlightKey.parse("WN100.2008-01-05.BWI") != FlightKey.parse("WN100.2008-01-05.MDW")


def test_the_psa_and_the_comair_of_2008_do_not_fall_together() -> None:
    # "OH" was Comair's until 2012 and is PSA's since.
    assert str(Designator.parse("COM100", date(2008, 2, 21))) == "OH100"
    assert str(Designator.parse("JIA100", date(2008, 2, 21))) == "JIA100"
    assert str(Designator.parse("JIA100", date(2015, 1, 2))) == "OH100"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("DL1865", "is not a flight id"),
        ("DL1865.2015-02-30.ATL", "is not a date"),
        ("DL1865.20150102.ATL", "is not a date"),
        ("DL1865.2015-01-02.QQQ", "no airport"),
        ("!.2015-01-02.ATL", "is not a flight number"),
    ],
)
def test_what_is_no_flight_id_is_refused_saying_which_part(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        FlightKey.parse(text)


def test_keys_sort_by_carrier_number_date_and_origin() -> None:
    texts = ["9E1.2015-01-02.ATL", "DL2.2015-01-02.ATL", "DL2A.2015-01-01.ATL", "DL10.2015-01-01.ATL"]

    assert [str(key) for key in sorted(map(FlightKey.parse, reversed(texts)))] == texts


@pytest.mark.parametrize(
    "text", ["LH400", "LH 400", "LH  400", "LH - 400", "lh\u00a0400", "LH\t0400 ", "DLH\u202f400", "LH-400"]
)
def test_blanks_of_any_kind_and_number_make_no_other_flight(text: str) -> None:
    assert str(Designator.parse(text)) == "LH400"

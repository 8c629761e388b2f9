"""A flight that sources name by other codes (a group's carriers, a code that changed hands, an old airport) is one."""

from itertools import permutations
from typing import Any

import pytest

from windsock.ingest import pipeline, record

pytestmark = pytest.mark.django_db(transaction=True)

DAY = "2026-11-27"


def plan(flight: str, origin: str, **more: Any) -> dict[str, Any]:
    return {
        "flight": flight,
        "origin": origin,
        "source": "airport",
        "date": DAY,
        "departure": {"scheduled": f"{DAY}T09:00Z"},
        **more,
    }


def left(flight: str, origin: str, at: str = "09:40") -> dict[str, Any]:
    return {
        "flight": flight,
        "origin": origin,
        "source": "ops",
        "date": DAY,
        "departure": {"actual": f"{DAY}T{at}Z"},
    }


GROUPS = [
    (plan("U27181", "BER"), left("EJU7181", "BER"), f"U27181.{DAY}.BER"),
    (plan("U21507", "GVA"), left("EZS1507", "GVA"), f"U21507.{DAY}.GVA"),
    (plan("U2801", "LGW"), left("EZY801", "LGW"), f"U2801.{DAY}.LGW"),
    (plan("LA3456", "GRU"), left("TAM3456", "GRU"), f"LA3456.{DAY}.GRU"),
    (plan("F91234", "DEN"), left("FFT1234", "DEN"), f"F91234.{DAY}.DEN"),
    (plan("YX4422", "IND"), left("RPA4422", "IND"), f"YX4422.{DAY}.IND"),
    (plan("DI7182", "HAM"), left("MBU7182", "HAM"), f"DI7182.{DAY}.HAM"),
    (plan("RK8347", "STN"), left("RUK8347", "STN"), f"RK8347.{DAY}.STN"),
    (plan("8K511", "BKK"), left("KMI511", "BKK"), f"8K511.{DAY}.BKK"),
    (plan("KC621", "NQZ"), left("KC621", "TSE"), f"KC621.{DAY}.NQZ"),
    (plan("KC621", "TSE"), left("KZR621", "UACC"), f"KC621.{DAY}.NQZ"),
    (plan("W61234", "KIV"), left("WZZ1234", "RMO"), f"W61234.{DAY}.RMO"),
]


@pytest.mark.parametrize("case", GROUPS, ids=lambda case: case[1]["flight"])
@pytest.mark.parametrize("order", list(permutations((0, 1))), ids=("plan first", "departure first"))
def test_other_codes_of_a_flight_make_no_second_flight(case: tuple[Any, ...], order: tuple[int, ...]) -> None:
    for at in order:
        record([case[at]])
    _, records = pipeline().journal.snapshot()

    (found,) = records
    assert found.flight.id == case[2]
    assert (found.flight.status, found.flight.departure.delay_minutes) == ("out", 40)


def test_the_name_under_which_its_group_sells_a_flight_is_no_codeshare_of_it() -> None:
    record([{**left("EJU7181", "BER"), "codeshares": ["U27181", "DS7181", "UA9000"]}])
    _, (found,) = pipeline().journal.snapshot()

    assert (found.flight.designator, found.flight.codeshares) == ("U27181", ("UA9000",))


def test_a_code_that_changed_hands_names_its_holder_of_the_day() -> None:
    record([plan("DI7182", "HAM")])
    earlier = {**plan("DI7182", "LGW"), "date": "2019-06-01", "departure": {"scheduled": "2019-06-01T09:00Z"}}
    record([earlier])
    _, records = pipeline().journal.snapshot()

    assert {(str(r.flight.date), r.flight.carrier.icao) for r in records} == {
        (DAY, "MBU"),
        ("2019-06-01", "NRS"),
    }


def test_a_destination_by_its_former_code_is_no_change_of_destination() -> None:
    record([plan("KC622", "ALA", destination="NQZ")])
    record([{**plan("KC622", "ALA", destination="TSE"), "source": "other"}])
    _, records = pipeline().journal.snapshot()

    assert [(r.flight.destination, r.flight.version) for r in records] == [("NQZ", 1)]

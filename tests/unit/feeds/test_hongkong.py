"""What Hong Kong's texts mean, on which day, and what of them is a fault."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from tests.unit.feeds.damage import damaged, endures
from tests.unit.feeds.reading import the_only, utc
from windsock.errors import FeedError
from windsock.feeds import hongkong
from windsock.feeds.json.objects import MAX_RECORDS
from windsock.feeds.parsing import Parsed
from windsock.flights import ArrivalReport, DepartureReport, Report, RunwayReport

NOW = datetime(2026, 5, 10, 18, 0, tzinfo=UTC)  # two in the morning of the 11th in Hong Kong


def flight(**changed: Any) -> dict[str, Any]:
    return {
        "time": "21:35",
        "flight": [{"no": "CX 251", "airline": "CPA"}],
        "status": "",
        "statusCode": None,
    } | changed


def departures(*flights: Any, day: str = "2026-05-10") -> bytes:
    return json.dumps([{"date": day, "arrival": False, "cargo": False, "list": list(flights)}]).encode()


def arrivals(*flights: Any, day: str = "2026-05-10") -> bytes:
    return json.dumps([{"date": day, "arrival": True, "cargo": False, "list": list(flights)}]).encode()


def parsed(data: bytes) -> Parsed:
    return hongkong.parse(data, received_at=NOW)


def only(data: bytes) -> Report:
    return the_only(parsed(data))


def test_a_departure_is_of_the_day_it_stands_under_in_hong_kongs_time() -> None:
    report = only(
        departures(flight(destination=["LHR"], terminal="T1", aisle="B", gate="62", status="Dep 21:52"))
    )
    assert (report.flight, report.date, report.origin, report.destination) == (
        "CX251",
        date(2026, 5, 10),
        "HKG",
        "LHR",
    )
    assert report.departure == DepartureReport(
        scheduled=utc("2026-05-10 13:35"), actual=utc("2026-05-10 13:52"), terminal="T1", gate="62"
    )
    assert (report.cancelled, report.boarding, report.source) == (False, False, "hongkong")
    assert report.observed_at is UNSET


def test_an_arrival_comes_from_its_last_via_and_leaves_the_date_open() -> None:
    found = parsed(
        arrivals(
            flight(
                origin=["DXB", "BKK"],
                baggage="9",
                hall="B",
                terminal="T1",
                stand="W47",
                status="At gate 21:20",
            )
        )
    )
    report = found.reports[0]
    assert (report.origin, report.destination, report.date) == ("BKK", "HKG", UNSET)
    assert report.arrival == ArrivalReport(
        scheduled=utc("2026-05-10 13:35"),
        actual=utc("2026-05-10 13:20"),
        terminal="T1",
        stand="W47",
        belt="9",
    )
    about = found.statements[0].about
    assert about is not None and about.date() == date(2026, 5, 10)
    assert found.faults == ()


def test_a_departure_with_vias_goes_to_the_first() -> None:
    assert only(departures(flight(destination=["BKK", "DXB"]))).destination == "BKK"


@pytest.mark.parametrize(
    ("time", "origin", "day"),
    [
        ("10:00", [], 9),
        ("10:00", ["TPE"], 10),
        ("16:30", ["LHR"], 9),
        ("21:35", ["LHR"], 10),
        ("07:00", ["LAX"], 9),
    ],
)
def test_the_utc_day_an_arrival_left_is_guessed_by_its_way(time: str, origin: list[str], day: int) -> None:
    about = parsed(arrivals(flight(time=time, origin=origin))).statements[0].about
    assert about is not None and about.date() == date(2026, 5, day)


def test_the_first_number_is_the_flight_and_the_others_are_its_names() -> None:
    numbers = [{"no": "CX 251", "airline": "CPA"}, {"no": "AY 5851", "airline": "FIN"}, {"no": "BA 4575"}]
    found = parsed(departures(flight(flight=numbers)))
    assert [(report.flight, report.codeshares) for report in found.reports] == [
        ("CX251", ("AY5851", "BA4575"))
    ]


def test_landed_is_the_runway_and_at_gate_the_gate() -> None:
    report = only(arrivals(flight(status="Landed 21:10", origin=["ICN"])))
    assert report.landing == RunwayReport(actual=utc("2026-05-10 13:10"))
    assert report.arrival == ArrivalReport(scheduled=utc("2026-05-10 13:35"))


def test_an_estimate_belongs_to_the_side_it_stands_on() -> None:
    came, left = (
        only(arrivals(flight(status="Est at 22:05"))),
        only(departures(flight(status="Est at 22:05"))),
    )
    assert came.arrival == ArrivalReport(scheduled=utc("2026-05-10 13:35"), estimated=utc("2026-05-10 14:05"))
    assert left.departure == DepartureReport(
        scheduled=utc("2026-05-10 13:35"), estimated=utc("2026-05-10 14:05")
    )


@pytest.mark.parametrize(
    ("scheduled", "status", "moment"),
    [
        ("23:40", "Dep 00:12 (11/05/2026)", "2026-05-10 16:12"),
        ("23:40", "Dep 00:12", "2026-05-10 16:12"),
        ("23:40", "Dep 23:31", "2026-05-10 15:31"),
        ("00:10", "Dep 23:58", "2026-05-09 15:58"),
        ("00:10", "Dep 23:58 (09/05/2026)", "2026-05-09 15:58"),
        ("01:30", "Dep 19:45", "2026-05-10 11:45"),
        ("06:30", "Dep 02:15", "2026-05-09 18:15"),
    ],
)
def test_a_time_past_midnight_is_of_the_day_that_flights_can_mean(
    scheduled: str, status: str, moment: str
) -> None:
    report = only(departures(flight(time=scheduled, status=status)))
    assert report.departure is not UNSET
    assert report.departure.actual == utc(moment)
    assert report.date == date(2026, 5, 10)


@pytest.mark.parametrize(
    ("status", "cancelled", "boarding"),
    [
        ("", None, None),
        ("Delayed", False, UNSET),
        ("Cancelled", True, UNSET),
        ("Boarding Soon", False, False),
        ("Boarding", False, True),
        ("final  call", False, True),
        ("Gate Closed", False, False),
    ],
)
def test_words_say_whether_it_is_cancelled_and_boards(status: str, cancelled: Any, boarding: Any) -> None:
    report = only(departures(flight(status=status)))
    assert (report.cancelled, report.boarding) == (cancelled, boarding)


def test_no_text_takes_an_earlier_estimate_back() -> None:
    assert only(departures(flight(status=None))).departure == DepartureReport(
        scheduled=utc("2026-05-10 13:35"), estimated=None
    )


@pytest.mark.parametrize(
    "status", ["Retimed", "Landed 21:10", "Dep 25:10", "Dep 21:10 (31/02/2026)", "Dep", 7]
)
def test_a_text_not_understood_is_a_fault_and_the_rest_is_told(status: Any) -> None:
    found = parsed(departures(flight(status=status, gate="62")))
    assert [(fault.path, fault.column) for fault in found.faults] == [("[0].list[0].status", "status")]
    assert found.reports[0].departure == DepartureReport(scheduled=utc("2026-05-10 13:35"), gate="62")


def test_what_is_wrong_in_an_entry_is_left_out_alone() -> None:
    found = parsed(
        departures(
            flight(destination=["0Z9"], gate=["62"]),
            flight(time="noon"),
            flight(flight=[]),
            flight(flight=[{"no": None}, {"no": "BA 4575"}]),
            flight(flight=[{"no": "CX 251"}, {}, {"no": "no number"}, {"no": "BA 4575"}]),
            "flight",
        )
    )
    assert [(fault.path, fault.column) for fault in found.faults] == [
        ("[0].list[0].gate", "gate"),
        ("[0].list[0]", "destination"),
        ("[0].list[1].time", "time"),
        ("[0].list[2].flight", "flight"),
        ("[0].list[3].flight", "flight"),
        ("[0].list[4].flight[1].no", "flight[1].no"),
        ("[0].list[4]", "codeshares[0]"),
        ("[0].list[5]", None),
    ]
    assert [report.codeshares for report in found.reports] == [UNSET, UNSET, ("BA4575",)]


def test_a_day_without_date_or_direction_is_one_fault_and_other_days_are_told() -> None:
    days = [
        *json.loads(departures(flight())),
        {"date": "2026-05-32", "arrival": True, "list": [{}]},
        {"date": "2026-05-11", "list": [{}]},
        {"date": "2026-05-11", "arrival": True},
        3,
    ]
    found = parsed(json.dumps(days).encode())
    assert len(found.reports) == 1
    assert [fault.path for fault in found.faults] == ["[1]", "[2]", "[3]", "[4]"]


def test_a_day_without_flights_says_nothing() -> None:
    assert parsed(departures()) == parsed(b"[]") == Parsed()


def test_more_days_and_flights_than_there_can_be_are_one_fault() -> None:
    days = json.loads(departures()) * (hongkong.MAX_DAYS + 2)
    assert [fault.path for fault in parsed(json.dumps(days).encode()).faults] == [f"[{hongkong.MAX_DAYS}]"]
    found = parsed(departures(*[flight(flight=[])] * (MAX_RECORDS + 5)))
    assert len(found.faults) == MAX_RECORDS + 1
    assert found.faults[0].path == f"[0].list[{MAX_RECORDS}]"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "nothing came"),
        (b"  <!DOCTYPE html><html><title>Busy</title></html>", "HTML page"),
        (b'{"problemNo": "E102", "message": "Invalid date"}', r"\(E102\): Invalid date"),
        (b'{"days": [], "version": 2}', "'days', 'version'"),
        (b'[{"day": "2026-05-10", "flights": []}]', "'day', 'flights'"),
        (b'"closed"', "a text"),
        (departures(flight())[:100], "not whole JSON"),
        (b"[" * 100_000, "nests too deep"),
        (b"[\xff]", "not UTF-8"),
        (b"[" + b"9" * 5000 + b"]", "not whole JSON"),
        (b" " * (hongkong.MAX_BYTES + 1), "at most"),
    ],
)
def test_what_is_not_a_list_of_days_is_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(FeedError, match=words):
        parsed(data)


GOOD = json.dumps(
    [
        *json.loads(
            arrivals(flight(origin=["DXB", "BKK"], baggage="9", stand="W47", status="At gate 21:20"))
        ),
        *json.loads(
            departures(
                flight(status="Dep 00:12 (11/05/2026)", destination=["LHR"]), flight(status="Boarding")
            )
        ),
    ],
    indent=0,
).encode()


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    endures(parsed, data)


@given(damaged(GOOD))
def test_a_damaged_answer_is_read_or_refused(data: bytes) -> None:
    endures(parsed, data)


@pytest.mark.shared_data
def test_the_published_shape_is_read_without_fault(shared: Path) -> None:
    data = (shared / "data" / "samples" / "hkg_flightinfo_past_composed.json").read_bytes()
    found = hongkong.parse(data, received_at=datetime(2026, 1, 15, 17, 0, tzinfo=UTC))
    assert found.faults == ()
    assert [report.flight for report in found.reports] == ["CX636", "EK384", "UO619", "HX235"]

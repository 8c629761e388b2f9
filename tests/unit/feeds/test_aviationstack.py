"""aviationstack's bodies: local times labelled as UTC, contradicting delays, errors under HTTP 200."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from tests.unit.feeds.jsonbodies import damaged
from windsock.errors import FeedError
from windsock.feeds.aviationstack import parse
from windsock.feeds.parsing import Parsed

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def side(iata: str, icao: str, timezone: str | None, **times: Any) -> dict[str, Any]:
    return {"airport": iata, "timezone": timezone, "iata": iata, "icao": icao, "terminal": None, "gate": None,
            "delay": None, "scheduled": None, "estimated": None, "actual": None, "estimated_runway": None,
            "actual_runway": None} | times  # fmt: skip


def flight(name: str = "NZ5", codeshared: Any = None, **changed: Any) -> dict[str, Any]:
    departure = side(
        "AKL", "NZAA", "Pacific/Auckland", terminal="I", gate="10", delay=7,
        scheduled="2026-03-01T20:00:00+00:00", estimated="2026-03-01T20:30:00+00:00",
        actual="2026-03-01T20:35:00+00:00", actual_runway="2026-03-01T20:50:00+00:00",
    )  # fmt: skip
    arrival = side(
        "LAX", "KLAX", "America/Los_Angeles", terminal="B", baggage="4", delay=99,
        scheduled="2026-03-01T11:00:00+00:00", estimated="2026-03-01T11:25:00+00:00",
    )  # fmt: skip
    return {
        "flight_date": "2026-03-01", "flight_status": "active", "departure": departure, "arrival": arrival,
        "airline": {"name": "x", "iata": name[:2], "icao": None},
        "flight": {"number": name[2:], "iata": name, "icao": None, "codeshared": codeshared},
        "aircraft": {"registration": "ZK-OKN", "iata": "B77W", "icao": "B77W", "icao24": "C81D8F"}, "live": None,
    } | changed  # fmt: skip


NZ5 = {
    "airline_iata": "nz",
    "airline_icao": "anz",
    "flight_number": "5",
    "flight_iata": "nz5",
    "flight_icao": "anz5",
}


def body(*flights: Any) -> dict[str, Any]:
    return {
        "pagination": {"limit": 100, "offset": 0, "count": len(flights), "total": 1},
        "data": list(flights),
    }


def read(value: object, now: datetime = NOW) -> Parsed:
    return parse(json.dumps(value).encode(), received_at=now)


def test_times_are_read_by_the_airports_clocks_whatever_their_offset_says() -> None:
    parsed = read(body(flight()))

    assert parsed.faults == ()
    (report,) = parsed.reports
    assert (report.flight, str(report.date), report.origin, report.destination) == (
        "NZ5", "2026-03-01", "AKL", "LAX",
    )  # fmt: skip
    assert report.departure is not UNSET and report.arrival is not UNSET and report.takeoff is not UNSET
    assert report.departure.scheduled == datetime(2026, 3, 1, 7, 0, tzinfo=UTC)
    assert report.departure.estimated == datetime(2026, 3, 1, 7, 30, tzinfo=UTC)
    assert report.departure.actual == datetime(2026, 3, 1, 7, 35, tzinfo=UTC)
    assert report.takeoff.actual == datetime(2026, 3, 1, 7, 50, tzinfo=UTC)
    assert report.arrival.scheduled == datetime(2026, 3, 1, 19, 0, tzinfo=UTC)
    assert (report.departure.gate, report.arrival.belt) == ("10", "4")
    assert (report.registration, report.aircraft_type) == ("ZK-OKN", "B77W")


def test_its_delay_is_never_read() -> None:
    (report,) = read(body(flight())).reports

    assert (report.departure_delay_minutes, report.arrival_delay_minutes) == (UNSET, UNSET)


@pytest.mark.parametrize("timezone", [None, "", "Nowhere/Land", 7])
def test_without_the_records_zone_our_table_gives_it(timezone: Any) -> None:
    record = flight()
    record["departure"]["timezone"] = timezone
    (report,) = read(body(record)).reports

    assert report.departure is not UNSET
    assert report.departure.scheduled == datetime(2026, 3, 1, 7, 0, tzinfo=UTC)


def test_without_any_zone_the_times_are_faults_and_the_date_is_the_records() -> None:
    record = flight()
    record["departure"] |= {"timezone": None, "iata": None, "icao": None}
    parsed = read(body(record))

    (report,) = parsed.reports
    assert (str(report.date), report.origin) == ("2026-03-01", UNSET)
    assert {fault.path for fault in parsed.faults} == {
        f"data[0].departure.{name}" for name in ("scheduled", "estimated", "actual", "actual_runway")
    }


def test_a_time_with_another_offset_is_taken_at_its_word() -> None:
    record = flight()
    record["departure"]["estimated"] = "2026-03-01T20:30:00+12:00"
    (report,) = read(body(record)).reports

    assert report.departure is not UNSET
    assert report.departure.estimated == datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


def test_a_time_that_the_clocks_skipped_is_a_fault() -> None:
    record = flight()
    record["arrival"]["estimated"] = "2026-03-08T02:30:00+00:00"
    parsed = read(body(record))

    assert len(parsed.reports) == 1
    assert [fault.path for fault in parsed.faults] == ["data[0].arrival.estimated"]


def test_what_happened_later_than_it_came_is_a_fault() -> None:
    parsed = read(body(flight()), datetime(2026, 3, 1, 7, 40, tzinfo=UTC))

    (report,) = parsed.reports
    assert report.departure is not UNSET and report.departure.actual is not UNSET
    assert report.takeoff is UNSET
    assert [fault.path for fault in parsed.faults] == ["data[0].departure.actual_runway"]


@pytest.mark.parametrize(
    ("status", "cancelled", "diverted"),
    [
        ("cancelled", True, UNSET),
        ("landed", False, UNSET),
        ("diverted", UNSET, True),
        ("incident", UNSET, UNSET),
    ],
)
def test_a_status_says_what_it_surely_means(status: str, cancelled: object, diverted: object) -> None:
    (report,) = read(body(flight(flight_status=status))).reports

    assert (report.cancelled, report.diverted) == (cancelled, diverted)


def test_codeshares_are_names_of_the_flight_that_is_there() -> None:
    for order in ((0, 1, 2), (1, 0, 2), (2, 1, 0)):
        flights = [flight(), flight("UA6754", NZ5), flight("AC7911", NZ5)]
        parsed = read(body(*(flights[index] for index in order)))

        assert parsed.faults == ()
        (report,) = parsed.reports
        assert (report.flight, report.codeshares) == ("NZ5", ("AC7911", "UA6754"))


def test_a_codeshare_alone_is_told_under_the_operating_flights_name() -> None:
    (report,) = read(body(flight("UA6754", NZ5))).reports

    assert (report.flight, report.codeshares) == ("NZ5", ("UA6754",))


@pytest.mark.parametrize(
    "error",
    [
        {"error": {"code": "usage_limit_reached", "message": "Your monthly usage limit has been reached."}},
        {
            "success": False,
            "error": {"code": 104, "type": "x", "info": "Your monthly usage limit has been reached."},
        },
        {"error": "Your monthly usage limit has been reached."},
    ],
)
def test_an_error_under_http_200_comes_in_the_providers_words(error: object) -> None:
    with pytest.raises(FeedError, match="monthly usage limit"):
        read(error)


def test_wrong_types_cost_only_themselves() -> None:
    record = flight(aircraft="B77W", flight_status="Lost")
    record["departure"] |= {"gate": {"n": 1}, "actual": 7}
    parsed = read(body(None, record))

    assert len(parsed.reports) == 1
    assert sorted(str(fault.path) for fault in parsed.faults) == [
        "data[0]", "data[1].aircraft", "data[1].departure.actual", "data[1].departure.gate", "data[1].flight_status",
    ]  # fmt: skip


@pytest.mark.parametrize("data", [b"", b"<a/>", b"{}", b"[]", b"null", b"[" * 5000])
def test_another_format_is_refused(data: bytes) -> None:
    with pytest.raises(FeedError):
        parse(data, received_at=NOW)


@given(data=st.one_of(st.binary(max_size=300), damaged(body(flight(), flight("UA6754", NZ5)))))
def test_whatever_comes_only_feed_error_is_raised(data: bytes) -> None:
    try:
        parsed = parse(data, received_at=NOW)
    except FeedError:
        return
    assert all(len(fault.raw) <= 2000 for fault in parsed.faults)

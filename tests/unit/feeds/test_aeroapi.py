"""AeroAPI's bodies: what is told, and what is a fault."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from tests.unit.feeds.jsonbodies import damaged
from windsock.errors import FeedError
from windsock.feeds.aeroapi import parse
from windsock.feeds.parsing import Parsed
from windsock.flights import FlightKey
from windsock.flights.merge import Merged, apply_report

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def place(iata: str, icao: str, zone: str) -> dict[str, Any]:
    return {"code": icao, "code_icao": icao, "code_iata": iata, "timezone": zone, "name": iata}


HNL = place("HNL", "PHNL", "Pacific/Honolulu")
SEA = place("SEA", "KSEA", "America/Los_Angeles")
PDX = place("PDX", "KPDX", "America/Los_Angeles")


def flight(**changed: Any) -> dict[str, Any]:
    return {
        "ident": "ASA824", "ident_icao": "ASA824", "ident_iata": "AS824", "fa_flight_id": "ASA824-1-airline-1",
        "inbound_fa_flight_id": "ASA825-1-airline-7", "registration": "N123AS", "codeshares": ["AAL7001", "QFA3900"],
        "codeshares_iata": ["AA7001", "QF3900"], "diverted": False, "cancelled": False, "origin": HNL,
        "destination": SEA, "departure_delay": 1500, "arrival_delay": 600, "status": "En Route / Delayed",
        "scheduled_out": "2026-03-01T08:50:00Z", "estimated_out": "2026-03-01T09:15:00Z",
        "actual_out": "2026-03-01T09:15:00Z", "estimated_off": "2026-03-01T09:30:00Z",
        "actual_off": "2026-03-01T09:31:00Z", "estimated_on": "2026-03-01T14:20:00Z", "actual_on": None,
        "scheduled_in": "2026-03-01T14:20:00Z", "estimated_in": "2026-03-01T14:30:00Z", "actual_in": None,
        "aircraft_type": "B739", "baggage_claim": None, "gate_origin": "C3", "gate_destination": "N7",
        "terminal_origin": "1", "terminal_destination": None,
    } | changed  # fmt: skip


def poll(*flights: dict[str, Any]) -> dict[str, Any]:
    return {"flights": list(flights), "links": None, "num_pages": 1}


def push(event: str = "departure", summary: str = "ASA824 departed PHNL", **changed: Any) -> dict[str, Any]:
    codes = {
        "origin": "PHNL", "origin_icao": "PHNL", "origin_iata": "HNL",
        "destination": "KSEA", "destination_icao": "KSEA", "destination_iata": "SEA",
    }  # fmt: skip
    body = flight() | codes | changed
    del body["status"]
    return {
        "event_code": event,
        "alert_id": 5,
        "summary": summary,
        "long_description": summary,
        "flight": body,
    }


def read(body: object, now: datetime = NOW) -> Parsed:
    return parse(json.dumps(body).encode(), received_at=now)


def test_a_polled_flight_is_told_with_times_places_and_names() -> None:
    parsed = read(poll(flight()))

    assert parsed.faults == ()
    (report,) = parsed.reports
    assert (report.flight, report.origin, report.destination) == ("AS824", "HNL", "SEA")
    assert report.source == "aeroapi"
    assert report.departure is not UNSET and report.arrival is not UNSET and report.takeoff is not UNSET
    assert report.departure.scheduled == datetime(2026, 3, 1, 8, 50, tzinfo=UTC)
    assert report.departure.actual == datetime(2026, 3, 1, 9, 15, tzinfo=UTC)
    assert (report.departure.gate, report.departure.terminal) == ("C3", "1")
    assert report.takeoff.actual == datetime(2026, 3, 1, 9, 31, tzinfo=UTC)
    assert report.arrival.estimated == datetime(2026, 3, 1, 14, 30, tzinfo=UTC)
    assert report.codeshares == ("AA7001", "QF3900")
    assert (report.registration, report.aircraft_type) == ("N123AS", "B739")
    assert (report.cancelled, report.diverted) == (False, False)


def test_the_date_is_that_of_the_origins_calendar() -> None:
    (report,) = read(poll(flight())).reports

    assert str(report.date) == "2026-02-28"


def test_an_airport_not_in_our_tables_gives_its_zone_and_is_a_fault() -> None:
    nowhere = place("", "XQZW", "Pacific/Honolulu") | {"code_iata": None}
    parsed = read(poll(flight(origin=nowhere)))

    (report,) = parsed.reports
    assert (report.origin, str(report.date)) == (UNSET, "2026-02-28")
    assert [fault.column for fault in parsed.faults] == ["origin"]
    assert parsed.faults[0].path == "flights[0]"


def test_without_a_zone_the_day_is_utcs() -> None:
    (statement,) = read(poll(flight(origin=None))).statements

    assert statement.report.date is UNSET
    assert str(statement.utc_day) == "2026-03-01"


def after_polls(*flights: dict[str, Any]) -> list[Merged]:
    """What becomes of the flight, poll by poll, a minute apart."""
    found: list[Merged] = []
    for minute, polled in enumerate(flights):
        now = NOW + timedelta(minutes=minute)
        (report,) = read(poll(polled), now).reports
        before = found[-1].record if found else None
        key = FlightKey.parse("AS824.2026-02-28.HNL")
        found.append(apply_report(before, key, report, received_at=now))
    return found


def test_a_null_says_nothing_in_polls_and_pushes() -> None:
    for body in (poll(flight()), push()):
        (report,) = read(body).reports

        assert report.arrival is not UNSET
        assert (report.arrival.actual, report.arrival.terminal) == (UNSET, UNSET)


def test_a_poll_with_holes_between_two_whole_ones_changes_nothing() -> None:
    names = ("actual_out", "actual_off", "estimated_out", "estimated_in", "gate_origin", "registration")
    whole, holes = flight(), flight(**dict.fromkeys(names))
    first, second, third = after_polls(whole, holes, whole)

    assert {change.kind for change in first.changes} >= {"flight.out", "flight.off"}
    assert second.changes == third.changes == ()


def on_plan(**changed: Any) -> dict[str, Any]:
    """A flight of which only plans are known, with twelve minutes to taxi out and ten to taxi in."""
    nothing = dict.fromkeys(
        ("estimated_out", "actual_out", "actual_off", "estimated_in", "actual_on", "actual_in")
    )
    return flight(
        **nothing, departure_delay=0, arrival_delay=0, status="Scheduled",
        scheduled_off="2026-03-01T09:02:00Z", estimated_off="2026-03-01T09:02:00Z",
        scheduled_on="2026-03-01T14:10:00Z", estimated_on="2026-03-01T14:10:00Z",
    ) | changed  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "late"),
    [
        ({}, (0, 0)),
        ({"estimated_off": "2026-03-01T09:42:00Z", "estimated_on": "2026-03-01T14:45:00Z"}, (40, 35)),
        ({"estimated_off": "2026-03-01T08:57:00Z"}, (-5, 0)),
        ({"actual_off": "2026-03-01T09:27:00Z", "departure_delay": 1500}, (25, 0)),
        ({"scheduled_off": None, "scheduled_on": None, "departure_delay": 1500}, (25, None)),
        ({"estimated_out": "2026-03-01T09:00:00Z", "estimated_off": "2026-03-01T09:12:00Z"}, (10, 0)),
    ],
)
def test_the_time_to_taxi_is_no_delay(changed: dict[str, Any], late: tuple[int, int | None]) -> None:
    (merged,) = after_polls(on_plan(**changed))
    departure, arrival = merged.record.flight.departure, merged.record.flight.arrival

    assert departure.delay_minutes == late[0]
    assert late[1] is None or arrival.delay_minutes == late[1]
    assert ("delay.raised" in {change.kind for change in merged.changes}) == (
        max(late[0], late[1] or 0) >= 15
    )


def test_a_push_is_read_as_the_poll() -> None:
    parsed = read(push())

    (report,) = parsed.reports
    assert (report.flight, report.origin, report.destination) == ("AS824", "HNL", "SEA")
    assert str(report.date) == "2026-02-28"
    assert parsed.statements[0].where == "flight"


@pytest.mark.parametrize(
    ("status", "flag", "told"),
    [
        ("Cancelled", True, True),
        ("Scheduled", True, UNSET),
        ("result unknown", True, UNSET),
        ("Scheduled", False, False),
    ],
)
def test_no_longer_tracked_is_cancelled_only_where_the_status_says_so(
    status: str, flag: bool, told: object
) -> None:
    (report,) = read(poll(flight(status=status, cancelled=flag))).reports

    assert report.cancelled is told


@pytest.mark.parametrize(
    ("event", "summary", "told"),
    [
        ("cancelled", "ASA824 has been cancelled", True),
        ("cancelled", "ASA824 is no longer tracked", UNSET),
        ("change", "ASA824 was cancelled", UNSET),
    ],
)
def test_a_push_is_a_cancellation_only_by_event_and_words(event: str, summary: str, told: object) -> None:
    (report,) = read(push(event, summary, cancelled=True)).reports

    assert report.cancelled is told


def test_delays_in_seconds_become_minutes_only_where_no_time_tells_them() -> None:
    (with_times,) = read(poll(flight())).reports
    (without,) = read(poll(flight(estimated_out=None, actual_out=None, actual_off=None))).reports

    assert with_times.departure_delay_minutes is UNSET
    assert without.departure_delay_minutes == 25


def test_what_happened_later_than_it_came_is_a_fault_and_left_out() -> None:
    parsed = read(poll(flight(actual_on="2026-03-01T14:19:00Z")))

    (report,) = parsed.reports
    assert report.landing is not UNSET and report.landing.actual is UNSET
    (fault,) = parsed.faults
    assert (fault.column, fault.path) == ("actual_on", "flights[0].actual_on")


def test_the_second_record_of_a_diverted_flight_is_its_new_end() -> None:
    later = NOW + timedelta(hours=4)
    first = flight(diverted=True, status="Diverted", actual_on=None)
    second = flight(destination=PDX, actual_on="2026-03-01T14:40:00Z", actual_in="2026-03-01T14:50:00Z")
    for records in ((first, second), (second, first)):
        parsed = read(poll(*records), later)

        assert parsed.faults == ()
        (report,) = parsed.reports
        assert (report.destination, report.diverted, report.diverted_to) == ("SEA", True, "PDX")
        assert report.landing is not UNSET and report.arrival is not UNSET
        assert report.landing.actual == datetime(2026, 3, 1, 14, 40, tzinfo=UTC)
        assert (report.arrival.estimated, report.arrival.actual) == (UNSET, UNSET)


def test_the_onward_leg_from_the_other_airport_is_a_flight_of_its_own() -> None:
    onward = flight(
        origin=PDX, scheduled_out="2026-03-01T16:00:00Z", estimated_out=None, actual_out=None,
        estimated_off=None, actual_off=None, scheduled_in="2026-03-01T17:00:00Z", estimated_in=None,
    )  # fmt: skip
    reports = read(poll(flight(diverted=True), onward)).reports

    assert [(report.origin, report.destination) for report in reports] == [("HNL", "SEA"), ("PDX", "SEA")]


def test_a_diversions_push_names_no_destination() -> None:
    (report,) = read(push("diverted", "ASA824 diverted", diverted=True, destination="KPDX")).reports

    assert (report.destination, report.diverted, report.diverted_to) == (UNSET, True, UNSET)


def test_one_wrong_field_costs_only_itself() -> None:
    parsed = read(
        poll(flight(registration="#!", estimated_in="soon", gate_origin=["C3"], codeshares=["AAL7001", "?"]))
    )

    (report,) = parsed.reports
    assert report.registration is UNSET
    assert report.codeshares == ("AA7001",)
    assert sorted(str(fault.column) for fault in parsed.faults) == [
        "codeshares[1]", "estimated_in", "gate_origin", "registration",
    ]  # fmt: skip


def test_a_flight_without_a_number_is_a_fault_and_the_next_is_told() -> None:
    parsed = read(poll(flight(ident="N123AB", ident_icao=None, ident_iata=None), flight()))

    assert len(parsed.reports) == 1
    assert [fault.path for fault in parsed.faults] == ["flights[0]"]


def test_an_airports_board_is_read_too() -> None:
    body = {"scheduled_departures": [flight()], "arrivals": [flight(ident_icao="ASA1")], "num_pages": 1}

    assert [report.flight for report in read(body).reports] == ["AS1", "AS824"]


def test_an_error_comes_in_the_providers_words_without_the_key() -> None:
    body = {"title": "Undefined", "reason": "X", "detail": "bad request apikey=s3cret", "status": 400}
    with pytest.raises(FeedError, match="bad request") as caught:
        read(body)

    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"<xml/>", b"[]", b"{}", b"7", b"[" * 5000, b"\xff", b'{"flight":{}}'])
def test_another_format_is_refused(data: bytes) -> None:
    with pytest.raises(FeedError):
        parse(data, received_at=NOW)


def test_a_body_over_the_cap_is_refused() -> None:
    with pytest.raises(FeedError, match="Ask for less"):
        parse(b" " * (8 * 1024 * 1024 + 1), received_at=NOW)


def test_a_key_in_a_faulty_record_is_not_kept() -> None:
    (fault,) = read(poll(flight(ident_icao="??", note="https://x.test/?apikey=s3cret&a=1"))).faults

    assert "s3cret" not in fault.raw and "apikey=" in fault.raw


@given(
    data=st.one_of(st.binary(max_size=300), damaged(poll(flight(), flight(diverted=True))), damaged(push()))
)
def test_whatever_comes_only_feed_error_is_raised(data: bytes) -> None:
    try:
        parsed = parse(data, received_at=NOW)
    except FeedError:
        return
    assert all(len(fault.raw) <= 2000 for fault in parsed.faults)


@pytest.mark.shared_data
@pytest.mark.parametrize("name", ["aeroapi_v4_flight_2023_real.json", "aeroapi_v4_alert_push_composed.json"])
def test_the_samples_are_read_without_a_fault(shared: Path, name: str) -> None:
    sample = shared / "data/samples" / name
    if not sample.is_file():
        pytest.skip(f"{name} is not in the data folder")
    parsed = parse(sample.read_bytes(), received_at=datetime(2023, 3, 21, tzinfo=UTC))

    assert parsed.faults == ()
    (report,) = parsed.reports
    assert (report.flight, report.origin, report.destination, str(report.date)) == (
        "QK8838", "YYZ", "RDU", "2023-03-20",
    )  # fmt: skip

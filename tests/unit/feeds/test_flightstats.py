"""FlightStats' bodies: the poll's plain lists and numbers, the push's wrapped lists and text."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from tests.unit.feeds.jsonbodies import damaged
from windsock.errors import FeedError
from windsock.feeds.flightstats import parse
from windsock.feeds.parsing import Parsed

NOW = datetime(2026, 7, 4, 6, 0, tzinfo=UTC)


def times(local: str, utc: str) -> dict[str, str]:
    return {"dateLocal": f"{local}:00.000", "dateUtc": f"{utc}:00.000Z"}


OPERATIONAL = {
    "publishedDeparture": times("2026-07-03T22:15", "2026-07-04T02:15"),
    "publishedArrival": times("2026-07-04T10:05", "2026-07-04T09:05"),
    "scheduledGateDeparture": times("2026-07-03T22:20", "2026-07-04T02:20"),
    "estimatedGateDeparture": times("2026-07-03T22:41", "2026-07-04T02:41"),
    "actualGateDeparture": times("2026-07-03T22:44", "2026-07-04T02:44"),
    "estimatedRunwayDeparture": times("2026-07-03T23:00", "2026-07-04T03:00"),
    "actualRunwayDeparture": times("2026-07-03T23:02", "2026-07-04T03:02"),
    "estimatedGateArrival": times("2026-07-04T10:30", "2026-07-04T09:30"),
    "estimatedRunwayArrival": times("2026-07-04T10:20", "2026-07-04T09:20"),
}
AIRLINES = [
    {"fs": "BA", "iata": "BA", "icao": "BAW", "name": "British Airways"},
    {"fs": "AA", "iata": "AA", "icao": "AAL"},
    {"fs": "DP*", "icao": "FDR", "name": "one whose code is Cirium's own"},
]
AIRPORTS = [
    {"fs": "BOS", "iata": "BOS", "icao": "KBOS", "timeZoneRegionName": "America/New_York"},
    {"fs": "LHR", "iata": "LHR", "icao": "EGLL", "timeZoneRegionName": "Europe/London"},
    {"fs": "LG1", "iata": "LGW", "icao": "EGKK", "timeZoneRegionName": "Europe/London"},
]


def flight(**changed: Any) -> dict[str, Any]:
    return {
        "flightId": 990011223, "carrierFsCode": "BA", "flightNumber": "202", "departureAirportFsCode": "BOS",
        "arrivalAirportFsCode": "LHR", "departureDate": times("2026-07-03T22:15", "2026-07-04T02:15"),
        "arrivalDate": times("2026-07-04T10:05", "2026-07-04T09:05"), "status": "A",
        "operationalTimes": OPERATIONAL, "delays": {"departureGateDelayMinutes": 24},
        "codeshares": [{"fsCode": "AA", "flightNumber": "6979", "relationship": "L"}],
        "airportResources": {
            "departureTerminal": "E", "departureGate": "E7", "arrivalTerminal": "5", "arrivalGate": "B36",
            "baggage": "11",
        },
        "flightEquipment": {
            "scheduledEquipmentIataCode": "777", "actualEquipmentIataCode": "77W", "tailNumber": "G-STBC",
        },
    } | changed  # fmt: skip


def poll(*flights: Any) -> dict[str, Any]:
    return {
        "request": {"url": "https://x.test/flex/…?appId=11112222&appKey=s3cret"},
        "appendix": {"airlines": AIRLINES, "airports": AIRPORTS}, "flightStatuses": list(flights),
    }  # fmt: skip


def as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: as_text(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_text(inner) for inner in value]
    return str(value) if isinstance(value, int) else value


def push(**changed: Any) -> dict[str, Any]:
    told = flight(**changed)
    told["codeshares"] = {"codeshare": told["codeshares"]}
    told["flightStatusUpdates"] = {
        "flightStatusUpdate": [{"updatedAt": {"dateUtc": "2026-07-04T05:40:00.000Z"}}]
    }
    return {
        "alert": {
            "event": {"type": "TIME_ADJUSTMENT"}, "dataSource": "Airline", "flightStatus": as_text(told),
            "dateTimeRecorded": "2026-07-04T05:41:00.000Z", "rule": {"id": "77", "name": "Default"},
        },
        "appendix": {"airlines": {"airline": AIRLINES}, "airports": {"airport": AIRPORTS}},
    }  # fmt: skip


def read(value: object, now: datetime = NOW) -> Parsed:
    return parse(json.dumps(value).encode(), received_at=now)


@pytest.mark.parametrize(
    "body", [poll(flight()), poll(flight()) | {"flightStatuses": [as_text(flight())]}, push()]
)
def test_poll_and_push_say_the_same(body: object) -> None:
    parsed = read(body)

    assert parsed.faults == ()
    (report,) = parsed.reports
    assert (report.flight, str(report.date), report.origin, report.destination) == (
        "BA202", "2026-07-03", "BOS", "LHR",
    )  # fmt: skip
    assert report.departure is not UNSET and report.arrival is not UNSET
    assert report.takeoff is not UNSET and report.landing is not UNSET
    assert report.departure.scheduled == datetime(2026, 7, 4, 2, 20, tzinfo=UTC)
    assert report.departure.estimated == datetime(2026, 7, 4, 2, 41, tzinfo=UTC)
    assert report.departure.actual == datetime(2026, 7, 4, 2, 44, tzinfo=UTC)
    assert report.takeoff.actual == datetime(2026, 7, 4, 3, 2, tzinfo=UTC)
    assert report.landing.estimated == datetime(2026, 7, 4, 9, 20, tzinfo=UTC)
    # Of the arrival only the published time is there.
    assert report.arrival.scheduled == datetime(2026, 7, 4, 9, 5, tzinfo=UTC)
    assert (report.departure.terminal, report.departure.gate) == ("E", "E7")
    assert (report.arrival.terminal, report.arrival.gate, report.arrival.belt) == ("5", "B36", "11")
    assert report.codeshares == ("AA6979",)
    assert (report.registration, report.aircraft_type, report.cancelled) == ("G-STBC", "77W", False)


def test_a_push_is_as_old_as_it_was_recorded() -> None:
    (pushed,) = read(push()).reports
    (later,) = read(push(), datetime(2026, 7, 4, 5, 40, 30, tzinfo=UTC)).reports

    assert pushed.observed_at == datetime(2026, 7, 4, 5, 41, tzinfo=UTC)
    assert later.observed_at is UNSET


def test_a_poll_is_as_old_as_its_latest_change() -> None:
    changes = [{"updatedAt": {"dateUtc": f"2026-07-04T0{hour}:00:00.000Z"}} for hour in (3, 5, 4)]
    (report,) = read(poll(flight(flightStatusUpdates=changes))).reports

    assert report.observed_at == datetime(2026, 7, 4, 5, 0, tzinfo=UTC)


def test_a_sole_entry_may_come_without_its_list() -> None:
    body = push()
    body["alert"]["flightStatus"]["codeshares"] = {"codeshare": {"fsCode": "AA", "flightNumber": "6979"}}
    body["appendix"]["airlines"] = {"airline": AIRLINES[0]}
    (report,) = read(body).reports

    assert report.codeshares == ("AA6979",)


@pytest.mark.parametrize(
    ("status", "cancelled", "diverted"),
    [
        ("A", False, UNSET), ("C", True, UNSET), ("D", UNSET, True), ("DN", UNSET, UNSET), ("L", False, UNSET),
        ("NO", UNSET, UNSET), ("R", UNSET, True), ("S", False, UNSET), ("U", UNSET, UNSET),
    ],
)  # fmt: skip
def test_a_status_says_what_it_surely_means(status: str, cancelled: object, diverted: object) -> None:
    parsed = read(poll(flight(status=status)))

    assert parsed.faults == ()
    (report,) = parsed.reports
    assert (report.cancelled, report.diverted) == (cancelled, diverted)


def test_a_diversion_names_the_new_airport_and_keeps_the_planned_one() -> None:
    (report,) = read(poll(flight(status="D", divertedAirportFsCode="LG1"))).reports

    assert (report.destination, report.diverted, report.diverted_to) == ("LHR", True, "LGW")


def test_a_code_of_ciriums_own_is_looked_up() -> None:
    (report,) = read(poll(flight(carrierFsCode="DP*"))).reports

    assert (report.flight.startswith("DP"), report.flight.endswith("202")) == (False, True)


def test_a_code_of_ciriums_own_that_is_not_listed_is_a_fault() -> None:
    parsed = read(
        poll(flight(carrierFsCode="QQ*"), flight(codeshares=[{"fsCode": "ZZ*", "flightNumber": "1"}]))
    )

    assert [report.codeshares for report in parsed.reports] == [UNSET]
    assert [fault.path for fault in parsed.faults] == [
        "flightStatuses[0].carrierFsCode", "flightStatuses[1].codeshares[0].fsCode",
    ]  # fmt: skip


def test_a_time_with_only_its_local_form_is_read_by_the_airports_clocks() -> None:
    local = OPERATIONAL | {"estimatedGateArrival": {"dateLocal": "2026-07-04T10:31:00.000"}}
    (report,) = read(poll(flight(operationalTimes=local))).reports

    assert report.arrival is not UNSET
    assert report.arrival.estimated == datetime(2026, 7, 4, 9, 31, tzinfo=UTC)


def test_an_airport_only_the_appendix_knows_still_gives_the_date() -> None:
    body = poll(flight(departureAirportFsCode="XQ9"))
    body["appendix"]["airports"] = [{"fs": "XQ9", "timeZoneRegionName": "America/New_York"}]
    parsed = read(body)

    (report,) = parsed.reports
    assert (report.origin, str(report.date)) == (UNSET, "2026-07-03")
    assert [fault.column for fault in parsed.faults] == ["origin"]


def test_what_happened_later_than_it_came_is_a_fault() -> None:
    parsed = read(poll(flight()), datetime(2026, 7, 4, 2, 50, tzinfo=UTC))

    (report,) = parsed.reports
    assert report.takeoff is not UNSET and report.takeoff.actual is UNSET
    assert [fault.path for fault in parsed.faults] == [
        "flightStatuses[0].operationalTimes.actualRunwayDeparture"
    ]


def test_an_error_comes_in_the_providers_words_without_the_key() -> None:
    body = {"request": {}, "error": {"httpStatusCode": 403, "errorCode": "AUTH_FAILURE",
            "errorMessage": "application is not active, appKey=s3cret"}}  # fmt: skip
    with pytest.raises(FeedError, match="AUTH_FAILURE") as caught:
        read(body)

    assert "s3cret" not in str(caught.value)


def test_the_requests_key_is_never_kept() -> None:
    parsed = read(poll(flight(), flight(carrierFsCode="QQ*"), 7))

    assert "s3cret" not in repr(parsed)


@pytest.mark.parametrize("data", [b"", b"<a/>", b"{}", b"[]", b"null", b"[" * 5000])
def test_another_format_is_refused(data: bytes) -> None:
    with pytest.raises(FeedError):
        parse(data, received_at=NOW)


@given(data=st.one_of(st.binary(max_size=300), damaged(poll(flight(), flight())), damaged(push())))
def test_whatever_comes_only_feed_error_is_raised(data: bytes) -> None:
    try:
        parsed = parse(data, received_at=NOW)
    except FeedError:
        return
    assert all(len(fault.raw) <= 2000 for fault in parsed.faults)


@pytest.mark.shared_data
def test_the_sample_is_read_without_a_fault(shared: Path) -> None:
    sample = shared / "data/samples/flightstats_flex_status_2013_real.json"
    if not sample.is_file():
        pytest.skip("flightstats_flex_status_2013_real.json is not in the data folder")
    parsed = parse(sample.read_bytes(), received_at=datetime(2013, 12, 13, tzinfo=UTC))

    assert parsed.faults == ()
    (report,) = parsed.reports
    assert (report.flight, str(report.date), report.origin, report.destination) == (
        "QX2460", "2013-12-12", "SEA", "BZN",
    )  # fmt: skip
    assert report.codeshares == ("AS2460", "DL7545")

"""AeroDataBox's bodies, old and present shape, and the webhook's notices."""

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
from windsock.feeds.aerodatabox import parse
from windsock.feeds.parsing import Parsed

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def both(utc: str, local: str) -> dict[str, str]:
    return {"utc": utc, "local": local}


def flight(**changed: Any) -> dict[str, Any]:
    return {
        "number": "SK 973", "callSign": "SAS973", "status": "EnRoute", "codeshareStatus": "IsOperator",
        "lastUpdatedUtc": "2026-03-01 11:50Z", "aircraft": {"reg": "SE-ROX", "model": "Airbus A320 NEO"},
        "airline": {"name": "SAS", "iata": "SK", "icao": "SAS"},
        "departure": {
            "airport": {"icao": "EKCH", "iata": "CPH", "timeZone": "Europe/Copenhagen"},
            "scheduledTime": both("2026-03-01 11:00Z", "2026-03-01 12:00+01:00"),
            "revisedTime": both("2026-03-01 11:20Z", "2026-03-01 12:20+01:00"),
            "runwayTime": both("2026-03-01 11:33Z", "2026-03-01 12:33+01:00"),
            "terminal": "3", "gate": "C28", "checkInDesk": "1", "quality": ["Basic", "Live"],
        },
        "arrival": {
            "airport": {"icao": "LIRF", "iata": "FCO"},
            "scheduledTime": both("2026-03-01 13:35Z", "2026-03-01 14:35+01:00"),
            "predictedTime": both("2026-03-01 13:52Z", "2026-03-01 14:52+01:00"),
            "terminal": "3", "baggageBelt": "9", "quality": ["Basic"],
        },
    } | changed  # fmt: skip


def old() -> dict[str, Any]:
    sides: dict[str, Any] = {}
    for name in ("departure", "arrival"):
        side = dict(flight()[name])
        for key in [key for key in side if key.endswith("Time")]:
            times = side.pop(key)
            key = "actualTime" if key in ("revisedTime", "predictedTime") else key
            side[f"{key}Utc"], side[f"{key}Local"] = times["utc"], times["local"]
        sides[name] = side
    return flight(**sides)


def notice(*flights: dict[str, Any]) -> dict[str, Any]:
    return {
        "flights": list(flights),
        "subscription": {"id": "x", "isActive": True},
        "balance": {"creditsRemaining": 1},
    }


def side(name: str, **changed: Any) -> dict[str, Any]:
    return {name: flight()[name] | changed}


def read(body: object, now: datetime = NOW) -> Parsed:
    return parse(json.dumps(body).encode(), received_at=now)


@pytest.mark.parametrize(
    "body", [[flight()], notice(flight()), {"departures": [flight()], "arrivals": []}, [old()]]
)
def test_every_shape_says_the_same(body: object) -> None:
    parsed = read(body)

    assert parsed.faults == ()
    (report,) = parsed.reports
    assert (report.flight, str(report.date), report.origin, report.destination) == (
        "SK973", "2026-03-01", "CPH", "FCO",
    )  # fmt: skip
    assert report.observed_at == datetime(2026, 3, 1, 11, 50, tzinfo=UTC)
    assert report.departure is not UNSET and report.arrival is not UNSET and report.takeoff is not UNSET
    assert report.departure.scheduled == datetime(2026, 3, 1, 11, 0, tzinfo=UTC)
    assert report.departure.estimated == datetime(2026, 3, 1, 11, 20, tzinfo=UTC)
    assert report.departure.actual is UNSET
    assert (report.departure.terminal, report.departure.gate) == ("3", "C28")
    assert report.departure.checkin_desk == "1"
    assert report.takeoff.actual == datetime(2026, 3, 1, 11, 33, tzinfo=UTC)
    assert report.arrival.estimated == datetime(2026, 3, 1, 13, 52, tzinfo=UTC)
    assert report.arrival.belt == "9"
    assert (report.registration, report.aircraft_type) == ("SE-ROX", "Airbus A320 NEO")
    assert report.cancelled is False


@pytest.mark.parametrize(
    ("quality", "time"),
    [(["Basic"], "11:33"), (["Approximate"], "11:33"), (["Live"], "11:55"), (["Live"], "12:10")],
)
def test_a_runway_time_is_actual_only_if_live_and_past(quality: list[str], time: str) -> None:
    changed = side("departure", quality=quality, runwayTime={"utc": f"2026-03-01 {time}Z"})
    (report,) = read([flight(**changed)]).reports

    assert report.takeoff is not UNSET
    assert report.takeoff.actual is UNSET
    assert report.takeoff.estimated == datetime.fromisoformat(f"2026-03-01T{time}+00:00")


@pytest.mark.parametrize(
    ("status", "cancelled", "boarding", "diverted"),
    [
        ("Canceled", True, UNSET, UNSET),
        ("CanceledUncertain", UNSET, UNSET, UNSET),
        ("Unknown", UNSET, UNSET, UNSET),
        ("Boarding", False, True, UNSET),
        ("Expected", False, False, UNSET),
        ("Diverted", UNSET, UNSET, True),
    ],
)
def test_a_status_says_what_it_surely_means(
    status: str, cancelled: object, boarding: object, diverted: object
) -> None:
    parsed = read([flight(status=status)])

    assert parsed.faults == ()
    (report,) = parsed.reports
    assert (report.cancelled, report.boarding, report.diverted) == (cancelled, boarding, diverted)


def test_a_status_nobody_knows_is_a_fault_and_the_rest_is_told() -> None:
    parsed = read([flight(status="Teleported")])

    assert len(parsed.reports) == 1
    assert [fault.column for fault in parsed.faults] == ["status"]


def test_a_codeshare_is_a_name_of_the_operators_flight() -> None:
    sold = [flight(number=name, codeshareStatus="IsCodeshared") for name in ("LH 6013", "TP 8207")]
    sold[1] |= side("arrival", airport={"name": "Rome"})
    parsed = read([sold[0], flight(), sold[1]])

    assert parsed.faults == ()
    (report,) = parsed.reports
    assert (report.flight, report.codeshares) == ("SK973", ("LH6013", "TP8207"))


def test_a_codeshare_without_its_flight_is_a_fault() -> None:
    parsed = read(notice(flight(number="LH 6013", codeshareStatus="IsCodeshared")))

    assert parsed.reports == ()
    assert [fault.column for fault in parsed.faults] == ["codeshareStatus"]


def test_a_number_that_is_none_gives_way_to_the_callsign() -> None:
    (statement,) = read([flight(number="UNKNOWN")]).statements

    assert (statement.report.flight, statement.callsign) == ("SK973", "SAS973")


def test_one_side_of_a_flight_is_a_fault_that_says_what_to_ask() -> None:
    (fault,) = read({"departures": [{"number": "SK 973", "movement": {}}]}).faults

    assert "withLeg=true" in fault.message and fault.path == "departures[0].movement"


def test_without_the_origins_zone_the_day_is_utcs() -> None:
    (statement,) = read([flight(**side("departure", airport={"name": "Somewhere"}))]).statements

    assert (statement.report.date, str(statement.utc_day)) == (UNSET, "2026-03-01")


def test_the_record_time_is_never_later_than_the_receipt() -> None:
    (report,) = read([flight(lastUpdatedUtc="2026-03-01 12:05Z")]).reports

    assert report.observed_at is UNSET


def test_a_wrong_time_or_registration_costs_only_itself() -> None:
    changed = side("arrival", predictedTime={"utc": "2026-03-01 25:99Z"})
    parsed = read([flight(aircraft={"reg": "!"}, **changed)])

    (report,) = parsed.reports
    assert report.registration is UNSET
    assert sorted(str(fault.path) for fault in parsed.faults) == ["[0]", "[0].arrival.predictedTime.utc"]


def test_an_empty_body_says_nothing() -> None:
    assert parse(b"", received_at=NOW) == Parsed()


def test_an_error_comes_in_the_providers_words() -> None:
    with pytest.raises(FeedError, match="exceeded the MONTHLY quota"):
        read({"message": "You have exceeded the MONTHLY quota"})


@pytest.mark.parametrize("data", [b" ", b"<a/>", b"{}", b"null", b"[" * 5000])
def test_another_format_is_refused(data: bytes) -> None:
    with pytest.raises(FeedError):
        parse(data, received_at=NOW)


SHARED = flight(number="LH 6013", codeshareStatus="IsCodeshared")


@given(data=st.one_of(st.binary(max_size=300), damaged([old(), flight(), SHARED]), damaged(notice(flight()))))
def test_whatever_comes_only_feed_error_is_raised(data: bytes) -> None:
    try:
        parsed = parse(data, received_at=NOW)
    except FeedError:
        return
    assert all(len(fault.raw) <= 2000 for fault in parsed.faults)


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "now", "codeshares"),
    [
        ("aerodatabox_v1_flights_2023_real_trimmed.json", datetime(2023, 1, 10, 12, tzinfo=UTC), ("GA9768",)),
        ("aerodatabox_webhook_1.14_composed.json", datetime(2026, 1, 10, 9, tzinfo=UTC), UNSET),
    ],
)
def test_the_samples_are_read_without_a_fault(
    shared: Path, name: str, now: datetime, codeshares: object
) -> None:
    sample = shared / "data/samples" / name
    if not sample.is_file():
        pytest.skip(f"{name} is not in the data folder")
    parsed = parse(sample.read_bytes(), received_at=now)

    assert parsed.faults == ()
    (report,) = parsed.reports
    assert (report.flight, report.origin, report.destination, report.codeshares) == (
        "KL1167", "AMS", "HEL", codeshares,  # codespell:ignore
    )  # fmt: skip

"""What Swedavia's flights say, and that a deleted one says nothing."""

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
from windsock.feeds import swedavia
from windsock.feeds.parsing import Parsed
from windsock.flights import ArrivalReport, DepartureReport, Report, RunwayReport

NOW = datetime(2026, 7, 5, 12, 0, tzinfo=UTC)


def leg(number: str, origin: str, destination: str) -> dict[str, Any]:
    return {
        "callsign": "NAX81K",
        "flightId": number,
        "flightDepartureDateUtc": "2026-07-05T00:00:00Z",
        "departureAirportIata": origin,
        "arrivalAirportIata": destination,
    }


def departure(**changed: Any) -> dict[str, Any]:
    return {
        "flightId": "DY4012",
        "departureTime": {"scheduledUtc": "2026-07-05T11:05:00Z"},
        "locationAndStatus": {"terminal": "5", "gate": "F34", "flightLegStatus": "SCH"},
        "codeShareData": [],
        "flightLegIdentifier": leg("DY4012", "ARN", "LPA"),
    } | changed


def arrival(**changed: Any) -> dict[str, Any]:
    return {
        "flightId": "DY4491",
        "arrivalTime": {"scheduledUtc": "2026-07-06T00:25:00Z"},
        "locationAndStatus": {"terminal": "5", "flightLegStatus": "SCH"},
        "baggage": {"baggageClaimUnit": "8"},
        "flightLegIdentifier": leg("DY4491", "AGP", "ARN"),
    } | changed


def status(code: Any) -> dict[str, Any]:
    return {"locationAndStatus": {"flightLegStatus": code}}


def answer(*flights: Any) -> bytes:
    return json.dumps({"flights": list(flights), "numberOfFlights": len(flights)}).encode()


def parsed(data: bytes) -> Parsed:
    return swedavia.parse(data, received_at=NOW)


def only(data: bytes) -> Report:
    return the_only(parsed(data))


def test_a_departure_is_of_the_local_day_at_its_origin() -> None:
    times = {
        "scheduledUtc": "2026-07-04T22:40:00Z",
        "estimatedUtc": "2026-07-04T23:00:00Z",
        "actualUtc": "2026-07-04T23:04:10Z",
    }
    found = parsed(answer(departure(departureTime=times, codeShareData=["A31461", "LH 6021"])))
    report = found.reports[0]
    assert found.faults == ()
    assert (report.flight, report.date, report.origin, report.destination) == (
        "DY4012", date(2026, 7, 5), "ARN", "LPA",
    )  # fmt: skip
    assert report.departure == DepartureReport(
        scheduled=utc("2026-07-04 22:40"),
        estimated=utc("2026-07-04 23:00"),
        actual=utc("2026-07-04 23:04:10"),
        terminal="5",
        gate="F34",
    )
    assert report.codeshares == ("A31461", "LH6021")
    assert report.observed_at is UNSET
    assert (found.statements[0].utc_day, found.statements[0].callsign) == (None, "NAX81K")


def test_an_arrival_knows_the_utc_day_it_left() -> None:
    found = parsed(answer(arrival()))
    report = found.reports[0]
    assert (report.origin, report.destination, report.date) == ("AGP", "ARN", UNSET)
    assert report.arrival == ArrivalReport(scheduled=utc("2026-07-06 00:25"), terminal="5", belt="8")
    assert found.statements[0].utc_day == date(2026, 7, 5)


@pytest.mark.parametrize(
    ("given", "desks"),
    [
        ({"checkInDeskFrom": 39, "checkInDeskTo": 44}, "39-44"),
        ({"checkInDeskFrom": 39, "checkInDeskTo": 39}, "39"),
        ({"checkInDeskFrom": 39}, "39"),
        ({"checkInStatus": "OPEN"}, UNSET),
    ],
)
def test_a_departure_has_its_desks_of_check_in(given: dict[str, Any], desks: object) -> None:
    report = parsed(answer(departure() | {"checkIn": given})).reports[0]
    assert report.departure is not UNSET
    assert report.departure.checkin_desk == desks


@pytest.mark.parametrize(
    ("given", "first"),
    [
        ({"estimatedFirstBagUtc": "2026-07-06T00:50:00Z"}, "2026-07-06 00:50"),
        (
            {"estimatedFirstBagUtc": "2026-07-06T00:50:00Z", "firstBagUtc": "2026-07-06T00:53:00Z"},
            "2026-07-06 00:53",
        ),
    ],
)
def test_the_first_bag_is_told_as_it_was_or_else_as_expected(given: dict[str, str], first: str) -> None:
    report = parsed(answer(arrival() | {"baggage": given})).reports[0]
    assert report.arrival is not UNSET
    assert report.arrival.first_bag == utc(first)


def test_a_deleted_leftover_of_the_plan_says_nothing() -> None:
    left = departure(**status("DEL"), flightId="DY4013")
    found = parsed(answer(left, departure(), arrival(**status("del"))))
    assert ([report.flight for report in found.reports], found.faults) == (["DY4012"], ())


def test_a_landing_is_not_told_as_in_block() -> None:
    times = {"scheduledUtc": "2026-07-05T11:25:00Z", "actualUtc": "2026-07-05T11:12:30Z"}
    report = only(answer(arrival(arrivalTime=times, **status("LAN"))))
    assert report.landing == RunwayReport(actual=utc("2026-07-05 11:12:30"))
    assert report.arrival == ArrivalReport(scheduled=utc("2026-07-05 11:25"), belt="8")


@pytest.mark.parametrize(
    ("planned", "words", "estimated"),
    [
        ("2026-07-05T14:20:00Z", "Estimated 16:45", "2026-07-05 14:45"),
        ("2026-07-05T21:50:00Z", "estimated 00:10", "2026-07-05 22:10"),
        ("2026-07-05T22:05:00Z", "Estimated 23:55", "2026-07-05 21:55"),
        ("2026-07-05T14:20:00Z", "Estimated 26:45", None),
        ("2026-07-05T14:20:00Z", "Sequenced", None),
    ],
)
def test_an_estimate_in_words_is_by_swedish_clocks(planned: str, words: str, estimated: str | None) -> None:
    state = {"flightLegStatus": "SEQ", "flightLegStatusEnglish": words}
    report = only(answer(arrival(arrivalTime={"scheduledUtc": planned}, locationAndStatus=state)))
    assert report.arrival is not UNSET
    assert report.arrival.estimated == (UNSET if estimated is None else utc(estimated))


def test_the_aircraft_is_named_by_its_registration() -> None:
    named = leg("DY4012", "ARN", "LPA") | {"aircraftRegistration": "LN-NGR"}
    assert only(answer(departure(flightLegIdentifier=named))).registration == "LN-NGR"
    assert only(answer(departure(aircraftRegistration="LN-NGR"))).registration == "LN-NGR"


def test_a_querys_answer_wraps_each_flight_in_its_side() -> None:
    found = parsed(answer({"departure": departure(), "arrival": None}, {"arrival": arrival()}))
    assert found.faults == ()
    assert [(one.report.flight, one.where) for one in found.statements] == [
        ("DY4012", "flights[0].departure"),
        ("DY4491", "flights[1].arrival"),
    ]


@pytest.mark.parametrize(
    ("code", "cancelled"),
    [
        ("SCH", None),
        ("CAN", True),
        ("can", True),
        ("SEQ", False),
        ("FLS", UNSET),
        ("ACT", False),
        ("DEP", False),
        (None, UNSET),
    ],
)
def test_only_can_is_a_cancellation(code: str | None, cancelled: Any) -> None:
    assert only(answer(departure(**status(code)))).cancelled == cancelled


def test_a_diversion_is_told() -> None:
    assert only(answer(arrival(**status("DIV")))).diverted is True


def test_an_icao_code_serves_where_there_is_no_iata_code() -> None:
    names = {"departureAirportIcao": "ESSA", "arrivalAirportIcao": "GCLP"}
    report = only(answer(departure(flightLegIdentifier=names)))
    assert (report.origin, report.destination) == ("ARN", "LPA")


def test_a_departure_from_nowhere_known_keeps_its_utc_day() -> None:
    found = parsed(answer(departure(flightLegIdentifier=leg("DY4012", "", "LPA"))))
    assert found.reports[0].date is UNSET
    assert found.statements[0].utc_day == date(2026, 7, 5)


def test_what_is_wrong_in_a_flight_is_left_out_alone() -> None:
    found = parsed(
        answer(
            departure(**status("XYZ"), codeShareData="LH6021", departureTime={"scheduledUtc": "05/07 11:05"}),
            departure(flightId=None, flightLegIdentifier=None),
            departure(flightLegIdentifier=leg("DY4012", "ARN", "0Z9"), departureTime=[]),
            departure(arrivalTime={}),
            {},
            arrival(
                arrivalTime={"actualUtc": "2026-07-06T00:25:00Z"}, flightLegIdentifier={"flightId": "DY"}
            ),
            None,
        )
    )
    assert [(fault.path, fault.column) for fault in found.faults] == [
        ("flights[0].departureTime.scheduledUtc", "scheduledUtc"),
        ("flights[0].codeShareData", "codeShareData"),
        ("flights[0].locationAndStatus.flightLegStatus", "flightLegStatus"),
        ("flights[1].flightId", "flightId"),
        ("flights[2].departureTime", "departureTime"),
        ("flights[2]", "destination"),
        ("flights[3].departureTime", "departureTime"),
        ("flights[4].departureTime", "departureTime"),
        ("flights[5].arrivalTime.actualUtc", "actualUtc"),
        ("flights[6]", None),
    ]
    assert [report.flight for report in found.reports] == ["DY4012", "DY4012", "DY4491"]


def test_a_list_without_end_is_one_fault() -> None:
    found = parsed(answer(departure(codeShareData=[None] * 5000)))
    assert [fault.column for fault in found.faults] == ["codeShareData", "codeShareData"]
    assert len(found.reports) == 1


def test_halves_of_surrogate_pairs_can_be_shown() -> None:
    found = parsed(answer(departure(flightId="DY\ud8001", codeShareData=["LH\udfff"])))
    assert [fault.raw.encode()[:1] for fault in found.faults] == [b"{"]


def test_a_refusal_keeps_the_key_to_itself() -> None:
    with pytest.raises(FeedError) as caught:
        parsed(b'{"message": "no such page: /v2/ARN?api_key=abc123"}')
    assert "abc123" not in str(caught.value)
    assert "no such page" in str(caught.value)


def test_an_answer_without_flights_says_nothing() -> None:
    assert parsed(answer()) == Parsed()


def test_a_long_answer_says_how_to_ask_for_its_rest() -> None:
    assert swedavia.continuation(b'{"flights": [], "continuationtoken": "H4sIAAA="}') == "H4sIAAA="
    assert swedavia.continuation(answer()) is None
    assert swedavia.continuation(b'{"flights": [], "continuationtoken": ""}') is None
    with pytest.raises(FeedError, match="null came"):
        swedavia.continuation(b"null")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "nothing came"),
        (b"<!DOCTYPE html><html></html>", "HTML page"),
        (
            b'{"statusCode": 401, "message": "Access denied due to missing subscription key."}',
            r"\(401\): Access denied due to missing subscription key",
        ),
        (b'{"to": {}, "list": []}', "'to', 'list'"),
        (b"null", "null came"),
        (answer(departure())[:90], "not whole JSON"),
        (b" " * (swedavia.MAX_BYTES + 1), "at most"),
    ],
)
def test_what_is_no_answer_is_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(FeedError, match=words):
        parsed(data)


GOOD = json.dumps(json.loads(answer(departure(), {"arrival": arrival(**status("CAN"))})), indent=0).encode()


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    endures(parsed, data)


@given(damaged(GOOD))
def test_a_damaged_answer_is_read_or_refused(data: bytes) -> None:
    endures(parsed, data)


@pytest.mark.shared_data
def test_a_real_answer_is_read_without_fault(shared: Path) -> None:
    data = (shared / "data" / "samples" / "swedavia_flightinfo_v2_2023_real.json").read_bytes()
    found = swedavia.parse(data, received_at=datetime(2023, 11, 24, 12, 0, tzinfo=UTC))
    assert found.faults == ()
    report = found.reports[0]
    assert (report.flight, report.date, report.origin) == ("LH817", date(2023, 11, 24), "GOT")
    assert report.codeshares is not UNSET
    assert len(report.codeshares or ()) == 8

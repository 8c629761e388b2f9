"""What a page of Schiphol's flights says, one report for each flight under however many numbers."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from tests.unit.feeds.damage import damaged, endures
from tests.unit.feeds.reading import the_only, utc
from windsock.errors import FeedError
from windsock.feeds import schiphol
from windsock.feeds.parsing import Parsed
from windsock.flights import ArrivalReport, DepartureReport, Report, RunwayReport

NOW = datetime(2026, 6, 2, 12, 0, tzinfo=UTC)


def departure(**changed: Any) -> dict[str, Any]:
    return {
        "id": "128944018320551233",
        "flightName": "KL1699",
        "mainFlight": "KL1699",
        "flightDirection": "D",
        "scheduleDateTime": "2026-06-02T13:20:00.000+02:00",
        "scheduleDate": "2026-06-02",
        "scheduleTime": "13:20:00",
        "lastUpdatedAt": "2026-06-02T13:41:05.120+02:00",
        "route": {"destinations": ["MAD"]},
        "publicFlightState": {"flightStates": ["SCH"]},
    } | changed


def arrival(**changed: Any) -> dict[str, Any]:
    return departure(flightName="HV6002", mainFlight="HV6002", flightDirection="A") | changed


def states(*codes: str) -> dict[str, Any]:
    return {"publicFlightState": {"flightStates": list(codes)}}


def page(*flights: Any) -> bytes:
    return json.dumps({"flights": list(flights), "schemaVersion": "4"}).encode()


def test_the_answer_about_one_flight_is_read_like_a_page_of_one() -> None:
    alone = json.dumps(departure(schemaVersion="4")).encode()
    assert parsed(alone).reports == parsed(page(departure())).reports
    assert schiphol.Poller({}, secret="a:b").cursor([alone], "", NOW) != ""


def parsed(data: bytes) -> Parsed:
    return schiphol.parse(data, received_at=NOW)


def only(data: bytes) -> Report:
    return the_only(parsed(data))


def test_a_departure_leaves_amsterdam_on_its_local_day() -> None:
    report = only(
        page(
            departure(
                scheduleDateTime="2026-06-02T00:20:00.000+02:00",
                publicEstimatedOffBlockTime="2026-06-02T00:45:00.000+02:00",
                actualOffBlockTime="2026-06-02T00:47:11.000+02:00",
                terminal=2,
                gate="C14",
                pier="C",
                aircraftRegistration="PHBXT",
                aircraftType={"iataMain": "737", "iataSub": "73H"},
            )
        )
    )
    assert (report.flight, report.date, report.origin, report.destination) == (
        "KL1699", date(2026, 6, 2), "AMS", "MAD",
    )  # fmt: skip
    assert report.departure == DepartureReport(
        scheduled=utc("2026-06-01 22:20"),
        estimated=utc("2026-06-01 22:45"),
        actual=utc("2026-06-01 22:47:11"),
        terminal="2",
        gate="C14",
    )
    assert (report.registration, report.aircraft_type) == ("PHBXT", "73H")
    assert report.observed_at == utc("2026-06-02 11:41:05.120")


def test_an_arrival_lands_and_leaves_the_date_open() -> None:
    found = parsed(
        page(
            arrival(
                estimatedLandingTime="2026-06-02T13:12:00.000+02:00",
                actualLandingTime="2026-06-02T13:10:30.000+02:00",
                baggageClaim={"belts": ["14", "15"]},
                expectedTimeOnBelt="2026-06-02T13:42:00.000+02:00",
                terminal=3,
                **states("ARR", "EXP"),
            )
        )
    )
    report = found.reports[0]
    assert found.faults == ()
    assert (report.origin, report.destination, report.date) == ("MAD", "AMS", UNSET)
    assert report.arrival == ArrivalReport(
        scheduled=utc("2026-06-02 11:20"), terminal="3", belt="14, 15", first_bag=utc("2026-06-02 11:42")
    )
    assert report.landing == RunwayReport(
        estimated=utc("2026-06-02 11:12"), actual=utc("2026-06-02 11:10:30")
    )
    assert report.cancelled is False
    assert report.boarding is UNSET
    about = found.statements[0].about
    assert about is not None and about.date() == date(2026, 6, 2)


def test_an_arrival_from_overseas_left_on_the_utc_day_before() -> None:
    morning = arrival(scheduleDateTime="2026-06-02T06:05:00.000+02:00", route={"destinations": ["JFK"]})
    about = parsed(page(morning)).statements[0].about
    assert about is not None and about.date() == date(2026, 6, 1)


def test_an_arrival_by_several_airports_leaves_its_origin_open() -> None:
    assert only(page(arrival(route={"destinations": ["DPS", "SIN"]}))).origin is UNSET
    assert only(page(departure(route={"destinations": ["SIN", "DPS"]}))).destination == "SIN"


def test_all_records_of_one_flight_become_one_report() -> None:
    names = {"codeshares": ["DL9510", "AF3333"]}
    found = parsed(
        page(
            departure(id=1, flightName="DL 9510", codeshares=names, gate="old"),
            departure(flightName="HV5611", mainFlight="HV5611"),
            departure(id=2, codeshares=names, gate="C14"),
            departure(id=3, flightName="AF3333", codeshares=names),
        )
    )
    assert [(report.flight, report.codeshares) for report in found.reports] == [
        ("KL1699", ("AF3333", "DL9510")),
        ("HV5611", UNSET),
    ]
    assert found.reports[0].departure is not UNSET
    assert found.reports[0].departure.gate == "C14"
    assert found.statements[0].where == "flights[2] (id 2)"


def test_a_codeshare_alone_on_its_page_speaks_of_the_main_flight() -> None:
    report = only(page(departure(flightName="DL9510")))
    assert (report.flight, report.codeshares) == ("KL1699", ("DL9510",))


def test_the_same_number_on_two_days_is_two_flights() -> None:
    found = parsed(page(departure(), departure(scheduleDateTime="2026-06-03T13:20:00.000+02:00")))
    assert [report.date for report in found.reports] == [date(2026, 6, 2), date(2026, 6, 3)]


@pytest.mark.parametrize("number", [128944018320551233, "128944018320551233"])
def test_an_id_beyond_two_to_the_53_keeps_every_digit(number: Any) -> None:
    assert parsed(page(departure(id=number))).statements[0].where == "flights[0] (id 128944018320551233)"


@pytest.mark.parametrize(
    ("codes", "cancelled", "boarding"),
    [
        ((), UNSET, UNSET),
        (("SCH",), None, None),
        (("DEL", "GCH"), None, None),
        (("DEL", "BRD"), False, True),
        (("GCL",), False, True),
        (("GTD",), False, False),
        (("WIL",), False, False),  # codespell:ignore
        (("DEP",), False, False),
        (("CNX", "SCH"), True, UNSET),
    ],
)
def test_states_say_whether_it_is_cancelled_and_boards(
    codes: tuple[str, ...], cancelled: Any, boarding: Any
) -> None:
    report = only(page(departure(**states(*codes))))
    assert (report.cancelled, report.boarding) == (cancelled, boarding)


def test_a_diversion_is_told() -> None:
    assert only(page(arrival(**states("DIV")))).diverted is True


def test_an_estimate_that_is_null_says_as_little_as_one_not_named() -> None:
    told = only(page(departure(publicEstimatedOffBlockTime=None)))
    assert told.departure == DepartureReport(scheduled=utc("2026-06-02 11:20"))
    assert only(page(departure())).departure == DepartureReport(scheduled=utc("2026-06-02 11:20"))


def test_what_is_wrong_in_a_record_is_left_out_alone() -> None:
    found = parsed(
        page(
            departure(**states("BRD", "ZZZ"), aircraftRegistration="X?X", gate={"name": "C14"}),
            departure(mainFlight=None, flightName=""),
            departure(flightDirection="T"),
            departure(mainFlight="KL", flightName="KL"),
            departure(mainFlight="KL1", flightName="KL1", scheduleDateTime="2026-06-02T13:20:00"),
            departure(
                mainFlight="KL2", flightName="KL2", route=[], codeshares={"codeshares": ["DL1", 7, None]}
            ),
            [],
        )
    )
    assert [(fault.path, fault.column) for fault in found.faults if fault.path] == [
        ("flights[1] (id 128944018320551233).flightName", "flightName"),
        ("flights[2] (id 128944018320551233).flightDirection", "flightDirection"),
        ("flights[6]", None),
        ("flights[0] (id 128944018320551233).gate", "gate"),
        ("flights[0] (id 128944018320551233).publicFlightState.flightStates", "flightStates"),
        ("flights[0] (id 128944018320551233)", "registration"),
        ("flights[3] (id 128944018320551233)", "flight"),
        ("flights[4] (id 128944018320551233).scheduleDateTime", "scheduleDateTime"),
        ("flights[5] (id 128944018320551233).codeshares.codeshares", "codeshares"),
        ("flights[5] (id 128944018320551233).route", "route"),
        ("flights[5] (id 128944018320551233)", "codeshares[1]"),
    ]
    assert [(report.flight, report.boarding) for report in found.reports] == [
        ("KL1699", True), ("KL1", None), ("KL2", None),
    ]  # fmt: skip
    assert found.reports[2].codeshares == ("DL1",)


def test_an_update_later_than_its_receipt_is_no_time_of_observation() -> None:
    assert only(page(departure(lastUpdatedAt="2026-06-02T14:30:00.000+02:00"))).observed_at is UNSET


def test_a_page_without_flights_says_nothing() -> None:
    assert parsed(page()) == Parsed()


def test_the_next_page_is_found_among_the_links() -> None:
    address = "https://api.schiphol.nl/public-flights/flights?sort=+scheduleTime,flightName&page={}"
    header = (
        f'<{address.format(90)}>; rel="last", <{address.format(2)}>; title="on"; rel="next" , '
        f'<{address.format(0)}>; rel="first"'
    )
    assert schiphol.next_page(header) == address.format(2)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "<a",
        "a>",
        '<a>; rel="last"',
        '<a>; rel="nextish"',
        "<" * 8000,
        "; rel=next",
        ';rel="' * 1000,
        "<>; rel=next",
    ],
)
def test_a_header_without_next_page_gives_none(header: str) -> None:
    assert schiphol.next_page(header) is None


def test_a_link_header_of_any_length_costs_nothing() -> None:
    assert schiphol.next_page('<a>; rel="next", ' * 100_000) is None


@given(st.text(alphabet='<>;,"= relnxt', max_size=200))
def test_any_link_header_is_read_or_passed_over(header: str) -> None:
    schiphol.next_page(header)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "nothing came"),
        (b"<html>502 Bad Gateway</html>", "HTML page"),
        (b'{"message": "Authentication failed", "statusCode": 403}', r"\(403\): Authentication failed"),
        (b'{"flight": [], "schemaVersion": "5"}', "'flight', 'schemaVersion'"),
        (b'{"flights": {}}', "'flights'"),
        (b"[]", "a list came"),
        (page(departure())[:80], "not whole JSON"),
        (b" " * (schiphol.MAX_BYTES + 1), "at most"),
    ],
)
def test_what_is_not_a_page_is_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(FeedError, match=words):
        parsed(data)


GOOD = json.dumps(
    json.loads(
        page(
            departure(codeshares={"codeshares": ["DL9510"]}, gate="C14", **states("DEL", "BRD")),
            departure(flightName="DL9510", codeshares={"codeshares": ["DL9510"]}),
            arrival(actualLandingTime="2026-06-02T13:10:30.000+02:00", baggageClaim={"belts": ["14"]}),
        )
    ),
    indent=0,
).encode()


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    endures(parsed, data)


@given(damaged(GOOD))
def test_a_damaged_page_is_read_or_refused(data: bytes) -> None:
    endures(parsed, data)

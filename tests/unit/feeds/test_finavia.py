"""What Finavia's document says, one record a side, and what of it is a fault."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from tests.unit.feeds.damage import damaged, endures
from tests.unit.feeds.reading import the_only, utc
from windsock.errors import ConfigError, FeedError
from windsock.feeds import finavia
from windsock.feeds.parsing import Parsed
from windsock.feeds.registry import format_named
from windsock.flights import ArrivalReport, DepartureReport, Report, RunwayReport

NOW = datetime(2026, 9, 14, 6, 5, tzinfo=UTC)
PAGE = Path(__file__).parents[3] / "docs" / "reference" / "feeds" / "finavia.md"


def departure(
    more: str = "",
    number: str = "AY1331",
    at: str = "2026-09-14T05:10:00Z",
    here: str = "HEL",
    to: str = "LHR",
) -> str:
    return (
        f"<flight><h_apt>{here}</h_apt><fltnr>{number}</fltnr><sdt>{at}</sdt><sdate>20260914</sdate>"
        f"<route_1>{to}</route_1><route_n_1>London</route_n_1><route_n_fi_1>Lontoo</route_n_fi_1>{more}</flight>"
    )


def arrival(
    more: str = "", number: str = "AY964", at: str = "2026-09-14T06:15:00Z", come_from: str = "CPH"
) -> str:
    return (
        f"<flight><h_apt>HEL</h_apt><fltnr>{number}</fltnr><sdt>{at}</sdt><sdate>20260914</sdate>"
        f"<route_1>{come_from}</route_1><route_n_1>Copenhagen</route_n_1><gate/>{more}</flight>"
    )


def board(
    *, arr: tuple[str, ...] = (), dep: tuple[str, ...] = (), updated: str = "2026-09-14T06:04:10Z"
) -> bytes:
    header = f"<header><timestamp>{updated}</timestamp><from>Finavia</from></header>"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<flights xmlns="http://www.finavia.fi/FlightsService.xsd">\n'
        f"<arr>{header}<body>{''.join(arr)}</body></arr>\n<dep>{header}<body>{''.join(dep)}</body></dep>\n</flights>"
    ).encode()


def parsed(data: bytes) -> Parsed:
    return finavia.parse(data, received_at=NOW)


def only(data: bytes) -> Report:
    return the_only(parsed(data))


GOOD = board(
    arr=(
        arrival(
            "<acreg>OHLKN</acreg><actype>E90</actype><prm>LAN</prm><prt>Landed</prt><prt_f>Laskeutunut</prt_f>"
            "<pest_d>2026-09-14T06:02:00Z</pest_d><act_d>2026-09-14T06:00:00Z</act_d><bltarea>2B</bltarea>"
            "<termid>T2</termid><park>22</park>"
        ),
    ),
    dep=(
        departure(
            "<cflight_1>BA6021</cflight_1><cflight_2>JL6801</cflight_2><gate>28</gate><chkdsk_1>207</chkdsk_1>"
            "<chkdsk_2>215</chkdsk_2><est_d>2026-09-14T05:30:00Z</est_d><prm>EXP</prm><prt>Expected</prt>"
        ),
        departure(
            "<prm>SCH</prm><prt>Scheduled</prt>", "AY601", "2026-09-14T08:00:00Z", here="KUO", to="HEL"
        ),
    ),
)


def test_a_departure_leaves_from_its_records_airport_on_its_local_day() -> None:
    more = (
        "<chkdsk_1>207</chkdsk_1><chkdsk_2>215</chkdsk_2><gate>28</gate><park>28B</park><termid>T2</termid>"
    )
    report = only(board(dep=(departure(more, at="2026-09-13T21:20:00Z"),)))
    assert (report.flight, report.origin, report.destination) == ("AY1331", "HEL", "LHR")
    assert report.date == date(2026, 9, 14)  # 00:20 in Helsinki
    assert report.departure == DepartureReport(
        scheduled=utc("2026-09-13 21:20"), terminal="T2", gate="28", stand="28B", checkin_desk="207-215"
    )
    assert (report.source, report.observed_at) == ("finavia", utc("2026-09-14 06:04:10"))


def test_an_arrival_comes_from_the_other_airport_and_leaves_the_date_open() -> None:
    more = "<acreg>OHLKN</acreg><actype>E90</actype><bltarea>2B</bltarea><est_d>2026-09-14T06:20:00Z</est_d>"
    found = parsed(board(arr=(arrival(more),)))
    report = found.reports[0]
    assert (report.origin, report.destination, report.date) == ("CPH", "HEL", UNSET)
    assert (report.registration, report.aircraft_type) == ("OHLKN", "E90")
    assert report.arrival == ArrivalReport(
        scheduled=utc("2026-09-14 06:15"), estimated=utc("2026-09-14 06:20"), belt="2B"
    )
    about = found.statements[0].about
    assert about is not None
    assert about.date() == date(2026, 9, 14)


def test_a_codeshare_is_another_name_of_the_flight() -> None:
    report = only(
        board(dep=(departure("<cflight_1>BA6021</cflight_1><cflight_2/><cflight_3>JL6801</cflight_3>"),))
    )
    assert report.codeshares == ("BA6021", "JL6801")


def test_the_public_estimate_counts_before_the_other_one() -> None:
    more = "<est_d>2026-09-14T05:30:00Z</est_d><pest_d>2026-09-14T05:35:00Z</pest_d>"
    report = only(board(dep=(departure(more),)))
    assert report.departure is not UNSET
    assert report.departure.estimated == utc("2026-09-14 05:35")


def test_an_actual_time_is_the_gates_at_a_departure_and_the_runways_at_an_arrival() -> None:
    left = only(board(dep=(departure("<act_d>2026-09-14T05:21:00Z</act_d><prm>DEP</prm>"),)))
    assert left.departure is not UNSET
    assert (left.departure.actual, left.takeoff) == (utc("2026-09-14 05:21"), UNSET)
    landed = only(board(arr=(arrival("<act_d>2026-09-14T06:00:00Z</act_d><prm>LAN</prm>"),)))
    assert landed.landing == RunwayReport(actual=utc("2026-09-14 06:00"))
    assert landed.arrival is not UNSET
    assert landed.arrival.actual is UNSET


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("<prm>SCH</prm>", {"cancelled": None, "stated_status": None}),
        ("<prm>EXP</prm>", {"cancelled": False}),
        ("<prm>exp</prm>", {"cancelled": False}),
        ("<prm>BRD</prm>", {"cancelled": False, "boarding": True}),
        ("<prm>CXX</prm>", {"cancelled": True}),
        ("<prm>DIV</prm>", {"cancelled": False, "diverted": True}),
        ("<prm>DEP</prm>", {"cancelled": False, "stated_status": "out"}),
        ("<prm>QQ</prm><prt>Cancelled</prt>", {"cancelled": True}),
        ("<prt>Gate closed</prt>", {"cancelled": False}),
        ("<prm/><prt/>", {}),
        ("", {}),
    ],
)
def test_a_status_is_read_by_its_code_or_else_by_its_words(status: str, said: dict[str, object]) -> None:
    report = only(board(dep=(departure(status),)))
    fields = ("cancelled", "diverted", "boarding", "stated_status")
    assert {name: value for name in fields if (value := getattr(report, name)) is not UNSET} == said


def test_what_is_wrong_in_a_record_is_a_fault_and_the_rest_is_used() -> None:
    found = parsed(
        board(
            dep=(
                departure("<prm>QQ</prm><prt>Strike</prt><gate>28</gate>"),
                departure("<est_d>soon</est_d><gate>29</gate>", "AY1333"),
                departure(number=""),
                departure(here="QQQ"),
            ),
            arr=(arrival("<actype>" + "x" * 60 + "</actype>"),),
        )
    )
    assert [(fault.path, fault.column) for fault in found.faults] == [
        ("arr.flight[0]", "aircraft_type"),
        ("dep.flight[0]", "prm"),
        ("dep.flight[1]", "est_d"),
        ("dep.flight[2]", "fltnr"),
        ("dep.flight[3]", "h_apt"),
    ]
    assert [report.flight for report in found.reports] == ["AY964", "AY1331", "AY1333"]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"<html><body>Unauthorized</body></html>", "expected <flights>.*Unauthorized"),
        (b"<flights/>", "expected <flights> with"),
        (b"<fault>Invalid key</fault>", "Invalid key"),
        (GOOD[:200], "damaged"),
    ],
)
def test_another_document_is_refused_with_what_came(data: bytes, what: str) -> None:
    with pytest.raises(FeedError, match=what):
        parsed(data)


def test_a_time_of_the_document_after_its_receipt_is_not_believed() -> None:
    assert only(board(dep=(departure(),), updated="2026-09-14T07:00:00Z")).observed_at is UNSET
    assert only(board(dep=(departure(),), updated="now")).observed_at is UNSET


def test_both_sides_are_asked_for_with_the_key_in_a_header() -> None:
    for options, which in (({}, "all"), ({"airport": "hel"}, "HEL"), ({"airport": "EFHK"}, "HEL")):
        poller = format_named("finavia").poller(options, "k3y", None)
        assert poller is not None
        (request,) = poller.requests("", NOW)
        assert request.url == f"https://apigw.finavia.fi/flights/public/v0/flights/all/{which}"
        assert request.headers["app_key"] == "k3y"


@pytest.mark.parametrize("airport", ["", "Helsinki", ["HEL"], 3])
def test_an_airport_that_is_not_known_is_refused(airport: object) -> None:
    with pytest.raises(ConfigError, match="Finnish airport's code"):
        format_named("finavia").parser("finavia", {"airport": airport})


def test_the_example_of_the_reference_gives_what_it_says() -> None:
    page = PAGE.read_text()
    (given_,) = re.findall(r"```xml\n(.*?)```", page, flags=re.DOTALL)
    (told,) = re.findall(r"```json\n(.*?)```", page, flags=re.DOTALL)
    assert msgspec.json.decode(msgspec.json.encode(parsed(given_.encode()).reports)) == msgspec.json.decode(
        told
    )


@given(st.one_of(damaged(GOOD), st.binary(max_size=400)))
def test_damaged_input_is_read_or_refused(data: bytes) -> None:
    endures(lambda data: finavia.parse(data, received_at=NOW), data)

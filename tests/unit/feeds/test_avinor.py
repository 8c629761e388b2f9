"""What a board of Avinor's says, one record a side, and what of it is a fault."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from tests.unit.feeds.damage import damaged, endures
from tests.unit.feeds.reading import the_only, utc
from windsock.errors import FeedError
from windsock.feeds import avinor
from windsock.feeds.parsing import Parsed
from windsock.flights import ArrivalReport, DepartureReport, Report, RunwayReport

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
SAMPLE = "avinor_xmlfeed_OSL_2026-09-25_real_trimmed.xml"


def board(*flights: str, airport: str = "BGO", updated: str = "2026-03-04T11:58:07.5Z") -> bytes:
    return (
        '<?xml version="1.0" encoding="ISO-8859-1" standalone="yes"?>\n'
        f'<airport name="{airport}">\n<flights lastUpdate="{updated}">\n'
        + "\n".join(flights)
        + "\n</flights></airport>"
    ).encode("iso-8859-1")


def arrival(more: str = "", number: str = "SK4165", at: str = "2026-03-04T12:20:00Z", kind: str = "D") -> str:
    return (
        f'<flight uniqueID="71"><airline>SK</airline><flight_id>{number}</flight_id><dom_int>{kind}</dom_int>'
        f"<schedule_time>{at}</schedule_time><arr_dep>A</arr_dep><airport>TRD</airport>{more}</flight>"
    )


def departure(
    more: str = "", number: str = "WF588", at: str = "2026-03-04T11:30:00Z", to: str = "ABZ"
) -> str:
    return (
        f'<flight uniqueID="72"><airline>WF</airline><flight_id>{number}</flight_id><dom_int>I</dom_int>'
        f"<schedule_time>{at}</schedule_time><arr_dep>D</arr_dep><airport>{to}</airport>{more}</flight>"
    )


def parsed(data: bytes) -> Parsed:
    return avinor.parse(data, received_at=NOW)


def only(data: bytes) -> Report:
    return the_only(parsed(data))


def test_a_departure_leaves_from_the_documents_airport_on_its_local_day() -> None:
    report = only(board(departure("<check_in>1 2</check_in><gate>C34</gate>", at="2026-03-03T23:20:00Z")))
    assert (report.flight, report.origin, report.destination) == ("WF588", "BGO", "ABZ")
    assert report.date == date(2026, 3, 4)  # 00:20 in Bergen
    assert report.departure == DepartureReport(
        scheduled=utc("2026-03-03 23:20"), gate="C34", checkin_desk="1 2", estimated=None
    )
    assert report.observed_at == utc("2026-03-04 11:58:07.5")
    assert report.source == "avinor"


def test_an_arrival_comes_from_the_other_airport_and_leaves_the_date_open() -> None:
    found = parsed(board(arrival("<belt>3</belt><gate>B9</gate><via_airport>SVG,KRS</via_airport>")))
    report = found.reports[0]
    assert (report.origin, report.destination, report.date) == ("TRD", "BGO", UNSET)
    assert report.arrival == ArrivalReport(
        scheduled=utc("2026-03-04 12:20"), belt="3", gate="B9", estimated=None
    )
    assert report.departure is UNSET
    about = found.statements[0].about
    assert about is not None and about.date() == date(2026, 3, 4)


@pytest.mark.parametrize(("kind", "day"), [("D", 4), ("S", 3), ("I", 3), ("?", 3)])
def test_the_day_an_arrival_left_is_guessed_by_its_kind_where_its_way_is_not_known(
    kind: str, day: int
) -> None:
    data = board(arrival(at="2026-03-04T01:30:00Z", kind=kind)).replace(b"TRD", b"")
    found = parsed(data)
    about = found.statements[0].about
    assert about is not None and about.date() == date(2026, 3, day)


@pytest.mark.parametrize(("at", "day"), [("00:40", 3), ("01:10", 4)])
def test_the_day_an_arrival_left_is_guessed_by_its_way(at: str, day: int) -> None:
    found = parsed(board(arrival(at=f"2026-03-04T{at}:00Z")))  # some 1:05 from Trondheim to Bergen
    about = found.statements[0].about
    assert about is not None and about.date() == date(2026, 3, day)


def test_landed_and_departed_bear_the_actual_time() -> None:
    came = only(board(arrival('<status code="A" time="2026-03-04T11:49:00Z"/>')))
    left = only(board(departure('<status code="D" time="2026-03-04T11:41:20Z"/><delayed>Y</delayed>')))
    assert came.arrival == ArrivalReport(scheduled=utc("2026-03-04 12:20"))
    assert came.landing == RunwayReport(actual=utc("2026-03-04 11:49"))
    assert left.departure == DepartureReport(
        scheduled=utc("2026-03-04 11:30"), actual=utc("2026-03-04 11:41:20")
    )
    assert (came.cancelled, left.cancelled) == (False, False)


def test_a_new_time_is_an_estimate() -> None:
    report = only(board(departure('<status code="E" time="2026-03-04T12:50:00Z"/>')))
    assert report.departure == DepartureReport(
        scheduled=utc("2026-03-04 11:30"), estimated=utc("2026-03-04 12:50")
    )


def test_cancelled_has_no_time() -> None:
    assert only(board(departure('<status code="C"/>'))).cancelled is True


def test_no_status_takes_back_what_an_earlier_one_said() -> None:
    report = only(board(departure()))
    assert report.cancelled is None
    assert report.departure is not UNSET
    assert report.departure.estimated is None


def test_new_information_changes_no_time() -> None:
    report = only(board(departure('<status code="N"/><gate>D2</gate>')))
    assert report.departure == DepartureReport(scheduled=utc("2026-03-04 11:30"), gate="D2")
    assert report.cancelled is None


@pytest.mark.parametrize("code", ["Q", "D", "Ø"])
def test_a_status_that_no_arrival_has_is_a_fault_and_the_rest_is_told(code: str) -> None:
    found = parsed(board(arrival(f'<belt>3</belt><status code="{code}" time="2026-03-04T11:49:00Z"/>')))
    assert [(fault.path, fault.column, fault.value) for fault in found.faults] == [
        ("flight[0]", "status.code", code)
    ]
    assert found.reports[0].arrival == ArrivalReport(scheduled=utc("2026-03-04 12:20"), belt="3")
    assert found.reports[0].cancelled is UNSET


def test_a_new_time_that_is_not_given_is_a_fault_and_the_rest_is_told() -> None:
    found = parsed(board(departure('<status code="E"/>')))
    assert [fault.column for fault in found.faults] == ["status.time"]
    assert found.reports[0].cancelled is False


def test_what_is_wrong_in_a_record_is_left_out_alone() -> None:
    found = parsed(
        board(
            departure("<gate>a gate of far too many letters</gate>", to="0Z9"),
            departure(number="no number"),
            departure().replace("<arr_dep>D</arr_dep>", ""),
            departure().replace("WF588", ""),
            departure(at="2026-03-04 noon"),
        )
    )
    assert [(fault.path, fault.column) for fault in found.faults] == [
        ("flight[0]", "destination"),
        ("flight[0]", "departure.gate"),
        ("flight[1]", "flight"),
        ("flight[2]", "arr_dep"),
        ("flight[3]", "flight_id"),
        ("flight[4]", "schedule_time"),
    ]
    assert [report.date for report in found.reports] == [date(2026, 3, 4), UNSET]
    assert found.reports[0].destination is UNSET


def test_what_has_not_happened_yet_is_a_fault() -> None:
    found = parsed(board(departure('<status code="D" time="2026-03-04T15:00:00Z"/>')))
    assert [fault.column for fault in found.faults] == ["departure.actual"]


def test_an_update_later_than_its_receipt_is_no_time_of_observation() -> None:
    report = only(board(departure(), updated="2026-03-04T12:03:00Z"))
    assert report.observed_at is UNSET


def test_a_board_without_flights_says_nothing() -> None:
    assert parsed(board()) == Parsed()


def test_last_update_is_what_to_ask_with_next() -> None:
    assert avinor.last_update(board()) == utc("2026-03-04 11:58:07.5")
    assert avinor.last_update(board(updated="")) is None
    with pytest.raises(FeedError):
        avinor.last_update(b"{}")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b'{"flights": []}', "damaged"),
        (b"<html><body>Maintenance, back soon</body></html>", "Maintenance, back soon"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><airport/>', "DOCTYPE"),
        (board(airport=""), "airport=OSL"),
        (board(departure())[:200], "damaged"),
        (b"<airport>" + b"<a>" * 100_000, "deeper"),
        (b"<airport>" + b" " * avinor.MAX_BYTES, "at most"),
    ],
)
def test_what_is_not_a_board_is_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(FeedError, match=words):
        parsed(data)


GOOD = board(
    arrival('<via_airport>SVG,KRS</via_airport><status code="A" time="2026-03-04T11:49:00Z"/><belt>3</belt>'),
    departure('<status code="E" time="2026-03-04T12:50:00Z"/><gate>C3</gate><delayed>Y</delayed>'),
    departure('<status code="C"/>', number="DY602"),
)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    endures(parsed, data)


@given(damaged(GOOD))
def test_a_damaged_board_is_read_or_refused(data: bytes) -> None:
    endures(parsed, data)


@pytest.mark.shared_data
def test_a_real_board_is_read_without_fault(shared: Path) -> None:
    data = (shared / "data" / "samples" / SAMPLE).read_bytes()
    found = avinor.parse(data, received_at=datetime(2026, 9, 25, 14, 23, tzinfo=UTC))
    assert found.faults == ()
    assert [report.flight for report in found.reports] == ["DY1791", "WF170", "SK1472", "ZZ9", "BT152"]

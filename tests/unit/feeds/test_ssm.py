"""SSM and ASM: telexes that change a schedule for a period or for a day."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from windsock.errors import FeedError
from windsock.feeds import ssm
from windsock.feeds.parsing import Parsed, Statement

RECEIVED = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)  # a Wednesday


def read(text: str, first: str = "2026-07-01", last: str = "2026-07-01") -> Parsed:
    return ssm.parse(
        text.encode("latin-1"),
        received_at=RECEIVED,
        first=date.fromisoformat(first),
        last=date.fromisoformat(last),
    )


def only(parsed: Parsed) -> Statement:
    assert [str(fault) for fault in parsed.faults] == []
    (statement,) = parsed.statements
    return statement


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


NEW = """\
SSM
UTC
20JUN00031E001/REF 12
NEW
QX417
29JUN26 05JUL26 1234567
J 320 Y180.C12Y150
FRA0905 LIS1110/0
"""


def test_a_new_flight_is_told_for_each_operating_day_in_the_window() -> None:
    parsed = read(NEW, "2026-06-01", "2026-08-01")
    assert [report.date for report in parsed.reports] == [
        *(date(2026, 6, day) for day in (29, 30)),
        *(date(2026, 7, day) for day in (1, 2, 3, 4, 5)),
    ]


def test_a_new_flight_has_its_schedule_and_aircraft() -> None:
    statement = only(read(NEW))
    report = statement.report
    assert (report.flight, report.date, report.origin, report.destination) == (
        "QX417",
        date(2026, 7, 1),
        "FRA",
        "LIS",
    )
    assert report.departure.scheduled == at("2026-07-01 09:05")
    assert report.arrival.scheduled == at("2026-07-01 11:10")
    assert report.aircraft_type == "320"
    assert (statement.where, statement.utc_day) == ("line 8", None)


def test_a_new_flight_takes_back_what_an_earlier_ssm_cancelled_and_an_asm_says_it_goes() -> None:
    assert only(read(NEW)).report.cancelled is None
    assert only(read(NEW.replace("\nNEW\n", "\nNEW XASM\n"))).report.cancelled is False
    text = "ASM\nLT\nNEW\nQX9417/02JUL\nJ 320\nFRA0905 LIS1110\n"
    assert only(read(text)).report.cancelled is False


def test_local_times_are_read_by_the_clocks_of_each_airport() -> None:
    report = only(read(NEW.replace("UTC", "LT"))).report
    assert (report.departure.scheduled, report.arrival.scheduled) == (
        at("2026-07-01 07:05"),
        at("2026-07-01 10:10"),
    )


def test_the_date_of_a_new_flight_in_utc_is_the_origins() -> None:
    report = only(read(NEW.replace("FRA0905 LIS1110/0", "FRA2330 LIS0215/1"))).report
    assert report.date == date(2026, 7, 2)
    assert report.arrival.scheduled == at("2026-07-02 02:15")


def test_passengers_times_stand_behind_the_aircrafts_and_may_cross_midnight() -> None:
    report = only(read(NEW.replace("FRA0905 LIS1110/0", "FRA0905/0/0900 LIS2355/0/0005"))).report
    assert (report.departure.scheduled, report.arrival.scheduled) == (
        at("2026-07-01 09:00"),
        at("2026-07-02 00:05"),
    )


def test_legs_of_an_itinerary_are_flights_each_with_its_date_and_aircraft() -> None:
    text = """SSM
LT
RPL
QX61
01JUL-15JUL 135/W2
J 320
FRA2100 LIS2310
J 332
LIS0030/1 GRU0600/1
"""
    parsed = read(text)
    assert [(r.origin, r.date, r.aircraft_type, r.departure.scheduled) for r in parsed.reports] == [
        ("FRA", date(2026, 7, 1), "320", at("2026-07-01 19:00")),
        ("LIS", date(2026, 7, 2), "332", at("2026-07-01 23:30")),
    ]
    days = [
        report.date for report in read(text, "2026-07-01", "2026-07-31").reports if report.origin == "FRA"
    ]
    assert days == [date(2026, 7, day) for day in (1, 3, 6, 15)]


def test_several_periods_share_their_legs() -> None:
    text = "SSM\nUTC\nTIM\nQX417\n01JUL 02JUL 1234567\n06JUL 06JUL 1\nFRA0915 LIS1120\n"
    parsed = read(text, "2026-07-01", "2026-07-31")
    assert [statement.utc_day for statement in parsed.statements] == [date(2026, 7, day) for day in (1, 2, 6)]


def test_a_further_period_below_the_legs_keeps_the_flight() -> None:
    text = "SSM\nLT\nTIM\nQX417\n01JUL 01JUL\nFRA0915 LIS1120\n02JUL 02JUL\nFRA0925 LIS1130\n"
    parsed = read(text, "2026-07-01", "2026-07-31")
    assert [report.departure.scheduled for report in parsed.reports] == [
        at("2026-07-01 07:15"),
        at("2026-07-02 07:25"),
    ]


def test_a_cancelled_day_is_told_outside_the_window_too() -> None:
    statement = only(read("ASM\nUTC\nCNL WEAT\nQX0417/16DEC FRA/LIS\n"))
    report = statement.report
    assert (report.flight, report.origin, report.cancelled) == ("QX417", "FRA", True)
    assert (report.date, statement.utc_day) == (UNSET, date(2026, 12, 16))


def test_a_cancelled_day_in_local_time_has_its_flight_date() -> None:
    report = only(read("ASM\nLT\nCNL\nQX417/02\n")).report
    assert (report.date, report.origin, report.cancelled) == (date(2026, 7, 2), UNSET, True)


def test_all_legs_of_a_route_are_cancelled() -> None:
    parsed = read("ASM\nLT\nCNL\nQX61/02JUL26 FRA/LIS/GRU\n")
    assert [(report.origin, report.cancelled) for report in parsed.reports] == [("FRA", True), ("LIS", True)]


def test_a_reinstated_flight_is_not_cancelled() -> None:
    report = only(read("SSM\nLT\nRIN\nQX417\n01JUL\n")).report
    assert report.cancelled is False


def test_a_retimed_day_may_name_the_days_of_the_month() -> None:
    # Over midnight: the flight stays that of the 2nd.
    report = only(read("ASM\nLT\nTIM TECH\nQX417/02JUL\nFRA030030 LIS030235\n")).report
    assert report.date == date(2026, 7, 2)
    assert report.departure.scheduled == at("2026-07-02 22:30")
    assert report.cancelled is UNSET


def test_a_retimed_day_in_utc_is_found_by_its_utc_day() -> None:
    statement = only(read("ASM\nUTC\nTIM\nQX417/02JUL\nFRA2300 LIS030105\n"))
    assert (statement.report.date, statement.utc_day) == (UNSET, date(2026, 7, 2))
    assert statement.report.arrival.scheduled == at("2026-07-03 01:05")


@pytest.mark.parametrize("action", ["EQT", "CON", "EQT/CON"])
def test_changed_equipment_is_an_aircraft_type(action: str) -> None:
    report = only(read(f"ASM\nLT\n{action}\nQX417/02JUL\nJ 321 Y200\nFRALIS\n")).report
    assert (report.origin, report.aircraft_type) == ("FRA", "321")
    assert report.departure is UNSET


def test_a_changed_route_has_another_destination() -> None:
    report = only(read("ASM\nLT\nRRT\nQX417/02JUL\nJ 320\nFRA0905 OPO1110\n")).report
    assert (report.origin, report.destination) == ("FRA", "OPO")


def test_element_10_names_codeshares_of_a_leg_or_of_all() -> None:
    text = "SSM\nLT\nADM\nQX417\n01JUL 31JUL 1234567\n{}\n"
    for line in ("FRALIS 10/ZZ901/YX55", "QQQQQQ 10/ZZ901/YX55"):
        assert only(read(text.format(line))).report.codeshares == ("YX55", "ZZ901")


def test_more_codeshares_than_a_report_takes_cost_only_the_last() -> None:
    lines = "".join(
        "FRALIS 10/" + "/".join(f"ZZ{100 * row + n}" for n in range(12)) + "\n" for row in (1, 2, 3)
    )
    parsed = read("ASM\nLT\nADM\nQX417/02JUL\n" + lines)
    assert len(parsed.reports[0].codeshares) == 30
    assert "36 codeshares" in parsed.faults[0].message


def test_element_50_makes_the_flight_a_name_of_the_operating_one() -> None:
    report = only(read("ASM\nLT\nNEW\nQX417/02JUL 50/ZZ901\nFRA0905 LIS1110\n")).report
    assert (report.flight, report.codeshares, report.departure) == ("ZZ901", ("QX417",), UNSET)


def test_sub_messages_are_divided_by_slashes_and_free_text_is_passed_over() -> None:
    parsed = read("ASM\nLT\nCNL\nQX1/02JUL\nSI SEE YOU\nQX9/02JUL\n//\nRIN\nQX2/02JUL\nQX3/03JUL\n")
    assert parsed.faults == ()
    assert [(report.flight, report.cancelled) for report in parsed.reports] == [
        ("QX1", True), ("QX2", False), ("QX3", False),
    ]  # fmt: skip


def test_the_envelope_says_when_it_was_sent() -> None:
    body = "ASM\r\nLT\r\nCNL\r\nQX417/02JUL\r\n"
    assert only(read("QU FRAOPQX\r\n.LISOPQX 301745\r\n" + body)).report.observed_at == at("2026-06-30 17:45")
    assert only(read("QU FRAOPQX\r\n.LISOPQX 011201\r\n" + body)).report.observed_at is UNSET


def test_several_telexes_in_one_file_are_read_in_turn() -> None:
    one = "QU FRAOPQX\n.LISOPQX 301745\nASM\nLT\nCNL\nQX417/02JUL\n\n"
    two = "QU FRAOPQX\n.LISOPQX 011100\nASM\nUTC\nRIN\nQX417/02JUL\n"
    parsed = read(one + two)
    assert parsed.faults == ()
    assert [(r.cancelled, r.observed_at.day) for r in parsed.reports] == [(True, 30), (False, 1)]


def test_a_period_without_years_that_is_over_means_the_next() -> None:
    text = "SSM\nLT\nCNL\nQX417\n28MAR 30APR 1234567\n"
    assert read(text, "2026-04-01", "2026-04-01").reports == ()
    assert [r.date for r in read(text, "2027-04-01", "2027-04-01").reports] == [date(2027, 4, 1)]


def test_a_period_over_new_year_is_one() -> None:
    text = "SSM\nLT\nCNL\nQX417\n25OCT 27MAR 1234567\n"
    assert len(read(text, "2026-12-31", "2027-01-01").reports) == 2


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("SOMETHING ELSE ENTIRELY", "cannot be read"),
        ("FRA2905 LIS1110", "'2905' is not a time"),
        ("31FEB 01APR 1234567", "no such calendar date"),
        ("QX0/02JUL", "is not a flight number"),
        ("QX55/39", "39 is not a day of a month"),
        ("X" * 300, "cannot be read"),
    ],
)
def test_a_wrong_line_is_a_fault_and_the_rest_is_kept(line: str, message: str) -> None:
    parsed = read(f"ASM\nLT\nCNL\n{line}\nQX417/02JUL\n")
    assert [report.flight for report in parsed.reports] == ["QX417"]
    (fault,) = parsed.faults
    assert fault.line == 4
    assert message in fault.message


@pytest.mark.parametrize("line", ["QX0", "Q?418", "QX418/39"])
def test_what_stands_below_a_wrong_flight_is_not_given_to_the_flight_before_it(line: str) -> None:
    parsed = read(f"SSM\nLT\nCNL\nQX417\n01JUL\n{line}\n02JUL\nQX419\n03JUL\n", "2026-07-01", "2026-07-09")
    assert [(r.flight, r.date.day) for r in parsed.reports] == [("QX417", 1), ("QX419", 3)]
    text = (
        f"ASM\nLT\nTIM\nQX417/02JUL\nFRA0905 LIS1110\n{line}\nOPO0905 LIS1005\nQX419/02JUL\nOPO0910 LIS1010\n"
    )
    parsed = read(text)
    assert [(r.flight, r.origin) for r in parsed.reports] == [("QX417", "FRA"), ("QX419", "OPO")]
    assert [fault.line for fault in parsed.faults] == [6]


def test_an_equipment_line_that_is_none_does_not_cost_the_legs() -> None:
    parsed = read("SSM\nLT\nTIM\nQX417\n01JUL\nSMALL AIRCRAFT\nFRA0905 LIS1110\n")
    assert parsed.reports[0].departure.scheduled == at("2026-07-01 07:05")
    assert len(parsed.faults) == 1


def test_behind_a_wrong_first_leg_the_second_keeps_its_own_date() -> None:
    parsed = read("SSM\nLT\nTIM\nQX61\n01JUL\nFRA2960 LIS2310\nLIS0030/1 GRU0600/1\n")
    assert [(report.origin, report.date) for report in parsed.reports] == [("LIS", date(2026, 7, 2))]


def test_a_wrong_period_does_not_lend_its_legs_to_the_one_before() -> None:
    text = "SSM\nLT\nTIM\nQX417\n01JUL\nFRA0905 LIS1110\n31FEB\nFRA0955 LIS1210\n"
    parsed = read(text)
    assert [report.departure.scheduled for report in parsed.reports] == [at("2026-07-01 07:05")]


def test_an_unknown_destination_costs_only_the_arrival() -> None:
    parsed = read("ASM\nLT\nEQT/TIM\nQX417/02JUL\nJ 320\nFRA0905 QQX1110\n")
    assert parsed.reports[0].aircraft_type == "320"
    assert "no airport 'QQX'" in parsed.faults[0].message


def test_an_arrival_before_the_departure_is_left_out() -> None:
    parsed = read("ASM\nUTC\nTIM\nQX417/02JUL\nFRA0905 LIS0110\n")
    assert parsed.reports[0].departure.scheduled == at("2026-07-02 09:05")
    assert parsed.reports[0].arrival is UNSET
    assert "before it departs" in parsed.faults[0].message


def test_an_unknown_origin_costs_the_leg() -> None:
    parsed = read("ASM\nLT\nCNL\nQX417/02JUL QQX/LIS\n")
    assert parsed.reports == ()
    assert "no airport 'QQX'" in parsed.faults[0].message


def test_without_utc_or_lt_nothing_is_guessed() -> None:
    parsed = read("ASM\nCNL\nQX417/02JUL\n")
    assert parsed.reports == ()
    assert "UTC or local" in parsed.faults[0].message


def test_a_flight_without_date_or_period_is_a_fault() -> None:
    parsed = read("SSM\nUTC\nCNL\nQX417\n")
    assert "neither a date nor a period" in parsed.faults[0].message


@pytest.mark.parametrize("action", ["SKD", "REV", "FLT/TIM"])
def test_actions_that_are_not_carried_out_say_so(action: str) -> None:
    parsed = read(f"SSM\nUTC\n{action}\nQX417\n01JUL 31JUL 1234567\n//\n" + NEW.partition("E001/REF 12\n")[2])
    (fault,) = parsed.faults
    assert action.partition("/")[0] in fault.message
    assert len(parsed.reports) == 1


@pytest.mark.parametrize("action", ["ACK", "NAC", "RSD"])
def test_receipts_and_requests_say_nothing(action: str) -> None:
    parsed = read(f"SSM\nUTC\n{action}\nQX417\n")
    assert (parsed.reports, parsed.faults) == ((), ())


@pytest.mark.parametrize(
    ("text", "days"),
    [
        (f"ASM\nLT\nFLT\nQX417/{RECEIVED:%d%b}\nQX9417\n", 1),
        (f"ASM\nUTC\nFLT\nQX417/{RECEIVED:%d}\nQX9417/{RECEIVED:%d}\n", 1),
        (
            f"SSM\nLT\nFLT\nQX417\n{RECEIVED:%d%b%y} {RECEIVED + timedelta(days=2):%d%b%y} 1234567\nQX9417\n",
            3,
        ),
    ],
)
def test_a_renumbered_flight_is_the_one_it_was_under_both_names(text: str, days: int) -> None:
    parsed = read(text.upper(), last="2026-07-09")
    assert parsed.faults == ()
    assert len(parsed.statements) == days
    for statement in parsed.statements:
        assert (statement.report.flight, statement.report.codeshares) == ("QX417", ("QX9417",))
        assert statement.renamed_to == "QX9417"
        assert (statement.report.date is UNSET) == (statement.utc_day is not None)


def test_several_flights_are_renumbered_each_by_the_line_below_it() -> None:
    parsed = read("ASM\nLT\nFLT\nQX417/02JUL\nQX9417\nQX418/02JUL\nQX9418\n//\nFLT\nQX419/02JUL\n")
    assert [(one.report.flight, one.renamed_to) for one in parsed.statements] == [
        ("QX417", "QX9417"),
        ("QX418", "QX9418"),
    ]
    assert ["new flight number" in fault.message for fault in parsed.faults] == [True]


def test_more_faults_than_the_cap_end_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("windsock.feeds.ssm.messages.MAX_FAULTS", 2)
    parsed = read("ASM\nLT\nCNL\n" + "WHAT IS THIS\n" * 9 + "QX417/02JUL\n")
    assert len(parsed.faults) == 4
    assert "the rest is not read" in parsed.faults[-1].message


def test_flights_beyond_what_a_sub_message_may_combine_begin_anew_behind_a_fault() -> None:
    parsed = read("ASM\nLT\nCNL\n" + "QX417/02JUL\n" * 99)
    assert len(parsed.reports) == 98
    assert [fault.line for fault in parsed.faults] == [3 + ssm.MAX_GROUP + 1]


@pytest.mark.parametrize("data", [b"", b"hello", b"<xml/>", b"\x00\xff" * 50])
def test_what_is_no_schedule_message_is_refused(data: bytes) -> None:
    with pytest.raises(FeedError, match="not an SSM or ASM"):
        ssm.parse(data, received_at=RECEIVED)


def test_a_file_too_large_is_refused() -> None:
    with pytest.raises(FeedError, match="are read"):
        ssm.parse(b"x" * (ssm.MAX_BYTES + 1), received_at=RECEIVED)


GOOD = (
    NEW + "//\nADM\nQX417\n01JUL 31AUG 135/W2 6/QX418\nFRALIS 10/ZZ901\n"
    "QU FRAOPQX\n.LISOPQX 301745\nASM\nLT\nTIM/EQT TECH\nQX61/02JUL FRA/LIS\nJ 320\nFRA030030/0/0035 LIS030235\n"
).encode()
LINES = [*GOOD.split(b"\n"), b"QX417/29FEB", b"29FEB 00XXX00 1", b"00XXX00", b"FRA312359/M1 LIS2400/7/0000"]


@settings(deadline=None)  # the first example builds the table of airports
@given(st.binary(max_size=300))
def test_random_bytes_raise_nothing_but_feed_error(data: bytes) -> None:
    survives(data)
    survives(b"ASM\nLT\nTIM\nQX417/02JUL\n" + data)


@settings(deadline=None)  # the first example builds the table of airports
@given(st.lists(st.sampled_from(LINES), max_size=25))
def test_lines_in_any_order_raise_nothing_but_feed_error(lines: list[bytes]) -> None:
    survives(b"\n".join(lines))


@settings(deadline=None)  # the first example builds the table of airports
@given(st.data())
def test_mutations_of_good_messages_raise_nothing_but_feed_error(draw: st.DataObject) -> None:
    data = bytearray(GOOD)
    for _ in range(draw.draw(st.integers(1, 6))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    survives(bytes(data)[: draw.draw(st.integers(0, len(GOOD)))])


def survives(data: bytes) -> None:
    try:
        ssm.parse(data, received_at=RECEIVED)
    except FeedError:
        pass


@pytest.mark.shared_data
def test_the_public_samples_are_read_without_a_fault(shared: Path) -> None:
    path = shared / "data/samples/ssm_asm_samples.txt"
    if not path.is_file():
        pytest.skip(f"{path.name} is not among the samples here")
    texts = [part.partition("\n")[2] for part in path.read_text().split("==== ")[1:]]
    parsed = [read(text) for text in texts]
    assert [fault for one in parsed for fault in one.faults] == []
    assert [[report.flight for report in one.reports] for one in parsed] == [
        ["BA117"], ["BA117"], ["LH400"], ["VJ301"], ["BA117"],
    ]  # fmt: skip

"""SSIM chapter 7: seasonal schedules in 200 columns, expanded to the days of a window."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from windsock.errors import FeedError
from windsock.feeds import ssim
from windsock.feeds.parsing import Parsed, Statement
from windsock.feeds.rotation import Leg
from windsock.flights import airports

RECEIVED = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)  # a Wednesday
PADDING = "0" * 200


def columns(**at: str) -> str:
    """A record with these texts at their columns (`c37="FRA"`), counted from 1 as the manual does."""
    line = [" "] * 200
    for name, text in at.items():
        start = int(name[1:]) - 1
        line[start : start + len(text)] = text
    return "".join(line)


def carrier(mode: str = "U", **at: str) -> str:
    return columns(
        **{
            "c1": "2",
            "c2": mode,
            "c3": "QX",
            "c15": "29MAR2624OCT26",
            "c29": "20JUN26",
            "c191": "0930",
            "c195": "000002",
        }
        | at
    )


def leg(**at: str) -> str:
    """QX 417 Frankfurt to Lisbon, daily, 09:05 to 11:10 (aircraft 09:00 to 11:15), unless told otherwise."""
    usual = {
        "c1": "3", "c3": "QX", "c6": " 417", "c10": "01", "c12": "01", "c14": "J", "c15": "29MAR2624OCT26",
        "c29": "1234567", "c37": "FRA", "c40": "0905", "c44": "0900", "c48": "+0200", "c53": "1", "c55": "LIS",
        "c58": "1115", "c62": "1110", "c66": "+0100", "c71": "2B", "c73": "320", "c193": "00", "c195": "000003",
    }  # fmt: skip
    return columns(**usual | at)


def element(number: str, data: str, **at: str) -> str:
    usual = {
        "c1": "4",
        "c3": "QX",
        "c6": " 417",
        "c10": "01",
        "c12": "01",
        "c14": "J",
        "c29": "AB",
        "c31": number,
        "c34": "FRALIS",
        "c40": data,
        "c195": "000004",
    }
    return columns(**usual | at)


def read(*lines: str, first: str = "2026-07-01", last: str = "2026-07-01") -> Parsed:
    data = "\n".join([columns(c1="1", c2="AIRLINE STANDARD SCHEDULE DATA SET"), PADDING, *lines]).encode(
        "latin-1"
    )
    return ssim.parse(
        data, received_at=RECEIVED, first=date.fromisoformat(first), last=date.fromisoformat(last)
    )


def only(parsed: Parsed) -> Statement:
    assert [str(fault) for fault in parsed.faults] == []
    (statement,) = parsed.statements
    return statement


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def dates(parsed: Parsed) -> list[str]:
    return [str(report.date) for report in parsed.reports]


def test_a_record_in_utc_becomes_a_report_with_the_passengers_times() -> None:
    statement = only(read(carrier("U"), leg()))
    report = statement.report
    assert (report.flight, report.date, report.origin, report.destination) == (
        "QX417",
        date(2026, 7, 1),
        "FRA",
        "LIS",
    )
    assert (report.departure.scheduled, report.departure.terminal) == (at("2026-07-01 09:05"), "1")
    assert (report.arrival.scheduled, report.arrival.terminal) == (at("2026-07-01 11:10"), "2B")
    assert (report.aircraft_type, report.source) == ("320", "ssim")
    assert report.observed_at == at("2026-06-20 09:30")
    assert statement.where == "line 4"


def test_local_times_become_utc_by_the_variation_of_each_end() -> None:
    report = only(read(carrier("L"), leg())).report
    assert report.departure.scheduled == at("2026-07-01 07:05")
    assert report.arrival.scheduled == at("2026-07-01 10:10")


def test_without_a_variation_the_airports_own_clocks_count() -> None:
    report = only(read(carrier("L"), leg(c48="     ", c66="     "))).report
    assert report.departure.scheduled == at("2026-07-01 07:05")
    assert report.arrival.scheduled == at("2026-07-01 10:10")


def test_a_freighter_without_passengers_times_has_the_aircrafts() -> None:
    report = only(read(carrier(), leg(c40="    ", c62="    "))).report
    assert (report.departure.scheduled, report.arrival.scheduled) == (
        at("2026-07-01 09:00"),
        at("2026-07-01 11:15"),
    )


def test_the_flight_date_of_a_utc_schedule_is_the_origins() -> None:
    # 23:30 UTC in Frankfurt is 01:30 of the next day.
    report = only(read(carrier("U"), leg(c40="2330", c62="0230", c193="01"))).report
    assert report.date == date(2026, 7, 2)
    assert report.arrival.scheduled == at("2026-07-02 02:30")


def test_a_second_leg_after_midnight_bears_its_own_date() -> None:
    second = leg(c12="02", c37="LIS", c40="0030", c48="+0100", c55="GRU", c62="0900", c66="-0300", c193="11")
    report = only(read(carrier("L"), second)).report
    assert (report.origin, report.date) == ("LIS", date(2026, 7, 2))
    assert report.departure.scheduled == at("2026-07-01 23:30")
    assert report.arrival.scheduled == at("2026-07-02 12:00")


def test_an_arrival_the_day_before_is_written_with_an_a() -> None:
    # Over the date line: Auckland 00:30 on the 1st, Honolulu 09:00 on 30 June.
    line = leg(c37="AKL", c40="0030", c48="+1200", c55="HNL", c62="0900", c66="-1000", c193="0A")
    report = only(read(carrier("L"), line)).report
    assert (report.departure.scheduled, report.arrival.scheduled) == (
        at("2026-06-30 12:30"),
        at("2026-06-30 19:00"),
    )


def test_only_days_of_operation_within_period_and_window_are_told() -> None:
    lines = carrier(), leg(c15="01JUL2610JUL26", c29="1 3 5  ")
    assert dates(read(*lines, first="2026-06-01", last="2026-08-01")) == [
        "2026-07-01",
        "2026-07-03",
        "2026-07-06",
        "2026-07-08",
        "2026-07-10",
    ]
    assert dates(read(*lines, first="2026-07-03", last="2026-07-06")) == ["2026-07-03", "2026-07-06"]


def test_a_frequency_of_two_leaves_out_every_other_week() -> None:
    parsed = read(
        carrier(), leg(c15="01JUL2631JUL26", c29="  3    ", c36="2"), first="2026-07-01", last="2026-07-31"
    )
    assert dates(parsed) == ["2026-07-01", "2026-07-15", "2026-07-29"]


def test_an_open_ended_period_goes_on() -> None:
    assert dates(read(carrier(), leg(c22="00XXX00"), first="2031-01-01", last="2031-01-01")) == ["2031-01-01"]


def test_the_usual_window_is_yesterday_to_a_week_ahead() -> None:
    data = "\n".join([carrier(), leg()]).encode()
    told = dates(ssim.parse(data, received_at=RECEIVED))
    assert (told[0], told[-1], len(told)) == ("2026-06-30", "2026-07-08", 9)


def test_element_10_names_codeshares() -> None:
    report = only(read(carrier(), leg(), element("010", "ZZ 1234/YX  55"))).report
    assert report.codeshares == ("YX55", "ZZ1234")


def test_a_flight_marked_by_element_50_is_a_name_of_the_operating_one() -> None:
    report = only(read(carrier(), leg(), element("050", "ZZ  901"))).report
    assert (report.flight, report.codeshares, report.departure) == ("ZZ901", ("QX417",), UNSET)


def test_codeshares_of_one_flight_from_several_records_are_told_together() -> None:
    own = leg(c3="ZZ", c6=" 901")
    other = leg(c3="YX", c6="  55")
    parsed = read(
        carrier(),
        own, element("010", "QX  417", c3="ZZ", c6=" 901"),
        other, element("050", "ZZ  901", c3="YX", c6="  55"),
    )  # fmt: skip
    assert [report.codeshares for report in parsed.reports] == [("QX417",), ("QX417", "YX55")]


def test_an_element_of_another_flight_is_a_fault_and_the_flight_stays() -> None:
    parsed = read(carrier(), leg(), element("010", "ZZ  901", c6=" 418"))
    assert len(parsed.reports) == 1
    (fault,) = parsed.faults
    assert (fault.line, fault.column) == (5, "key")


def test_a_codeshare_that_is_none_is_a_fault_and_the_others_stay() -> None:
    parsed = read(carrier(), leg(), element("010", "??/ZZ 901"))
    assert parsed.reports[0].codeshares == ("ZZ901",)
    assert "'??' is not a flight number" in parsed.faults[0].message


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"c15": "31JUN2624OCT26"}, "'31JUN26' is not a date"),
        ({"c15": "01NOV2624OCT26"}, "before it begins"),
        ({"c29": "       "}, "not days of operation"),
        ({"c36": "X"}, "frequency rate 'X'"),
        ({"c37": "QQQ"}, "no airport 'QQQ'"),
        ({"c40": "2567"}, "'2567' is not a time"),
        ({"c6": "0000"}, "is not a flight number"),
        ({"c193": "J0"}, "date variation 'J'"),
        ({"c48": "02:00"}, "UTC variation '02:00'"),
    ],
)
def test_a_wrong_record_is_a_fault_naming_its_line_and_the_rest_is_kept(
    wrong: dict[str, str], message: str
) -> None:
    parsed = read(carrier(), leg(**wrong), leg(c6=" 418"))
    assert [report.flight for report in parsed.reports] == ["QX418"]
    (fault,) = parsed.faults
    assert fault.line == 4
    assert message in fault.message


def test_an_unknown_destination_costs_only_the_arrival() -> None:
    parsed = read(carrier(), leg(c55="QQQ"))
    assert parsed.reports[0].departure.scheduled == at("2026-07-01 09:05")
    assert "the arrival is left out" in parsed.faults[0].message


def test_an_arrival_before_the_departure_costs_only_the_arrival() -> None:
    parsed = read(carrier(), leg(c62="0800"))
    assert parsed.reports[0].departure.scheduled == at("2026-07-01 09:05")
    assert "before it departs" in parsed.faults[0].message


def test_an_arrival_that_is_wrong_every_day_is_one_fault() -> None:
    parsed = read(carrier(), leg(c62="0800"), last="2026-07-05")
    assert (len(parsed.reports), len(parsed.faults)) == (5, 1)


def test_an_aircraft_type_or_terminal_that_is_no_text_costs_only_itself() -> None:
    parsed = read(carrier(), leg(c53="\x01", c73="3\x7f0"))
    assert parsed.reports[0].aircraft_type is UNSET
    assert parsed.reports[0].departure.terminal is UNSET
    assert len(parsed.faults) == 2


def test_more_codeshares_than_a_report_takes_cost_only_the_last() -> None:
    names = [element("010", "/".join(f"ZZ {100 * row + n}" for n in range(12))) for row in (1, 2, 3)]
    parsed = read(carrier(), leg(), *names)
    assert len(parsed.reports[0].codeshares) == 30
    assert len(parsed.faults) == 6


def test_a_cut_record_is_a_fault() -> None:
    parsed = read(carrier(), leg()[:120], leg())
    assert len(parsed.reports) == 1
    assert "it was cut or joined" in parsed.faults[0].message


def test_a_cut_codeshare_is_not_another_flights_name() -> None:
    parsed = read(carrier(), leg(), element("010", "ZZ 9012")[:45])
    assert parsed.reports[0].codeshares is UNSET
    assert "it was cut or joined" in parsed.faults[0].message


@pytest.mark.parametrize("between", [(carrier("L")[:90],), (columns(c1="5"), "?" + carrier("L")[1:])])
def test_a_carrier_whose_record_is_damaged_is_not_read_by_the_clocks_of_the_one_before(
    between: tuple[str, ...],
) -> None:
    parsed = read(carrier("U"), leg(), *between, leg(c6=" 418"))
    assert [report.flight for report in parsed.reports] == ["QX417"]
    assert "whether times are UTC or local" in parsed.faults[-1].message


def test_flights_under_an_unknown_time_mode_are_skipped() -> None:
    parsed = read(carrier("Q"), leg())
    assert parsed.reports == ()
    assert parsed.faults[0].column == "time_mode"
    assert len(parsed.faults) == 2


def test_a_local_time_that_comes_twice_is_not_guessed() -> None:
    parsed = read(
        carrier("L"),
        leg(c15="25OCT2626OCT26", c22="26OCT26", c40="0230", c48="     "),
        first="2026-10-25",
        last="2026-10-26",
    )
    assert dates(parsed) == ["2026-10-26"]
    assert "twice or never" in parsed.faults[0].message


def test_a_creation_in_the_future_is_left_out() -> None:
    report = only(read(carrier(c29="20JUL26"), leg())).report
    assert report.observed_at is UNSET


def test_windows_line_ends_are_read() -> None:
    data = "\r\n".join([carrier(), leg(), PADDING]).encode()
    assert len(ssim.parse(data, received_at=RECEIVED).reports) == 9


def test_more_flights_than_the_cap_end_with_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("windsock.feeds.ssim.schedule.MAX_FLIGHTS", 5)
    parsed = read(carrier(), leg(), first="2026-07-01", last="2026-08-01")
    assert len(parsed.reports) == 5
    assert "narrow the window" in parsed.faults[-1].message


def test_more_faults_than_the_cap_end_with_one_saying_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("windsock.feeds.ssim.schedule.MAX_FAULTS", 2)
    parsed = read(carrier(), *[leg(c29="       ")] * 5, leg())
    assert len(parsed.faults) == 3
    assert "further ones are not reported" in parsed.faults[-1].message
    assert len(parsed.reports) == 1


def test_lines_are_read_one_by_one() -> None:
    taken = []

    def lines() -> Iterator[str]:
        for line in (carrier(), leg(), leg(c6=" 418"), leg(c6=" 419")):
            taken.append(line)
            yield line

    reading = ssim.iter_parse(lines(), received_at=RECEIVED)
    first = next(reading)
    assert isinstance(first, Statement)
    assert first.report.flight == "QX417"
    assert len(taken) == 3


def test_the_onward_flight_is_a_rotation() -> None:
    data = "\n".join([carrier(), leg(c138="QX", c141=" 418", c145="1"), leg(c6=" 500")]).encode()
    (found,) = ssim.rotations(data, received_at=RECEIVED, first=date(2026, 7, 1), last=date(2026, 7, 1))
    assert found.inbound == Leg(flight="QX417", origin="FRA", destination="LIS", date=date(2026, 7, 1))
    assert found.outbound == Leg(flight="QX418", origin="LIS")
    assert found.layover_days == 1


@pytest.mark.parametrize("data", [b"", b"hello\nworld", b"<xml/>", b"\x00" * 500, PADDING.encode()])
def test_what_is_no_schedule_is_refused(data: bytes) -> None:
    with pytest.raises(FeedError, match="not an SSIM chapter 7 file"):
        ssim.parse(data, received_at=RECEIVED)


def test_a_file_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("windsock.feeds.ssim.schedule.MAX_BYTES", 10)
    with pytest.raises(FeedError, match="at most 10 are read"):
        ssim.parse(b"x" * 11, received_at=RECEIVED)


GOOD = "\n".join(
    [
        columns(c1="1"),
        carrier("L"),
        leg(c138="QX", c141=" 418"),
        element("010", "ZZ 901"),
        leg(),
        columns(c1="5"),
    ]
).encode()


@settings(deadline=None)  # the first example builds the table of airports
@given(st.binary(max_size=400))
def test_random_bytes_raise_nothing_but_feed_error(data: bytes) -> None:
    survives(data)


@settings(deadline=None)  # the first example builds the table of airports
@given(st.data())
def test_mutations_of_a_good_file_raise_nothing_but_feed_error(draw: st.DataObject) -> None:
    data = bytearray(GOOD)
    for _ in range(draw.draw(st.integers(1, 6))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    lines = bytes(data).split(b"\n")
    lines.insert(draw.draw(st.integers(0, len(lines))), draw.draw(st.sampled_from(lines)))
    survives(b"\n".join(lines)[: draw.draw(st.integers(0, len(GOOD) + 200))])


def survives(data: bytes) -> None:
    for read in (ssim.parse, ssim.rotations):
        try:
            read(data, received_at=RECEIVED)
        except FeedError:
            pass


@pytest.mark.shared_data
def test_the_public_sample_is_read(shared: Path) -> None:
    path = shared / "data/samples/ssim_ch7_sample.ssim"
    if not path.is_file():
        pytest.skip(f"{path.name} is not among the samples here")
    parsed = ssim.parse(path.read_bytes(), received_at=datetime(2018, 4, 10, tzinfo=UTC))
    assert [(report.flight, str(report.date)) for report in parsed.reports] == [
        ("YY123", "2018-04-12"),
        ("YY123", "2018-04-15"),
    ]
    # Its data element was taken from another flight.
    assert [fault.line for fault in parsed.faults] == [12]


@pytest.mark.parametrize("hour", range(24))
@pytest.mark.parametrize("hours", [1, 5, 13, 18])
@pytest.mark.parametrize(
    ("origin", "destination"), [("FRA", "LIS"), ("SYD", "LAX"), ("AKL", "RAR"), ("LAX", "SYD")]
)
@pytest.mark.parametrize("mode", ["U", "L"])
def test_a_blank_date_variation_of_the_arrival_means_the_next_time_its_clock_shows_that(
    hour: int, hours: int, origin: str, destination: str, mode: str
) -> None:
    """Whatever the clocks, time zones and date line say: the arrival is the one that was meant, overnight too."""
    places = [airports.airport(code) for code in (origin, destination)]
    assert places[0] is not None and places[1] is not None
    departs = datetime(2026, 7, 1, hour, 25, tzinfo=UTC if mode == "U" else places[0].tz)
    arrives = (departs.astimezone(UTC) + timedelta(hours=hours, minutes=10)).astimezone(
        UTC if mode == "U" else places[1].tz
    )
    record = leg(c37=origin, c55=destination, c40=f"{departs:%H%M}", c44=f"{departs:%H%M}", c48=" " * 5,
                 c58=f"{arrives:%H%M}", c62=f"{arrives:%H%M}", c66=" " * 5, c193="0 ")  # fmt: skip
    parsed = read(carrier(mode), record)

    assert parsed.faults == ()
    (report,) = parsed.reports
    assert (report.departure.scheduled, report.arrival.scheduled) == (departs, arrives)


def test_a_blank_variation_does_not_make_a_leg_of_a_whole_day() -> None:
    parsed = read(carrier(), leg(c62="0800", c193="0 "))
    assert "before it departs" in parsed.faults[0].message

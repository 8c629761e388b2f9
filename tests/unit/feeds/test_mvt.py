"""Movement telexes become reports: every element, the days and months they leave out, and what cannot be read."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import process_time

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from windsock.errors import FeedError
from windsock.feeds.mvt import MAX_BYTES, parse
from windsock.feeds.parsing import Parsed, Statement

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)

MAILBOX = b"""QU MUCOCXA FRAOCXA
.BRUKKXA 040715
MVT
SN2803/04.OOSSX.BRU
AD0655/0708 EA0810 MUC
DL93/81/0010/0005
PX128/2
SI LATE INBOUND
=====
QU MUCOCXA
.QXSXMXS 040822
A80
FI SN2803/AN OO-SSX
DT QXS BRU1 040822 M12A
-
MVA
SN2803/04.OOSSX.MUC
AA0812/0819
NNNN
COR
MVT
BEL2803/04.OOSSX.BRU
AD040654/040708 EA0810 MUC
DLA93B/81X//
"""


def read(text: str, now: datetime = NOW) -> Parsed:
    return parse(text.encode(), received_at=now)


def only(text: str, now: datetime = NOW) -> Statement:
    parsed = read(text, now)
    assert parsed.faults == ()
    [statement] = parsed.statements
    return statement


def said(text: str, now: datetime = NOW) -> dict[str, object]:
    """What the only report of a telex says, flat and on the wire's names, without the source."""
    flat: dict[str, object] = {}
    for name, value in msgspec.to_builtins(only(text, now).report).items():
        if isinstance(value, dict):
            flat |= {f"{name}.{leaf}": moment for leaf, moment in value.items()}
        else:
            flat[name] = value
    del flat["source"]
    return flat


def body(*lines: str, flight: str = "SN2803/04.OOSSX.BRU", sent: str = ".BRUKKXA 041150") -> str:
    return "\n".join([sent, "MVT", flight, *lines])


def test_a_departure_says_off_block_airborne_the_estimate_and_why_it_is_late() -> None:
    text = body("AD0655/0708 EA0810 MUC", "DL93/81/0010/0005", "PX128", "SI ANYTHING AD0000 GOES")
    assert said(text) == {
        "flight": "SN2803",
        "origin": "BRU",
        "destination": "MUC",
        "observed_at": "2026-03-04T11:50:00Z",
        "registration": "OOSSX",
        "departure.actual": "2026-03-04T06:55:00Z",
        "takeoff.actual": "2026-03-04T07:08:00Z",
        "landing.estimated": "2026-03-04T08:10:00Z",
        "delay_reasons": (
            {"scheme": "ahm730", "code": "93", "minutes": 10},
            {"scheme": "ahm730", "code": "81", "minutes": 5},
        ),
    }
    statement = only(text)
    assert statement.utc_day == date(2026, 3, 4)
    assert statement.report.date is msgspec.UNSET
    assert statement.where == "line 3"
    assert statement.raw == text


def test_an_arrival_says_touchdown_on_block_and_where() -> None:
    assert said(body("AA0812/0819", flight="SN2803/04.OOSSX.MUC")) == {
        "flight": "SN2803",
        "destination": "MUC",
        "observed_at": "2026-03-04T11:50:00Z",
        "registration": "OOSSX",
        "landing.actual": "2026-03-04T08:12:00Z",
        "arrival.actual": "2026-03-04T08:19:00Z",
    }


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ED041230", {"origin": "BRU", "departure.estimated": "2026-03-04T12:30:00Z"}),
        ("EO1245", {"origin": "BRU", "takeoff.estimated": "2026-03-04T12:45:00Z"}),
        ("ED1230 EO1245", {"origin": "BRU", "departure.estimated": "2026-03-04T12:30:00Z",
                           "takeoff.estimated": "2026-03-04T12:45:00Z"}),
        ("NI1300", {"origin": "BRU"}),
        ("EB0015", {}),
        ("RR1122", {"origin": "BRU", "returned_to_gate": "2026-03-04T11:22:00Z"}),
        ("FR1110/1118", {"origin": "BRU", "air_return": "2026-03-04T11:10:00Z"}),
        ("FR/1118", {"origin": "BRU", "air_return": "2026-03-04T11:18:00Z"}),
        ("FR 41110", {"origin": "BRU", "air_return": "2026-03-04T11:10:00Z"}),
        ("FR1110\nEO1330", {"origin": "BRU", "air_return": "2026-03-04T11:10:00Z",
                            "takeoff.estimated": "2026-03-04T13:30:00Z"}),
        ("EA1405", {"landing.estimated": "2026-03-04T14:05:00Z"}),
        ("EA1405 MUC", {"landing.estimated": "2026-03-04T14:05:00Z", "destination": "MUC"}),
        ("EA1405MUC", {"landing.estimated": "2026-03-04T14:05:00Z", "destination": "MUC"}),
        ("EA1405 EDDM", {"landing.estimated": "2026-03-04T14:05:00Z", "destination": "MUC"}),
        ("EA1405 DLA", {"landing.estimated": "2026-03-04T14:05:00Z", "destination": "DLA"}),
        ("AD1133 MUC", {"origin": "BRU", "departure.actual": "2026-03-04T11:33:00Z", "destination": "MUC"}),
        ("AD/1133", {"origin": "BRU", "takeoff.actual": "2026-03-04T11:33:00Z"}),
        ("EA1405 NUE\nDR72", {"landing.estimated": "2026-03-04T14:05:00Z", "diverted": True,
                              "diverted_to": "NUE"}),
        ("DR", {"diverted": True}),
        ("PX120/3", {}),
        ("ad1133 muc", {"origin": "BRU", "departure.actual": "2026-03-04T11:33:00Z", "destination": "MUC"}),
    ],
)  # fmt: skip
def test_each_element_says(line: str, expected: dict[str, object]) -> None:
    always = {"flight": "SN2803", "observed_at": "2026-03-04T11:50:00Z", "registration": "OOSSX"}
    assert said(body(line)) == always | expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("DL41", [("ahm730", "41", None)]),
        ("DL41/0145", [("ahm730", "41", 105)]),
        ("DL41/93/0020/0110", [("ahm730", "41", 20), ("ahm730", "93", 70)]),
        ("DL 93A/0020", [("ahm730", "93A", 20)]),
        ("DLRA/0020", [("ahm730", "RA", 20)]),
        ("DLAF/0020", [("ahm730", "AF", 20)]),
        ("DLDBN/0020", [("ahm732", "DBN", 20)]),
        ("DL/DBN/RWA/0020/0005", [("ahm732", "DBN", 20), ("ahm732", "RWA", 5)]),
        ("EDL41/0045", [("ahm730", "41", 45)]),
        ("DLA31C/62A//", [("ahm730", "31C", None), ("ahm730", "62A", None)]),
        ("DL31/62/0005/0010\nDLA31C/62A//", [("ahm730", "31C", 5), ("ahm730", "62A", 10)]),
        ("DLA31C///\nDL31/0005", [("ahm730", "31C", 5)]),
        ("DL31/0005\nEDL31/0010", [("ahm730", "31", 10)]),
        ("DL31/0005\nDLA62A///", [("ahm730", "31", 5), ("ahm730", "62A", None)]),
        ("ED1300 DL41/0045", [("ahm730", "41", 45)]),
    ],
)
def test_delay_codes_keep_their_scheme_and_minutes(
    lines: str, expected: list[tuple[str, str, int | None]]
) -> None:
    reasons = only(body(lines)).report.delay_reasons
    assert isinstance(reasons, tuple)
    assert [(reason.scheme, reason.code, reason.minutes) for reason in reasons] == expected


def test_a_diverted_flight_says_where_it_landed_instead() -> None:
    text = body("AA1101/1109", flight="SN2803/04.OOSSX.NUE").replace("MVT", "DIV")
    expected = {"diverted": True, "diverted_to": "NUE", "landing.actual": "2026-03-04T11:01:00Z"}
    assert expected.items() <= said(text).items()
    assert "destination" not in said(text)


def test_one_input_holds_many_telexes() -> None:
    parsed = parse(MAILBOX, received_at=NOW, source="telex")
    assert parsed.faults == ()
    assert [(s.where, s.report.flight, s.report.observed_at) for s in parsed.statements] == [
        ("line 4", "SN2803", datetime(2026, 3, 4, 7, 15, tzinfo=UTC)),
        ("line 17", "SN2803", datetime(2026, 3, 4, 8, 22, tzinfo=UTC)),
        ("line 22", "SN2803", msgspec.UNSET),
    ]
    assert {report.source for report in parsed.reports} == {"telex"}


@pytest.mark.parametrize("between", ["\n", "\n\n", "\nQU BRUOCXA\n.MUCKKXA 041155\n", "\n=\n", "\nNNNN\n", "\n\x03\n",
                                     "\n.MUCKKXA 041155\n", "=\n", "\nCOR\n", "\r\n====\r\n"])  # fmt: skip
def test_a_telex_ends_where_the_next_begins(between: str) -> None:
    parsed = read("MVT\nSN1/04.OOSSX.BRU\nAD0655\nSI TEXT" + between + "MVT\nSN2/04.OOSSY.BRU\nAD0755")
    assert [report.flight for report in parsed.reports] == ["SN1", "SN2"]
    assert parsed.faults == ()


@pytest.mark.parametrize("head", ["COR\nMVT", "MVT\nCOR", "COR MVT", "MVT COR", "cor mva"])
def test_a_correction_is_told_like_a_later_word(head: str) -> None:
    assert said(f"{head}\nSN2803/04.OOSSX.BRU\nAD0654/0708")["departure.actual"] == "2026-03-04T06:54:00Z"


def test_telexes_as_a_gateway_stores_them() -> None:
    envelope = (
        "=HEADER\nRCV,2026/03/04 07:15\n=PRIORITY\nQU\n=DESTINATION TYPE B\nSTX,MUCOCXA\n=ORIGIN\nBRUKKXA\n"
    )
    one = envelope + "=MSGID\n040715\n=SMI\nMVT\n=TEXT\nSN1/04.OOSSX.BRU\nAD0655/0708\nSI OK\n"
    two = envelope + "=MSGID\n040815\n=SMI\nMVT\n=TEXT\nMVT\nSN2/04.OOSSY.BRU\nAD0755/0808\n"
    parsed = read(one + two)
    assert parsed.faults == ()
    assert [(report.flight, report.observed_at) for report in parsed.reports] == [
        ("SN1", datetime(2026, 3, 4, 7, 15, tzinfo=UTC)),
        ("SN2", datetime(2026, 3, 4, 8, 15, tzinfo=UTC)),
    ]


def test_flights_below_one_heading_are_told_one_by_one() -> None:
    parsed = read("MVT\nSN1/04.OOSSX.BRU\nAD0655\nSN2/04.OOSSY.BRU\nAD0755")
    assert [report.flight for report in parsed.reports] == ["SN1", "SN2"]


@pytest.mark.parametrize(
    ("flight", "name", "registration", "day"),
    [
        ("SN2803/04.OOSSX.BRU", "SN2803", "OOSSX", date(2026, 3, 4)),
        ("BEL2803/4.OO-SSX.EBBR", "SN2803", "OO-SSX", date(2026, 3, 4)),
        ("SN 2803 / 04.OO SSX.BRU", "SN2803", "OOSSX", date(2026, 3, 4)),
        ("SN0003A/04.OOSSX.BRU", "SN3A", "OOSSX", date(2026, 3, 4)),
        ("SN2803/04..BRU", "SN2803", None, date(2026, 3, 4)),
        ("SN2803/04.BRU", "SN2803", None, date(2026, 3, 4)),
        ("SN2803/04MAR.OOSSX.BRU", "SN2803", "OOSSX", date(2026, 3, 4)),
        ("SN2803/04MAR26.OOSSX.BRU", "SN2803", "OOSSX", date(2026, 3, 4)),
        ("SN2803/04MAR267 .OOSSX.BRU", "SN2803", "OOSSX", date(2026, 3, 4)),
        ("SN2803/28.OOSSX.BRU", "SN2803", "OOSSX", date(2026, 2, 28)),
        ("SN2803/31.OOSSX.BRU", "SN2803", "OOSSX", date(2026, 1, 31)),
        ("SN2803/05.OOSSX.BRU", "SN2803", "OOSSX", date(2026, 3, 5)),
        ("SN2803/06.OOSSX.BRU", "SN2803", "OOSSX", date(2026, 2, 6)),
        ("SN2803/31DEC.OOSSX.BRU", "SN2803", "OOSSX", date(2025, 12, 31)),
        ("SN2803/29FEB.OOSSX.BRU", "SN2803", "OOSSX", date(2024, 2, 29)),
    ],
)
def test_the_flight_line_is_read_with_its_junk(
    flight: str, name: str, registration: str | None, day: date
) -> None:
    statement = only(body("DL93", flight=flight))
    assert statement.report.flight == name
    assert statement.report.origin == "BRU"
    assert statement.report.registration == (registration or msgspec.UNSET)
    assert statement.utc_day == day


@pytest.mark.parametrize(
    ("sent", "now", "flight", "line", "field", "expected"),
    [
        # Sent just after midnight, about the evening before.
        ("050010", "2026-03-05T00:11", "04", "AD2355/0002", "takeoff.actual", "2026-03-05T00:02:00Z"),
        ("050010", "2026-03-05T00:11", "04", "AD2355/0002", "departure.actual", "2026-03-04T23:55:00Z"),
        # A little too early on its day.
        ("050001", "2026-03-05T00:02", "05", "AD2357", "departure.actual", "2026-03-04T23:57:00Z"),
        # The sender counts days by the clocks of Auckland.
        ("041655", "2026-03-04T16:55:00", "05", "AD1641/1653", "takeoff.actual", "2026-03-04T16:53:00Z"),
        # An arrival on the day after.
        ("050412", "2026-03-05T04:12", "04", "AA0400/0409", "landing.actual", "2026-03-05T04:00:00Z"),
        # The operating day was days ago.
        ("091730", "2026-03-09T17:31", "04", "AD1715/1728", "takeoff.actual", "2026-03-09T17:28:00Z"),
        ("091730", "2026-03-09T17:31", "04", "AD091715/091728", "takeoff.actual", "2026-03-09T17:28:00Z"),
        # Over the end of a month and of a year.
        ("010010", "2026-01-01T00:10", "31", "AD312350/010005", "takeoff.actual", "2026-01-01T00:05:00Z"),
        ("312350", "2025-12-31T23:51", "31", "AD2340/2349 EA0140", "landing.estimated", "2026-01-01T01:40:00Z"),
        # Take-off and landing together, told long after.
        ("052200", "2026-03-05T22:00", "04", "AD2000/2010\nAA0400/0410", "landing.actual",
         "2026-03-05T04:00:00Z"),
        # Landed before the estimate.
        ("041130", "2026-03-04T11:30", "04", "AD0700/0710 EA0930\nAA0855/0901", "landing.actual",
         "2026-03-04T08:55:00Z"),
        # An estimate that passed while it was typed, and one for the small hours.
        ("040906", "2026-03-04T09:07", "04", "EA0905", "landing.estimated", "2026-03-04T09:05:00Z"),
        ("042300", "2026-03-04T23:00", "04", "ED0130", "departure.estimated", "2026-03-05T01:30:00Z"),
        # Read out of an archive, without a time of sending.
        (None, "2026-03-20T10:00", "04", "AD1715/1728", "departure.actual", "2026-03-04T17:15:00Z"),
        (None, "2026-03-20T10:00", "04", "AD2355/0003 EA0205", "landing.estimated", "2026-03-05T02:05:00Z"),
        # Received at once.
        (None, "2026-03-05T04:12", "04", "AA0400/0409", "landing.actual", "2026-03-05T04:00:00Z"),
        ("041150", "2026-03-04T12:00", "04", "AD2400", "departure.actual", "2026-03-04T00:00:00Z"),
    ],
)  # fmt: skip
def test_days_are_inferred(
    sent: str | None, now: str, flight: str, line: str, field: str, expected: str
) -> None:
    text = body(line, flight=f"SN2803/{flight}.OOSSX.BRU", sent=f".BRUKKXA {sent or ''}")
    assert said(text, datetime.fromisoformat(now).replace(tzinfo=UTC))[field] == expected


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("041159", "2026-03-04T11:59:00Z"),
        ("041206", "2026-03-04T12:00:00Z"),
        ("041230", "2026-02-04T12:30:00Z"),
        ("282200", "2026-02-28T22:00:00Z"),
    ],
)
def test_the_time_of_sending_is_never_after_the_receipt(sent: str, expected: str) -> None:
    assert said(body("DL93", sent=f".BRUKKXA {sent}"))["observed_at"] == expected


def test_the_senders_line_counts_more_than_the_downlink() -> None:
    downlink = "A80\nFI SN2803/AN OO-SSX\nDT QXS BRU1 041140 M12A"
    assert said(body("DL93", sent=downlink))["observed_at"] == "2026-03-04T11:40:00Z"
    assert said(body("DL93", sent=f".QXSXMXS 041141\n{downlink}"))["observed_at"] == "2026-03-04T11:41:00Z"


@pytest.mark.parametrize("withheld", ["XXXXX", "XX-XXX", "XXX"])
def test_a_registration_that_is_withheld_is_no_fault(withheld: str) -> None:
    found = said(body("AD1133", flight=f"SN2803/04.{withheld}.BRU"))
    assert "registration" not in found
    assert "departure.actual" in found


@pytest.mark.parametrize(
    ("text", "column", "value", "kept"),
    [
        (body("AD1133", flight="SN2803/04.OO*SX.BRU"), "registration", "OO*SX", {"departure.actual"}),
        (body("AD1133", flight="SN2803/04.OOSSX.QQQ"), "station", "QQQ", {"departure.actual"}),
        (body("AD1133", flight="SN2803/04.OOSSX.BRU X"), "flight line", "X", {"origin", "departure.actual"}),
        (body("AD1133 QQQ"), "destination", "QQQ", {"departure.actual"}),
        (body("AD1133/1199"), "AD", "1199", {"departure.actual"}),
        (body("AD251133", "DL93"), "AD", "251133", {"delay_reasons"}),
        (body("AD1133", sent=".BRUKKXA 042599"), "sent", "042599", {"departure.actual"}),
        (body("AD1133", sent=".BRUKKXA 991150"), "sent", "991150", {"departure.actual"}),
        (body("AD1133", "DL9/93"), "delay code", "9", {"departure.actual", "delay_reasons"}),
        (body("AA1101/041050"), "arrival.actual", "2026-03-04T10:50:00Z", {"landing.actual"}),
        (body("AD041600", "DL93"), "departure.actual", "2026-03-04T16:00:00Z", {"delay_reasons"}),
        (body("AD1133", flight="SN2803/04MAR27.OOSSX.BRU"), "year", "27", {"departure.actual"}),
    ],
)
def test_what_does_not_hold_costs_its_field_only(text: str, column: str, value: str, kept: set[str]) -> None:
    parsed = read(text)
    [fault], [statement] = parsed.faults, parsed.statements
    assert (fault.column, fault.value) == (column, value)
    assert fault.line == 3 or fault.line == 2 + text.split("MVT")[0].count("\n")
    report = msgspec.to_builtins(statement.report)
    paths = {f"{name}.{leaf}" for name, part in report.items() if isinstance(part, dict) for leaf in part}
    assert kept <= paths | report.keys()


@pytest.mark.parametrize(
    "line", ["TOF 12000", "AD1133 WHATEVER", "EA905", "AD", "DL93/0075", "DL", "AD1133/09", "FR", "?", "ED12345678"]
)  # fmt: skip
def test_an_unknown_line_is_a_fault_and_the_rest_is_told(line: str) -> None:
    parsed = read(body("EA1405 MUC", line, "DL93/0010"))
    [fault], [statement] = parsed.faults, parsed.statements
    assert fault.line == 5
    assert fault.raw == line
    assert statement.report.destination == "MUC"
    assert statement.report.delay_reasons


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("MVT\nHELLO\nAD1133", 2, "no flight line like"),
        ("QU BRUOCXA\nMVT", 1, "without a flight line"),
        ("MVT\nSN2803/32.OOSSX.BRU\nAD1133", 2, "no such calendar date"),
        ("MVT\nSN2803/30FEB.OOSSX.BRU\nAD1133", 2, "no such calendar date"),
        ("MVT\n?2803/04.OOSSX.BRU\nAD1133", 2, "no flight line like"),
        ("MVT\nSN28034/04.OOSSX.BRU\nAD1133", 2, "not a flight number"),
        ("MVT\nSN2803/04.XXXXX\nNI1300", 2, "says nothing"),
        ("ASM\nUTC\nCNL", 1, "not a movement telex"),
    ],
)
def test_a_telex_that_cannot_be_told_does_not_cost_the_next(text: str, line: int, words: str) -> None:
    parsed = read(f"{text}\n====\n{body('AD1133')}")
    assert len(parsed.statements) == 1
    assert parsed.faults[-1].line == line
    assert words in parsed.faults[-1].message


@pytest.mark.parametrize(
    "data", [b"", b"\n\n", b"<xml/>", b"{}", b"LH400/03.DAIMA.FRA\nAD1200", b"\xff\xfe\x00\x00"]
)
def test_what_is_no_telex_is_refused(data: bytes) -> None:
    with pytest.raises(FeedError, match="MVT"):
        parse(data, received_at=NOW)


def test_too_much_is_refused() -> None:
    with pytest.raises(FeedError, match="Send them in parts"):
        parse(b"MVT\n" * MAX_BYTES, received_at=NOW)


@settings(deadline=None)
@given(st.binary(max_size=400))
@example(b"MVT\nSN1/0.A.\nAD")
def test_random_bytes_never_raise_anything_else(data: bytes) -> None:
    for given_data in (data, b"MVT\nSN2803/04.OOSSX.BRU\n" + data):
        try:
            parse(given_data, received_at=NOW)
        except FeedError:
            assert given_data is data


@settings(deadline=None)
@given(st.data())
def test_damaged_telexes_never_raise_anything_else(data: st.DataObject) -> None:
    text = bytearray(MAILBOX)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, max(len(text) - 1, 0)))
        match data.draw(st.sampled_from(["cut", "flip", "repeat", "digit"])):
            case "cut":
                del text[at : at + data.draw(st.integers(1, 40))]
            case "flip" if text:
                text[at] ^= 1 << data.draw(st.integers(0, 7))
            case "digit" if text:
                text[at] = data.draw(st.sampled_from(b"0123456789/. "))
            case _:
                lines = bytes(text).split(b"\n")
                index = data.draw(st.integers(0, len(lines) - 1))
                text = bytearray(b"\n".join([*lines[: index + 1], *lines[index:]]))
    try:
        parsed = parse(bytes(text), received_at=NOW)
    except FeedError:
        return
    for report in parsed.reports:
        assert report.observed_at is msgspec.UNSET or report.observed_at <= NOW
        for side in (report.departure, report.takeoff, report.landing, report.arrival):
            if side is not msgspec.UNSET and isinstance(side.actual, datetime):
                assert side.actual <= NOW + timedelta(minutes=10)


@pytest.mark.parametrize(
    "piece",
    [
        b"AD",
        b" ",
        b"/",
        b"DL93/",
        b"A",
        b"1",
        b"\nAD",
        b"\nMVT",
        b"DLA31C/",
        b"SN1/04.A.BRU\n",
        b"AD0655 ",
        b"\nDL93/81\nDLA93B/81X//",
    ],
)
def test_the_cost_grows_with_the_length(piece: bytes) -> None:
    head = b"MVT\nSN2803/04.OOSSX.BRU\n"
    start = process_time()
    parse(head + piece * (200_000 // len(piece)), received_at=NOW)
    # Quadratic behaviour would take minutes; this only excludes that, also on a busy machine.
    assert process_time() - start < 20


@pytest.mark.shared_data
def test_the_collected_samples_are_understood(shared: Path) -> None:
    data = (shared / "data/samples/mvt_mva_typeb_samples.txt").read_bytes()
    parsed = parse(data, received_at=datetime(2026, 1, 26, 17, 0, tzinfo=UTC))
    assert len(parsed.statements) == 13
    # The file's own remark on top.
    assert [fault.column for fault in parsed.faults] == [None]
    assert parsed.statements[4].utc_day == date(2024, 12, 11)

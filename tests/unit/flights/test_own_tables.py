"""An operator's own airports and carriers: read from CSV, before every shipped table, or refused in clear words."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from windsock.errors import ConfigError
from windsock.flights import Designator, FlightKey, airlines, airports, own_tables
from windsock.protocol.topics import Topic

STRIP = "MN1,,Red Ridge Mine,Red Ridge,AU,Australia/Perth,-22.81,118.42,RDX RDG1"
AIRPORTS = "iata,icao,name,city,country,zone,latitude,longitude,former\n"
AIRLINES = "iata,icao,name,from,to\n"


@pytest.fixture(autouse=True)
def _shipped_again() -> Iterator[None]:
    yield
    own_tables.use()


def use(folder: Path, own_airports: str = "", own_airlines: str = "") -> None:
    files = []
    for name, text in (("airports.csv", own_airports), ("airlines.csv", own_airlines)):
        (folder / name).write_text(text, "utf-8")
        files.append(folder / name if text else "")
    own_tables.use(*files)


def test_a_strip_of_ones_own_is_an_airport_like_any_other(tmp_path: Path) -> None:
    assert airports.airport("MN1") is None
    with pytest.raises(ValueError, match="no airport 'MN1' is known"):
        FlightKey.parse("QF1.2026-11-27.MN1")
    use(tmp_path, AIRPORTS + STRIP)

    found = airports.airport("mn1")
    assert found is not None and (found.code, found.zone, found.latitude) == (
        "MN1",
        "Australia/Perth",
        -22.81,
    )
    assert str(FlightKey.parse("QF1.2026-11-27.MN1")) == "QF1.2026-11-27.MN1"
    assert str(Topic.parse("departures:mn1")) == "departures:MN1"
    assert airports.airport("RDX") == airports.airport("RDG1") == found
    assert {"MN1", "RDX", "RDG1"} <= set(airports.codes())


def test_what_was_asked_before_is_asked_again(tmp_path: Path) -> None:
    day = date(2026, 11, 27)
    assert str(Designator.parse("XQJ7", day)) == "XQJ7"
    use(tmp_path, own_airlines=AIRLINES + "Q7,XQJ,Red Ridge Air,2026-06-01,\n")
    assert str(Designator.parse("XQJ7", day)) == "Q77" == str(Designator.parse("Q77", day))
    # The day before, another carrier held Q7.
    assert str(Designator.parse("XQJ7", date(2026, 5, 31))) == "XQJ7"
    assert str(Topic.parse("carrier:XQJ")) == "carrier:Q7"
    own_tables.use()
    assert str(Designator.parse("XQJ7", day)) == "XQJ7"


def test_a_correction_keeps_what_it_does_not_say(tmp_path: Path) -> None:
    use(tmp_path, "icao,zone\nKJFK,America/Chicago\n")
    found = airports.airport("JFK")

    assert found is not None and found == airports.airport("KJFK")
    assert (found.zone, found.city, found.country) == ("America/Chicago", "New York", "US")


def test_own_carriers_come_before_every_table_on_their_days_only(tmp_path: Path) -> None:
    use(tmp_path, own_airlines=AIRLINES + "F9,ABC,Other Air,2026-01-01,2026-06-30\nU2,EJU,Not a group,,\n")

    def holder(code: str, day: date) -> str | None:
        found = airlines.airline(code, day)
        return found and found.icao

    assert holder("F9", date(2026, 6, 30)) == "ABC" and holder("F9", date(2026, 7, 1)) == "FFT"
    assert airlines.canonical("ABC", date(2026, 3, 1)) == "F9"
    assert airlines.canonical("FFT", date(2026, 3, 1)) == "FFT"


def test_a_spreadsheets_byte_order_mark_and_line_ends_are_read(tmp_path: Path) -> None:
    file = tmp_path / "airports.csv"
    file.write_bytes(b"\xef\xbb\xbf" + (AIRPORTS + STRIP + "\n\n").replace("\n", "\r\n").encode())

    assert [entry.iata for entry in own_tables.read_airports(file)] == ["MN1"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("code,zone\nMN1,UTC\n", "the column 'code'"),
        ("name,zone\nMine,UTC\n", "neither `iata` nor `icao`"),
        ("", "neither `iata` nor `icao`"),
        (AIRPORTS + ",,Mine,,AU,UTC,,,\n", "line 2 gives no code"),
        (AIRPORTS + "MINE,,Mine,,AU,UTC,,,\n", "line 2: `iata` is 'MINE'; 3 letters"),
        (AIRPORTS + ",M1,Mine,,AU,UTC,,,\n", "`icao` is 'M1'; 4 letters"),
        (AIRPORTS + "MN1,,Mine,,AU,,,,\n", "`zone` is ''; a zone of the IANA"),
        (AIRPORTS + "MN1,,Mine,,AU,Perth,,,\n", "`zone` is 'Perth'"),
        (AIRPORTS + "MN1,,Mine,,AU,UTC,95,,\n", "`latitude` is '95'; degrees between -90 and 90"),
        (AIRPORTS + "MN1,,Mine,,AU,UTC,,nan,\n", "`longitude` is 'nan'"),
        (AIRPORTS + "MN1,,Mine,,AU,UTC,,,M\n", "`former` is 'M'"),
        (AIRPORTS + "MN1,,Mine, Perth,AU,UTC,,\n" * 2, "MN1 stands in line 2 already"),
        (AIRPORTS + "MN1,,Mine,UTC\n", "line 2 has 4 cells, but the first line names 9 columns"),
    ],
)
def test_a_wrong_table_of_airports_is_refused_by_line_and_reason(
    tmp_path: Path, text: str, words: str
) -> None:
    file = tmp_path / "airports.csv"
    file.write_text(text.replace("Mine, Perth,AU,UTC,,\n", "Mine,Perth,AU,UTC,,,\n"))

    with pytest.raises(ConfigError) as caught:
        own_tables.read_airports(file)
    assert words in str(caught.value) and str(file) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (AIRLINES + "Q77,XQJ,Air,,\n", "`iata` is 'Q77'; 2 letters"),
        (AIRLINES + "77,XQJ,Air,,\n", "`iata` is '77'"),
        (AIRLINES + "Q7,XQ,Air,,\n", "`icao` is 'XQ'; 3 letters"),
        (AIRLINES + "Q7,XQJ,Air,1 June,\n", "`from` is '1 June'; a date like"),
        (AIRLINES + "Q7,XQJ,Air,2026-06-01,2026-05-01\n", "`to` (2026-05-01) lies before `from`"),
        (
            AIRLINES + "Q7,XQJ,Air,,2026-05-01\nQ7,XQK,Other,2026-05-01,\n",
            "line 3: Q7 stands twice for the same days",
        ),
    ],
)
def test_a_wrong_table_of_carriers_is_refused_by_line_and_reason(
    tmp_path: Path, text: str, words: str
) -> None:
    file = tmp_path / "airlines.csv"
    file.write_text(text)

    with pytest.raises(ConfigError) as caught:
        own_tables.read_airlines(file)
    assert words in str(caught.value)


def test_a_file_that_cannot_be_read_is_named_and_nothing_changes(tmp_path: Path) -> None:
    use(tmp_path, AIRPORTS + STRIP)
    with pytest.raises(ConfigError, match=r"nowhere\.csv cannot be read"):
        own_tables.use(tmp_path / "nowhere.csv")
    (tmp_path / "latin.csv").write_bytes("iata,name\nMN1,M\xfcnster\n".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"latin.csv cannot be read: .*utf-8"):
        own_tables.use(tmp_path / "latin.csv")

    assert airports.airport("MN1") is not None


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    text=st.text(max_size=200)
    | st.lists(
        st.sampled_from([*AIRPORTS.strip().split(","), "MN1", "KJFK", "UTC", "", '"', "9e9", "x"]),
        max_size=40,
    ).map(lambda cells: AIRPORTS + ",".join(cells))
)
def test_whatever_a_file_holds_it_is_read_or_refused_with_a_reason(tmp_path: Path, text: str) -> None:
    file = tmp_path / "any.csv"
    file.write_text(text, "utf-8", errors="replace")
    for read in (own_tables.read_airports, own_tables.read_airlines):
        try:
            found = read(file)
        except ConfigError:
            continue
        assert all(entry.iata or entry.icao for entry in found)

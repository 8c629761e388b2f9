"""The FAA's NAS status: which programmes a document tells of, and what is said where it cannot be read."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windsock.errors import FeedError
from windsock.feeds import faa
from windsock.feeds.faa import ADDRESS, Poller
from windsock.feeds.faa.notams import notam_of, only_for
from windsock.feeds.faa.times import minutes_of
from windsock.feeds.parsing import Fault
from windsock.flights.programmes import Programme

NOW = datetime(2026, 5, 28, 1, 31, tzinfo=UTC)


def parse(data: bytes, *, received_at: datetime) -> tuple[tuple[Programme, ...], tuple[Fault, ...]]:
    """The programmes and the faults of a document, which never holds anything else."""
    parsed = faa.parse(data, received_at=received_at)
    assert parsed.programmes is not None
    assert not parsed.statements
    return parsed.programmes.programmes, parsed.faults


TOLD = datetime(2026, 5, 28, 1, 30, 5, tzinfo=UTC)


def document(*sections: str, told: str = "Thu May 28 01:30:05 2026 GMT") -> bytes:
    lists = "".join(f"<Delay_type><Name>Some</Name>{section}</Delay_type>" for section in sections)
    return f"<AIRPORT_STATUS_INFORMATION><Update_Time>{told}</Update_Time>{lists}</AIRPORT_STATUS_INFORMATION>".encode()


def stop(end: str = "9:45 pm CDT", code: str = "ORD", reason: str = "low visibility") -> str:
    return (
        f"<Ground_Stop_List><Program><ARPT>{code}</ARPT><Reason>{reason}</Reason><End_Time>{end}</End_Time>"
        "</Program></Ground_Stop_List>"
    )


def closure(reason: str, start: str = "May 27 at 18:26 UTC.", reopen: str = "May 28 at 16:00 UTC.") -> str:
    return (
        f"<Airport_Closure_List><Airport><ARPT>SAN</ARPT><Reason>{reason}</Reason><Start>{start}</Start>"
        f"<Reopen>{reopen}</Reopen></Airport></Airport_Closure_List>"
    )


def delay(side: str) -> str:
    return (
        "<Arrival_Departure_Delay_List><listLength>1</listLength><Delay><ARPT>SFO</ARPT><Reason>VOL:Volume</Reason>"
        f"{side}</Delay></Arrival_Departure_Delay_List>"
    )


DELAYS = delay(
    '<Arrival_Departure Type="Departure"><Min>16 minutes</Min><Max>1 hour and 5 minutes</Max>'
    "<Trend>Increasing</Trend></Arrival_Departure>"
    '<Arrival_Departure Type="Arrival"><Min>31 minutes</Min><Max>45 minutes</Max></Arrival_Departure>'
)
GROUND_DELAY = (
    "<Ground_Delay_List><Ground_Delay><ARPT>LGA</ARPT><Reason>wind</Reason><Avg>46 minutes</Avg>"
    "<Max>2 hours</Max></Ground_Delay></Ground_Delay_List>"
)
EVERYTHING = document(stop(), GROUND_DELAY, DELAYS, closure("flooding"))


def one(data: bytes, received_at: datetime = NOW) -> Programme:
    programmes, faults = parse(data, received_at=received_at)
    assert faults == ()
    (programme,) = programmes
    return programme


def one_fault(data: bytes) -> Fault:
    _, (fault,) = parse(data, received_at=NOW)
    return fault


def test_an_empty_document_says_that_nothing_is_active() -> None:
    assert parse(document(), received_at=NOW) == ((), ())


def test_every_list_gives_its_programmes_in_order() -> None:
    programmes, faults = parse(EVERYTHING, received_at=NOW)
    assert faults == ()
    common = {"source": "faa", "observed_at": TOLD}
    assert programmes == (
        Programme(
            airport="ORD",
            kind="ground_stop",
            reason="low visibility",
            ends_at=datetime(2026, 5, 28, 2, 45, tzinfo=UTC),
            **common,
        ),
        Programme(
            airport="LGA",
            kind="ground_delay",
            reason="wind",
            average_minutes=46,
            maximum_minutes=120,
            **common,
        ),
        Programme(
            airport="SFO",
            kind="departure_delay",
            reason="VOL:Volume",
            minimum_minutes=16,
            maximum_minutes=65,
            trend="increasing",
            **common,
        ),
        Programme(
            airport="SFO",
            kind="arrival_delay",
            reason="VOL:Volume",
            minimum_minutes=31,
            maximum_minutes=45,
            **common,
        ),
        Programme(
            airport="SAN",
            kind="closure",
            reason="flooding",
            begins_at=datetime(2026, 5, 27, 18, 26, tzinfo=UTC),
            ends_at=datetime(2026, 5, 28, 16, 0, tzinfo=UTC),
            **common,
        ),
    )


@pytest.mark.parametrize(
    ("told", "minutes"),
    [
        ("46 minutes", 46),
        ("1 hour and 5 minutes", 65),
        ("1 Hour and 1 Minute.", 61),
        ("2 hours", 120),
        ("1 day, 3 hours and 2 minutes", 1622),
        ("0 minutes", 0),
    ],
)
def test_english_durations_become_minutes(told: str, minutes: int) -> None:
    assert minutes_of(told) == minutes


@pytest.mark.parametrize("told", ["", "soon", "an hour", "5", "5 fortnights", "-5 minutes", "٥ minutes"])
def test_what_is_no_duration_is_refused(told: str) -> None:
    with pytest.raises(ValueError):
        minutes_of(told)


@pytest.mark.parametrize(
    ("end", "moment"),
    [
        ("9:45 pm CDT", datetime(2026, 5, 28, 2, 45, tzinfo=UTC)),
        ("9:45 pm CDT.", datetime(2026, 5, 28, 2, 45, tzinfo=UTC)),
        ("10:45 PM EDT", datetime(2026, 5, 28, 2, 45, tzinfo=UTC)),
        ("9:45 pm", datetime(2026, 5, 28, 2, 45, tzinfo=UTC)),
        ("9:45 pm LCL", datetime(2026, 5, 28, 2, 45, tzinfo=UTC)),
        ("12:15 am CDT", datetime(2026, 5, 28, 5, 15, tzinfo=UTC)),
        ("12:15 pm CDT", datetime(2026, 5, 28, 17, 15, tzinfo=UTC)),
        ("8 pm CDT", datetime(2026, 5, 28, 1, 0, tzinfo=UTC)),  # half an hour ago, and still listed
        ("6:00 pm CDT", datetime(2026, 5, 28, 23, 0, tzinfo=UTC)),  # tomorrow there, today in UTC
    ],
)
def test_an_end_is_the_next_such_time_at_the_airport(end: str, moment: datetime) -> None:
    assert one(document(stop(end))).ends_at == moment


def test_the_hour_that_comes_twice_is_settled_by_the_zone_word() -> None:
    told = "Sun Nov 1 05:00:00 2026 GMT"
    summer, winter = datetime(2026, 11, 1, 5, 30, tzinfo=UTC), datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    later = NOW + timedelta(days=300)
    assert one(document(stop("1:30 am EDT", "JFK"), told=told), later).ends_at == summer
    assert one(document(stop("1:30 am EST", "JFK"), told=told), later).ends_at == winter
    assert one(document(stop("1:30 am", "JFK"), told=told), later).ends_at == winter


@pytest.mark.parametrize("end", ["later", "13:00 pm EDT", "9:75 pm EDT", "00:10 am EDT", "21:00"])
def test_an_end_that_is_none_is_a_fault_and_the_stop_is_kept(end: str) -> None:
    (programme,), (fault,) = parse(document(stop(end)), received_at=NOW)
    assert (programme.kind, programme.ends_at) == ("ground_stop", None)
    assert (fault.path, fault.column, fault.value) == ("Ground_Stop_List.Program[0]", "End_Time", end)


@pytest.mark.parametrize(
    ("code", "airport"), [("HNL", "HNL"), ("FAI", "FAI"), ("SJU", "SJU"), ("ord", "ORD"), ("YYZ", "YYZ")]
)
def test_faa_codes_become_canonical(code: str, airport: str) -> None:
    assert one(document(stop(code=code))).airport == airport


def test_an_unknown_airport_is_a_fault_and_the_others_are_kept() -> None:
    programmes, (fault,) = parse(document(stop(code="1Q0Z9"), GROUND_DELAY), received_at=NOW)
    assert [programme.airport for programme in programmes] == ["LGA"]
    assert "No airport is known by this FAA code." in str(fault) and "1Q0Z9" in str(fault)


NOTAM = (
    "!SAN 05/099 SAN AD AP CLSD TO NON SKED TRANSIENT GA ACFT EXC 24HR PPR 619-555-0100 2605271826-2705281600"
)


def test_the_notam_in_the_reason_has_the_year_and_whom_it_concerns() -> None:
    programme = one(document(closure(NOTAM)))
    assert programme.begins_at == datetime(2026, 5, 27, 18, 26, tzinfo=UTC)
    assert programme.ends_at == datetime(2027, 5, 28, 16, 0, tzinfo=UTC)
    assert programme.only_for == "non scheduled transient general aviation aircraft"
    assert programme.reason == NOTAM


@pytest.mark.parametrize(
    ("text", "whom"),
    [
        ("AD AP CLSD TO ACFT WINGSPAN MORE THAN 118FT 2605271826-2605281600", "aircraft wing span more than 118FT"),
        ("!X 1 X AD AP CLSD TO ALL ACFT EXC MEDEVAC 2605271826-2605281600", None),
        ("!X 1 X AD AP CLSD EXC PPR 2605271826-2605281600", None),
        ("!X 1 X AD AP CLSD 2605271826-2605281600", None),
        ("!X 1 X RWY 09/27 CLSD 2605271826-2605281600", "runway 09/27"),
        ("flooding", None),
    ],
)  # fmt: skip
def test_a_closure_says_whom_alone_it_concerns(text: str, whom: str | None) -> None:
    assert only_for(text) == whom


def test_a_notam_for_good_has_no_end() -> None:
    notam = notam_of("AD AP CLSD 2605271826-PERM")
    assert notam is not None and notam.ends_at is None


def test_a_notam_with_an_impossible_period_is_a_fault_and_the_dates_told_count() -> None:
    (programme,), (fault,) = parse(document(closure("AD AP CLSD 2613271826-2705281600")), received_at=NOW)
    assert programme.begins_at == datetime(2026, 5, 27, 18, 26, tzinfo=UTC)
    assert "2613271826" in fault.message


def test_a_closure_over_the_new_year_gets_the_years_that_fit() -> None:
    told = "Thu Dec 31 20:00:00 2026 GMT"
    data = document(closure("snow", "Dec 31 at 18:00 UTC.", "Jan 01 at 06:00 UTC."), told=told)
    programme = one(data, NOW + timedelta(days=300))
    assert programme.begins_at == datetime(2026, 12, 31, 18, 0, tzinfo=UTC)
    assert programme.ends_at == datetime(2027, 1, 1, 6, 0, tzinfo=UTC)


def test_a_closure_on_a_day_no_year_has_is_a_fault() -> None:
    assert one_fault(document(closure("snow", start="Feb 30 at 18:00 UTC."))).column == "Start"
    assert one_fault(document(closure("snow", reopen="Foo 3 at 18:00 UTC."))).column == "Reopen"
    assert "reopen before" in one_fault(document(closure("snow", reopen="May 26 at 18:00 UTC."))).message


def test_a_delay_that_is_neither_of_arrivals_nor_departures_is_a_fault() -> None:
    assert one_fault(document(delay('<Arrival_Departure Type="Both"/>'))).column == "Type"


@pytest.mark.parametrize("name", ["Min", "Max", "Trend"])
def test_a_value_of_a_delay_that_cannot_be_read_is_a_fault_and_the_delay_is_kept(name: str) -> None:
    data = document(delay(f'<Arrival_Departure Type="Arrival"><{name}>odd</{name}></Arrival_Departure>'))
    (programme,), (fault,) = parse(data, received_at=NOW)
    assert (programme.kind, fault.column, fault.value) == ("arrival_delay", name, "odd")


def test_a_list_nobody_knows_is_a_fault_and_the_others_are_kept() -> None:
    programmes, (fault,) = parse(
        document("<Airspace_Flow_List><Flow/></Airspace_Flow_List>", stop()), received_at=NOW
    )
    assert len(programmes) == 1
    assert fault.path == "Airspace_Flow_List"


def test_without_a_time_of_its_own_that_of_receipt_counts_and_it_is_never_later() -> None:
    (programme,), (fault,) = parse(document(stop(), told="yesterday"), received_at=NOW)
    assert (programme.observed_at, fault.path) == (NOW, "Update_Time")
    assert parse(document(stop(), told="Thu May 99999999999999999999 01:30:05 2026 GMT"), received_at=NOW)[1]
    assert one(document(stop(), told="Thu May 28 09:30:05 2026 GMT")).observed_at == NOW


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"<a/>", EVERYTHING[:-20], b"<!DOCTYPE a><a/>", b" " * 2_000_001]
)
def test_what_is_not_the_documents_form_is_a_feed_error(data: bytes) -> None:
    with pytest.raises(FeedError):
        parse(data, received_at=NOW)


def test_the_one_address_is_asked_or_the_operators_own() -> None:
    assert [request.url for request in Poller({}).requests("", NOW)] == [ADDRESS]
    assert [request.url for request in Poller({}, url="http://proxy/nas").requests("", NOW)] == [
        "http://proxy/nas"
    ]


@given(st.binary(max_size=400))
def test_any_bytes_give_a_feed_error_and_nothing_else(data: bytes) -> None:
    with pytest.raises(FeedError):
        parse(data, received_at=NOW)


@given(st.integers(0, len(EVERYTHING) - 1), st.integers(0, 30), st.binary(max_size=12), st.booleans())
def test_a_damaged_document_is_read_or_refused(at: int, cut: int, put: bytes, twice: bool) -> None:
    damaged = EVERYTHING[:at] + put + EVERYTHING[at + cut :]
    if twice:
        damaged = damaged.replace(b"</Delay_type>", b"</Delay_type>" + DELAYS.encode(), 1)
    try:
        programmes, _ = parse(damaged, received_at=NOW)
    except FeedError:
        return
    assert all(programme.observed_at <= NOW for programme in programmes)


texts = st.text(
    st.characters(codec="utf-8", exclude_characters="<&", exclude_categories=("Cc",)), max_size=40
)


@given(texts, texts, texts)
def test_any_text_where_a_time_stands_is_at_most_a_fault(told: str, end: str, why: str) -> None:
    programmes, _ = parse(document(stop(end), closure(why, end, told), told=told), received_at=NOW)
    assert len(programmes) == 2


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "count"), [("faa_nas_status_every_kind_composed", 6), ("faa_nas_status_quiet", 0)]
)
def test_the_shared_samples_are_read_without_a_fault(shared: Path, name: str, count: int) -> None:
    programmes, faults = parse((shared / f"data/samples/{name}.xml").read_bytes(), received_at=NOW)
    assert (len(programmes), faults) == (count, ())

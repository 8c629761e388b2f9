"""Reports from outside: what is taken, and for each mistake its own error that says what would be right."""

from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest

from windsock.errors import InvalidReport
from windsock.flights import Reason, Report, parse_report

NOW = datetime(2016, 1, 1, 12, 0, tzinfo=UTC)
WHO = {"flight": "DL1865", "date": "2015-01-02", "origin": "ATL", "destination": "MCO"}


def read(now: datetime = NOW, trusted: bool = False, source: str | None = "test", **fields: Any) -> Report:
    return parse_report({**WHO, **fields}, source=source, now=now, trusted=trusted)


def refused(data: object = None, now: datetime = NOW, **fields: Any) -> InvalidReport:
    with pytest.raises(InvalidReport) as caught:
        parse_report({**WHO, **fields} if data is None else data, source="test", now=now)
    return caught.value


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text)


# What is taken


def test_codes_become_canonical_and_times_utc() -> None:
    report = read(
        flight="dal 1865",
        origin="KATL",
        destination="kmco",
        departure={"actual": "2015-01-02T09:29:00-05:00", "gate": " B12 "},
        observed_at="2015-01-02T14:30:00Z",
    )

    assert (report.flight, report.origin, report.destination) == ("DL1865", "ATL", "MCO")
    assert report.date == date(2015, 1, 2)
    assert not isinstance(report.departure, msgspec.UnsetType)
    assert report.departure.actual == utc("2015-01-02T14:29:00Z")
    assert report.departure.gate == "B12"
    assert msgspec.json.encode(report.departure) == b'{"actual":"2015-01-02T14:29:00Z","gate":"B12"}'


def test_a_whole_flight_id_says_date_and_origin_as_well() -> None:
    report = parse_report({"flight": "DL1865.2015-01-02.ATL", "cancelled": True}, source=None, now=NOW)

    assert (report.flight, report.date, report.origin) == ("DL1865", date(2015, 1, 2), "ATL")


def test_a_time_without_offset_is_read_by_the_clocks_of_its_airport() -> None:
    report = read(
        origin="JFK",
        destination="LAX",
        departure={"scheduled": "2015-01-02T08:00"},
        arrival={"scheduled": "2015-01-02T11:20"},
    )

    assert msgspec.to_builtins(report.departure) == {"scheduled": "2015-01-02T13:00:00Z"}
    assert msgspec.to_builtins(report.arrival) == {"scheduled": "2015-01-02T19:20:00Z"}


@pytest.mark.parametrize(
    "text",
    [
        "2015-01-02T13:55Z",
        "2015-01-02 13:55:00Z",
        "2015-01-02t13:55:00z",
        "2015-01-02T13:55:00.000Z",
        "2015-01-02T15:55+02:00",
        "2015-01-02T08:55:00-0500",
    ],
)
def test_times_are_read_in_the_spellings_that_feeds_use(text: str) -> None:
    assert msgspec.to_builtins(read(departure={"scheduled": text}).departure) == {
        "scheduled": "2015-01-02T13:55:00Z"
    }


def test_absent_and_null_stay_apart() -> None:
    report = read(registration=None)

    assert report.registration is None
    assert report.aircraft_type is msgspec.UNSET
    assert report.departure is msgspec.UNSET


def test_the_callers_source_counts_where_the_report_names_none() -> None:
    assert read(cancelled=True).source == "test"
    assert read(cancelled=True, source=None).source == "unknown"
    assert (
        parse_report({**WHO, "cancelled": True, "source": "airline"}, source="test", now=NOW).source
        == "airline"
    )


def test_only_windsock_itself_speaks_as_windsock() -> None:
    who = {name: value for name, value in WHO.items() if name != "destination"}  # which it may not report
    data = {**who, "source": "windsock.overdue", "departure_overdue_minutes": 20}

    assert parse_report(data, source=None, now=NOW, trusted=True).departure_overdue_minutes == 20
    assert refused(data).code == "reserved_source"
    assert refused(departure_overdue_minutes=20).code == "reserved_field"
    assert refused(silent_source="airline").code == "reserved_field"


def test_reasons_keep_their_codes() -> None:
    report = read(
        delay_reasons=[{"scheme": "AHM730", "code": "93c", "minutes": 34}, {"scheme": "text", "code": "snow"}]
    )

    assert report.delay_reasons == (Reason("ahm730", "93c", None, 34), Reason("text", "snow"))


def test_codeshares_are_read_as_flight_numbers_and_sorted() -> None:
    assert read(codeshares=["KL 6012", "AFR3635", "KL6012"]).codeshares == ("AF3635", "KL6012")


def test_the_message_of_a_publisher_in_a_hurry_is_enough() -> None:
    report = parse_report({"flight": "DL1865", "departure_delay_minutes": 35}, source="me", now=NOW)

    assert (report.flight, report.departure_delay_minutes, report.date) == ("DL1865", 35, msgspec.UNSET)


# What is refused

MISTAKES: list[tuple[dict[str, Any], str, str | None, str]] = [
    # fields, code, field, what the message or the cure says
    ({"depature": {}}, "unknown_field", "depature", "'departure'"),
    ({"delay": 35}, "unknown_field", "delay", "'departure_delay_minutes'"),
    ({"status": "CNX"}, "unknown_field", "status", "'cancelled'"),
    ({"actual_departure": "x"}, "unknown_field", "actual_departure", "'departure.actual'"),
    ({"departure": {"gat": "B1"}}, "unknown_field", "departure.gat", "'departure.gate'"),
    ({"departure": {"belt": "1"}}, "unknown_field", "departure.belt", "departure has no field"),
    ({"xyzzy": 1}, "unknown_field", "xyzzy", "it may have flight"),
    ({"flight": None}, "missing_field", "flight", "which flight"),
    ({"flight": 1865}, "wrong_type", "flight", "text is needed"),
    ({"flight": "DELTA"}, "bad_designator", "flight", "like 'DL1865'"),
    ({"flight": "DL1865.2015-01-02.QQQ"}, "bad_flight_id", "flight", "no airport 'QQQ'"),
    ({"flight": "DL1865.2015-01-03.ATL"}, "contradiction", "date", "2015-01-03"),
    ({"flight": "DL1865.2015-01-02.JFK"}, "contradiction", "origin", "JFK"),
    ({"origin": "XQX"}, "unknown_airport", "origin", "'KJFK'"),
    ({"destination": "XQX"}, "unknown_airport", "destination", "'KJFK'"),
    ({"diverted_to": "XQX"}, "unknown_airport", "diverted_to", "'KJFK'"),
    ({"origin": ""}, "empty", "origin", "null to erase"),
    ({"date": "2015-02-30"}, "impossible_date", "date", "not a calendar"),
    ({"date": "0215-01-02"}, "impossible_date", "date", "no year for a flight"),
    ({"date": "2.1.2015"}, "bad_date", "date", "'2015-01-02'"),
    ({"date": 20150102}, "wrong_type", "date", "20150102"),
    ({"departure": []}, "wrong_type", "departure", "an object with scheduled"),
    ({"departure": None}, "wrong_type", "departure", "leave departure out"),
    ({"departure": {"actual": 1420207200}}, "wrong_type", "departure.actual", "with its offset"),
    ({"departure": {"actual": "14:29"}}, "bad_time", "departure.actual", "with its offset"),
    ({"departure": {"actual": "2015-01-02"}}, "bad_time", "departure.actual", "with its offset"),
    ({"departure": {"actual": "2015-01-02T24:01Z"}}, "impossible_time", "departure.actual", "hour"),
    ({"departure": {"actual": "2015-02-30T14:29Z"}}, "impossible_time", "departure.actual", "day"),
    ({"departure": {"actual": "2015-01-02T14:29+99:00"}}, "impossible_time", "departure.actual", "offset"),
    ({"departure": {"actual": "2015-02-02T14:29Z"}}, "implausible_time", "departure.actual", "31 days after"),
    (
        {"departure": {"scheduled": "2014-01-02T14:29Z"}},
        "implausible_time",
        "departure.scheduled",
        "365 days before",
    ),
    ({"departure": {"gate": "B" * 17}}, "too_long", "departure.gate", "at most 16"),
    ({"departure": {"gate": "B\u0007"}}, "unprintable", "departure.gate", "printable text"),
    ({"departure": {"gate": "B\u202e1"}}, "unprintable", "departure.gate", "printable text"),
    ({"departure": {"gate": 12}}, "wrong_type", "departure.gate", "text is needed"),
    ({"departure_delay_minutes": "35"}, "wrong_type", "departure_delay_minutes", "whole number of minutes"),
    ({"departure_delay_minutes": True}, "wrong_type", "departure_delay_minutes", "whole number of minutes"),
    ({"departure_delay_minutes": 3.5}, "wrong_type", "departure_delay_minutes", "whole number of minutes"),
    ({"departure_delay_minutes": 100_000}, "out_of_range", "departure_delay_minutes", "4320"),
    (
        {"departure_delay_minutes": 5400},
        "out_of_range",
        "departure_delay_minutes",
        "5400 seconds are 90 minutes",
    ),
    ({"arrival_delay_minutes": -1441}, "out_of_range", "arrival_delay_minutes", "arrival.estimated"),
    ({"departure_delay_minutes": 10**5000}, "out_of_range", "departure_delay_minutes", "very large"),
    ({"cancelled": "yes"}, "wrong_type", "cancelled", "true or false"),
    ({"registration": "???"}, "bad_registration", "registration", "'N910DE'"),
    ({"codeshares": "AF3635"}, "wrong_type", "codeshares", "a list of flight numbers"),
    ({"codeshares": ["AF3635", "?"]}, "bad_designator", "codeshares[1]", "'AF3635'"),
    ({"codeshares": ["AF1"] * 31}, "too_long", "codeshares", "at most 30"),
    ({"delay_reasons": ["93"]}, "wrong_type", "delay_reasons[0]", '"scheme": "ahm730"'),
    ({"delay_reasons": [{"code": "93"}]}, "missing_field", "delay_reasons[0].scheme", '"scheme": "ahm730"'),
    (
        {"delay_reasons": [{"scheme": "iata", "code": "93"}]},
        "unknown_scheme",
        "delay_reasons[0].scheme",
        "ahm730, ahm732",
    ),
    ({"delay_reasons": [{"scheme": "ahm730", "code": "9"}]}, "bad_code", "delay_reasons[0].code", "'93C'"),
    (
        {"delay_reasons": [{"scheme": "text", "code": "x", "why": 1}]},
        "unknown_field",
        "delay_reasons[0].why",
        "scheme",
    ),
    ({"observed_at": "2015-01-02T14:29"}, "local_time_without_airport", "observed_at", "with its offset"),
    ({"observed_at": "2017-01-02T14:29Z"}, "observed_in_future", "observed_at", "clock"),
    ({"source": "windsock.me"}, "reserved_source", "source", "of your own"),
    ({"diverted": False, "diverted_to": "BHM"}, "contradiction", "diverted_to", "diverted is false"),
    (
        {"departure": {"scheduled": "2015-01-02T13:55Z"}, "arrival": {"scheduled": "2015-01-02T12:25Z"}},
        "times_out_of_order",
        "arrival.scheduled",
        "90 minutes before",
    ),
    (
        {"takeoff": {"actual": "2015-01-02T14:47Z"}, "landing": {"actual": "2015-01-02T13:47Z"}},
        "times_out_of_order",
        "landing.actual",
        "is before takeoff.actual",
    ),
]


@pytest.mark.parametrize(
    ("fields", "code", "field", "says"), MISTAKES, ids=[f"{m[1]}-{m[2]}" for m in MISTAKES]
)
def test_each_mistake_has_its_own_error(
    fields: dict[str, Any], code: str, field: str | None, says: str
) -> None:
    error = refused(**fields)

    assert (error.code, error.field) == (code, field)
    assert says in f"{error.message} {error.expected}" or says.strip("'") in str(error.expected)


@pytest.mark.parametrize("data", [None, [], "DL1865", 7, [WHO]])
def test_what_is_no_object_is_no_report(data: object) -> None:
    with pytest.raises(InvalidReport) as caught:
        parse_report(data, source=None, now=NOW)

    assert caught.value.code == "not_an_object"


def test_a_report_that_says_nothing_is_refused() -> None:
    error = refused({"flight": "DL1865", "date": "2015-01-02", "origin": "ATL", "departure": {}})

    assert error.code == "says_nothing"


def test_a_local_time_in_the_gap_names_the_jump() -> None:
    error = refused(date="2015-03-08", departure={"scheduled": "2015-03-08T02:30"})

    assert (error.code, error.field, error.value) == (
        "local_time_in_gap",
        "departure.scheduled",
        "2015-03-08T02:30",
    )
    assert "ATL (America/New_York)" in error.message
    assert "2015-03-08T07:00:00Z" in str(error.expected)


def test_a_local_time_that_came_twice_names_both_moments() -> None:
    error = refused(date="2015-11-01", departure={"scheduled": "2015-11-01T01:30"})

    assert error.code == "local_time_ambiguous"
    assert "'2015-11-01T05:30:00Z' or '2015-11-01T06:30:00Z'" in str(error.expected)


def test_a_local_time_needs_an_airport() -> None:
    error = refused({"flight": "DL1865", "arrival": {"scheduled": "2015-01-02T10:25"}})

    assert (error.code, error.field) == ("local_time_without_airport", "arrival.scheduled")
    assert "or the destination" in str(error.expected)


def test_what_happened_cannot_lie_ahead() -> None:
    now = utc("2015-01-02T14:00:00Z")
    error = refused(now=now, departure={"actual": "2015-01-02T14:29Z"})

    assert error.code == "actual_in_future"
    assert read(now=now, departure={"estimated": "2015-01-02T14:29Z"})
    assert read(now=now, departure={"actual": "2015-01-02T14:05Z"})  # clocks differ by a few minutes


def test_a_flight_that_leaves_days_later_is_believed() -> None:
    assert read(departure={"actual": "2015-01-07T14:29Z"})


def test_the_value_in_an_error_is_short_and_can_be_sent_back() -> None:
    assert len(str(refused(departure={"gate": "B" * 10_000}).value)) < 250
    assert refused(**{"\ud800": 1}).field == "?"
    assert refused(registration=[["x"] * 1000] * 1000).value is not None

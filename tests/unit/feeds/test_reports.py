"""How feeds put a report together, and what goes from it when it is refused."""

from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from windsock.feeds.parsing import Gathering
from windsock.feeds.reports import WHO, flight_date, left_out, moment_of, observed, said

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
REPORT: dict[str, Any] = {
    "flight": "DL1",
    "origin": "JFK",
    "departure": {"gate": "B2", "estimated": "2026-03-01T13:00:00Z"},
    "landing": {"estimated": "2026-03-01T15:00:00Z"},
    "codeshares": ["AF1", "KL1"],
    "delay_reasons": [{"scheme": "ahm730", "code": "93", "minutes": 20}],
}


def test_only_what_is_known_is_said_and_times_and_days_are_text() -> None:
    assert said(
        flight="DL1", date=date(2026, 3, 1), gate=None, belt="", codeshares=[], cancelled=False, at=NOW
    ) == {
        "flight": "DL1",
        "date": "2026-03-01",
        "cancelled": False,
        "at": "2026-03-01T12:00:00Z",
    }


def test_a_clock_that_is_ahead_observes_nothing() -> None:
    assert observed(NOW, NOW) == NOW
    assert observed(NOW + timedelta(seconds=1), NOW) is observed(None, NOW) is None


def test_the_flight_date_is_by_the_origins_calendar() -> None:
    late = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
    assert flight_date(late, "JFK") == date(2026, 2, 28)
    assert flight_date(late, "0Z9") is flight_date(late, None) is flight_date(None, "JFK") is None
    assert flight_date(datetime.min.replace(tzinfo=UTC), "JFK") is None


def test_a_moment_needs_its_offset() -> None:
    assert moment_of("2026-03-01T13:00+01:00") == NOW
    for text in ("2026-03-01T13:00", "yesterday", ""):
        with pytest.raises(ValueError, match="it "):
            moment_of(text)


@pytest.mark.parametrize(
    ("field", "left"),
    [
        ("departure.gate", {"departure": {"estimated": "2026-03-01T13:00:00Z"}}),
        ("landing.estimated", {"landing": None}),
        ("landing", {"landing": None}),
        ("codeshares[0]", {"codeshares": ["KL1"]}),
        ("codeshares", {"codeshares": None}),
        ("delay_reasons[0].minutes", {"delay_reasons": [{"scheme": "ahm730", "code": "93"}]}),
        ("delay_reasons[0].code", {"delay_reasons": None}),
    ],
)
def test_what_is_refused_goes_and_nothing_beside_it(field: str, left: dict[str, Any]) -> None:
    report = deepcopy(REPORT)
    assert left_out(report, field)
    assert report == {name: value for name, value in (REPORT | left).items() if value is not None}


@pytest.mark.parametrize("field", ["flight", "arrival.gate", "departure.belt", "codeshares[9]", ""])
def test_what_is_not_there_or_needed_does_not_go(field: str) -> None:
    report = deepcopy(REPORT)
    assert not left_out(report, field)
    assert report == REPORT
    assert left_out(deepcopy(REPORT), "origin", needed=WHO) is False


def test_the_rest_of_a_report_is_told_and_the_given_one_is_not_altered() -> None:
    gathering = Gathering(NOW, "test")
    given = REPORT | {"departure": {"gate": "x" * 99, "terminal": "4"}, "registration": "#"}
    before = deepcopy(given)

    assert gathering.tell_what_holds(given, path="flights[0]")
    assert given == before
    (statement,) = gathering.statements
    assert statement.report.departure.terminal == "4"  # type: ignore[union-attr]
    assert {fault.column for fault in gathering.faults} == {"departure.gate", "registration"}


def test_a_report_of_which_nothing_is_left_has_the_faults_of_its_fields_alone() -> None:
    gathering = Gathering(NOW, "test")

    assert not gathering.tell_what_holds({"flight": "DL1", "registration": "#"}, path="flights[0]")
    assert [fault.column for fault in gathering.faults] == ["registration"]

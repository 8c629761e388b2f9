"""What becomes of the reports of a batch: resolved, merged in order, refused alone. On the journal in memory."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from windsock.flights import DepartureReport, MergeRules, Report
from windsock.ingest import Recorded, Rejected, Result
from windsock.ingest.batch import Submission, write_batch
from windsock.journal.base import Event
from windsock.journal.memory import MemoryJournal
from windsock.protocol.positions import Position

NOON = datetime(2015, 1, 2, 12, 0, tzinfo=UTC)
DL1865 = {"flight": "DL1865", "date": "2015-01-02", "origin": "ATL", "destination": "MCO"}


@pytest.fixture
def journal() -> MemoryJournal:
    return MemoryJournal()


def told(
    journal: MemoryJournal, *reports: Any, source: str | None = "test", now: datetime = NOON
) -> list[Result]:
    batch = [Submission(index, report, source) for index, report in enumerate(reports)]
    return write_batch(journal, batch, now=now, rules=MergeRules()).results


def recorded(result: Result) -> Recorded:
    assert isinstance(result, Recorded), result
    return result


def rejected(result: Result) -> Rejected:
    assert isinstance(result, Rejected), result
    return result


def events(journal: MemoryJournal) -> list[Event]:
    return journal.after(Position(journal.head().epoch, 0))


# --- Recorded ---------------------------------------------------------------------------------------------------------


def test_a_report_becomes_an_event_at_its_position(journal: MemoryJournal) -> None:
    (result,) = told(journal, DL1865)
    result = recorded(result)
    assert result.position == journal.head().position
    assert (result.index, result.flight_id, result.version) == (0, "DL1865.2015-01-02.ATL", 1)
    assert result.changes[0].kind == "flight.added"
    (event,) = events(journal)
    assert {"departures:ATL", "arrivals:MCO", "carrier:DL", "all"} <= set(event.topics)


def test_a_repeated_report_changes_nothing_and_is_recorded_at_the_head(journal: MemoryJournal) -> None:
    told(journal, DL1865)
    told(journal, DL1865 | {"flight": "DL1866"})
    result = recorded(told(journal, DL1865)[0])
    assert (result.changes, result.version, result.position.offset) == ((), 1, 2)
    assert journal.head().offset == 2


def test_reports_of_one_flight_in_one_batch_apply_in_order(journal: MemoryJournal) -> None:
    results = told(
        journal,
        DL1865 | {"departure": {"gate": "A1"}, "observed_at": "2015-01-02T11:00:00Z"},
        DL1865 | {"departure": {"gate": "A2"}, "observed_at": "2015-01-02T11:01:00Z"},
        DL1865 | {"departure": {"gate": "A3"}, "observed_at": "2015-01-02T11:02:00Z"},
    )
    assert [recorded(result).version for result in results] == [1, 2, 3]
    assert [recorded(result).position.offset for result in results] == [1, 2, 3]
    assert [change.to for change in recorded(results[2]).changes] == ["A3"]
    (record,) = journal.snapshot()[1]
    assert record.flight.departure.gate == "A3"


def test_an_unchanging_report_between_others_has_the_position_before_it(journal: MemoryJournal) -> None:
    results = told(journal, DL1865, DL1865, DL1865 | {"departure": {"gate": "A1"}})
    assert [recorded(result).position.offset for result in results] == [1, 1, 2]


def test_an_event_concerns_the_topics_before_and_after(journal: MemoryJournal) -> None:
    told(journal, DL1865 | {"registration": "N910DE"})
    told(journal, DL1865 | {"registration": "N911DE"}, now=NOON + timedelta(minutes=1))
    assert {"registration:N910DE", "registration:N911DE"} <= set(events(journal)[1].topics)


def test_a_ready_report_takes_the_calls_source_only_if_it_names_none(journal: MemoryJournal) -> None:
    about: dict[str, Any] = {"flight": "DL1865", "date": date(2015, 1, 2), "origin": "ATL"}
    told(journal, Report(**about, departure=DepartureReport(gate="A1")), source="agent")
    told(journal, Report(**about, source="airport", departure=DepartureReport(terminal="S")), source="agent")
    (record,) = journal.snapshot()[1]
    assert set(record.facts["departure.gate"]) == {"agent"}
    assert set(record.facts["departure.terminal"]) == {"airport"}


# --- Which flight -----------------------------------------------------------------------------------------------------


def test_a_known_flight_is_found_without_its_origin(journal: MemoryJournal) -> None:
    told(journal, DL1865)
    result = recorded(
        told(journal, {"flight": "DAL 1865", "date": "2015-01-02", "departure": {"gate": "B1"}})[0]
    )
    assert result.flight_id == "DL1865.2015-01-02.ATL"


@pytest.mark.parametrize("now", [NOON - timedelta(hours=20), NOON, NOON + timedelta(hours=20)])
def test_a_known_flight_is_found_without_its_date_around_that_day(
    journal: MemoryJournal, now: datetime
) -> None:
    told(journal, DL1865)
    result = recorded(told(journal, {"flight": "DL1865", "departure": {"gate": "B1"}}, now=now)[0])
    assert result.flight_id == "DL1865.2015-01-02.ATL"


def test_a_codeshare_is_a_name_of_the_operating_flight(journal: MemoryJournal) -> None:
    told(journal, DL1865 | {"codeshares": ["KL6001"]})
    for extra in ({}, {"origin": "ATL"}):
        result = recorded(
            told(journal, {"flight": "KL6001", "date": "2015-01-02", "registration": "N1DL"} | extra)[0]
        )
        assert result.flight_id == "DL1865.2015-01-02.ATL"
    assert len(journal.snapshot()[1]) == 1


def test_a_codeshare_told_in_the_same_batch_is_known_to_the_next_report(journal: MemoryJournal) -> None:
    results = told(
        journal,
        DL1865 | {"codeshares": ["KL6001"]},
        {"flight": "KL6001", "date": "2015-01-02", "departure": {"gate": "B2"}},
        {"flight": "KL6001", "date": "2015-01-02", "origin": "ATL", "departure": {"terminal": "S"}},
    )
    assert {recorded(result).flight_id for result in results} == {"DL1865.2015-01-02.ATL"}


def test_a_report_that_fits_two_legs_is_refused_with_both(journal: MemoryJournal) -> None:
    told(journal, DL1865, DL1865 | {"origin": "MCO", "destination": "JFK"})
    refused = rejected(
        told(journal, {"flight": "DL1865", "date": "2015-01-02", "departure": {"gate": "B2"}})[0]
    )
    assert refused.code == "ambiguous_flight"
    assert refused.candidates == ("DL1865.2015-01-02.ATL", "DL1865.2015-01-02.MCO")
    assert refused.field == "origin"
    assert "origin" in refused.message
    result = recorded(told(journal, DL1865 | {"origin": "MCO", "registration": "N1DL"})[0])
    assert result.flight_id == "DL1865.2015-01-02.MCO"


def test_a_codeshare_of_two_flights_is_refused_with_both(journal: MemoryJournal) -> None:
    told(journal, DL1865 | {"codeshares": ["KL6001"]}, DL1865 | {"flight": "DL7", "codeshares": ["KL6001"]})
    refused = rejected(told(journal, DL1865 | {"flight": "KL6001"})[0])
    assert refused.candidates == ("DL7.2015-01-02.ATL", "DL1865.2015-01-02.ATL")


@pytest.mark.parametrize(
    ("given", "missing"),
    [({"date": "2015-01-02"}, "origin"), ({"origin": "ATL"}, "date"), ({}, "date")],
)
def test_an_unknown_flight_needs_date_and_origin(
    journal: MemoryJournal, given: dict[str, str], missing: str
) -> None:
    refused = rejected(told(journal, {"flight": "DL1865", "departure": {"gate": "B2"}} | given)[0])
    assert (refused.code, refused.field) == ("unknown_flight", missing)
    assert missing in refused.message
    assert refused.expected
    assert journal.snapshot()[1] == []


# --- Rejected alone ---------------------------------------------------------------------------------------------------


def test_the_good_ones_of_a_batch_are_kept(journal: MemoryJournal) -> None:
    results = told(
        journal, DL1865, {"flight": "DL1865", "origin": "XXX"}, "nonsense", DL1865 | {"flight": "DL7"}
    )
    assert [type(result) for result in results] == [Recorded, Rejected, Rejected, Recorded]
    assert [result.index for result in results] == [0, 1, 2, 3]
    assert journal.head().offset == 2


def test_a_rejection_names_the_field_what_was_given_and_what_would_be_right(journal: MemoryJournal) -> None:
    refused = rejected(told(journal, DL1865 | {"origin": "QQQ"})[0])
    assert (refused.field, refused.value) == ("origin", "QQQ")
    assert "QQQ" in refused.message
    assert refused.expected
    assert not refused.retryable


def test_only_the_trusted_may_speak_as_windsock(journal: MemoryJournal) -> None:
    about: dict[str, Any] = {"flight": "DL1865", "date": date(2015, 1, 2), "origin": "ATL"}
    ready = Report(**about, source="windsock.overdue", departure_overdue_minutes=15)
    for report in (ready, DL1865 | {"source": "windsock.overdue"}):
        assert rejected(told(journal, report)[0]).field == "source"
    assert journal.snapshot()[1] == []


def test_a_fault_of_ours_rejects_that_report_alone(
    journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from windsock.ingest import merging

    merge = merging.apply_report

    def failing(record: Any, key: Any, report: Report, **more: Any) -> Any:
        if report.flight == "DL13":
            raise KeyError("a bug")
        return merge(record, key, report, **more)

    monkeypatch.setattr(merging, "apply_report", failing)
    results = told(journal, DL1865, DL1865 | {"flight": "DL13"}, DL1865 | {"flight": "DL7"})
    assert [type(result) for result in results] == [Recorded, Rejected, Recorded]
    assert rejected(results[1]).code == "internal_error"
    assert "a bug" in caplog.text


# --- Kept for audit ---------------------------------------------------------------------------------------------------


def test_every_report_is_kept_as_it_came_with_what_became_of_it(journal: MemoryJournal) -> None:
    told(journal, DL1865 | {"departure": {"gate": "A1"}}, DL1865 | {"departure": {"gate": "A1"}})
    repeated, first = journal.reports(journal.snapshot()[1][0].key)
    assert (
        first.body
        == b'{"flight":"DL1865","date":"2015-01-02","origin":"ATL","destination":"MCO","departure":{"gate":"A1"}}'
    )
    assert (first.source, first.received_at, first.offset, first.error) == ("test", NOON, 1, None)
    assert repeated.offset is None


def test_of_a_rejected_report_the_beginning_is_kept(journal: MemoryJournal) -> None:
    told(journal, {"flight": "x" * 20_000}, {"flight": object()})
    kept = journal._reports
    assert [report.error is not None for report in kept] == [True, True]
    assert all(len(report.body) <= 8192 for report in kept)

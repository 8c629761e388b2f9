"""The flights that a journal remembers between writes: never taken for what somebody else has changed since."""

from datetime import UTC, date, datetime

import pytest

from windsock.flights import DepartureReport, FlightKey, FlightRecord, MergeRules, Report, apply_report
from windsock.journal.base import Draft
from windsock.journal.database import DatabaseJournal
from windsock.journal.flight_cache import CachedFlight, FlightCache, new_stamp

NOON = datetime(2015, 1, 2, 12, 0, tzinfo=UTC)
KEY = FlightKey("DL", 1865, None, date(2015, 1, 2), "ATL")

BACKENDS = [
    pytest.param("default", marks=pytest.mark.django_db(transaction=True), id="sqlite"),
    pytest.param(
        "postgresql", marks=pytest.mark.django_db(transaction=True, databases=["default", "postgresql"])
    ),
]


def tell(
    journal: DatabaseJournal, gate: str, source: str = "test", *, fail: bool = False, rank: int = 50
) -> FlightRecord:
    """Reports a gate in a transaction of its own, which may be rolled back; gives the flight it found there."""
    with journal.write() as writing:
        before = writing.load([KEY]).get(KEY)
        report = Report(
            flight="DL1865",
            date=KEY.date,
            origin="ATL",
            source=source,
            observed_at=NOON,
            departure=DepartureReport(gate=gate),
        )
        merged = apply_report(
            before, KEY, report, received_at=NOON, rules=MergeRules(ranks={source: rank, "test": 50})
        )
        if merged.changes:
            writing.append([Draft(merged.record, merged.changes, ("all",), NOON)])
        else:
            writing.save([merged.record])
        if fail:
            raise RuntimeError("rolled back")
    return merged.record


@pytest.mark.parametrize("using", BACKENDS)
def test_what_another_process_wrote_is_seen(using: str) -> None:
    here, elsewhere = DatabaseJournal(using), DatabaseJournal(using)
    tell(here, "A1")
    tell(elsewhere, "B2", "later")
    after = tell(here, "C3", "third")
    assert after.facts["departure.gate"].keys() == {"test", "later", "third"}
    assert after == elsewhere.flight(KEY)


@pytest.mark.parametrize("using", BACKENDS)
def test_what_another_process_only_added_to_the_provenance_is_seen(using: str) -> None:
    here, elsewhere = DatabaseJournal(using), DatabaseJournal(using)
    version = tell(here, "A1").flight.version
    tell(elsewhere, "B2", "outranked", rank=1)
    after = tell(here, "C3", "outranked, too", rank=1)
    assert after.facts["departure.gate"].keys() == {"test", "outranked", "outranked, too"}
    assert after.flight.version == version


@pytest.mark.parametrize("using", BACKENDS)
def test_what_was_rolled_back_is_not_remembered(using: str) -> None:
    journal = DatabaseJournal(using)
    tell(journal, "A1")
    with pytest.raises(RuntimeError, match="rolled back"):
        tell(journal, "B2", "lost", fail=True)
    after = tell(journal, "C3", "third")
    assert after.facts["departure.gate"].keys() == {"test", "third"}
    stored = journal.flight(KEY)
    assert stored == after


@pytest.mark.parametrize("using", BACKENDS)
def test_a_flight_that_was_pruned_begins_anew(using: str) -> None:
    here, elsewhere = DatabaseJournal(using), DatabaseJournal(using)
    tell(here, "A1")
    elsewhere.prune(flights_before=datetime(2030, 1, 1, tzinfo=UTC))
    tell(elsewhere, "B2", "anew")
    assert tell(here, "C3", "third").facts["departure.gate"].keys() == {"anew", "third"}


@pytest.mark.parametrize("using", BACKENDS)
def test_a_report_that_only_adds_to_the_provenance_is_kept_behind_an_event_of_the_same_batch(
    using: str,
) -> None:
    from windsock.ingest.batch import Submission, write_batch

    journal = DatabaseJournal(using)
    said = {"flight": "DL1865", "date": "2015-01-02", "origin": "ATL", "departure": {"gate": "A1"}}
    write_batch(
        journal, [Submission(0, said, "one"), Submission(1, said, "two")], now=NOON, rules=MergeRules()
    )
    stored = journal.flight(KEY)
    assert stored is not None
    assert stored.facts["departure.gate"].keys() == {"one", "two"}


def test_no_more_are_remembered_than_asked_for_and_the_oldest_goes_first() -> None:
    recent = FlightCache(limit=2)
    stamp = new_stamp()
    record = FlightRecord.from_json(tell_nobody().to_json())
    for name in ("a", "b", "c"):
        recent.keep(name, CachedFlight(stamp, record, ()))
    assert list(recent) == ["b", "c"]
    assert recent.get("b", stamp) is not None
    assert recent.get("b", stamp + 1) is None


def tell_nobody() -> FlightRecord:
    """A flight that no journal knows."""
    report = Report(flight="DL1865", source="test", registration="N1")
    return apply_report(None, KEY, report, received_at=NOON).record

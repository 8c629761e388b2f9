"""The day's flights in memory are those of the journal, whatever happens to it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from windsock.flights import DepartureReport, FlightKey, Report, apply_report
from windsock.journal.base import Draft
from windsock.journal.memory import MemoryJournal
from windsock.today.day_table import AROUND, RELOAD, DayTable

NOON = datetime(2015, 1, 2, 12, 0, tzinfo=UTC)


def tell(journal: MemoryJournal, number: int, departs: datetime, **facts: Any) -> None:
    key = FlightKey("DL", number, None, date(2015, 1, 2), "ATL")
    report = Report(
        flight=f"DL{number}",
        source="test",
        observed_at=facts.pop("at", NOON),
        destination="MCO",
        departure=DepartureReport(scheduled=departs, **facts),
    )
    with journal.write() as writing:
        record = writing.load([key]).get(key)
        merged = apply_report(record, key, report, received_at=NOON)
        writing.append([Draft(merged.record, merged.changes, ("all",), NOON)])


def table(journal: MemoryJournal) -> DayTable:
    return DayTable(journal, lambda: 0.0)


def test_events_bring_the_table_level_with_the_journal() -> None:
    journal = MemoryJournal()
    tell(journal, 1, NOON)
    day = table(journal)
    assert set(day.flights(NOON)) == {"DL1.2015-01-02.ATL"}

    tell(journal, 2, NOON)
    tell(journal, 1, NOON, actual=NOON + timedelta(minutes=40), at=NOON + timedelta(minutes=41))

    found = day.flights(NOON)
    assert found == table(journal).flights(NOON)
    assert found["DL1.2015-01-02.ATL"].departure_delay == 40
    assert len(found) == 2


def test_a_journal_that_starts_anew_is_read_anew() -> None:
    journal = MemoryJournal()
    tell(journal, 1, NOON)
    day = table(journal)
    day.flights(NOON)

    journal.reset()
    tell(journal, 2, NOON)

    assert set(day.flights(NOON)) == {"DL2.2015-01-02.ATL"}


def test_events_that_are_no_longer_held_are_made_up_for() -> None:
    journal = MemoryJournal()
    day = table(journal)
    day.flights(NOON)
    tell(journal, 1, NOON)
    journal.prune(events_before=NOON + timedelta(days=1))

    assert set(day.flights(NOON)) == {"DL1.2015-01-02.ATL"}


def test_flights_of_other_days_are_not_kept() -> None:
    journal = MemoryJournal()
    tell(journal, 1, NOON + AROUND + RELOAD + timedelta(hours=1))
    tell(journal, 2, NOON)
    day = table(journal)

    assert set(day.flights(NOON)) == {"DL2.2015-01-02.ATL"}
    assert set(day.flights(NOON + timedelta(days=2))) == {"DL1.2015-01-02.ATL"}

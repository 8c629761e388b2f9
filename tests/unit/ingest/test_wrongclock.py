"""What /readyz and the console say of words from the future."""

from datetime import UTC, datetime, timedelta

from windsock.clock import ReplayClock
from windsock.flights import MergeRules
from windsock.ingest.batch import Submission, write_batch
from windsock.ingest.wrongclock import Watch, ahead, describe
from windsock.journal.memory import MemoryJournal

NOON = datetime(2015, 1, 2, 18, 0, tzinfo=UTC)
GATE = {"flight": "DL1865", "date": "2015-01-02", "origin": "ATL", "departure": {"gate": "B9"}}


def told(journal: MemoryJournal, gate: str, now: datetime) -> None:
    said = GATE | {"departure": {"gate": gate}}
    write_batch(journal, [Submission(0, said)], now=now, rules=MergeRules())


def test_flights_of_a_clock_that_ran_ahead_are_named_until_the_next_word_puts_them_right() -> None:
    journal = MemoryJournal()
    told(journal, "B9", NOON + timedelta(days=7))
    found = ahead(journal, NOON)
    assert found is not None
    assert describe(found).startswith("1 flight was last changed later than it is now (2015-01-02 18:00 UTC)")
    told(journal, "B10", NOON)
    assert ahead(journal, NOON) is None


def test_clocks_that_differ_by_minutes_and_replays_are_no_matter() -> None:
    journal = MemoryJournal()
    told(journal, "B9", NOON + timedelta(minutes=9))
    assert ahead(journal, NOON) is None
    told(journal, "B10", NOON + timedelta(days=7))
    journal.set_clock(ReplayClock(label="then", simulated_at=NOON, real_at=NOON, speed=1))
    assert ahead(journal, NOON) is None


def test_it_is_asked_once_a_minute_at_most() -> None:
    journal = MemoryJournal()
    watch = Watch(clock=lambda: NOON)
    assert watch.complaint(journal) is None
    told(journal, "B9", NOON + timedelta(days=7))
    assert watch.complaint(journal) is None

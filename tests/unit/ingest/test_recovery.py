"""A flight that completes a diverted one, and the diverted one, name each other: in one commit or in several."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from windsock.flights import Flight, FlightKey, MergeRules
from windsock.ingest import Recorded, Rejected
from windsock.ingest.batch import Submission, write_batch
from windsock.journal.base import in_order
from windsock.journal.memory import MemoryJournal
from windsock.protocol.positions import Position

NOON = datetime(2015, 1, 2, 18, 0, tzinfo=UTC)
FIRST, SECOND = "DL1865.2015-01-02.ATL", "DL1865.2015-01-02.BHM"
DIVERTED = {"flight": FIRST, "destination": "MCO", "diverted_to": "BHM"}
RECOVERY = {"flight": SECOND, "destination": "MCO", "recovery_of": FIRST}


@pytest.fixture
def journal() -> MemoryJournal:
    return MemoryJournal()


def told(journal: MemoryJournal, *reports: dict[str, Any], minute: int = 0) -> list[Any]:
    batch = [Submission(i, one) for i, one in enumerate(reports)]
    now = NOON + timedelta(minutes=minute)
    return write_batch(journal, batch, now=now, rules=MergeRules()).results


def flight(journal: MemoryJournal, name: str) -> Flight:
    record = journal.flight(FlightKey.parse(name))
    assert record is not None
    return record.flight


@pytest.mark.parametrize("together", [True, False])
def test_the_diverted_flight_learns_by_which_one_it_is_completed(
    journal: MemoryJournal, together: bool
) -> None:
    if together:
        told(journal, DIVERTED, RECOVERY)
    else:
        told(journal, DIVERTED)
        told(journal, RECOVERY, minute=1)
    assert flight(journal, SECOND).recovery_of == FIRST
    assert flight(journal, FIRST).recovered_by == SECOND
    events = journal.after(Position(journal.head().epoch, 0))
    assert [event.flight_id for event in in_order(events, 0)] == [FIRST, SECOND, FIRST]
    assert b'"recovered_by"' in events[-1].body

    told(journal, RECOVERY, minute=2)
    assert journal.head().offset == len(events), "the same again is no news"


@pytest.mark.parametrize("named", ["DL1865.2015-01-02.TPA", SECOND])
def test_a_flight_that_is_not_known_or_is_the_same_cannot_be_recovered(
    journal: MemoryJournal, named: str
) -> None:
    results = told(
        journal, DIVERTED, RECOVERY | {"recovery_of": named}, DIVERTED | {"registration": "N910DE"}
    )
    assert [type(one) for one in results] == [Recorded, Rejected, Recorded]
    refused = results[1]
    assert (refused.code, refused.field, refused.value) == ("unknown_recovered_flight", "recovery_of", named)
    assert named in refused.message
    assert journal.flight(FlightKey.parse(SECOND)) is None


def test_a_source_that_is_not_believed_about_it_changes_nothing_on_the_other(journal: MemoryJournal) -> None:
    told(journal, DIVERTED, DIVERTED | {"flight": "DL7.2015-01-02.ATL"}, RECOVERY)
    rules = MergeRules(ranks={"gossip": 10})
    batch = [Submission(0, RECOVERY | {"recovery_of": "DL7.2015-01-02.ATL", "source": "gossip"})]
    write_batch(journal, batch, now=NOON + timedelta(minutes=1), rules=rules)
    assert flight(journal, "DL7.2015-01-02.ATL").recovered_by is None
    assert flight(journal, FIRST).recovered_by == SECOND

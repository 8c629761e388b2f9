"""The overdue watch in simulated time, on the journal in memory."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from windsock.flights import MergeRules
from windsock.ingest.batch import Submission, write_batch
from windsock.ingest.overdue import OverdueWatch
from windsock.ingest.results import Recorded, Result
from windsock.journal.base import Event
from windsock.journal.memory import MemoryJournal
from windsock.protocol.positions import Position

NOON = datetime(2015, 1, 2, 12, 0, tzinfo=UTC)
SCHEDULE = {
    "flight": "DL1865",
    "date": "2015-01-02",
    "origin": "ATL",
    "destination": "MCO",
    "source": "airline",
    "departure": {"scheduled": "2015-01-02T12:00:00Z"},
    "arrival": {"scheduled": "2015-01-02T13:30:00Z"},
}


def at(minute: int) -> datetime:
    return NOON + timedelta(minutes=minute)


def z(minute: int) -> str:
    return at(minute).isoformat().replace("+00:00", "Z")


class Day:
    """A journal, a way to tell it something at a minute, and the watch over it."""

    def __init__(self, after: int = 15, step: int = 15) -> None:
        self.journal = MemoryJournal()
        self.watch = OverdueWatch(self.journal, self.record, after_minutes=after, step_minutes=step)
        self.filed = 0

    def record(self, reports: Any, *, received_at: datetime, trusted: bool = False) -> list[Result]:
        batch = [Submission(i, data, None, received_at, trusted) for i, data in enumerate(reports)]
        results = write_batch(self.journal, batch, now=received_at, rules=MergeRules()).results
        assert all(isinstance(result, Recorded) for result in results), results
        return results

    def tell(self, minute: int, **said: Any) -> None:
        who = {name: SCHEDULE[name] for name in ("flight", "date", "origin", "source")}
        self.record([who | {"observed_at": z(minute)} | said], received_at=at(minute))

    def run(self, first: int, last: int, every: int = 1) -> list[tuple[int, int | None]]:
        """Watches from minute to minute; gives (minute, departure delay) of each that brought events."""
        seen = []
        for minute in range(first, last + 1, every):
            before = self.journal.head().offset
            self.filed += self.watch.run(at(minute))
            if self.journal.head().offset > before:
                seen.append((minute, self.journal.snapshot()[1][0].flight.departure.delay_minutes))
        return seen


@pytest.fixture
def day() -> Day:
    made = Day()
    made.record([SCHEDULE | {"observed_at": z(-600)}], received_at=at(-600))
    return made


def test_a_flight_nobody_speaks_of_is_overdue_after_a_quarter_and_again_each_quarter(day: Day) -> None:
    assert day.run(-10, 50) == [(15, 15), (30, 30), (45, 45)]
    flight = day.journal.snapshot()[1][0].flight
    assert "overdue" in flight.flags
    assert flight.departure.delay_basis == "inferred"
    assert day.filed == 3


def test_once_it_is_gone_its_arrival_is_awaited(day: Day) -> None:
    day.run(0, 20)
    day.tell(21, departure={"actual": z(20)})
    # It left 20 minutes late, so it is expected as much later.
    assert day.run(22, 124) == []
    assert "overdue" not in day.journal.snapshot()[1][0].flight.flags
    day.run(125, 125)
    flight = day.journal.snapshot()[1][0].flight
    assert (flight.arrival.overdue_minutes, flight.arrival.delay_basis) == (35, "inferred")


@pytest.mark.parametrize(
    "word",
    [
        {"cancelled": True},
        {"departure": {"actual": z(1)}},
        {"stated_status": "out"},
        {"stated_status": "landed"},
        {"stated_status": "arrived"},
    ],
)
def test_a_flight_that_was_spoken_of_is_not_overdue(day: Day, word: dict[str, Any]) -> None:
    day.tell(2, **word)
    assert day.run(3, 90) == []


def test_an_estimate_is_word_until_it_has_passed_as_well(day: Day) -> None:
    day.tell(5, departure={"estimated": z(40)})
    assert day.run(6, 54) == []
    # Minutes count from the schedule: 40 were announced, 55 have passed.
    assert day.run(55, 71) == [(55, 55), (70, 70)]


def test_what_is_said_does_not_depend_on_how_often_one_looks() -> None:
    def bodies(every: int, mutate: Callable[[Day], None] = lambda day: None) -> list[tuple[str, int]]:
        made = Day()
        made.record([SCHEDULE | {"observed_at": z(-600)}], received_at=at(-600))
        made.run(0, 60, every)
        told: list[Event] = made.journal.after(Position(made.journal.head().epoch, 0))
        return [(event.flight_id, event.version) for event in told]

    assert bodies(1) == bodies(5) == bodies(15)


def test_looking_twice_at_the_same_time_says_it_once(day: Day) -> None:
    assert day.watch.run(at(15)) == 1
    assert day.watch.run(at(15)) == 0


def test_after_a_pause_only_the_newest_step_is_said(day: Day) -> None:
    assert day.run(100, 100) == [(100, 90)]


def test_a_first_word_and_steps_of_different_length() -> None:
    day = Day(after=5, step=20)
    day.record([SCHEDULE | {"observed_at": z(-600)}], received_at=at(-600))
    assert day.run(0, 50) == [(5, 5), (25, 25), (45, 45)]


def test_a_flight_unheard_of_for_a_day_is_given_up(day: Day) -> None:
    assert day.watch.run(at(60 * 25)) == 0


def test_a_thousand_flights_more_than_one_batch_are_all_spoken_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("windsock.ingest.overdue.BATCH", 7)
    day = Day()
    day.record(
        [SCHEDULE | {"flight": f"DL{number}", "observed_at": z(-600)} for number in range(1, 31)],
        received_at=at(-600),
    )
    assert day.watch.run(at(16)) == 30
    assert day.watch.run(at(16)) == 0


@pytest.mark.parametrize("state", ["landed", "arrived"])
def test_of_a_flight_that_is_stated_to_be_down_what_was_overdue_is_so_no_more(day: Day, state: str) -> None:
    assert day.run(0, 400) != []
    day.tell(401, stated_status=state)

    assert day.run(402, 900, every=15) == []
    flight = day.journal.snapshot()[1][0].flight
    assert flight.status == state
    assert not {"overdue", "stale"} & set(flight.flags)

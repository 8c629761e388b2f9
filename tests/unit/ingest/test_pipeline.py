"""One writer thread: group commit, order, failures, stopping. On journals in memory that can be held up and broken."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from windsock.clock import ReplayClock
from windsock.errors import JournalUnavailable
from windsock.ingest import Pipeline, Recorded, Rejected
from windsock.journal.base import Event, Writing
from windsock.journal.memory import MemoryJournal

NOON = datetime(2015, 1, 2, 12, 0, tzinfo=UTC)
WAIT = 10


def report(number: int, gate: str = "A1") -> dict[str, Any]:
    return {"flight": f"DL{number}", "date": "2015-01-02", "origin": "ATL", "departure": {"gate": gate}}


class Held(MemoryJournal):
    """Writes wait until `open` is set; `failures` of them fail first. Remembers how many flights each write loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.open = threading.Event()
        self.open.set()
        self.entered = threading.Event()
        self.failures = 0
        self.writes = 0

    @contextmanager
    def write(self) -> Iterator[Writing]:
        self.writes += 1
        self.entered.set()
        assert self.open.wait(WAIT)
        with super().write() as writing:
            yield writing
            if self.failures:
                self.failures -= 1
                raise JournalUnavailable("locked")


@pytest.fixture
def journal() -> Held:
    return Held()


@pytest.fixture
def pipeline(journal: Held) -> Iterator[Pipeline]:
    made = Pipeline(journal, batch_reports=10, clock=lambda: NOON)
    yield made
    journal.open.set()
    assert made.stop(WAIT)


def test_results_come_in_the_order_of_the_reports(pipeline: Pipeline) -> None:
    results = pipeline.submit([report(1), {"flight": "?"}, report(2)]).result(WAIT)
    assert [(type(one), one.index) for one in results] == [(Recorded, 0), (Rejected, 1), (Recorded, 2)]


def test_nothing_given_is_answered_at_once(pipeline: Pipeline, journal: Held) -> None:
    assert pipeline.submit([]).result(0) == []
    assert journal.writes == 0


@pytest.mark.parametrize("given", [report(1), "DL1865", b"{}"])
def test_a_single_report_without_a_list_is_a_mistake_that_is_named(pipeline: Pipeline, given: Any) -> None:
    with pytest.raises(TypeError, match=r"record\(\[report\]\)"):
        pipeline.submit(given)


def test_reports_that_arrive_while_one_is_written_share_the_next_transaction(
    pipeline: Pipeline, journal: Held
) -> None:
    journal.open.clear()
    first = pipeline.submit([report(99)])
    assert journal.entered.wait(WAIT)
    others = [pipeline.submit([report(number)]) for number in range(1, 9)]
    journal.open.set()
    assert all(isinstance(future.result(WAIT)[0], Recorded) for future in (first, *others))
    assert journal.writes == 2


def test_a_large_call_is_written_in_several_transactions(pipeline: Pipeline, journal: Held) -> None:
    results = pipeline.submit([report(number) for number in range(1, 36)]).result(WAIT)
    assert [one.position.offset for one in results if isinstance(one, Recorded)] == list(range(1, 36))
    assert journal.writes == 4


def test_a_failed_transaction_is_tried_once_more(pipeline: Pipeline, journal: Held) -> None:
    journal.failures = 1
    (result,) = pipeline.submit([report(1)]).result(WAIT)
    assert isinstance(result, Recorded)
    assert journal.head().offset == 1


def test_if_nothing_could_be_written_the_caller_is_told_by_an_error(
    pipeline: Pipeline, journal: Held
) -> None:
    journal.failures = 2
    with pytest.raises(JournalUnavailable, match="locked"):
        pipeline.submit([report(1), report(2)]).result(WAIT)
    assert journal.head().offset == 0
    assert pipeline.submit([report(1)]).result(WAIT)  # and the pipeline goes on


def test_if_a_part_could_be_written_the_rest_is_rejected_as_retryable(
    pipeline: Pipeline, journal: Held
) -> None:
    journal.failures = 2  # the first ten, and their second try
    results = pipeline.submit([report(number) for number in range(1, 15)]).result(WAIT)
    assert [isinstance(one, Rejected) and one.retryable for one in results] == [True] * 10 + [False] * 4
    assert {one.code for one in results if isinstance(one, Rejected)} == {"journal_unavailable"}


def test_an_unexpected_failure_of_the_journal_is_unavailable_too(pipeline: Pipeline, journal: Held) -> None:
    journal.snapshot = None  # type: ignore[assignment]
    journal.write = None  # type: ignore[assignment]
    with pytest.raises(JournalUnavailable, match="See the log"):
        pipeline.submit([report(1)]).result(WAIT)


def test_listeners_hear_every_event_in_order_before_it_is_acknowledged(
    pipeline: Pipeline, journal: Held
) -> None:
    heard: list[tuple[str, int]] = []

    def broken(epoch: str, events: list[Event]) -> None:
        raise RuntimeError("a listener's own fault")

    pipeline.listen(broken)
    end = pipeline.listen(lambda epoch, events: heard.extend((epoch, event.offset) for event in events))
    for number in range(1, 6):
        pipeline.submit([report(number)]).result(WAIT)
        assert heard[-1] == (journal.head().epoch, number)
    pipeline.submit([report(5)]).result(WAIT)  # nothing new
    end()
    pipeline.submit([report(6)]).result(WAIT)
    assert [offset for _, offset in heard] == [1, 2, 3, 4, 5]


def test_stop_writes_what_waits_and_takes_no_more(pipeline: Pipeline, journal: Held) -> None:
    journal.open.clear()
    futures = [pipeline.submit([report(number)]) for number in range(1, 30)]
    stopping = threading.Thread(target=pipeline.stop)
    stopping.start()
    journal.open.set()
    stopping.join(WAIT)
    assert all(future.done() for future in futures)
    assert journal.head().offset == 29
    with pytest.raises(JournalUnavailable, match="shutting down"):
        pipeline.submit([report(1)])


def test_too_many_waiting_reports_are_turned_away(journal: Held) -> None:
    pipeline = Pipeline(journal, batch_reports=10, max_waiting=20)
    journal.open.clear()
    pipeline.submit([report(number) for number in range(1, 50)])
    with pytest.raises(JournalUnavailable, match="waiting to be written"):
        pipeline.submit([report(1)])
    journal.open.set()
    assert pipeline.stop(WAIT)


def test_cancelling_the_wait_does_not_take_a_report_back(pipeline: Pipeline, journal: Held) -> None:
    async def give_up() -> None:
        waiting = asyncio.wrap_future(pipeline.submit([report(1)]))
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    journal.open.clear()
    asyncio.run(give_up())
    journal.open.set()
    pipeline.submit([report(2)]).result(WAIT)
    assert journal.head().offset == 2


def test_while_a_replay_drives_the_journal_reports_come_at_its_time(
    pipeline: Pipeline, journal: Held
) -> None:
    simulated = datetime(2013, 2, 8, 9, 0, tzinfo=UTC)
    journal.set_clock(ReplayClock(label="snow", simulated_at=simulated, real_at=NOON, speed=60.0))
    pipeline.submit([report(1)]).result(WAIT)
    assert journal.snapshot()[1][0].flight.updated_at == simulated

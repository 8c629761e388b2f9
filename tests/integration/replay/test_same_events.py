"""The same day told twice gives the same events, byte for byte; and the summary counts what really happened."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections

from tests.unit.feeds.on_time_files import dot_file, dot_row
from windsock.clock import ReplayClock
from windsock.ingest.pipeline import Pipeline
from windsock.ingest.replay import IntoJournal
from windsock.journal.base import Event, Journal
from windsock.journal.memory import MemoryJournal
from windsock.protocol.positions import Position
from windsock.replay.bts import read
from windsock.replay.past_flights import PastFlight
from windsock.replay.player import Replay, Summary
from windsock.replay.script import TimedReport, script

# What a flight that is cancelled or diverted leaves empty.
NO_ARRIVAL = dict.fromkeys(("ARRIVAL_DELAY", "TAXI_IN", "LATE_AIRCRAFT_DELAY", "AIR_SYSTEM_DELAY"), "")


def day() -> list[TimedReport]:
    """A small day with everything in it: on time, hours late, cancelled, turned back to the gate, diverted."""
    lines = [dot_row(FLIGHT_NUMBER=n, SCHEDULED_DEPARTURE=f"{6 + n % 9:02}{n % 60:02}") for n in range(1, 30)]
    lines += [
        dot_row(FLIGHT_NUMBER=101, DEPARTURE_DELAY=190, ARRIVAL_DELAY=185),
        dot_row(
            FLIGHT_NUMBER=102,
            CANCELLED=1,
            CANCELLATION_REASON="B",
            DEPARTURE_DELAY="",
            TAXI_OUT="",
            **NO_ARRIVAL,
        ),
        dot_row(FLIGHT_NUMBER=103, CANCELLED=1, CANCELLATION_REASON="A", **NO_ARRIVAL),
        dot_row(FLIGHT_NUMBER=104, DIVERTED=1, **NO_ARRIVAL),
    ]
    return script(row for row in read(dot_file(*lines)) if isinstance(row, PastFlight))


def told(
    journal: Journal, run: Callable[[Replay], object] = Replay.run, **how: object
) -> tuple[Summary, Replay]:
    pipeline = Pipeline(journal, on_exit=connections.close_all)
    replay = Replay(
        day(),
        IntoJournal(pipeline, after_minutes=15, step_minutes=15),
        label="2 January 2015",
        **how,  # type: ignore[arg-type]
    )
    run(replay)
    assert pipeline.stop(30)
    return replay.summary, replay


def events(journal: Journal) -> list[Event]:
    return journal.after(Position(journal.head().epoch, 0), 100_000)


@pytest.fixture(
    params=[
        "memory",
        pytest.param("default", marks=pytest.mark.django_db(transaction=True), id="sqlite"),
        pytest.param(
            "postgresql", marks=pytest.mark.django_db(transaction=True, databases=["default", "postgresql"])
        ),
    ]
)
def journal(request: pytest.FixtureRequest) -> Iterator[Journal]:
    if request.param == "memory":
        yield MemoryJournal()
        return
    from windsock.journal.database import DatabaseJournal

    yield DatabaseJournal(request.param)


def test_told_again_into_a_fresh_journal_every_event_is_the_same_byte_for_byte(journal: Journal) -> None:
    first, _ = told(journal)
    before, epoch = events(journal), journal.head().epoch
    journal.reset()
    second, _ = told(journal)
    assert events(journal) == before
    assert journal.head().epoch != epoch
    assert len(before) == first.all_events == second.all_events
    assert first.overdue_events > 0


def test_every_journal_gives_the_same_events(journal: Journal) -> None:
    told(journal)
    memory = MemoryJournal()
    told(memory)
    assert [event.body for event in events(journal)] == [event.body for event in events(memory)]


def test_speed_and_pauses_leave_no_trace_in_the_events() -> None:
    journal = MemoryJournal()
    told(journal)
    slow = MemoryJournal()
    now = [datetime(2026, 1, 1, tzinfo=UTC)]
    waits = [0]

    def run(replay: Replay) -> None:
        def wait(seconds: float | None) -> None:
            waits[0] += 1
            if replay.paused:
                replay.resume()
            elif waits[0] % 50 == 0:
                replay.pause()
            now[0] += timedelta(seconds=30 if seconds is None else seconds)

        replay._wait = wait
        replay.run()

    told(slow, run, speed=7.0, real=lambda: now[0])
    assert waits[0] > 100
    assert [event.body for event in events(slow)] == [event.body for event in events(journal)]


def test_told_into_the_same_journal_again_nothing_new_happens() -> None:
    journal = MemoryJournal()
    told(journal)
    offset = journal.head().offset
    again, _ = told(journal)
    assert journal.head().offset == offset
    assert again.events == 0


def test_afterwards_the_clock_stands_at_the_end_of_the_day() -> None:
    journal = MemoryJournal()
    _, replay = told(journal)
    clock = journal.head().clock
    assert isinstance(clock, ReplayClock)
    assert (clock.label, clock.speed, clock.simulated_at) == ("2 January 2015", 0, replay.last)


class StepByStep:
    """A listener without `record_steps`: every moment and every minute in a transaction of its own."""

    def __init__(self, into: IntoJournal) -> None:
        self.record, self.minute, self.show_clock = into.record, into.minute, into.show_clock


def test_spans_give_the_events_and_reports_that_telling_step_by_step_gives(journal: Journal) -> None:
    summary, _ = told(journal)
    slow = MemoryJournal()
    pipeline = Pipeline(slow)
    replay = Replay(
        day(), StepByStep(IntoJournal(pipeline, after_minutes=15, step_minutes=15)), label="2 January 2015"
    )
    replay.run()
    assert pipeline.stop(30)
    assert events(journal) == events(slow)
    assert (summary.reports, summary.events, summary.overdue_events, summary.refused) == (
        replay.summary.reports,
        replay.summary.events,
        replay.summary.overdue_events,
        replay.summary.refused,
    )
    head, flights = journal.snapshot()
    assert {record.key: record for record in flights} == {record.key: record for record in slow.snapshot()[1]}
    assert head.clock is not None
    for record in flights:
        assert [
            (report.body, report.received_at, report.offset) for report in journal.reports(record.key)
        ] == [(report.body, report.received_at, report.offset) for report in slow.reports(record.key)]


@pytest.mark.parametrize(("after", "step"), [(15, 15), (20, 5), (5, 30)])
def test_spans_watch_as_often_and_as_patiently_as_they_are_told_to(after: int, step: int) -> None:
    journals = [MemoryJournal(), MemoryJournal()]
    for journal, slowly in zip(journals, (False, True), strict=True):
        pipeline = Pipeline(journal)
        into = IntoJournal(pipeline, after_minutes=after, step_minutes=step)
        Replay(day(), StepByStep(into) if slowly else into, label="2 January 2015").run()
        assert pipeline.stop(30)
    assert events(journals[0]) == events(journals[1])

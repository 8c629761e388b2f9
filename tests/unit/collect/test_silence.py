"""Of which flights a silence is told, on the journal in memory: several feeds, many flights."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from windsock.collect.silence import BATCH, fell_silent, speaks_again
from windsock.flights import FlightKey
from windsock.ingest.pipeline import Pipeline
from windsock.journal.memory import MemoryJournal

NOON = datetime(2015, 1, 2, 12, 0, tzinfo=UTC)
ACTIVE = timedelta(hours=36)


def at(minute: int) -> datetime:
    return NOON + timedelta(minutes=minute)


@pytest.fixture
def pipeline() -> Iterator[Pipeline]:
    made = Pipeline(MemoryJournal())
    yield made
    made.stop()


def tell(pipeline: Pipeline, source: str, minute: int, *numbers: int) -> None:
    reports = [
        {
            "flight": f"DL{number}",
            "date": "2015-01-02",
            "origin": "ATL",
            "departure": {"scheduled": "2015-01-02T15:00:00Z"},
        }
        for number in numbers
    ]
    pipeline.submit(reports, source=source, received_at=at(minute)).result()


def silent(pipeline: Pipeline, source: str, since: int, now: int) -> int:
    return fell_silent(pipeline, source, since=at(since), now=at(now), active=ACTIVE)


def again(pipeline: Pipeline, source: str, now: int) -> int:
    return speaks_again(pipeline, source, heard_at=at(now), now=at(now), active=ACTIVE)


def named(pipeline: Pipeline, number: int) -> str | None:
    found = pipeline.journal.flight(FlightKey("DL", number, None, NOON.date(), "ATL"))
    assert found is not None
    return found.flight.silent_source


def test_only_the_flights_of_the_silent_feed_are_stale(pipeline: Pipeline) -> None:
    tell(pipeline, "airport", 0, 1, 2)
    tell(pipeline, "airline", 0, 3)

    assert silent(pipeline, "airport", 5, 30) == 2
    assert [named(pipeline, number) for number in (1, 2, 3)] == ["airport", "airport", None]


def test_where_two_feeds_are_silent_one_is_named_and_either_that_speaks_again_is_enough(
    pipeline: Pipeline,
) -> None:
    for back in ("airport", "airline"):
        tell(pipeline, "airport", 0, 1)
        tell(pipeline, "airline", 0, 1)
        silent(pipeline, "airport", 5, 30)
        before = pipeline.journal.head().offset

        assert silent(pipeline, "airline", 10, 40) == 0
        assert pipeline.journal.head().offset == before
        assert named(pipeline, 1) == "airport"
        assert again(pipeline, back, 50) == 1
        assert named(pipeline, 1) is None
        pipeline.journal.reset()


def test_two_processes_that_tell_the_same_silence_tell_it_once(pipeline: Pipeline) -> None:
    tell(pipeline, "airport", 0, 1)
    silent(pipeline, "airport", 5, 30)
    before = pipeline.journal.head().offset
    silent(pipeline, "airport", 5, 31)

    assert pipeline.journal.head().offset == before
    assert again(pipeline, "airport", 40) == 1
    assert again(pipeline, "airport", 40) == 0


def test_a_silence_of_many_flights_is_one_event_for_each(pipeline: Pipeline) -> None:
    many = range(1, BATCH + 102)
    tell(pipeline, "airport", 0, *many)
    before = pipeline.journal.head().offset

    assert silent(pipeline, "airport", 5, 30) == len(many)
    assert pipeline.journal.head().offset == before + len(many)


def test_a_flight_that_left_the_board_or_is_far_ahead_is_not_spoken_of(pipeline: Pipeline) -> None:
    tell(pipeline, "airport", 0, 1)

    assert silent(pipeline, "airport", 5, 4 * 24 * 60) == 0
    assert silent(pipeline, "airport", -3 * 24 * 60, -2 * 24 * 60) == 0

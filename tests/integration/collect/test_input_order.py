"""A feed's inputs have one time of receipt each: what stands further down in them, or comes after them, is later."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from windsock.collect.intake import Intake
from windsock.collect.models import FeedInput
from windsock.collect.silence import fell_silent
from windsock.feeds.parsing import Gathering, Parsed
from windsock.flights import Flight, FlightKey
from windsock.ingest import pipeline

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
KEY = FlightKey.parse("DL1865.2026-03-04.ATL")


def parser(data: bytes, received_at: datetime) -> Parsed:
    gathering = Gathering(received_at, "tower")
    for line in data.decode().splitlines():
        gathering.tell(json.loads(line))
    return gathering.parsed()


def input_of(*gates: str) -> bytes:
    said = [{"flight": str(KEY), "departure": {"gate": gate}} for gate in gates]
    return "\n".join(map(json.dumps, said)).encode()


def flight() -> Flight:
    record = pipeline().journal.flight(KEY)
    assert record is not None
    return record.flight


def test_the_last_line_of_the_last_input_counts_and_reading_again_changes_nothing() -> None:
    intake = Intake("tower", parser, pipeline(), clock=lambda: NOON)
    for gates in (("B9", "B10"), ("B9", "B11", "B10"), ("C9", "C10")):
        intake.take(
            input_of(*gates), received_at=NOON
        )  # as several files of one look, or pages of one answer
        assert flight().departure.gate == gates[-1]
    head = pipeline().journal.head()
    for kept in FeedInput.objects.order_by("-id"):
        intake.replay(kept)
    assert pipeline().journal.head() == head


@pytest.mark.parametrize("lines", [1, 40])
def test_a_feed_of_many_lines_an_input_falls_silent_like_any_other(lines: int) -> None:
    plan: dict[str, Any] = {"flight": str(KEY), "departure": {"scheduled": "2026-03-04T13:00:00Z"}}
    others = [
        {"flight": f"DL{number}.2026-03-04.ATL", "departure": {"gate": "A1"}} for number in range(1, lines)
    ]
    body = "\n".join(map(json.dumps, [*others, plan])).encode()
    taken = Intake("tower", parser, pipeline(), clock=lambda: NOON).take(body, received_at=NOON)
    assert taken.recorded == lines
    later = NOON + timedelta(minutes=40)
    told = fell_silent(pipeline(), "tower", since=NOON, now=later, active=timedelta(hours=24))
    assert told == lines
    assert flight().silent_source == "tower"
    assert "stale" in flight().flags

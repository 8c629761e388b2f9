"""Two feeds that tell contradictory stories about one flight: clients are not worn out, and the state is explained."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import LazySettings

from windsock.conf import config
from windsock.flights import FlightKey
from windsock.ingest import pipeline, record, stop

pytestmark = pytest.mark.django_db(transaction=True)

BEGIN = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
KEY = FlightKey("WF", 588, None, BEGIN.date(), "BGO")


@pytest.fixture(autouse=True)
def feeds(settings: LazySettings) -> None:
    settings.WINDSOCK = {
        **settings.WINDSOCK,
        "FEEDS": {"airport": {"format": "avinor", "airport": "BGO"}, "vendor": {"format": "aeroapi"}},
    }
    config.cache_clear()
    stop()


def say(source: str, at: datetime, estimated: datetime, gate: str) -> int:
    results = record(
        [
            {
                "flight": "WF588",
                "date": "2026-03-04",
                "origin": "BGO",
                "observed_at": at.isoformat(),
                "departure": {"estimated": estimated.isoformat(), "gate": gate},
            }
        ],
        source=source,
        received_at=at,
    )
    return sum(bool(getattr(result, "changes", ())) for result in results)


def test_an_hour_of_contradiction_gives_at_most_one_change_a_minute_and_no_flapping() -> None:
    chance = random.Random(7)
    early, late = BEGIN + timedelta(hours=2), BEGIN + timedelta(hours=3)
    changes: list[datetime] = []
    for second in range(0, 3600, 10):
        now = BEGIN + timedelta(seconds=second)
        # Each in turn, at random, sometimes both in the same moment, the vendor also with small corrections.
        if chance.random() < 0.5 and say("airport", now, early, "A1"):
            changes.append(now)
        if chance.random() < 0.5:
            moved = late + timedelta(minutes=chance.randint(-2, 2))
            if say("vendor", now, moved, "B2"):
                changes.append(now)
    assert len(changes) <= 3  # whoever spoke first, then the feed that is named first
    minutes = [int((at - BEGIN).total_seconds() // 60) for at in changes]
    assert all(minutes.count(minute) <= 2 for minute in minutes)
    found = pipeline().journal.flight(KEY)
    assert found is not None
    assert (found.flight.departure.estimated, found.flight.departure.gate) == (early, "A1")
    told = found.provenance(pipeline().rules)["departure.gate"]
    assert told["believed"] == "airport"
    assert {one["source"] for one in told["assertions"]} == {"airport", "vendor"}


def test_when_the_first_feed_falls_silent_the_other_one_is_believed() -> None:
    early, late = BEGIN + timedelta(hours=2), BEGIN + timedelta(hours=3)
    say("airport", BEGIN, early, "A1")
    for minute in range(1, 30):
        say("vendor", BEGIN + timedelta(minutes=minute), late, "B2")
    found = pipeline().journal.flight(KEY)
    assert found is not None
    assert (found.flight.departure.estimated, found.flight.departure.gate) == (late, "B2")

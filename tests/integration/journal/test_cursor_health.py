"""A cursor that cannot read on, or keeps old events from being pruned: readiness, doctor and commands report it."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from windsock import journal
from windsock.cli.diagnosis import database
from windsock.clock import ReplayClock
from windsock.collect.upkeep import Upkeep
from windsock.conf import config
from windsock.ingest import record
from windsock.journal.cursor_health import CURE, complaint, details
from windsock.journal.cursors import NamedCursor, list_cursors
from windsock.journal.models import EventRow

pytestmark = pytest.mark.django_db(transaction=True)


def written(number: int = 3, days_ago: float = 0) -> None:
    for gate in range(number):
        record(
            [{"flight": "DL1865", "date": "2026-11-28", "origin": "ATL", "departure": {"gate": f"A{gate}"}}],
            source="t",
        )
    EventRow.objects.update(recorded_at=timezone.now() - timedelta(days=days_ago))


def cursor(name: str = "alerts", **options: bool) -> NamedCursor:
    found = NamedCursor(name, journal.current(), start="oldest", **options)
    found.position()
    return found


def run(command: str, *options: str) -> str:
    out = StringIO()
    call_command(command, *options, stdout=out)
    return out.getvalue()


def test_a_consumer_that_keeps_up_or_is_a_day_late_is_no_warning() -> None:
    written(days_ago=1)
    cursor()
    assert complaint() is None
    (found,) = database.cursors()
    assert (found.state, found.found) == ("ok", "every consumer of the journal keeps up: alerts")
    told = Client().get("/readyz").json()
    assert "cursors" not in told.get("warnings", {})
    assert (told["cursors"]["alerts"]["state"], told["cursors"]["alerts"]["events_behind"]) == ("reading", 3)
    assert told["cursors"]["alerts"]["seconds_behind"] == pytest.approx(86400, abs=600)


def test_a_cursor_that_holds_events_beyond_their_time_is_reported_everywhere() -> None:
    written(days_ago=15)
    cursor()
    answer = Client().get("/readyz")
    warned = answer.json()["warnings"]["cursors"]
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert "The cursor alerts has read nothing after" in warned
    assert "3 events" in warned
    (found,) = database.cursors()
    assert (found.state, found.cure) == ("warning", CURE)
    assert "kept for it longer than KEEP_EVENTS_DAYS" in found.found


def test_pruning_keeps_unread_events_for_as_long_as_the_setting_says(
    caplog: pytest.LogCaptureFixture,
) -> None:
    written(days_ago=20)
    reader = cursor()
    upkeep = Upkeep(journal.current(), record, config(), clock=lambda: timezone.now() + timedelta(hours=2))
    upkeep._prune_at = timezone.now()
    upkeep.prune_if_due()
    assert journal.current().head().floor == 0
    assert (
        "Kept 3 events older than KEEP_EVENTS_DAYS, which these cursors have not read: alerts" in caplog.text
    )

    assert "Kept 3 older events, which these cursors have not read: alerts." in run("windsock_prune")
    assert "left behind" not in run("windsock_prune", "--unread-events-days", "21")
    assert "These cursors were left behind: alerts." in run("windsock_prune", "--unread-events-days", "19")
    assert "The cursor alerts was left behind" in str(complaint())
    assert details()["alerts"]["state"] == "left behind"  # type: ignore[index]

    reader.recover("oldest")
    assert complaint() is None


def test_the_cursor_of_the_group_holds_no_events() -> None:
    written(days_ago=20)
    cursor("group", holds_events=False)
    assert complaint() is None
    assert "Dropped 3 events" in run("windsock_prune")
    assert "The cursor group was left behind" in str(complaint())


def test_the_command_lists_and_removes() -> None:
    assert run("windsock_cursors") == "There are no cursors.\n"
    written()
    cursor()
    assert "alerts: reading, at " in run("windsock_cursors")
    assert json.loads(run("windsock_cursors", "--json"))["alerts"]["events_behind"] == 3
    with pytest.raises(CommandError, match="There is no cursor 'alert'"):
        run("windsock_cursors", "--remove", "alert")
    run("windsock_cursors", "--remove", "alerts")
    assert list_cursors(config().database) == []


def test_while_a_replay_drives_the_journal_lag_is_measured_by_its_clock() -> None:
    written(days_ago=4000)
    cursor()
    now = timezone.now()
    journal.current().set_clock(
        ReplayClock(label="a day", simulated_at=now - timedelta(days=4000), real_at=now, speed=1.0)
    )
    assert complaint() is None

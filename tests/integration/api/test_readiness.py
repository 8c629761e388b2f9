"""/readyz: it writes to know that it can, answers in time whatever hangs, and says what nobody runs."""

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from windsock import checks
from windsock.api import health
from windsock.cli.diagnosis import processes
from windsock.conf import config
from windsock.duties import registry
from windsock.duties.lease import LEASE
from windsock.duties.models import DutyState
from windsock.errors import JournalUnavailable
from windsock.ingest import record
from windsock.journal.connection import durable_transaction, last_outcome
from windsock.journal.models import JournalHead, WriteProbe

pytestmark = pytest.mark.django_db(transaction=True)


def ready() -> tuple[int, dict[str, Any]]:
    answer = Client().get("/readyz")
    return answer.status_code, answer.json()


def everybody_works() -> None:
    for name in registry.expected():
        DutyState.objects.update_or_create(
            name=name, defaults={"owner": "node", "owned_until": timezone.now() + LEASE}
        )


def refuse_writes(on: bool) -> None:
    """As a full disk or a read-only one does: SQLite takes no write on any connection."""
    with connection.cursor() as cursor:
        for table in ("windsock_write_probe", "windsock_event"):
            for moment in ("INSERT", "UPDATE"):
                cursor.execute(f"DROP TRIGGER IF EXISTS refuse_{table}_{moment}")
                if on:
                    cursor.execute(
                        f"CREATE TRIGGER refuse_{table}_{moment} BEFORE {moment} ON {table} "
                        "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
                    )


@pytest.fixture
def no_writes() -> Any:
    refuse_writes(True)
    yield
    refuse_writes(False)


def test_a_process_that_can_record_is_ready() -> None:
    everybody_works()
    status, told = ready()
    assert (status, told["status"], told["checks"]["writing"]) == (200, "ready", "ok")


def test_a_process_that_cannot_record_is_not_ready_until_it_can(no_writes: None, monkeypatch: Any) -> None:
    monkeypatch.setattr(health, "PROBE_SECONDS", 0.0)
    status, told = ready()
    assert (status, told["status"]) == (503, "not ready")
    assert "nothing can be recorded" in told["checks"]["writing"]
    refuse_writes(False)
    assert ready()[0] == 200


def test_a_write_that_succeeded_just_now_is_not_repeated(monkeypatch: Any) -> None:
    monkeypatch.setattr(health, "PROBE_SECONDS", 60.0)
    record([{"flight": "DL1", "date": "2015-01-02", "origin": "ATL", "departure": {"gate": "A1"}}])
    for _ in range(3):
        assert ready()[0] == 200
    assert not WriteProbe.objects.exists()


def test_after_a_write_that_failed_the_probe_writes_as_much_as_a_batch() -> None:
    with pytest.raises(JournalUnavailable):
        with durable_transaction("default") as used:
            with used.cursor() as cursor:
                cursor.execute("INSERT INTO no_such_table VALUES (1)")
    failed = last_outcome("default")
    assert failed is not None
    assert failed.wrong
    assert ready()[0] == 200
    assert len(bytes(WriteProbe.objects.get().filler)) == health.PROBE_BYTES


def test_a_check_that_hangs_is_answered_in_time_and_named(monkeypatch: Any) -> None:
    ends = threading.Event()

    def hangs() -> str | None:
        ends.wait(240)
        return None

    monkeypatch.setitem(health._checks, "live", hangs)
    monkeypatch.setattr(health, "ANSWER_SECONDS", 0.3)
    before = threading.active_count()
    began = time.monotonic()
    try:
        told: dict[str, Any] = {}
        # Before the thread reaches the check that hangs, those before it are late: 503 all the same.
        while told.get("checks", {}).get("journal") != "ok" and time.monotonic() < began + 60:
            status, told = ready()
            assert status == 503
        for _ in range(5):
            status, told = ready()
            assert status == 503
            assert "no response for" in told["checks"]["live"]
            assert told["checks"]["journal"] == "ok"
        assert time.monotonic() - began < 120
        assert threading.active_count() <= before + 3, "a thread for each probe"
    finally:
        ends.set()
    monkeypatch.undo()
    deadline = time.monotonic() + 60
    while ready()[0] != 200:
        assert time.monotonic() < deadline


def test_what_nobody_runs_is_said_by_readiness_doctor_and_check(settings: Any) -> None:
    settings.WINDSOCK = {
        "FEEDS": {"bergen": {"format": "avinor", "airport": "BGO"}, "pushed": {"format": "mvt"}}
    }
    assert config().feeds
    said = "Nobody runs the feeds (bergen), the overdue watch and pruning."
    status, told = ready()
    assert (status, told["status"]) == (200, "degraded")
    assert told["warnings"]["duties"].startswith(said)
    assert told["duties"]["feed.bergen"] == {"state": "unattended"}
    (warning,) = checks.check_duties(None)
    assert warning.id == "windsock.W010"
    assert warning.msg.startswith(said)
    (finding,) = processes.duties()
    assert (finding.state, finding.found) == ("warning", said.removesuffix("."))
    assert "windsock_run" in finding.cure
    everybody_works()
    assert ready()[1]["status"] == "ready"
    assert checks.check_duties(None) == []
    assert [finding.state for finding in processes.duties()] == ["ok"]


def test_a_project_that_has_just_been_set_up_is_not_warned() -> None:
    JournalHead.objects.all().delete()
    assert checks.check_duties(None) == []


def test_words_from_the_future_are_said_and_make_no_process_unready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("windsock.ingest.wrongclock.watch._asked_at", float("-inf"))
    everybody_works()
    record(
        [{"flight": "DL1865", "date": "2015-01-02", "origin": "ATL", "departure": {"gate": "B9"}}],
        received_at=timezone.now() + timedelta(days=7),
    )
    status, told = ready()
    assert (status, told["status"]) == (200, "degraded")
    assert "later than it is now" in told["warnings"]["clock"]
    monkeypatch.setattr("windsock.ingest.wrongclock.watch._asked_at", float("-inf"))

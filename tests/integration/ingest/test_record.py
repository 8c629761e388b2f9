"""`record` and `arecord` as Django code meets them: views, threads, loops, open transactions, forks. Real databases."""

import asyncio
import contextlib
import os
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connections, transaction
from django.http import HttpRequest, JsonResponse
from django.test import AsyncRequestFactory, RequestFactory

from windsock import hosting
from windsock.duties import registry
from windsock.errors import ConfigError, JournalUnavailable
from windsock.ingest import Recorded, Rejected, arecord, pipeline, record, stop
from windsock.journal.database import DatabaseJournal
from windsock.protocol.positions import Position

pytestmark = pytest.mark.django_db(transaction=True)

JOURNALS = [
    "default",
    pytest.param(
        "postgresql", marks=pytest.mark.django_db(transaction=True, databases=["default", "postgresql"])
    ),
]


def report(number: int, gate: str = "A1") -> dict[str, Any]:
    return {"flight": f"DL{number}", "date": "2015-01-02", "origin": "ATL", "departure": {"gate": gate}}


@pytest.fixture
def journal(request: pytest.FixtureRequest, settings: LazySettings) -> DatabaseJournal:
    """The journal that `record` writes to; `default` unless parametrised."""
    from windsock.conf import config

    alias = getattr(request, "param", "default")
    settings.WINDSOCK = {"DATABASE": alias}
    config.cache_clear()
    stop()
    return DatabaseJournal(alias)


@pytest.mark.parametrize("journal", JOURNALS, indirect=True)
def test_what_record_returned_is_in_the_journal(journal: DatabaseJournal) -> None:
    results = record([report(1), {"flight": "nonsense"}, report(2)], source="test")
    assert [type(result) for result in results] == [Recorded, Rejected, Recorded]
    events = journal.after(Position(journal.head().epoch, 0))
    assert [event.flight_id for event in events] == ["DL1.2015-01-02.ATL", "DL2.2015-01-02.ATL"]
    assert isinstance(results[2], Recorded)
    assert results[2].position == journal.head().position


@pytest.mark.parametrize("journal", JOURNALS, indirect=True)
def test_many_threads_record_and_every_report_is_there(journal: DatabaseJournal) -> None:
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda number: record([report(number)]), range(1, 201)))
    assert all(isinstance(answer[0], Recorded) for answer in answers)
    events = journal.after(Position(journal.head().epoch, 0))
    assert [event.offset for event in events] == list(range(1, 201))
    assert {event.flight_id for event in events} == {f"DL{number}.2015-01-02.ATL" for number in range(1, 201)}


@pytest.mark.parametrize("journal", ["postgresql"], indirect=True)
@pytest.mark.django_db(transaction=True, databases=["default", "postgresql"])
def test_on_postgresql_what_is_recorded_stays_if_the_caller_rolls_back(journal: DatabaseJournal) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic(using="postgresql"):
        assert isinstance(record([report(1)])[0], Recorded)
        raise ZeroDivisionError
    assert journal.head().offset == 1


def test_on_sqlite_a_transaction_that_holds_the_lock_is_told_so_at_once(journal: DatabaseJournal) -> None:
    with transaction.atomic(), pytest.raises(JournalUnavailable, match="on_commit"):
        record([report(1)])
    with transaction.atomic():
        transaction.on_commit(lambda: record([report(1)]) and None)
        assert journal.head().offset == 0
    assert journal.head().offset == 1


def test_sync_views_async_views_and_loops_in_threads_all_record(journal: DatabaseJournal) -> None:
    def sync_view(request: HttpRequest) -> JsonResponse:
        (result,) = record([report(1)])
        return JsonResponse({"version": getattr(result, "version", None)})

    async def async_view(request: HttpRequest) -> JsonResponse:
        (result,) = await arecord([report(2)])
        return JsonResponse({"version": getattr(result, "version", None)})

    assert sync_view(RequestFactory().post("/")).status_code == 200
    assert asyncio.run(async_view(AsyncRequestFactory().post("/"))).content == b'{"version": 1}'
    loop_in_thread = threading.Thread(target=lambda: asyncio.run(async_view(AsyncRequestFactory().post("/"))))
    loop_in_thread.start()
    loop_in_thread.join(30)
    assert journal.head().offset == 2


async def test_a_hundred_tasks_share_transactions(journal: DatabaseJournal) -> None:
    writes = 0
    journal_write = pipeline().journal.write

    def counted() -> Any:
        nonlocal writes
        writes += 1
        return journal_write()

    pipeline().journal.write = counted  # type: ignore[method-assign]
    results = await asyncio.gather(*(arecord([report(number)]) for number in range(1, 101)))
    assert all(isinstance(result[0], Recorded) for result in results)
    assert writes < 50


def test_after_stop_the_next_report_starts_a_new_pipeline(journal: DatabaseJournal) -> None:
    record([report(1)])
    first = pipeline()
    assert stop()
    record([report(2)])
    assert pipeline() is not first
    assert journal.head().offset == 2


FORKING = """
    import os, sys
    import django
    from django.conf import settings
    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1]}},
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "windsock"], USE_TZ=True,
    )
    django.setup()
    from django.core.management import call_command
    call_command("migrate", verbosity=0, skip_checks=True)
    from windsock.ingest import Recorded, record

    def told(number):
        (result,) = record([{"flight": f"DL{number}", "date": "2015-01-02", "origin": "ATL", "registration": "N1"}])
        assert isinstance(result, Recorded), result

    told(1)
    children = []
    for child in range(3):
        pid = os.fork()
        if pid == 0:
            told(10 + child)
            os._exit(0)
        children.append(pid)
    told(2)
    assert all(os.waitpid(pid, 0)[1] == 0 for pid in children)
    told(3)
    from windsock.journal.database import DatabaseJournal
    print(DatabaseJournal().head().offset)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_has_a_pipeline_of_its_own(tmp_path: Path) -> None:
    program = tmp_path / "forking.py"
    program.write_text(textwrap.dedent(FORKING))
    done = subprocess.run(
        [sys.executable, program, str(tmp_path / "forked.sqlite3")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "6"), done.stderr


def test_prune_is_a_command_and_says_what_it_dropped(
    journal: DatabaseJournal, capsys: pytest.CaptureFixture[str]
) -> None:
    record([report(1)], source="test")
    call_command("windsock_prune")
    assert "Dropped 0 events, 0 reports" in capsys.readouterr().out
    call_command("windsock_prune", events_days=0, reports_days=0, flights_days=0)
    assert "Dropped 1 events, 1 reports and 1 flights." in capsys.readouterr().out
    assert (journal.head().floor, journal.snapshot()[1]) == (1, [])


# --- System checks ----------------------------------------------------------------------------------------------------


def ids(**more: Any) -> set[str]:
    from windsock.conf import config

    config.cache_clear()
    return {str(message.id) for message in run_checks(**more) if str(message.id).startswith("windsock.")}


def test_the_tests_own_project_passes_every_check() -> None:
    assert ids(databases=["default"], include_deployment_checks=True) == set()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"WINDSOCK": {"HEARTBEAT_SECOND": 5}}, "windsock.E001"),
        ({"WINDSOCK": {"DATABASE": "nowhere"}}, "windsock.E003"),
        ({"USE_TZ": False}, "windsock.E002"),
        ({"CHANNEL_LAYERS": {}}, "windsock.W006"),
        ({"WINDSOCK": {"ALLOWED_ORIGINS": ["board.example.org"]}}, "windsock.W009"),
        (
            {"CHANNEL_LAYERS": {"default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer"}}},
            "windsock.W008",
        ),
        ({"DEBUG": True}, "windsock.W020"),
        ({"MIDDLEWARE": []}, "windsock.W021"),
    ],
)
def test_a_wrong_setting_is_told(settings: LazySettings, given: dict[str, Any], expected: str) -> None:
    for name, value in given.items():
        setattr(settings, name, value)
    assert expected in ids(databases=["default"], include_deployment_checks=True)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"windsock.W002"}),
        ({"transaction_mode": "IMMEDIATE", "timeout": 1}, {"windsock.W004"}),
        (
            {"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA synchronous = NORMAL;"},
            {"windsock.W003"},
        ),
    ],
)
def test_careless_sqlite_settings_are_told(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], expected: set[str]
) -> None:
    monkeypatch.setitem(connections["default"].settings_dict, "OPTIONS", options)
    assert ids(databases=["default"]) == expected


def test_a_project_that_routes_windsock_by_itself_is_told_of_add_windsock(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ids() == set()
    monkeypatch.setattr(hosting, "adds_windsock", False)  # another process, which has loaded only this one
    settings.ASGI_APPLICATION = "tests.asgi.application"
    assert ids() == {"windsock.W024"}
    settings.ASGI_APPLICATION = "no.such.module"
    assert ids() == set()


@pytest.mark.parametrize(
    ("feed", "secret", "expected"),
    [
        ({"format": "nope"}, None, {"windsock.E006"}),
        ({"format": "mvt", "secret_env": "FEED_SECRET"}, None, {"windsock.W023"}),
        ({"format": "mvt", "secret_env": "FEED_SECRET"}, "fifteen-letters", {"windsock.W023"}),
        ({"format": "mvt", "secret_env": "FEED_SECRET", "enabled": False}, "short", set()),
        ({"format": "mvt", "secret_env": "FEED_SECRET"}, "sixteen-letters-", set()),
        ({"format": "mvt", "secret_env": "FEED_SECRET", "mailbox": "imaps://a@b/c"}, "short", set()),
        ({"format": "aviationstack", "airports": ["JFK"], "secret_env": "FEED_SECRET"}, "short", set()),
    ],
)
def test_feeds_that_cannot_be_read_and_secrets_that_protect_nothing_are_told_before_any_input(
    settings: LazySettings,
    monkeypatch: pytest.MonkeyPatch,
    feed: dict[str, Any],
    secret: str | None,
    expected: set[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(
        sys, "argv", ["manage.py", "windsock_run"]
    )  # that nobody runs them is another check's
    settings.WINDSOCK = {**settings.WINDSOCK, "FEEDS": {"telex": feed}}
    if secret is not None:
        monkeypatch.setenv("FEED_SECRET", secret)
    assert ids() == expected
    caplog.clear()
    with contextlib.suppress(ConfigError):
        registry.make(server=True)
    assert any("FEED_SECRET" in record.message for record in caplog.records) == (
        expected == {"windsock.W023"}
    )


def test_several_workers_on_a_layer_of_one_process_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", "4")
    assert ids() == {"windsock.W007"}


def test_connections_kept_for_requests_that_never_find_them_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 600)
    assert ids(databases=["default"]) == {"windsock.W022"}

"""Each duty in exactly one process, under every server people use, and taken over when that one dies."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.integration.collect.provider import Answer, Provider
from tests.running_service import RunningService
from tests.services import wait_until

pytestmark = pytest.mark.acceptance

APPLICATION = "windsock.service.asgi:application"
WINDSOCK = str(Path(sys.executable).with_name("windsock"))
DUTIES = {"overdue", "prune", "feed.bergen", "feed.telex"}
BOARD = (
    b'<?xml version="1.0" encoding="ISO-8859-1"?><airport name="BGO"><flights lastUpdate="2026-03-04T11:58:00Z">'
    b'<flight uniqueID="1"><airline>WF</airline><flight_id>WF588</flight_id><dom_int>I</dom_int>'
    b"<schedule_time>2026-03-04T12:30:00Z</schedule_time><arr_dep>D</arr_dep><airport>ABZ</airport></flight>"
    b"</flights></airport>"
)


@pytest.fixture
def provider() -> Iterator[Provider]:
    found = Provider()
    found.answers = [Answer(body=BOARD)]
    yield found
    found.close()


@pytest.fixture
def service(tmp_path: Path, provider: Provider) -> Iterator[RunningService]:
    """A service with a polled feed and a folder; nothing runs yet."""
    (tmp_path / "telexes").mkdir()
    (tmp_path / "feeds.toml").write_text(
        f'[bergen]\nformat = "avinor"\nairport = "BGO"\nurl = "{provider.url}"\n'
        f'[telex]\nformat = "mvt"\nfolder = "{tmp_path / "telexes"}"\n'
    )
    found = RunningService.prepare(tmp_path)
    yield found
    found.stop()
    assert "Traceback" not in found.log.read_text(), found.log.read_text()[-3000:]


def owners(service: RunningService) -> dict[str, str]:
    """Who has each duty now."""
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    with closing(sqlite3.connect(service.folder / "windsock.sqlite3")) as connection:
        rows = connection.execute("SELECT name, owner FROM windsock_duty WHERE owned_until > ?", (now,))
        return dict(rows.fetchall())


def ready(service: RunningService) -> dict[str, Any]:
    found: dict[str, Any] = service.get("/readyz", who=None).data
    return found


def run_duties(service: RunningService) -> subprocess.Popen[bytes]:
    with service.log.open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "django", "windsock_run"], env=service.environment, stdout=log, stderr=log
        )


def until_all_run(service: RunningService, seconds: float = 40) -> dict[str, str]:
    wait_until(lambda: owners(service).keys() == DUTIES, seconds, "every duty is run")
    wait_until(lambda: ready(service)["status"] == "ready", seconds, "readiness says so")
    return owners(service)


def drop_telex(service: RunningService, day: int) -> None:
    (service.folder / "telexes" / f"{day}.txt").write_text(
        f"MVT\nWF588/{day:02}.LNWDE.BGO\nAD1233/1241 EA1350 ABZ\n"
    )
    wait_until(
        lambda: (service.folder / "telexes" / "done" / f"{day}.txt").exists(), 30, "the telex is taken"
    )


def printed(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def key_finding(environment: dict[str, str]) -> dict[str, str]:
    found = json.loads(printed([WINDSOCK, "doctor", "--json"], environment))
    (one,) = [finding for finding in found if finding["what"] == "secret key"]
    return dict(one)


def start_gunicorn(service: RunningService) -> None:
    worker = ["-k", "uvicorn.workers.UvicornWorker", "-w", "2", "-b", f"127.0.0.1:{service.port}"]
    service.start_with(sys.executable, "-W", "ignore", "-m", "gunicorn", *worker, APPLICATION)


def start_uvicorn(service: RunningService) -> None:
    own = ["--port", str(service.port), "--timeout-graceful-shutdown", "1", "--log-level", "warning"]
    service.start_with(sys.executable, "-m", "uvicorn", *own, APPLICATION)


@pytest.mark.parametrize(
    ("start", "processes"), [(start_uvicorn, 1), (start_gunicorn, 2)], ids=["uvicorn", "gunicorn"]
)
def test_a_server_with_lifespan_runs_each_duty_once(
    start: Any, processes: int, service: RunningService, provider: Provider
) -> None:
    start(service)
    held = until_all_run(service)
    assert 1 <= len(set(held.values())) <= processes
    drop_telex(service, 4)
    wait_until(lambda: bool(provider.asked), 20, "the provider is asked")
    assert len(provider.asked) == 1, "asked by more than one process"
    with closing(sqlite3.connect(service.folder / "windsock.sqlite3")) as connection:
        (inputs,) = connection.execute(
            "SELECT count(*) FROM windsock_feed_input WHERE feed = 'telex'"
        ).fetchone()
    assert inputs == 1, "the telex was taken by more than one process"


def test_beside_daphne_nobody_runs_anything_until_windsock_run_does_and_another_takes_over(
    service: RunningService, provider: Provider
) -> None:
    daphne = str(Path(sys.executable).with_name("daphne"))
    service.start_with(daphne, "-b", "127.0.0.1", "-p", str(service.port), "-v", "0", APPLICATION)
    said = ready(service)
    assert said["status"] == "degraded"
    assert said["warnings"]["duties"].startswith(
        "Nobody runs the feeds (bergen, telex), the overdue watch and pruning."
    )
    assert "windsock_run" in said["warnings"]["duties"]
    assert said["feeds"]["bergen"]["state"] == said["feeds"]["telex"]["state"] == "unattended"
    assert "Nobody runs" in printed([WINDSOCK, "doctor"], service.environment)
    assert "Nobody runs" in printed([sys.executable, "-m", "django", "check"], service.environment)
    first = run_duties(service)
    second = None
    try:
        held = until_all_run(service)
        assert ready(service)["feeds"]["telex"]["state"] == "on"
        drop_telex(service, 4)
        second = run_duties(service)
        first.kill()
        killed = time.monotonic()
        first.wait()
        wait_until(
            lambda: (
                owners(service).keys() == DUTIES and not set(owners(service).values()) & set(held.values())
            ),
            45,
            "the other takes over",
        )
        print(f"taken over after {time.monotonic() - killed:.1f} s")
        drop_telex(service, 5)
        # One that ends by itself leaves nothing to wait for.
        second.send_signal(signal.SIGTERM)
        assert second.wait(90) == 0
        assert owners(service) == {}
    finally:
        for process in (first, second):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()


def test_two_machines_with_keys_of_their_own_are_told_so(tmp_path: Path, service: RunningService) -> None:
    service.start()
    assert ready(service).get("warnings", {}).get("keys") is None
    other = {**service.environment, "SECRET_KEY": "another machine made one of its own"}
    finding = key_finding(other)
    assert finding["state"] == "wrong"
    assert "same SECRET_KEY" in finding["cure"]
    assert key_finding(service.environment)["state"] == "ok"
    # And a key that is being replaced is known by those that have the new one.
    code = (
        "import django; django.setup()\n"
        "from django.test import override_settings as o\n"
        "from windsock.access import key_fingerprints as keys\n"
        "from django.conf import settings\n"
        "old = settings.SECRET_KEY\n"
        "with o(SECRET_KEY='new', SECRET_KEY_FALLBACKS=[old]): print(keys.complaint())\n"
        "with o(SECRET_KEY='new'): print(keys.complaint())\n"
    )
    known, unknown = printed([sys.executable, "-c", code], service.environment).splitlines()
    assert known == "None"
    assert os.uname().nodename[:20] in unknown
    # A process that starts with another key says so in its log.
    with (tmp_path / "other.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "django", "windsock_run"], env=other, stdout=log, stderr=log
        )
    try:
        wait_until(lambda: "another SECRET_KEY" in (tmp_path / "other.log").read_text(), 30, "a warning")
        wait_until(lambda: "keys" in ready(service).get("warnings", {}), 30, "the first one says so too")
    finally:
        process.kill()
        process.wait()

"""`windsock ingest` as a process: a file in a folder becomes a flight, a second process takes over, Ctrl-C ends it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.running_service import RunningService
from tests.services import free_port, wait_until

pytestmark = pytest.mark.acceptance

TELEX = "MVT\nWF588/{day}.LNWDE.BGO\nED{day}2359\n"


def windsock(*words: str) -> list[str]:
    return [str(Path(sys.executable).with_name("windsock")), *words]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (tmp_path / "feeds.toml").write_text(f'[telex]\nformat = "mvt"\nfolder = "{inbox}"\n')
    made = subprocess.run(
        [sys.executable, "-m", "django", "migrate", "-v", "0"], env=environment(tmp_path), check=False
    )
    assert made.returncode == 0
    return tmp_path


def environment(data: Path) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")},
        "WINDSOCK_DATA": str(data),
        "DJANGO_SETTINGS_MODULE": "windsock.service.settings",
    }


def asked(data: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    command = windsock(*words, "--data", str(data))
    return subprocess.run(command, env=environment(data), capture_output=True, text=True, check=False)


def leave(data: Path, name: str) -> Path:
    path = data / "inbox" / name
    path.write_text(TELEX.format(day=time.strftime("%d", time.gmtime())))
    os.utime(path, (1, 1))
    return path


def test_what_is_left_in_the_folder_is_recorded_and_ctrl_c_ends_it(folder: Path) -> None:
    with subprocess.Popen(
        windsock("ingest", "--data", str(folder)), env=environment(folder), stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            leave(folder, "one.txt")
            wait_until(lambda: (folder / "inbox" / "done" / "one.txt").exists(), 30, "the file to be taken")
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=90)
        finally:
            process.kill()
    assert process.returncode == 0
    assert "Windsock runs telex. Ctrl-C ends it." in said
    listed = asked(folder, "feed", "list")
    assert "telex" in listed.stdout
    assert "UTC" in listed.stdout


def test_a_feed_that_is_not_configured_is_named(folder: Path) -> None:
    done = asked(folder, "ingest", "--feed", "telx")
    assert done.returncode == 1
    assert "No feed 'telx' is configured. There are: telex." in done.stderr


def test_a_service_starts_where_somebody_has_only_asked_before(tmp_path: Path) -> None:
    """Asking leaves a database file without tables: to `serve` it is as good as none."""
    told = asked(tmp_path, "feed", "list")
    assert told.returncode == 1
    assert "windsock serve" in told.stderr
    service = RunningService(tmp_path, environment(tmp_path), free_port())
    try:
        service.start()
    finally:
        service.stop()

"""`windsock doctor`: what it finds, what it advises, and its exit code."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from windsock.cli import doctor
from windsock.cli.data import secret_key
from windsock.cli.diagnosis import access, database, processes
from windsock.cli.diagnosis import settings as settings_findings
from windsock.cli.diagnosis.finding import Finding


def findings(look: Any) -> dict[str, Finding]:
    return {finding.what: finding for finding in look}


@pytest.mark.django_db
def test_a_sound_project_has_nothing_wrong() -> None:
    found = findings(doctor.examine())
    wrong = [finding for finding in found.values() if finding.state == "wrong"]
    assert wrong == []
    assert {"Django", "configuration", "database", "SQLite settings", "migrations", "clock"} <= set(found)
    assert {"channel layer", "permission", "airports"} <= set(found)


@pytest.mark.django_db
def test_who_may_publish_is_counted() -> None:
    from django.contrib.auth import get_user_model

    get_user_model().objects.create_superuser("root")
    get_user_model().objects.create_user("ada")
    assert "1 of 2 active users may publish" in findings(access.permission())["permission"].found


def test_an_unsafe_sqlite_is_found_and_the_cure_is_ready_to_copy() -> None:
    import sqlite3

    with sqlite3.connect(":memory:") as connection:
        connection.execute("PRAGMA synchronous=NORMAL")
        found = findings(database.sqlite(connection.cursor(), ":memory:", {}))["SQLite settings"]
    assert found.state == "wrong"
    assert "WAL" in found.found
    assert "FULL" in found.found
    assert "IMMEDIATE" in found.found
    assert '"transaction_mode": "IMMEDIATE"' in found.cure


def test_a_misspelt_setting_is_named(settings: Any) -> None:
    from windsock.conf import config

    settings.WINDSOCK = {"PUBLIC_REED": True}
    config.cache_clear()
    found = findings(settings_findings.configuration())["configuration"]
    assert found.state == "wrong"
    assert "PUBLIC_READ" in found.found


def test_an_origin_that_no_browser_sends_is_found(settings: Any) -> None:
    from windsock.conf import config

    settings.WINDSOCK = {"ALLOWED_ORIGINS": ["https://example.org/", "https://example.com"]}
    config.cache_clear()
    found = findings(settings_findings.configuration())["origins"]
    assert found.state == "wrong"
    assert "https://example.org/" in found.found
    assert "https://example.com" not in found.found


def test_a_missing_channel_layer_is_a_warning_only(settings: Any) -> None:
    from channels.layers import channel_layers

    settings.CHANNEL_LAYERS = {}
    channel_layers.backends = {}
    assert findings(processes.channel_layer())["channel layer"].state == "warning"


# --- As a process, on the ready-made service --------------------------------------------------------------------------


def run(folder: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    code = "import typer; from windsock.cli import doctor; a = typer.Typer(); doctor.register(a); a()"
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        env={
            **kept,
            "WINDSOCK_DATA": str(folder),
            "DJANGO_SETTINGS_MODULE": "windsock.service.settings",
            "WINDSOCK_URL": "",
            "PYTHONIOENCODING": "utf-8",
            **environment,
        },
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_before_the_first_migration_it_says_so_and_fails(tmp_path: Path) -> None:
    (tmp_path / "windsock.sqlite3").touch()
    result = run(tmp_path)
    assert result.returncode == 1, result.stderr
    assert "✗ migrations" in result.stdout
    assert f"→ windsock serve --migrate --data {tmp_path}" in result.stdout
    assert "permission" not in result.stdout
    assert f"{tmp_path} is writable (named by --data or WINDSOCK_DATA)" in result.stdout


@pytest.mark.parametrize("made", [True, False])
def test_it_creates_neither_directory_nor_key_nor_database(tmp_path: Path, made: bool) -> None:
    folder = tmp_path / "data"
    if made:
        folder.mkdir()
    result = run(folder)
    assert result.returncode == 1
    assert f"{folder}/windsock.sqlite3 does not exist" in result.stdout
    assert f"A new service: windsock serve --data {folder}" in result.stdout
    assert [*tmp_path.rglob("*")] == ([folder] if made else [])


def test_where_nothing_is_named_it_says_where_it_looked(tmp_path: Path) -> None:
    home = tmp_path / "home"
    result = run(tmp_path, WINDSOCK_DATA="", HOME=str(home), XDG_DATA_HOME="")
    assert f"{home}/.local/share/windsock does not exist (the default" in result.stdout
    assert not home.exists()


def test_a_service_that_does_not_answer_is_wrong_and_the_rest_is_examined(tmp_path: Path) -> None:
    result = run(tmp_path, WINDSOCK_URL="http://127.0.0.1:9")
    assert result.returncode == 1
    assert "Nobody listens at http://127.0.0.1:9/healthz" in result.stdout
    assert "✓ airports" in result.stdout


def test_what_cannot_be_reached_is_told_once_with_its_cure(tmp_path: Path) -> None:
    result = run(
        tmp_path,
        "--json",
        DATABASE_URL="postgres://nobody@127.0.0.1:1/none",
        REDIS_URL="redis://127.0.0.1:1/0",
    )
    assert result.returncode == 1
    found = {finding["what"]: finding for finding in json.loads(result.stdout)}
    assert found["database"]["state"] == "wrong"
    assert "DATABASE_URL" in found["database"]["cure"]
    assert found["channel layer"]["state"] == "wrong"
    assert "REDIS_URL" in found["channel layer"]["cure"]
    assert "migrations" not in found
    assert found["airports"]["state"] == "ok"


def test_on_a_terminal_without_unicode_the_marks_are_words(tmp_path: Path) -> None:
    result = run(tmp_path, PYTHONIOENCODING="ascii")
    assert "ok Python" in result.stdout
    assert "NO database" in result.stdout


def test_settings_that_cannot_be_loaded_end_it_at_once(tmp_path: Path) -> None:
    result = run(tmp_path, DJANGO_SETTINGS_MODULE="no.such.settings")
    assert result.returncode == 1
    assert "✗ settings" in result.stdout
    assert "Traceback" not in result.stderr


@pytest.mark.skipif(os.name == "nt", reason="file modes are POSIX")
def test_a_secret_key_that_others_can_read_is_found(tmp_path: Path) -> None:
    key = tmp_path / "secret_key"
    secret_key(tmp_path)
    assert key.stat().st_mode & 0o777 == 0o600
    key.chmod(0o644)
    result = run(tmp_path)
    assert "✗ secret key" in result.stdout
    assert f"chmod 600 {key}" in result.stdout

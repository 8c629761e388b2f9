"""The command as people meet it: help, version, and one clear sentence for what goes wrong. Real processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

VERBS = ("demo", "watch", "publish", "serve", "replay", "token", "doctor")


def windsock(*arguments: str, data: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "120", "NO_COLOR": "1", "TERM": "dumb"}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    environment.pop("FORCE_COLOR", None)
    if data is not None:
        environment["WINDSOCK_DATA"] = str(data)
    return subprocess.run(
        [sys.executable, "-m", "windsock.cli.main", *arguments],
        capture_output=True, text=True, timeout=120, env=environment, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip


def test_help_names_every_verb_and_where_to_begin() -> None:
    done = windsock("--help")
    assert done.returncode == 0
    for verb in VERBS:
        assert f"│ {verb} " in done.stdout or f" {verb} " in done.stdout
    assert "Begin with: windsock demo" in done.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb: str) -> None:
    done = windsock(verb, "--help")
    assert done.returncode == 0, done.stderr
    assert verb in done.stdout


def test_version_is_the_packages() -> None:
    import windsock as package

    assert windsock("--version").stdout == f"windsock {package.__version__}\n"


def test_help_loads_neither_django_nor_the_server() -> None:
    code = (
        "import sys, windsock.cli.main as m;"
        "heavy = {'django', 'uvicorn', 'channels', 'rich.progress', 'pydantic', 'asyncio'} & set(sys.modules);"
        "print(sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("replay",), 2, "Which day? Say storm, snow, or the name of a file."),
        (("replay", "nosuch"), 1, "There is no day 'nosuch'. Use storm or snow"),
        (("replay", "nosuch.csv"), 1, "nosuch.csv cannot be read: No such file or directory."),
        (("replay", "storm", "--speed", "0"), 2, "'0' is not a speed"),
        (("replay", "storm", "--speed", "fast"), 2, "'fast' is not a speed"),
        (
            ("replay", "storm", "--from", "7 am"),
            1,
            "'7 am' is not a time of day; use hours and minutes, such as 07:00.",
        ),
        (("replay", "storm", "--url", "http://127.0.0.1:1"), 2, "--token"),
        (
            ("replay", "storm", "--url", "nonsense", "--token", "x"),
            1,
            "'nonsense' is not the address of a server",
        ),
        (("demo", "--speed", "-1", "--port", "1"), 2, "-1.0 is not a speed"),
    ],
)
def test_what_cannot_be_done_is_one_clear_sentence(
    tmp_path: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    done = windsock(*arguments, data=tmp_path)
    assert done.returncode == code
    assert says in done.stderr
    assert done.stderr.startswith("windsock: ")
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "verb",
    [
        ("token", "list"),
        ("token", "create", "x"),
        ("token", "revoke", "x"),
        ("rekey",),
        ("feed", "list"),
        ("ingest",),
    ],
)
def test_a_verb_that_finds_no_database_names_where_it_looked_and_makes_nothing(
    tmp_path: Path, verb: tuple[str, ...]
) -> None:
    done = windsock(*verb, "--data", str(tmp_path / "elsewhere"))
    assert done.returncode == 1
    assert done.stderr == (
        f"windsock: There is no database of a service in {tmp_path}/elsewhere (named by --data or WINDSOCK_DATA). "
        "Name the directory of your service: --data DIRECTORY. A new service: windsock serve\n"
    )
    assert not (tmp_path / "elsewhere").exists()


def test_a_data_directory_that_cannot_be_made_is_one_clear_sentence(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    done = windsock("serve", "--port", "0", data=tmp_path)
    assert done.returncode == 2  # 0 is not a port
    done = windsock("replay", "storm", "--data", str(in_the_way / "below"))
    assert done.returncode == 1
    assert done.stderr.startswith("windsock: The data directory ")
    assert "Traceback" not in done.stderr

"""Every switch of the environment is read alike, in each spelling; what is neither yes nor no is refused."""

import runpy
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from windsock.conf import Config, switch
from windsock.errors import ConfigError

YES, NO = ("1", "true", "True", "YES", "on", " on "), ("0", "false", "FALSE", "no", "off", "Off", "")

# The switches of the service and where each shows in its settings.
SWITCHES: dict[str, Any] = {
    "DEBUG": lambda found: found["DEBUG"],
    "PUBLIC_READ": lambda found: found["WINDSOCK"]["PUBLIC_READ"],
    "WINDSOCK_HTTPS": lambda found: found["SESSION_COOKIE_SECURE"],
    "TRUSTED_PROXY": lambda found: "SECURE_PROXY_SSL_HEADER" in found,
}


def _of_config(key: str) -> Any:
    return lambda found: found["WINDSOCK"][key]


SWITCHES |= {
    f"WINDSOCK_{field.name.upper()}": _of_config(field.name.upper())
    for field in fields(Config)
    if isinstance(getattr(Config(), field.name), bool)
}


@pytest.fixture(autouse=True)
def data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("WINDSOCK_DATA", str(tmp_path))
    for name in SWITCHES:
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def settings() -> dict[str, Any]:
    return runpy.run_module("windsock.service.settings")


@pytest.mark.parametrize("name", SWITCHES)
def test_each_switch_reads_each_spelling_alike(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for text in (*YES, *NO):
        monkeypatch.setenv(name, text)
        assert bool(SWITCHES[name](settings())) == (text in YES), text
    monkeypatch.setenv(name, "nein")
    with pytest.raises(ConfigError, match=name):
        settings()


def test_whoever_asks_reads_a_switch_in_the_same_way() -> None:
    for text in (*YES, *NO):
        assert switch("TRUSTED_PROXY", {"TRUSTED_PROXY": text}) == (text in YES)
    source = Path(__file__).parents[2] / "src" / "windsock"
    readers = [path for path in source.rglob("*.py") if "env.bool(" in path.read_text()]
    assert readers == []


@pytest.mark.parametrize("text", ["{", "[]", "7"])
def test_ranks_that_are_not_an_object_are_refused_by_name(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("SOURCE_RANKS", text)
    with pytest.raises(ConfigError, match="SOURCE_RANKS"):
        settings()


def test_the_database_file_is_its_owners_alone(data: Path) -> None:
    settings()
    assert (data / "windsock.sqlite3").stat().st_mode & 0o777 == 0o600

"""The service's data directory and its secret key."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from windsock.cli.data import data_directory, secret_key
from windsock.errors import ConfigError


def test_the_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    key = secret_key(tmp_path)
    assert len(key) >= 50
    assert secret_key(tmp_path) == key
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: secret_key(tmp_path), range(64)))
    assert len(keys) == 1


def test_an_empty_key_file_is_told_not_used(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("\n")
    with pytest.raises(ConfigError, match="Delete it"):
        secret_key(tmp_path)


def test_the_directory_is_made_for_its_owner_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINDSOCK_DATA", str(tmp_path / "deep" / "data"))
    made = data_directory()
    assert made.is_dir()
    assert made.stat().st_mode & 0o777 == 0o700


def test_a_place_that_cannot_be_made_is_named_with_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("WINDSOCK_DATA", str(tmp_path / "file" / "data"))
    with pytest.raises(ConfigError, match="WINDSOCK_DATA"):
        data_directory()


def test_without_a_word_it_lies_where_the_desktop_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WINDSOCK_DATA", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert data_directory() == tmp_path / "windsock"
    assert os.access(tmp_path / "windsock", os.W_OK)

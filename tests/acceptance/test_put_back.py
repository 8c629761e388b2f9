"""A backup put back while nobody ran: the node's next process knows that there was more, and begins a new epoch."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.acceptance

WRITE = """
import json, sys
import django
django.setup()
from windsock.ingest import record, stop
from windsock.journal.database import DatabaseJournal
for gate in sys.argv[1:]:
    record([{"flight": "DL1", "date": "2015-01-02", "origin": "ATL", "departure": {"gate": gate}}], source=gate)
head = DatabaseJournal("default").head()
stop()
print(json.dumps([head.epoch, head.offset]))
"""


def write(data: Path, *gates: str, seen: bool = True) -> tuple[str, int]:
    """A process of its own that records so many reports and tells the head."""
    without = ("DATABASE_URL", "REDIS_URL", "WINDSOCK_SEEN_FILE")
    environment = {name: value for name, value in os.environ.items() if name not in without} | {
        "WINDSOCK_DATA": str(data),
        "DJANGO_SETTINGS_MODULE": "windsock.service.settings",
    }
    if not seen:
        environment["WINDSOCK_SEEN_FILE"] = ""
    if not (data / "windsock.sqlite3").exists():
        subprocess.run([sys.executable, "-m", "django", "migrate", "-v", "0"], env=environment, check=True)
    made = subprocess.run(
        [sys.executable, "-c", WRITE, *gates], env=environment, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    epoch, offset = json.loads(made.stdout)
    return epoch, offset


def copied(data: Path) -> Path:
    """A backup of the database as it is now."""
    copy = data / "older.sqlite3"
    with sqlite3.connect(data / "windsock.sqlite3") as source, sqlite3.connect(copy) as target:
        source.backup(target)
    return copy


def put_back(data: Path, copy: Path) -> None:
    for part in data.glob("windsock.sqlite3*"):
        part.unlink()
    shutil.copy(copy, data / "windsock.sqlite3")


def test_a_backup_put_back_while_nobody_ran_begins_a_new_epoch(tmp_path: Path) -> None:
    epoch, _ = write(tmp_path, "A1", "A2")
    copy = copied(tmp_path)
    assert write(tmp_path, "A3", "A4", "A5") == (epoch, 5)
    put_back(tmp_path, copy)
    # More is written at once than was lost: the offsets alone would tell nobody.
    after, offset = write(tmp_path, *(f"B{number}" for number in range(6)))
    assert after != epoch
    assert offset == 8


def test_without_the_nodes_file_nobody_would_know(tmp_path: Path) -> None:
    epoch, _ = write(tmp_path, "A1", "A2", seen=False)
    copy = copied(tmp_path)
    assert write(tmp_path, "A3", "A4", "A5", seen=False) == (epoch, 5)
    put_back(tmp_path, copy)
    after, _ = write(tmp_path, *(f"B{number}" for number in range(6)), seen=False)
    assert after == epoch  # windsock_new_epoch is for this


def test_an_ordinary_restart_goes_on_in_the_same_epoch(tmp_path: Path) -> None:
    epoch, _ = write(tmp_path, "A1", "A2")
    assert write(tmp_path, "A3") == (epoch, 3)
    assert (tmp_path / "journal-seen").read_text().strip() == f"{epoch}:3"


def test_a_note_that_cannot_be_read_harms_nobody(tmp_path: Path) -> None:
    epoch, _ = write(tmp_path, "A1")
    (tmp_path / "journal-seen").write_bytes(b"\xff\x00nonsense" * 20)
    assert write(tmp_path, "A2") == (epoch, 2)

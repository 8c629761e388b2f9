"""A backup put back while nobody ran: the node's next process knows that there was more, and begins a new epoch."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running_service import RunningService
from tests.services import wait_until

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


# Under a running service ---------------------------------------------------------------------------------------------


def durable_gates(data: Path) -> set[str]:
    """The gates that the database on the disk believes, or has believed."""
    with sqlite3.connect(data / "windsock.sqlite3") as connection:
        (check,) = connection.execute("PRAGMA integrity_check").fetchone()
        assert check == "ok"
        return {
            json.loads(body)["departure"]["gate"]
            for (body,) in connection.execute("SELECT body FROM windsock_report")
        }


def gate_report(gate: str) -> dict[str, object]:
    return {"flight": "DL1", "date": "2015-01-02", "origin": "ATL", "departure": {"gate": gate}}


@pytest.mark.parametrize(("how", "workers"), [("moved over", 2), ("moved away first", 1)])
def test_no_report_acknowledged_after_the_file_was_replaced_is_lost(
    how: str, workers: int, tmp_path: Path
) -> None:
    service = RunningService.prepare(tmp_path)
    service.start(*(("--workers", str(workers)) if workers > 1 else ()))
    database = tmp_path / "windsock.sqlite3"
    try:
        for gate in ("A1", "A2"):
            assert service.post([gate_report(gate)]).status == 200
        copy = copied(tmp_path)
        for gate in ("A3", "A4", "A5"):
            assert service.post([gate_report(gate)]).status == 200
        with sqlite3.connect(database) as connection:
            (epoch,) = connection.execute("SELECT epoch FROM windsock_head").fetchone()
        if how == "moved away first":
            database.rename(tmp_path / "gone.sqlite3")
            assert service.post([gate_report("lost")]).status == 503
            assert service.get("/readyz", who=None).status == 503
        copy.rename(database)
        acknowledged = {"A1", "A2"}

        def told(gate: str) -> bool:
            answer = service.post([gate_report(gate)])
            if answer.status == 200:
                acknowledged.add(gate)
            else:
                assert answer.status == 503, answer.body
            return answer.status == 200

        for number in range(8):
            told(f"B{number}")
        wait_until(lambda: told("B8"), 20, "a report is taken again")
        wait_until(lambda: service.get("/readyz", who=None).status == 200, 20, "it is ready again")
        with sqlite3.connect(database) as connection:
            (after,) = connection.execute("SELECT epoch FROM windsock_head").fetchone()
        assert after != epoch
        print(f"{len(acknowledged) - 2} of 9 acknowledged")
    finally:
        service.stop()
    assert acknowledged <= durable_gates(tmp_path)
    # Nor does a later process play what the old file left beside the new one into it.
    service.start()
    try:
        assert service.post([gate_report("C1")]).status == 200
    finally:
        service.stop()
    assert acknowledged | {"C1"} <= durable_gates(tmp_path)

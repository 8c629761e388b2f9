"""The database goes away, comes back, comes back older, is full; its writers are killed at the worst moment.

`WINDSOCK_FAULT_ROUNDS` says how often writers are killed at random: a number, or "asked" for 100; by default 12.
"""

import asyncio
import json
import random
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.acceptance.backends import OwnPostgreSQL
from tests.acceptance.cluster import Cluster, report, times, until
from tests.acceptance.history import JournalTables
from tests.running_service import RunningService
from tests.services import PostgreSQL, wait_until
from windsock.protocol.client_outputs import State

WRITER = """
import json, os, signal, sys
import django
django.setup()
from django.db.backends.base.base import BaseDatabaseWrapper
from windsock.ingest import pipeline, record
reports, moment = json.loads(sys.argv[1]), sys.argv[2]
record(reports[:1])  # the first one passes
commit = BaseDatabaseWrapper._commit
def dying(self):
    if moment == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    commit(self)
    os.kill(os.getpid(), signal.SIGKILL)
BaseDatabaseWrapper._commit = dying
record(reports[1:])
print("acknowledged")
"""

ENDLESS_WRITER = """
import json, sys
from datetime import datetime, timedelta
import django
django.setup()
from tests.acceptance.cluster import report
from windsock.ingest import record
number, minute = int(sys.argv[1]), int(sys.argv[2])
while True:
    minute += 1
    # Seconds instead of minutes: a report may be only some days away from its flight's date.
    said = report(number, minute % 1440) | {"observed_at": f"{datetime(2015, 1, 2) + timedelta(seconds=minute)}Z"}
    for one in record([said]):
        print(one.position, one.flight_id, one.version, minute, flush=True)
"""


# PostgreSQL away, and back -------------------------------------------------------------------------------------------


@pytest.fixture
async def own_postgresql() -> AsyncIterator[OwnPostgreSQL]:
    server = OwnPostgreSQL()
    server.start()
    yield server
    server.end(signal.SIGQUIT)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGQUIT], ids=["restarted", "crashed"])
async def test_postgresql_goes_and_comes_back(
    end: signal.Signals, own_postgresql: OwnPostgreSQL, tmp_path: Path
) -> None:
    cluster = Cluster.prepare(tmp_path, 2, own_postgresql.server.create_database("windsock"))
    loop = asyncio.get_running_loop()
    try:
        await cluster.start()
        async with cluster.load(followers=20):
            await asyncio.sleep(1)
            await asyncio.to_thread(own_postgresql.end, end)
            await asyncio.sleep(2)
            assert all(f.client.state is State.LIVE for f in cluster.followers), "a client was thrown off"
            await asyncio.to_thread(own_postgresql.start)
            back = loop.time()
            known = len(cluster.acknowledged)
            await until(lambda: len(cluster.acknowledged) > known + 5, 10, "reports are taken again")
            took = loop.time() - back
            await asyncio.sleep(1)
        cluster.verdict(f"PostgreSQL ended by {end.name}; reports are taken again after {took:.1f} s")
        assert took < 5 + 10  # the rest is for a machine that other tests load
        refusals = {text for reporter in cluster.reporters for text in reporter.refused}
        codes = {json.loads(text)["code"] for text in refusals}
        assert codes <= {"journal_unavailable", "database_unavailable"}, refusals
    finally:
        cluster.stop()


async def test_postgresql_restored_from_an_older_copy_gives_everybody_the_older_truth_and_goes_on(
    own_postgresql: OwnPostgreSQL, tmp_path: Path
) -> None:
    cluster = Cluster.prepare(tmp_path, 2, own_postgresql.server.create_database("windsock"))
    try:
        await cluster.start()
        async with cluster.load(followers=10):
            await asyncio.sleep(1)
            own_postgresql.end()
            copy = own_postgresql.copy()
            own_postgresql.start()
            known = len(cluster.acknowledged)
            await until(lambda: len(cluster.acknowledged) > known + 20, 15, "reports after the copy")
            own_postgresql.end()
            own_postgresql.restore(copy)
            own_postgresql.start()
            known = len(cluster.acknowledged)
            await until(lambda: len(cluster.acknowledged) > known + 20, 15, "reports after the restore")
        _equal_after_a_restore(cluster)
    finally:
        cluster.stop()


async def test_an_sqlite_file_restored_from_an_older_copy_gives_everybody_the_older_truth_and_goes_on(
    tmp_path: Path,
) -> None:
    cluster = Cluster.prepare(tmp_path, 2)
    file, copy = tmp_path / "windsock.sqlite3", tmp_path / "older.sqlite3"
    try:
        await cluster.start()
        async with cluster.load(followers=10):
            await asyncio.sleep(1)
            with sqlite3.connect(file) as source, sqlite3.connect(copy) as target:
                source.backup(target)
            known = len(cluster.acknowledged)
            await until(lambda: len(cluster.acknowledged) > known + 20, 15, "reports after the copy")
            for node in cluster.nodes:
                await asyncio.to_thread(node.kill)
            for part in tmp_path.glob("windsock.sqlite3*"):
                part.unlink()
            shutil.copy(copy, file)
            await cluster.start()
            known = len(cluster.acknowledged)
            await until(lambda: len(cluster.acknowledged) > known + 20, 15, "reports after the restore")
        _equal_after_a_restore(cluster)
    finally:
        cluster.stop()


def _equal_after_a_restore(cluster: Cluster) -> None:
    tables = JournalTables(cluster.database)
    truth, head = tables.flights(), tables.head()
    tables.close()
    assert [f.client.position for f in cluster.followers if f.board != truth] == []
    assert {f.client.position for f in cluster.followers} == {str(head)}


# Writers killed at the worst moment ----------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_a_writer_killed_around_its_commit_leaves_all_of_a_transaction_or_nothing(
    moment: str, backend: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = None
    if backend == "postgresql":
        server: PostgreSQL = request.getfixturevalue("postgresql")
        url = server.create_database(f"windsock_killed_{moment}")
    service = RunningService.prepare(tmp_path, **({"DATABASE_URL": url} if url else {}))
    reports = [report(number, 1) for number in range(6)]
    writer = subprocess.run(
        [sys.executable, "-c", WRITER, json.dumps(reports), moment],
        env=service.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert writer.returncode == -signal.SIGKILL, writer.stderr
    assert writer.stdout == "", "it was acknowledged, but the process died before it could say so"
    expected = 1 if moment == "before" else 6
    tables = JournalTables(url or tmp_path / "windsock.sqlite3")
    assert tables.offsets() == list(range(1, expected + 1))
    assert tables.head().offset == expected
    service.start()
    try:
        answer = service.post(reports)  # the reporter, who had no answer, says it again
        assert answer.status == 200, answer.body
        told = [bool(result["changes"]) for result in answer.data["results"]]
        assert told == [number >= expected for number in range(6)]
        assert tables.offsets() == list(range(1, 7))
    finally:
        tables.close()
        service.stop()


def test_eight_writers_on_one_sqlite_file_killed_again_and_again(tmp_path: Path) -> None:
    service = RunningService.prepare(tmp_path)
    kills = times("WRITER_KILLS", 12)
    chance = random.Random(3)
    logs = [(tmp_path / f"writer-{number}.log") for number in range(8)]

    def start(number: int) -> subprocess.Popen[bytes]:
        done = logs[number].read_text().splitlines() if logs[number].exists() else []
        minute = max([int(line.split()[3]) for line in done if line.count(" ") == 3] or [0])
        with logs[number].open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-c", ENDLESS_WRITER, str(number), str(minute + 1)],
                env=service.environment | {"PYTHONPATH": _path(service)},
                cwd=Path(__file__).parents[2],
                stdout=log,
                stderr=log,
            )

    writers = [start(number) for number in range(8)]
    try:
        wait_until(lambda: all(log.exists() and log.stat().st_size for log in logs), 60, "eight writers")
        for _ in range(kills):
            number = chance.randrange(8)
            size = logs[number].stat().st_size
            writers[number].kill()
            writers[number].wait()
            writers[number] = start(number)
            wait_until(lambda n=number, s=size: logs[n].stat().st_size > s, 30, "its next report")  # type: ignore[misc]
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()
    said = "\n".join(log.read_text(errors="replace") for log in logs)
    assert "locked" not in said
    assert "Traceback" not in said
    tables = JournalTables(tmp_path / "windsock.sqlite3")
    held = tables.versions()
    assert tables.sound() == "ok"
    assert sorted(held) == list(range(1, tables.head().offset + 1))
    acknowledged = re.findall(r"^\w+:(\d+) (\S+) (\d+) \d+$", said, re.MULTILINE)
    assert len(acknowledged) > 100
    durable = set(held.values())
    assert [one for one in acknowledged if (one[1], int(one[2])) not in durable] == []
    print(f"8 writers, {kills} kills: {len(acknowledged)} acknowledged, {len(held)} events, integrity ok")


def _path(service: RunningService) -> str:
    """The folder of the tests, so that a writer can import them, before what is there already."""
    more = service.environment.get("PYTHONPATH")
    return str(Path(__file__).parents[2]) + (f":{more}" if more else "")


# A full disk ---------------------------------------------------------------------------------------------------------


async def test_a_full_disk_is_503_and_never_acknowledged_and_heals_by_itself(tmp_path: Path) -> None:
    cluster = Cluster.prepare(tmp_path, 1)
    (node,) = cluster.nodes
    try:
        await cluster.start()
        assert node.process is not None
        async with cluster.load(followers=5):
            await asyncio.sleep(0.5)
            size = max(part.stat().st_size for part in tmp_path.glob("windsock.sqlite3*"))
            # No file of this process may grow beyond this: to a write that is the same as a disk that is full.
            resource.prlimit(node.process.pid, resource.RLIMIT_FSIZE, (size + 20_000, -1))
            (reporter, *_) = cluster.reporters
            await until(lambda: len(reporter.refused) > 3, 20, "a 503")
            known = len(cluster.acknowledged)
            assert node.get("/healthz", who=None).status == 200
            ready = await asyncio.to_thread(node.get, "/readyz", who=None)
            assert ready.status == 503
            assert "nothing can be recorded" in ready.data["checks"]["writing"]
            await asyncio.sleep(1)
            assert len(cluster.acknowledged) == known, "acknowledged on a full disk"
            assert all(f.client.state is State.LIVE for f in cluster.followers)
            resource.prlimit(node.process.pid, resource.RLIMIT_FSIZE, (-1, -1))
            await until(lambda: len(cluster.acknowledged) > known + 10, 20, "reports are taken again")
            await until(lambda: node.get("/readyz", who=None).status == 200, 20, "it is ready again")
        cluster.verdict("disk full")
        (text, *_) = reporter.refused
        assert json.loads(text)["code"] == "journal_unavailable"
        assert json.loads(text)["status"] == 503
        tables = JournalTables(cluster.database)
        assert tables.sound() == "ok"
        tables.close()
    finally:
        cluster.stop()

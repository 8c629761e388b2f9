"""The journal keeps its promises whatever the host's DATABASES says, and when the database fails, it says so."""

import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.db import connections, transaction

from windsock.errors import JournalError, JournalUnavailable
from windsock.flights import DepartureReport, FlightKey, MergeRules, Report, apply_report
from windsock.journal import connection as journal_connection
from windsock.journal.base import Draft
from windsock.journal.database import DatabaseJournal
from windsock.protocol.positions import Position

NOON = datetime(2015, 1, 2, 12, 0, tzinfo=UTC)
KEY = FlightKey("DL", 1865, None, date(2015, 1, 2), "ATL")

Scratch = Callable[..., str]


def tell(journal: DatabaseJournal, gate: str = "A1", key: FlightKey = KEY) -> int:
    report = Report(
        flight=str(key.designator), source="test", observed_at=NOON, departure=DepartureReport(gate=gate)
    )
    with journal.write() as writing:
        merged = apply_report(writing.load([key]).get(key), key, report, received_at=NOON, rules=MergeRules())
        writing.append([Draft(merged.record, merged.changes, ("all",), NOON)])
        return writing.head().offset


def pragma(alias: str, name: str) -> object:
    with connections[alias].cursor() as cursor:
        cursor.execute(f"PRAGMA {name}")
        return cursor.fetchone()[0]


def other(alias: str) -> sqlite3.Connection:
    """A connection of somebody else to the same file."""
    return sqlite3.connect(connections[alias].settings_dict["NAME"], isolation_level=None, timeout=0)


def test_writes_are_full_and_wal_even_if_the_host_chose_otherwise(scratch: Scratch) -> None:
    alias = scratch(options={"init_command": "PRAGMA journal_mode=DELETE; PRAGMA synchronous=OFF;"})
    assert pragma(alias, "synchronous") == 0
    tell(DatabaseJournal(alias))
    assert (pragma(alias, "journal_mode"), pragma(alias, "synchronous")) == ("wal", 2)
    connections[alias].close()  # a new connection begins with the host's choice again
    tell(DatabaseJournal(alias), "A2")
    assert (pragma(alias, "journal_mode"), pragma(alias, "synchronous")) == ("wal", 2)


def test_the_hosts_own_transactions_stay_as_the_host_wants_them(scratch: Scratch) -> None:
    alias = scratch()
    tell(DatabaseJournal(alias))
    assert connections[alias].transaction_mode is None
    with transaction.atomic(using=alias), other(alias) as neighbour:
        neighbour.execute("BEGIN IMMEDIATE")  # a deferred transaction leaves the write lock to others
        neighbour.execute("ROLLBACK")


def test_a_write_waits_for_the_lock_although_it_reads_first(scratch: Scratch) -> None:
    """DEFERRED would fail at once, whatever the timeout: it reads, another writes, its own write is refused."""
    alias = scratch()
    journal = DatabaseJournal(alias)
    tell(journal)
    with journal.write() as writing:
        writing.load([KEY])
        neighbour = other(alias)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            neighbour.execute("BEGIN IMMEDIATE")
        neighbour.close()


def test_a_database_locked_for_too_long_is_unavailable(
    scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_connection, "LOCK_SECONDS", 0)
    alias = scratch()
    journal = DatabaseJournal(alias)
    neighbour = other(alias)
    neighbour.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalUnavailable, match="locked by another writer"):
        tell(journal)
    neighbour.execute("ROLLBACK")
    neighbour.close()
    assert tell(journal) == 1


def test_a_full_disk_is_unavailable_and_loses_nothing_acknowledged(scratch: Scratch) -> None:
    alias = scratch()
    journal = DatabaseJournal(alias)
    assert tell(journal) == 1
    pages = pragma(alias, "page_count")
    with connections[alias].cursor() as cursor:
        cursor.execute(f"PRAGMA max_page_count={pages}")
    acknowledged = 1
    with pytest.raises(JournalUnavailable, match=r"disk .* is full"):
        for turn in range(10_000):
            acknowledged = tell(journal, f"B{turn}")
    assert journal.head().offset == acknowledged
    assert len(journal.after(Position(journal.head().epoch, 0), 100_000)) == acknowledged
    assert tell(journal, "Z1") == acknowledged + 1  # the connection was renewed; there is space again


def test_missing_tables_are_unavailable_and_the_cure_is_told(scratch: Scratch) -> None:
    journal = DatabaseJournal(scratch(tables=False))
    for question in (journal.head, lambda: tell(journal), journal.snapshot, lambda: journal.flight(KEY)):
        with pytest.raises(JournalUnavailable, match="migrate"):
            question()


def test_a_file_that_may_not_be_written_is_unavailable(scratch: Scratch) -> None:
    alias = scratch()
    tell(DatabaseJournal(alias))
    connections[alias].close()
    name = connections[alias].settings_dict["NAME"]
    connections.settings[alias] |= {"NAME": f"file:{name}?mode=ro", "OPTIONS": {"uri": True}}
    del connections[alias]
    with pytest.raises(JournalUnavailable, match="read-only"):
        tell(DatabaseJournal(alias), "A2")


def test_a_write_inside_the_hosts_transaction_is_refused(scratch: Scratch) -> None:
    alias = scratch()
    with (
        transaction.atomic(using=alias),
        pytest.raises(JournalError, match=r"windsock\.ingest\.record"),
        DatabaseJournal(alias).write(),
    ):
        pass


def test_reads_work_inside_the_hosts_transaction(scratch: Scratch) -> None:
    alias = scratch()
    journal = DatabaseJournal(alias)
    tell(journal)
    with transaction.atomic(using=alias):
        head, records = journal.snapshot()
        assert (head.offset, [record.key for record in records]) == (1, [KEY])
        assert [event.offset for event in journal.after(Position(head.epoch, 0))] == [1]


@pytest.mark.django_db(transaction=True, databases=["default", "postgresql"])
def test_a_connection_that_postgresql_ended_is_replaced() -> None:
    journal = DatabaseJournal("postgresql")
    tell(journal)
    ended = connections["postgresql"].connection
    with connections["postgresql"].cursor() as cursor, pytest.raises(Exception, match=r"terminat|closed"):
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert journal.head().offset == 1
    assert connections["postgresql"].connection is not ended


@pytest.mark.django_db(transaction=True, databases=["default", "postgresql"])
def test_a_writer_that_stands_still_loses_its_session_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As of a node that gets SIGSTOP between two statements: only PostgreSQL can take the lock from it."""
    monkeypatch.setattr(journal_connection, "STANDSTILL_SECONDS", 1)
    journal = DatabaseJournal("postgresql")
    tell(journal)

    def neighbour() -> int:
        try:
            return tell(DatabaseJournal("postgresql"), "B1")
        finally:
            connections["postgresql"].close()

    with ThreadPoolExecutor(1) as threads:
        with pytest.raises(JournalUnavailable, match="stood still"), journal.write() as writing:
            writing.load([KEY])
            waiting = threads.submit(neighbour)
            assert waiting.result(timeout=60) == 2  # while this one still believes it holds the lock
            writing.load([KEY])
    assert tell(journal, "C1") == 3
    assert journal.head().offset == 3


def test_an_unreachable_postgresql_is_unavailable(scratch: Scratch) -> None:
    pytest.importorskip("psycopg")
    alias = scratch(tables=False)
    connections[alias].close()
    connections.settings[alias] |= {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "nobody",
        "USER": "nobody",
        "HOST": "127.0.0.1",
        "PORT": "1",
        "OPTIONS": {"connect_timeout": 2},
    }
    del connections[alias]
    for question in (DatabaseJournal(alias).head, lambda: tell(DatabaseJournal(alias))):
        with pytest.raises(JournalUnavailable, match="Nothing listens where"):
            question()


# --- Real processes ---------------------------------------------------------------------------------------------------

WRITER = """
    import random, sys
    import django
    from django.conf import settings
    name, seed = sys.argv[1], int(sys.argv[2])
    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": name}},
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "windsock"], USE_TZ=True,
    )
    django.setup()
    from datetime import UTC, date, datetime, timedelta
    from windsock.flights import DepartureReport, FlightKey, MergeRules, Report, apply_report
    from windsock.journal.base import Draft
    from windsock.journal.database import DatabaseJournal

    journal, luck = DatabaseJournal(), random.Random(seed)
    for turn in range(40):
        key = FlightKey("DL", luck.randrange(1, 4), None, date(2015, 1, 2), "ATL")
        now = datetime(2015, 1, 2, 12, tzinfo=UTC) + timedelta(minutes=turn)
        report = Report(flight=str(key.designator), source=f"w{seed}", observed_at=now,
                        departure=DepartureReport(gate=f"{seed}-{turn}"))
        try:
            with journal.write() as writing:
                before = writing.load([key]).get(key)
                merged = apply_report(before, key, report, received_at=now, rules=MergeRules())
                drafts = [Draft(merged.record, merged.changes, ("all",), now)] if merged.changes else []
                events = writing.append(drafts)
                if luck.random() < 0.3:
                    raise InterruptedError
            for event in events:
                print(event.offset, event.flight_id, event.version, flush=True)
        except InterruptedError:
            pass
"""


def test_four_processes_on_one_sqlite_file_leave_no_gap(scratch: Scratch, tmp_path: Path) -> None:
    alias = scratch()
    program = tmp_path / "writer.py"
    program.write_text(textwrap.dedent(WRITER))
    name = connections[alias].settings_dict["NAME"]
    writers = [
        subprocess.Popen([sys.executable, program, name, str(seed)], stdout=subprocess.PIPE, text=True)
        for seed in range(4)
    ]
    told = []
    for writer in writers:
        output, _ = writer.communicate(timeout=120)
        assert writer.returncode == 0
        told += [tuple(line.split()) for line in output.splitlines()]
    journal = DatabaseJournal(alias)
    events = journal.after(Position(journal.head().epoch, 0), 100_000)
    assert [event.offset for event in events] == list(range(1, journal.head().offset + 1))
    assert sorted(told) == sorted((str(e.offset), e.flight_id, str(e.version)) for e in events)
    by_flight: dict[str, list[int]] = {}
    for event in events:
        by_flight.setdefault(event.flight_id, []).append(event.version)
    assert all(versions == list(range(1, len(versions) + 1)) for versions in by_flight.values())

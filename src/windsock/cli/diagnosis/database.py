"""The database that holds the journal: reachable, durable, migrated, and on time."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from windsock.cli.console import READY_MADE, same_data
from windsock.cli.diagnosis.finding import Finding

# A database server whose clock is off by more than this gives expiry times that are wrong by a ticket's life.
CLOCK_TOLERANCE_SECONDS = 5.0


def database() -> Iterator[Finding]:
    from django.db import connections

    from windsock.conf import config
    from windsock.journal.database_faults import UNKNOWN, explain

    alias = config().database
    connection = connections[alias]
    if missing := missing_file(connection.vendor, str(connection.settings_dict["NAME"])):
        yield missing
        return
    try:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                yield from sqlite(
                    cursor, str(connection.settings_dict["NAME"]), connection.settings_dict["OPTIONS"]
                )
            elif connection.vendor == "postgresql":
                yield from postgresql(cursor)
            else:
                yield Finding(
                    "database",
                    "wrong",
                    f"{connection.vendor} is not supported",
                    "Use SQLite or PostgreSQL (DATABASE_URL).",
                )
    except Exception as error:
        name = connection.settings_dict.get("NAME")
        meaning = explain(error)
        cure = "Start the database, or correct DATABASE_URL (or settings.DATABASES)."
        if meaning != UNKNOWN:
            cure = meaning
        yield Finding("database", "wrong", f"{name} cannot be reached: {' '.join(str(error).split())}", cure)


def missing_file(vendor: str, name: str) -> Finding | None:
    """Return a finding if this is an SQLite file that is not there: to open it would create it."""
    if vendor != "sqlite" or ":memory:" in name or name.startswith("file:") or os.path.exists(name):
        return None
    cure = "If the service keeps its data elsewhere, name that directory: windsock doctor --data DIR. "
    return Finding("database", "wrong", f"{name} does not exist", f"{cure}A new service: {serve_command()}")


def sqlite(cursor: object, name: str, options: dict[str, object]) -> Iterator[Finding]:
    mode, synchronous, version = (
        single_value(cursor, "PRAGMA journal_mode"),
        single_value(cursor, "PRAGMA synchronous"),
        single_value(cursor, "SELECT sqlite_version()"),
    )
    yield Finding("database", "ok", f"SQLite {version}, {name}")
    wrong = []
    if str(mode).lower() != "wal":
        wrong.append(f"journal_mode is {mode}, WAL is needed, or readers block the writer")
    if synchronous not in (2, 3):
        wrong.append(
            f"synchronous is {synchronous}, 2 (FULL) is needed, or a power loss can undo acknowledged reports"
        )
    if options.get("transaction_mode") != "IMMEDIATE":
        wrong.append(
            "transaction_mode is not IMMEDIATE: concurrent writers can fail with 'database is locked'"
        )
    if wrong:
        yield Finding(
            "SQLite settings",
            "wrong",
            "; ".join(wrong),
            'In DATABASES: "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": '
            '"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"}',
        )
    else:
        yield Finding("SQLite settings", "ok", "WAL, synchronous FULL, IMMEDIATE transactions")


def postgresql(cursor: object) -> Iterator[Finding]:
    version = single_value(cursor, "SHOW server_version")
    yield Finding("database", "ok", f"PostgreSQL {version}")
    durable = single_value(cursor, "SHOW synchronous_commit")
    if durable == "off":
        yield Finding(
            "PostgreSQL settings",
            "wrong",
            "synchronous_commit is off: a crash can undo acknowledged reports",
            "ALTER DATABASE … SET synchronous_commit = on",
        )
    if single_value(cursor, "SHOW fsync") == "off":
        yield Finding(
            "PostgreSQL settings", "wrong", "fsync is off: a crash can destroy the database", "fsync = on"
        )


def migrations() -> Iterator[Finding]:
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    from windsock.conf import config

    executor = MigrationExecutor(connections[config().database])
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        names = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _ in missing[:3])
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        yield Finding("migrations", "wrong", f"missing: {names}{more}", migrate_command())
        return
    from windsock import journal

    head = journal.current().head()
    yield Finding("migrations", "ok", f"up to date; the journal is at {head.position}")


def clock() -> Iterator[Finding]:
    from django.conf import settings
    from django.db import connections

    from windsock.conf import config

    if not settings.USE_TZ:
        yield Finding("clock", "wrong", "USE_TZ is False: times would lose their zone", "USE_TZ = True")
    now = datetime.now(UTC)
    if now.year < 2025:
        yield Finding(
            "clock", "wrong", f"the clock of this machine says {now:%Y-%m-%d}", "Set its clock (NTP)."
        )
        return
    connection = connections[config().database]
    skew = 0.0
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            there = single_value(cursor, "SELECT extract(epoch FROM clock_timestamp())")
        skew = abs(float(str(there)) - time.time())
    if skew > CLOCK_TOLERANCE_SECONDS:
        yield Finding(
            "clock", "wrong", f"the database's clock differs by {skew:.0f} s", "Run NTP on both machines."
        )
        return
    if settings.TIME_ZONE != "UTC":
        yield Finding(
            "clock",
            "warning",
            f"{now:%Y-%m-%d %H:%M:%S} UTC; TIME_ZONE is {settings.TIME_ZONE}",
            'TIME_ZONE = "UTC"',
        )
        return
    yield Finding("clock", "ok", f"{now:%Y-%m-%d %H:%M:%S} UTC")


def migrate_command() -> str:
    """Return the command that brings this project's database up to date."""
    return f"windsock serve --migrate{same_data()}" if _ready_made() else "python manage.py migrate"


def serve_command() -> str:
    """Return the command that makes this project's database."""
    return f"windsock serve{same_data()}" if _ready_made() else "python manage.py migrate"


def _ready_made() -> bool:
    return os.environ.get("DJANGO_SETTINGS_MODULE") == READY_MADE


def single_value(cursor: object, statement: str) -> object:
    cursor.execute(statement)  # type: ignore[attr-defined]
    return cursor.fetchone()[0]  # type: ignore[attr-defined]


def cursors() -> Iterator[Finding]:
    from windsock.journal import cursor_health

    known = cursor_health.details()
    wrong = cursor_health.complaint()
    if wrong is not None:
        found = wrong.removesuffix(cursor_health.CURE).strip()
        yield Finding("cursors", "warning", found, cursor_health.CURE)
    elif known:
        yield Finding("cursors", "ok", f"every consumer of the journal keeps up: {', '.join(known)}")

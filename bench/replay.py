"""Prints how fast a whole day is told, overdue watch included: reports and events a second, durable.

Run: python bench/replay.py [storm|snow|FILE] [--only memory|sqlite|postgresql]

Many simulated minutes share a transaction, as in every replay at full speed. PostgreSQL is started for this alone,
with its default settings.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests import services  # noqa: E402


def configure(folder: Path, backends: list[str]) -> None:
    """Django with a SQLite file set up as the documentation asks for, and a PostgreSQL."""
    import django
    from django.conf import settings

    databases: dict[str, Any] = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(folder / "bench.sqlite3"),
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
        }
    }
    if "postgresql" in backends:
        server = services.start_postgresql()
        server.create_database("bench")
        databases["postgresql"] = {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "bench",
            "USER": server.user,
            "HOST": server.host,
            "PORT": server.port,
        }
    settings.configure(
        DATABASES=databases,
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "windsock"],
        USE_TZ=True,
        CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
    )
    django.setup()
    from django.core.management import call_command

    for alias in databases:
        call_command("migrate", database=alias, verbosity=0, skip_checks=True)


def tell(name: str, day: str) -> None:
    """One telling into a fresh journal, and its line."""
    from django.db import connections

    from windsock.cli.day import load
    from windsock.ingest.pipeline import Pipeline
    from windsock.ingest.replay import IntoJournal
    from windsock.journal.base import Journal
    from windsock.journal.database import DatabaseJournal
    from windsock.journal.memory import MemoryJournal
    from windsock.replay.player import Replay

    loaded = load(day)
    alias = {"sqlite": "default"}.get(name, name)
    journal: Journal = MemoryJournal() if name == "memory" else DatabaseJournal(alias)
    pipeline = Pipeline(journal, on_exit=connections.close_all)
    run = Replay(loaded.tells, IntoJournal(pipeline), label=loaded.label)
    begun, cpu = time.perf_counter(), time.process_time()
    summary = run.run()
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    pipeline.stop()
    print(
        f"{name:<11} {summary.reports:>8,} {summary.all_events:>8,} {seconds:>8.1f} {cpu:>8.1f} "
        f"{summary.reports / seconds:>10,.0f} {summary.all_events / seconds:>10,.0f}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("day", nargs="?", default="storm")
    parser.add_argument("--only", choices=("memory", "sqlite", "postgresql"))
    options = parser.parse_args()
    backends = [options.only] if options.only else ["memory", "sqlite", "postgresql"]
    if "postgresql" in backends and (missing := services.postgresql_missing()):
        print(f"postgresql is left out: {missing}")
        backends.remove("postgresql")
    with tempfile.TemporaryDirectory() as folder:
        configure(Path(folder), backends)
        print(f"{options.day:<11}  reports   events  seconds      cpu  reports/s   events/s")
        for name in backends:
            tell(name, options.day)


if __name__ == "__main__":
    main()

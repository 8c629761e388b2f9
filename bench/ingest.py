"""Prints how many reports a second become durable, and how long a single one waits, on SQLite and PostgreSQL.

Run: python bench/ingest.py [--day FILE] [--reports N] [--seconds S] [--only sqlite|postgresql] [--profile]

The reports are those of a real day (a BTS file, or one of the days that come with Windsock), as JSON objects, the
way they come in by HTTP: parsed, resolved, merged, written with fsync, acknowledged. Times are the publisher's: from
handing a report in until it is acknowledged; CPU is this process's, PostgreSQL's own not counted. PostgreSQL is
started for this alone, with its default settings. bench/rest.py measures the same through the server.
"""

import argparse
import cProfile
import itertools
import os
import pstats
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests import services  # noqa: E402

Told = list[dict[str, Any]]


def a_day(path: Path | None) -> tuple[Told, Told]:
    """The reports of a day in the order they came: the schedules, then everything after."""
    import msgspec

    from windsock.replay import bts
    from windsock.replay.past_flights import PastFlight
    from windsock.replay.script import script

    file = path or next(iter(sorted((ROOT / "src/windsock/replay/days").glob("*.csv*"))))
    rows = [row for row in bts.read(file) if isinstance(row, PastFlight)]
    reports = [{"observed_at": told.at, **msgspec.to_builtins(told.report)} for told in script(rows)]
    reports = [msgspec.to_builtins(report) for report in reports]
    seen: set[tuple[object, ...]] = set()
    schedules: Told = []
    later: Told = []
    for report in reports:
        name = (report["flight"], report.get("date"), report.get("origin"))
        (later if name in seen else schedules).append(report)
        seen.add(name)
    return schedules, later


def configure(folder: Path, backends: list[str]) -> None:
    """Django with a SQLite file as a plain host has it, and a PostgreSQL."""
    import django
    from django.conf import settings

    databases: dict[str, Any] = {
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "bench.sqlite3")}
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


def milliseconds(times: list[float]) -> str:
    """p50, p99 and the longest."""
    cuts = statistics.quantiles(times, n=100, method="inclusive") if len(times) > 1 else times * 99
    return f"{cuts[49] * 1000:8.1f} {cuts[98] * 1000:8.1f} {max(times) * 1000:8.1f}"


class Bench:
    """One backend's run: a fresh journal, and the table's rows."""

    def __init__(self, name: str, alias: str, seconds: float) -> None:
        from windsock.ingest import Pipeline
        from windsock.journal.database import DatabaseJournal

        self.name, self.seconds = name, seconds
        self.journal = DatabaseJournal(alias)
        self.journal.reset()
        self.pipeline = Pipeline(self.journal)
        self._cpu = time.process_time()

    def record(self, reports: Told) -> None:
        """Hands the reports in and waits; every one must be recorded."""
        from windsock.ingest import Recorded

        for result in self.pipeline.submit(reports, source="bench").result():
            if not isinstance(result, Recorded):
                raise SystemExit(f"rejected: {result}")

    def row(self, what: str, count: int, elapsed: float, times: list[float]) -> None:
        cpu, self._cpu = time.process_time() - self._cpu, time.process_time()
        print(
            f"{self.name:<11} {what:<34} {count:>7} {count / elapsed:>9.0f} {cpu / count * 1e6:>9.0f} "
            f"{milliseconds(times)}",
            flush=True,
        )

    def batched(self, what: str, reports: Told) -> None:
        """In calls of 500, one after the other."""
        times = []
        started = time.perf_counter()
        for at in range(0, len(reports), 500):
            began = time.perf_counter()
            self.record(reports[at : at + 500])
            times.append(time.perf_counter() - began)
        self.row(what, len(reports), time.perf_counter() - started, times)

    def sequential(self, reports: Iterator[dict[str, Any]]) -> None:
        """One after the other, as fast as they are acknowledged."""
        times: list[float] = []
        started = time.perf_counter()
        while time.perf_counter() - started < self.seconds:
            began = time.perf_counter()
            self.record([next(reports)])
            times.append(time.perf_counter() - began)
        self.row("single, one publisher", len(times), time.perf_counter() - started, times)

    def concurrent(self, reports: Iterator[dict[str, Any]], publishers: int = 100) -> None:
        """A hundred publishers, each waiting for its acknowledgement before the next."""
        lock, times = threading.Lock(), list[float]()
        started = time.perf_counter()

        def publish() -> None:
            while time.perf_counter() - started < self.seconds:
                with lock:
                    report = next(reports)
                began = time.perf_counter()
                self.record([report])
                times.append(time.perf_counter() - began)

        threads = [threading.Thread(target=publish) for _ in range(publishers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.row(f"single, {publishers} publishers", len(times), time.perf_counter() - started, times)

    def paced(self, reports: Iterator[dict[str, Any]], rate: int = 100) -> None:
        """So many a second, each at its time whether or not the one before is acknowledged."""
        times: list[float] = []
        count = int(rate * self.seconds * 2)
        started = time.perf_counter()
        done = threading.Semaphore(0)
        for turn in range(count):
            due = started + turn / rate
            time.sleep(max(0.0, due - time.perf_counter()))

            def acknowledged(future: Any, due: float = due) -> None:
                future.result()
                times.append(time.perf_counter() - due)
                done.release()

            self.pipeline.submit([next(reports)], source="bench").add_done_callback(acknowledged)
        for _ in range(count):
            done.acquire()
        self.row(f"single, {rate}/s", len(times), time.perf_counter() - started, times)

    def run(self, schedules: Told, later: Told) -> None:
        """All rows of this backend."""
        self.batched("batches of 500: new flights", schedules)
        self.batched("batches of 500: movements", later)
        singles = (
            report
            | {
                "departure": {"gate": f"{'ABCDE'[turn % 5]}{turn}"},
                "observed_at": f"20{16 + turn // 10**6}-01-01T00:00:00Z",
            }
            for turn, report in enumerate(itertools.cycle(later))
        )
        self.sequential(singles)
        self.concurrent(singles)
        self.paced(singles)
        head = self.journal.head()
        if len(self.journal.after(head.position.__class__(head.epoch, 0), 10**9)) != head.offset:
            raise SystemExit("the journal has a hole")
        self.pipeline.stop()


def main() -> None:
    """Runs the bench and prints its table."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--day", type=Path, help="a BTS file (default: a day that comes with Windsock)")
    options.add_argument(
        "--reports", type=int, default=20_000, help="at most so many reports in batches, of each kind"
    )
    options.add_argument("--seconds", type=float, default=5.0, help="how long single reports are measured")
    options.add_argument("--only", choices=("sqlite", "postgresql"))
    options.add_argument(
        "--profile", action="store_true", help="print where the writer thread spends its time"
    )
    given = options.parse_args()

    backends = [given.only] if given.only else ["sqlite", "postgresql"]
    if "postgresql" in backends and (missing := services.postgresql_missing()):
        print(f"{missing}; only SQLite is measured.")
        backends.remove("postgresql")
    folder = Path(tempfile.mkdtemp(prefix="windsock-bench-"))
    try:
        configure(folder, backends)
        schedules, later = (reports[: given.reports] for reports in a_day(given.day))
        print(
            f"{len(schedules)} flights, {len(later)} reports about them; {os.cpu_count()} cores, "
            f"load {os.getloadavg()[0]:.1f}; times in ms"
        )
        print(f"{'':<11} {'':<34} {'reports':>7} {'per s':>9} {'cpu µs':>9} {'p50':>8} {'p99':>8} {'max':>8}")
        for backend in backends:
            bench = Bench(backend, "default" if backend == "sqlite" else backend, given.seconds)
            with profiled(given.profile, bench):
                bench.run(schedules, later)
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # PostgreSQL is stopped by tests.services at exit


class profiled:
    """Profiles the writer thread of a bench, if asked to."""

    def __init__(self, wanted: bool, bench: Bench) -> None:
        self.profile = cProfile.Profile(time.thread_time) if wanted else None
        self.bench = bench

    def __enter__(self) -> None:
        if self.profile is not None:
            run: Callable[[], None] = self.bench.pipeline._run
            profile = self.profile
            self.bench.pipeline._run = lambda: profile.runcall(run)  # type: ignore[method-assign]

    def __exit__(self, *error: object) -> None:
        if self.profile is not None:
            pstats.Stats(self.profile).sort_stats("tottime").print_stats(35)


if __name__ == "__main__":
    main()

"""Prints how long a search takes with 100,000 flights in the journal, and a count of the day, on SQLite or PostgreSQL.

Run: python bench/search.py [--flights N] [--database postgresql://…]

Two days of flights of 40 airports around now. Aim: an answer below 100 ms. The first look at a day loads its flights
into memory, which is paid once per process; a count after it is shared by all readers for two seconds.
"""

import argparse
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

CARRIERS = ("DL", "AA", "UA", "WN", "B6", "LH", "BA", "AF", "KL", "AS")
TYPED = {
    "a flight number": "DL 1234",
    "by the carrier's name": "delta 1234",
    "a codeshare": "KL 6003",
    "the beginning of a number": "dl 12",
    "a number without its carrier": "1234",
    "a carrier": "delta",
    "an airport's code": "JFK",
    "a city": "new york",
    "a route by codes": "JFK LAX",
    "a route by cities": "New York to Los Angeles",
    "a registration": "N910DE",
    "an unknown number": "DL 9999",
    "a typo": "oralndo",
}


def configure(folder: Path, database: str) -> None:
    """Django on an empty database."""
    import django
    from django.conf import settings
    from django.core.management import call_command

    options: dict[str, Any] = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "search.sqlite3")}
    if database:
        from urllib.parse import urlsplit

        parts = urlsplit(database)
        options = {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": parts.path.strip("/"),
            "USER": parts.username or "",
            "PASSWORD": parts.password or "",
            "HOST": parts.hostname or "",
            "PORT": parts.port or "",
        }
    settings.configure(
        DATABASES={"default": options},
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "windsock"],
        USE_TZ=True,
    )
    django.setup()
    call_command("migrate", verbosity=0, skip_checks=True)


def fill(count: int, now: datetime, days: int = 1, numbers: int = 5000, aircraft: int = 900) -> None:
    """Write the flights of the days around now, 10,000 a transaction; each record is that of its own flight."""
    from bench.board_query import AIRPORTS
    from windsock.flights import ArrivalReport, DepartureReport, FlightKey, Report, apply_report
    from windsock.journal.bulk import insert
    from windsock.journal.connection import durable_transaction
    from windsock.journal.flight_rows import FLIGHT, flight_row
    from windsock.journal.models import FlightName, FlightRow

    luck = random.Random(1)
    rows: list[Any] = []
    names: list[Any] = []
    for index in range(count):
        carrier, number = CARRIERS[index % len(CARRIERS)], 1 + index // len(CARRIERS) % numbers
        departs = now + timedelta(minutes=luck.randrange(-24 * 60 * days, 24 * 60))
        origin, destination = luck.sample(AIRPORTS, 2)
        key = FlightKey(carrier, number, None, departs.date(), origin)
        codeshares = (f"KL{6000 + number}",) if carrier == "DL" and number < 3000 else ()
        delay = timedelta(minutes=max(0, luck.gauss(10, 30)))
        report = Report(
            flight=f"{carrier}{number}",
            source="bench",
            observed_at=now,
            destination=destination,
            registration=f"N{luck.randrange(100, 100 + aircraft)}DE",
            codeshares=codeshares,
            departure=DepartureReport(scheduled=departs, estimated=departs + delay),
            arrival=ArrivalReport(scheduled=departs + timedelta(hours=2)),
        )
        rows.append(tuple(flight_row(apply_report(None, key, report, received_at=now).record)))
        names += [(name, key.date, str(key)) for name in codeshares]
        if len(rows) == 10_000 or index == count - 1:
            seen = {row[0]: row for row in rows}
            with durable_transaction("default") as connection:
                known = set(FlightRow.objects.filter(id__in=list(seen)).values_list("id", flat=True))
                insert(connection, FlightRow, FLIGHT, [row for id, row in seen.items() if id not in known])
            print(f"\r{index + 1:,} flights", end="", file=sys.stderr, flush=True)
            rows = []
    FlightName.objects.bulk_create(
        [FlightName(designator=name, date=day, flight_id=id) for name, day, id in set(names)],
        batch_size=5000,
        ignore_conflicts=True,
    )
    from django.db import connection as current

    with current.cursor() as cursor:
        cursor.execute("ANALYZE")
    print(file=sys.stderr)


def timed(name: str, call: Callable[[], Any], times: int = 30) -> None:
    """Print how long the call takes, first and then."""
    began = time.perf_counter()
    call()
    first, taken = (time.perf_counter() - began) * 1000, []
    for _ in range(times):
        began = time.perf_counter()
        call()
        taken.append((time.perf_counter() - began) * 1000)
    cuts = statistics.quantiles(taken, n=100, method="inclusive")
    print(f"{name:<40} {first:>9.1f} {cuts[49]:>9.1f} {cuts[94]:>9.1f}", flush=True)


def measure(now: datetime) -> None:
    """Search what people type, and count the day."""
    from windsock.journal.database import DatabaseJournal
    from windsock.search.service import search
    from windsock.today import current
    from windsock.today.day_table import DayTable

    table = current.current()
    began = time.perf_counter()
    flights = table.flights(now)
    print(f"loading {len(flights):,} flights of the day: {time.perf_counter() - began:.2f} s")
    print(f"{'milliseconds':<40} {'first':>9} {'p50':>9} {'p95':>9}")
    for name, typed in TYPED.items():
        timed(f"{name}: {typed}", lambda typed=typed: search(typed, now))  # type: ignore[misc]
    clock = iter(range(0, 10**9, 100))
    counting = DayTable(DatabaseJournal(), lambda: float(next(clock)))
    counting.flights(now)
    timed("a count of the day", lambda: counting.punctuality(now, 15), times=5)
    timed("airports and carriers of the day", lambda: counting.activity(now), times=5)


def main() -> None:
    """Fill a database and measure."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--flights", type=int, default=100_000)
    options.add_argument("--database", default="", help="postgresql://user@host:port/name; default: SQLite")
    given = options.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="windsock-bench-"))
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    try:
        configure(folder, given.database)
        fill(given.flights, now)
        measure(now)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

"""Prints how long a board takes to find its flights among a million, on SQLite, and the query plan.

Run: python bench/board_query.py [--flights N]

Fifty days of 20,000 flights between 40 airports. A board asks for one airport, one direction and a window of hours.
Aim: below 20 ms, most of which is decoding the flights found.
"""

import argparse
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

FIRST = datetime(2015, 1, 1, tzinfo=UTC)
AIRPORTS = [
    "ATL",
    "ORD",
    "DFW",
    "DEN",
    "LAX",
    "PHX",
    "SFO",
    "IAH",
    "LAS",
    "MSP",
    "DTW",
    "SEA",
    "SLC",
    "EWR",
    "MCO",
    "JFK",
    "LGA",
    "BOS",
    "CLT",
    "PHL",
    "BWI",
    "MDW",
    "SAN",
    "TPA",
    "DCA",
    "FLL",
    "MIA",
    "PDX",
    "STL",
    "BNA",
    "MCI",
    "OAK",
    "AUS",
    "RDU",
    "SMF",
    "CLE",
    "SNA",
    "MSY",
    "HNL",
    "SJC",
]
PER_DAY = 20_000


def configure(folder: Path) -> None:
    """Django on an empty SQLite file."""
    import django
    from django.conf import settings
    from django.core.management import call_command

    settings.configure(
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "board.sqlite3")}
        },
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "windsock"],
        USE_TZ=True,
    )
    django.setup()
    call_command("migrate", verbosity=0, skip_checks=True)


def flights(count: int) -> Iterator[tuple[Any, ...]]:
    """Rows as a write makes them; the record of one flight serves them all but for its id."""
    from windsock.flights import ArrivalReport, DepartureReport, FlightKey, Report, apply_report
    from windsock.journal.flight_rows import flight_row

    luck = random.Random(1)
    for index in range(count):
        day, number = divmod(index, PER_DAY)
        if index % PER_DAY == 0:
            midnight = FIRST + timedelta(days=day)
            key = FlightKey("DL", 1, None, midnight.date(), "ATL")
            report = Report(
                flight="DL1",
                source="bench",
                observed_at=midnight,
                destination="MCO",
                registration="N910DE",
                departure=DepartureReport(scheduled=midnight, terminal="S", gate="B12"),
                arrival=ArrivalReport(scheduled=midnight + timedelta(hours=2)),
            )
            template = list(flight_row(apply_report(None, key, report, received_at=midnight).record))
        row = template.copy()
        carrier, flight_number = ("DL", "AA", "UA", "WN", "B6")[number % 5], 1 + number // 5
        origin, destination = luck.sample(AIRPORTS, 2)
        departs = midnight + timedelta(minutes=luck.randrange(1440))
        row[0] = f"{carrier}{flight_number}.{midnight.date()}.{origin}"
        row[1:7] = [f"{carrier}{flight_number}", carrier, midnight.date(), origin, destination, None]
        row[9:14] = [departs, departs + timedelta(hours=2), departs + timedelta(hours=3), departs, 1]
        yield tuple(row)


def fill(count: int) -> None:
    """Writes the flights, 10,000 a transaction."""
    from windsock.journal.bulk import insert
    from windsock.journal.connection import durable_transaction
    from windsock.journal.flight_rows import FLIGHT
    from windsock.journal.models import FlightRow

    rows = flights(count)
    written = 0
    while chunk := [row for _, row in zip(range(10_000), rows, strict=False)]:
        with durable_transaction("default") as connection:
            insert(connection, FlightRow, FLIGHT, chunk)
        written += len(chunk)
        print(f"\r{written:,} flights", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


def measure() -> None:
    """Asks what boards ask, and prints how long the answer takes."""
    from django.db import connection, reset_queries
    from django.test.utils import CaptureQueriesContext

    from windsock.journal.base import FlightQuery
    from windsock.journal.database import DatabaseJournal

    journal = DatabaseJournal()
    noon = FIRST + timedelta(days=25, hours=12)
    window: dict[str, Any] = {"since": noon - timedelta(hours=2), "until": noon + timedelta(hours=10)}
    questions: dict[str, FlightQuery] = {
        "departures of JFK, 12 hours": FlightQuery(airport="JFK", direction="departures", **window),
        "arrivals at JFK, 12 hours": FlightQuery(airport="JFK", direction="arrivals", **window),
        "both, carrier DL": FlightQuery(airport="JFK", carrier="DL", **window),
        "one flight number on a date": FlightQuery(date=noon.date(), text="DL1234"),
        "a flight number on any date": FlightQuery(text="DL1234"),
        "a flight number at JFK, 12 hours": FlightQuery(airport="JFK", text="DL12", **window),
    }
    print(f"{'':<36} {'flights':>7} {'p50 ms':>8} {'p99 ms':>8}")
    for name, query in questions.items():
        times = []
        for _ in range(50):
            began = time.perf_counter()
            found = journal.find(query)
            times.append((time.perf_counter() - began) * 1000)
        cuts = statistics.quantiles(times, n=100, method="inclusive")
        print(f"{name:<36} {len(found):>7} {cuts[49]:>8.1f} {cuts[98]:>8.1f}", flush=True)
    for name, query in list(questions.items())[:2]:
        reset_queries()
        with CaptureQueriesContext(connection) as captured:
            journal.find(query)
        with connection.cursor() as cursor:
            for statement in captured.captured_queries:
                cursor.execute(f"EXPLAIN QUERY PLAN {statement['sql']}")
                print(f"{name}: {'; '.join(row[-1] for row in cursor.fetchall())}")


def main() -> None:
    """Fills a database and measures."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--flights", type=int, default=1_000_000)
    folder = Path(tempfile.mkdtemp(prefix="windsock-bench-"))
    try:
        configure(folder)
        fill(options.parse_args().flights)
        measure()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

"""Prints how long the parts of a flight's page take with 100,000 flights in the journal, on SQLite or PostgreSQL.

Run: python bench/flight_page.py [--flights N] [--database postgresql://…]

Thirty days of flights of 40 airports: each number flies on most days, each aircraft several times a day. Aim: all parts
together below 100 ms. Their templates take about as long as the row of a board, and are measured by `bench/pages.py`.
"""

import argparse
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

from bench.search import configure, fill, timed  # noqa: E402

DAYS = 30
NUMBERS, AIRCRAFT = 330, 800
"""Of each carrier, and in all: a number a day, and four legs of an aircraft a day."""


def measure(now: datetime) -> None:
    """Make the parts of the page of a flight that leaves soon, and of its alternatives as if it were cancelled."""
    from windsock.flights import FlightKey
    from windsock.flights.rules import DEFAULT_RULES
    from windsock.journal.base import FlightQuery
    from windsock.journal.database import DatabaseJournal
    from windsock.pages.flight import related
    from windsock.pages.flight.details import flight_details

    journal = DatabaseJournal()
    query = FlightQuery(airport="JFK", direction="departures", since=now, limit=1)
    flight = journal.find(query)[0].flight
    key = FlightKey.parse(flight.id)

    def details() -> None:
        record = journal.flight(key)
        assert record is not None
        flight_details(record, journal.history(key), journal.reports(key, 500), now, DEFAULT_RULES)

    def whole() -> None:
        details()
        related.inbound(journal, flight, now, 15)
        related.other_days(journal, flight, now, 15)
        related.alternatives(journal, flight, now, 15)

    print(f"{'milliseconds':<40} {'first':>9} {'median':>9} {'p95':>9}")
    timed("the flight with its events and reports", details)
    timed("where its aircraft is", lambda: related.inbound(journal, flight, now, 15))
    timed("the last 30 days of its number", lambda: related.other_days(journal, flight, now, 15))
    timed("the next flights on its route", lambda: related.alternatives(journal, flight, now, 15))
    timed("all of them", whole)


def main() -> None:
    """Fill a database and measure."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--flights", type=int, default=100_000)
    options.add_argument("--database", default="", help="postgresql://user@host:port/name; default: SQLite")
    given = options.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="windsock-flight-page-"))
    try:
        now = datetime.now(UTC).replace(second=0, microsecond=0)
        configure(folder, given.database)
        fill(given.flights, now, DAYS, NUMBERS, AIRCRAFT)
        measure(now)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

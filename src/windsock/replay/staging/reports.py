"""One staged report about a flight."""

from datetime import datetime
from typing import Any

from windsock.flights.report import Report
from windsock.replay.past_flights import PastFlight
from windsock.replay.script import TimedReport

SOURCE = "staged"
"""The source of everything that is not in the data."""


def staged(row: PastFlight, at: datetime, **fields: Any) -> TimedReport:
    """Return what is reported about `row` at that moment; `fields` are those of a Report."""
    return TimedReport(
        at,
        Report(
            flight=f"{row.carrier}{row.number}",
            date=row.date,
            origin=row.origin,
            destination=row.destination,
            source=SOURCE,
            observed_at=at,
            **fields,
        ),
    )

"""Report flights as overdue when their time has passed without news: they are late by at least that much.

Deterministic: the reports depend on the journal and on `now` alone, never on when or how often the watch runs. Two
processes that watch at once file the same report, and the same report twice changes nothing.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import UNSET

from windsock.flights import Flight, FlightRecord, Report
from windsock.flights.own_sources import OVERDUE
from windsock.journal.base import Journal
from windsock.journal.projection import expected

GIVE_UP_AFTER = timedelta(hours=24)
"""A flight without news for a day has left the boards; reporting it as late again helps nobody."""

BATCH = 1000

Record = Callable[..., Sequence[Any]]


class OverdueWatch:
    """Files reports on the overdue flights of `journal`: first when `after` minutes late, then at each `step`."""

    def __init__(
        self,
        journal: Journal,
        record: Record,
        *,
        after_minutes: int | None = None,
        step_minutes: int | None = None,
    ) -> None:
        if after_minutes is None or step_minutes is None:
            from windsock.conf import config

            after_minutes = config().overdue_after_minutes if after_minutes is None else after_minutes
            step_minutes = config().overdue_step_minutes if step_minutes is None else step_minutes
        self._journal = journal
        self._record = record
        self._after = max(after_minutes, 1)
        self._step = max(step_minutes, 1)

    def bounds(self, now: datetime) -> tuple[datetime, datetime]:
        """Return the latest and the earliest `due_at` of flights that may be reported at `now`."""
        # `due_at` counts from the last report, so the next one may be due after the smaller of the two.
        return now - timedelta(minutes=min(self._after, self._step)), now - GIVE_UP_AFTER

    def due(self, journal: Journal, first: datetime, last: datetime, limit: int) -> list[FlightRecord]:
        """Return the flights that may be reported between these moments if there is no news of them."""
        return journal.due(self.bounds(last)[0], self.bounds(first)[1], limit)

    def run(self, now: datetime) -> int:
        """Report every flight that is overdue at `now`, and by how much; return how many reports were filed."""
        before, since = self.bounds(now)
        filed = 0
        seen: set[str] = set()
        while True:
            found = self._journal.due(before, since, BATCH + len(seen))
            flights = [record.flight for record in found if record.flight.id not in seen]
            if not flights:
                return filed
            seen.update(flight.id for flight in flights)
            reports = [report for flight in flights if (report := self.report(flight, now)) is not None]
            if reports:
                self._record(reports, received_at=now, trusted=True)
                filed += len(reports)

    def report(self, flight: Flight, now: datetime) -> Report | None:
        """Return the report on a flight at `now`; None if it is not overdue, or if that was already reported.

        Minutes count from the schedule, as delays do: an estimate that has also passed does not make the delay smaller.
        Above `after` they grow in whole steps, and `observed_at` is when the last step was reached.
        """
        if (waiting := expected(flight)) is None:
            return None
        milestone, time = waiting
        end = flight.departure if milestone == "departure" else flight.arrival
        scheduled = end.scheduled or time
        waited = int((now - time).total_seconds() // 60) - self._after
        if waited < 0:
            return None
        reached_at = time + timedelta(minutes=self._after + waited - waited % self._step)
        minutes = int((reached_at - scheduled).total_seconds() // 60)
        if minutes <= (end.overdue_minutes or 0):
            return None
        key = flight.key
        return Report(
            flight=flight.designator,
            date=key.date,
            origin=key.origin,
            source=OVERDUE.name,
            observed_at=reached_at,
            departure_overdue_minutes=minutes if milestone == "departure" else UNSET,
            arrival_overdue_minutes=minutes if milestone == "arrival" else UNSET,
        )

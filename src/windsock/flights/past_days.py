"""How one flight number did on earlier days: late by how much, how often, cancelled. Pure."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date as Day
from datetime import datetime
from typing import Literal

from windsock.flights.state import Flight

Outcome = Literal["flown", "cancelled", "diverted"]

DAYS = 30
"""Days that are looked back on: enough for a share, and no older than the timetable mostly is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDay:
    """One earlier flight of the number. `minutes` late at the gate, early negative; None unless it was flown."""

    flight_id: str
    date: Day
    outcome: Outcome
    minutes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDays:
    """The earlier flights, oldest first. `median` minutes and the share that was late are of those that were flown."""

    days: tuple[PastDay, ...]
    median: int | None
    late: int
    cancelled: int

    @property
    def flown(self) -> int:
        """How many were flown to where they were planned, with a known delay."""
        return sum(day.minutes is not None for day in self.days)

    @property
    def late_percent(self) -> int | None:
        """The share that was late, of those that were flown; None if none was."""
        return round(100 * self.late / self.flown) if self.flown else None


def past_days(flight: Flight, of_number: Iterable[Flight], now: datetime, late_minutes: int = 15) -> PastDays:
    """Return how the earlier flights of this number from this origin did, of which the outcome is known at `now`.

    One per date, at most: of two legs of one day from the same origin, the last one given.
    """
    days = {
        day.date: day
        for other in of_number
        if other.origin == flight.origin
        and other.designator == flight.designator
        and 0 < (flight.date - other.date).days <= DAYS
        and (day := past_day(other, now)) is not None
    }
    ordered = tuple(days[date] for date in sorted(days))
    minutes = [day.minutes for day in ordered if day.minutes is not None]
    return PastDays(
        days=ordered,
        median=round(statistics.median(minutes)) if minutes else None,
        late=sum(each >= late_minutes for each in minutes),
        cancelled=sum(day.outcome == "cancelled" for day in ordered),
    )


def past_day(flight: Flight, now: datetime) -> PastDay | None:
    """Return how the flight ended: by its arrival, else by its departure; None if that is not known, or still open."""
    planned = flight.departure.scheduled
    if planned is not None and planned > now:
        return None
    outcome: Outcome
    minutes = None
    if flight.cancelled or flight.status == "cancelled":
        outcome = "cancelled"
    elif flight.diverted or flight.diverted_to is not None:
        outcome = "diverted"
    else:
        outcome, minutes = "flown", _minutes(flight)
        if minutes is None:
            return None
    return PastDay(flight_id=flight.id, date=flight.date, outcome=outcome, minutes=minutes)


def _minutes(flight: Flight) -> int | None:
    arrival, departure = flight.arrival, flight.departure
    if arrival.actual is not None and arrival.delay_minutes is not None:
        return arrival.delay_minutes
    if departure.actual is not None or flight.takeoff.actual is not None:
        return departure.delay_minutes
    return None

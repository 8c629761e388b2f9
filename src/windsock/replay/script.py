"""The script of a replay: a past day, cut into the reports that its sources would have sent at the time.

A report contains only what was known by then:

- the schedule of a flight date: all of it at once, twelve hours before its first departure;
- off-block, take-off, landing and in-block each at its own minute; the tail number with the first of them, because
  which aircraft came was known by then; the causes of the delay with the arrival;
- a diversion has no time in the data: reported when the flight was due at its destination, but not before half an hour
  in the air (an hour, if that time is unknown);
- nor has a cancellation: reported two hours before the scheduled departure, or one hour after the last movement if the
  flight had already left the gate.

Nothing is estimated: a flight that is late before it moves is reported by the overdue watch.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

from windsock.flights.airports import airport
from windsock.flights.report import ArrivalReport, DepartureReport, Reason, Report, RunwayReport
from windsock.replay.past_flights import PastFlight

SOURCE = "replay"

SCHEDULE_AHEAD = timedelta(hours=12)
CANCELLED_AHEAD = timedelta(hours=2)
CANCELLED_AFTER_MOVING = timedelta(hours=1)
DIVERTED_AFTER_TAKEOFF = timedelta(minutes=30)
DIVERTED_WITHOUT_SCHEDULE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class TimedReport:
    """One report and the moment at which its source sent it."""

    at: datetime
    report: Report


def script(rows: Iterable[PastFlight], *, source: str = SOURCE) -> list[TimedReport]:
    """Return every report of these flights in order. It depends only on the flights, not on the order of the rows."""
    flights = list(rows)
    first: dict[date, datetime] = {}
    for row in flights:
        first[row.date] = min(first.get(row.date, row.scheduled_out), row.scheduled_out)
    told = [
        (at, stage, row.key, report)
        for row in flights
        for stage, (at, report) in enumerate(_reports(row, first[row.date] - SCHEDULE_AHEAD, source))
    ]
    # Within a minute by flight, and for one flight in the order in which things happen.
    told.sort(key=lambda t: (t[0], t[2], t[1]))
    return [TimedReport(at, report) for at, _, _, report in told]


def instants(tells: Iterable[TimedReport]) -> Iterator[tuple[datetime, list[Report]]]:
    """Yield the reports of each moment together, in order: they are recorded at once."""
    for at, together in groupby(tells, key=lambda tell: tell.at):
        yield at, [tell.report for tell in together]


def shifted(rows: Iterable[PastFlight], by: timedelta) -> Iterator[PastFlight]:
    """Yield the same flights at another time: every moment and the flight dates moved by `by`.

    Moved by whole days, the local times stay the same, unless the clocks changed in between.
    """

    def moved(moment: datetime | None) -> datetime | None:
        return None if moment is None else moment + by

    for row in rows:
        leaves = row.scheduled_out + by
        here = airport(row.origin)
        zone = here.tz if here else UTC
        # A departure at 24:00 is on the list of the day that ends: keep whatever distance the date had.
        apart = row.date - row.scheduled_out.astimezone(zone).date()
        yield replace(
            row,
            date=leaves.astimezone(zone).date() + apart,
            scheduled_out=leaves,
            scheduled_in=moved(row.scheduled_in),
            out=moved(row.out),
            off=moved(row.off),
            on=moved(row.on),
            in_=moved(row.in_),
        )


def _reports(row: PastFlight, published: datetime, source: str) -> Iterator[tuple[datetime, Report]]:
    """Yield each moment of a flight with its report, in the order of events."""

    def report(at: datetime, **said: object) -> tuple[datetime, Report]:
        return at, Report(
            flight=f"{row.carrier}{row.number}",
            date=row.date,
            origin=row.origin,
            destination=row.destination,
            source=source,
            observed_at=at,
            **said,  # type: ignore[arg-type]
        )

    departure, arrival = (
        DepartureReport(scheduled=row.scheduled_out),
        ArrivalReport(scheduled=row.scheduled_in),
    )
    if row.scheduled_in is None:
        yield report(published, departure=departure)
    else:
        yield report(published, departure=departure, arrival=arrival)
    tail: dict[str, object] = {} if row.registration is None else {"registration": row.registration}
    if row.out is not None:
        yield report(row.out, departure=DepartureReport(actual=row.out), **tail)
    if row.off is not None:
        yield report(row.off, takeoff=RunwayReport(actual=row.off))
    if row.on is not None:
        yield report(row.on, landing=RunwayReport(actual=row.on))
    causes = tuple(Reason("bts", cause, minutes=minutes) for cause, minutes in row.reasons)
    why: dict[str, object] = {"delay_reasons": causes} if causes else {}
    moved = row.off or row.out
    if row.in_ is not None:
        yield report(row.in_, arrival=ArrivalReport(actual=row.in_), **why)
    elif row.cancelled:
        if row.cancellation:
            why = {"delay_reasons": (Reason("bts", row.cancellation),)}
        at = row.scheduled_out - CANCELLED_AHEAD if moved is None else moved + CANCELLED_AFTER_MOVING
        yield report(max(at, published), cancelled=True, **why, **(tail if moved is None else {}))
    elif row.diverted:
        left = moved or row.scheduled_out
        if row.scheduled_in is None:
            at = left + DIVERTED_WITHOUT_SCHEDULE
        else:
            at = max(row.scheduled_in, left + DIVERTED_AFTER_TAKEOFF)
        where: dict[str, object] = {} if row.diverted_to is None else {"diverted_to": row.diverted_to}
        yield report(at, diverted=True, **where, **why)

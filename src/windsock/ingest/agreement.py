"""Choose, among several flights, the one that best agrees with a report's day, route, aircraft and times. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from datetime import date as Day

from msgspec import UNSET

from windsock.flights import Flight, FlightKey, FlightRecord, Report
from windsock.flights.airports import airport
from windsock.flights.block_times import under_way
from windsock.ingest.provisional import date_at, stated_day

Records = Mapping[FlightKey, FlightRecord | None]

NEAR = timedelta(hours=3)
"""A movement this far from the schedule is still that flight's, unless another one is about as near."""

EARLY = timedelta(minutes=30)
"""Flights leave before their time by minutes: one that leaves further before a day began is not of that day."""

HALF_A_DAY = timedelta(hours=12)
"""Of a number that flies each day, the plan of another day's flight is further away than this."""

SAME_PLAN = timedelta(hours=6)
"""A plan that is this near the known one is a retiming of it, whatever flights there are on the days around."""

PUT_OFF, BROUGHT_FORWARD = timedelta(hours=4), timedelta(hours=2)
"""A number that nobody knows on a date, planned this much after (or before) a flight of the day before (or after), is
that flight, retimed across midnight: no carrier lets one number leave one airport twice so soon."""


def scheduled_departure(report: Report) -> datetime | None:
    """Return the planned departure, if the report gives one."""
    if report.departure is UNSET:
        return None
    time = report.departure.scheduled
    return time if isinstance(time, datetime) else None


def departure_times(report: Report) -> Iterator[datetime]:
    """Yield scheduled, estimated and actual off-block time, then those of take-off, as far as they are given."""
    for part in (report.departure, report.takeoff):
        for name in ("scheduled", "estimated", "actual"):
            time = getattr(part, name, None)
            if isinstance(time, datetime):
                yield time


def on_its_date(
    found: Sequence[FlightKey], report: Report, own: FlightKey | None, records: Records
) -> list[FlightKey]:
    """Return those of `found` that a report with a date means: of that date, or retimed across midnight."""
    exact = [key for key in found if key.date == report.date and records.get(key) is not None]
    moved = {key: record for key in found if key.date != report.date and (record := records.get(key))}
    alone = exact or ([own] if own is not None else [])
    if not moved:
        return alone
    scheduled = scheduled_departure(report)
    if scheduled is not None and (provisional := _of_stated_day(scheduled, report, moved, exact, records)):
        return provisional
    if scheduled is None:
        there = [key for key, record in moved.items() if _local_date(record.flight) == report.date]
        return _by_its_departure(exact, moved, report, records) or exact or there or alone
    best, gap = _nearest_plan(moved, scheduled)
    if best is None or gap is None or goes_elsewhere(report, moved[best].flight):
        return alone
    if not exact:
        same = gap == timedelta(0) or -BROUGHT_FORWARD <= gap <= PUT_OFF
        return [best] if same else alone
    if date_at(scheduled, exact[0].origin) != report.date:
        return exact  # the date was not made from this time, so it is meant
    known, away = _nearest_plan({key: records[key] for key in exact}, scheduled)
    if known is None or away is None or abs(away) <= SAME_PLAN or _cost(away) <= _cost(gap):
        return exact
    return [best]


def _of_stated_day(
    scheduled: datetime, report: Report, moved: Records, exact: Sequence[FlightKey], records: Records
) -> list[FlightKey]:
    """Return the flight of another date whose stated UTC day is that of the plan that gave the report its date."""
    days = {key: day for key, record in moved.items() if (day := stated_day(record)) is not None}
    if not days or date_at(scheduled, next(iter(days)).origin) != report.date:
        return []
    day = _utc_day(scheduled)
    if not all(_is_another_day(records[key], day) for key in exact):
        return []
    return [key for key, stated in days.items() if stated == day]


def _is_another_day(record: FlightRecord | None, day: Day | None) -> bool:
    """Return whether the record's date was made from another UTC day than `day`."""
    return (stated := stated_day(record)) is not None and stated != day


def _by_its_departure(
    exact: Sequence[FlightKey], moved: Records, report: Report, records: Records
) -> list[FlightKey]:
    """Return the flight of another date that leaves at the reported time, if the flight of the report's date cannot.

    A flight of 23:50 that left at 00:30 may be reported with the new date. The flight of that date leaves at 23:50
    again, and no flight leaves half a day early, or leaves twice.
    """
    leaves = next(departure_times(report), None)
    if len(exact) != 1 or leaves is None or date_at(leaves, exact[0].origin) != report.date:
        return []
    known = records.get(exact[0])
    best, gap = _nearest_plan(moved, leaves)
    if known is None or best is None or gap is None or not -BROUGHT_FORWARD <= gap <= SAME_PLAN:
        return []
    other = moved[best]
    if other is None or goes_elsewhere(report, other.flight) or (plan := _plan(known.flight)) is None:
        return []
    if leaves - plan < -HALF_A_DAY:
        return [best]
    gone = known.flight.departure.actual or known.flight.takeoff.actual
    again = gone is not None and leaves - gone > HALF_A_DAY and _local_date(other.flight) == report.date
    return [best] if again else []


def _nearest_plan(records: Records, scheduled: datetime) -> tuple[FlightKey | None, timedelta | None]:
    """Return the flight with the nearest plan, and how much later than it `scheduled` is."""
    best: tuple[FlightKey | None, timedelta | None] = (None, None)
    for key, record in records.items():
        plan = None if record is None else _plan(record.flight)
        if plan is not None and (best[1] is None or _cost(scheduled - plan) < _cost(best[1])):
            best = key, scheduled - plan
    return best


def _cost(gap: timedelta) -> timedelta:
    # Flights are delayed by hours, and hardly ever brought forward.
    return gap if gap >= timedelta(0) else -2 * gap


def _plan(flight: Flight) -> datetime | None:
    """Return when it is planned to leave, computed from its planned arrival where only that is known."""
    if flight.departure.scheduled is not None:
        return flight.departure.scheduled
    if flight.arrival.scheduled is None or flight.destination is None:
        return None
    long = under_way(flight.origin, flight.destination)
    return None if long is None else flight.arrival.scheduled - long


def _local_date(flight: Flight) -> Day | None:
    time = flight.departure.scheduled
    return None if time is None else date_at(time, flight.origin)


def goes_elsewhere(report: Report, flight: Flight) -> bool:
    return (
        isinstance(report.destination, str)
        and flight.destination is not None
        and report.destination not in (flight.destination, flight.diverted_to)
    )


def fits_destination(found: Sequence[FlightKey], report: Report, records: Records) -> list[FlightKey]:
    """Return the only leg that may go to the report's destination if all others go elsewhere; otherwise all of them."""
    left = [
        key
        for key in found
        if (record := records.get(key)) is None or not goes_elsewhere(report, record.flight)
    ]
    return left if len(left) == 1 and isinstance(report.destination, str) else list(found)


def on_its_day(
    found: Sequence[FlightKey],
    report: Report,
    stated: Day | None,
    about: datetime | None,
    own: FlightKey | None,
    records: Records,
) -> tuple[list[FlightKey], str]:
    """Return those of `found` that best agree with a feed's route, day, aircraft and times, and by what they agree.

    `stated` is the operating day in UTC that the source names: a flight of another day is not meant, however near its
    times are. `about` is the estimated planned departure. Route and aircraft count only if some flight agrees with
    them: a source with a wrong tail number must not lose its report. Several flights may remain; where no flight is of
    that day, the result is `own`, the flight to be added.
    """
    reasons = ["designator"]
    left = [key for key in found if records.get(key) is not None]

    def keep(reason: str, kept: list[FlightKey]) -> None:
        nonlocal left
        if len(kept) < len(left):
            reasons.append(reason)
        left = kept

    def flights() -> Iterator[tuple[FlightKey, Flight]]:
        for key in left:
            record = records[key]
            assert record is not None
            yield key, record.flight

    if isinstance(report.destination, str) and len(left) > 1:
        keep(
            "destination", [k for k, flight in flights() if flight.destination == report.destination] or left
        )
    if about is not None:
        days = {key: stated_day(records[key]) for key in left}
        keep("planned arrival", _planned_so(list(flights()), report, about, days))
    elif stated is not None:
        days = {key: stated_day(records[key]) for key in left}
        keep("UTC day", _of_day(list(flights()), stated, report, days))
    if not left:
        # If its own key is that of another day's flight, the other date that this day may be at the origin is free.
        free = [key for key in found if records.get(key) is None]
        return ([own] if own in free else free[:1]), "designator"
    if len(left) > 1 and isinstance(report.registration, str):
        keep("registration", [key for key, flight in flights() if same_aircraft(report, flight)] or left)
    if len(left) > 1 and (nearest := _nearest(left, report, records)) is not None:
        keep("nearest in time", [nearest])
    return left, " + ".join(reasons)


def _of_day(
    flights: Sequence[tuple[FlightKey, Flight]],
    stated: Day,
    report: Report,
    days: Mapping[FlightKey, Day | None],
) -> list[FlightKey]:
    """Return the flights of that operating day: by the first plan or the day stated before, else by the present plan.

    `days` are the UTC days from which dates were made: a flight of another of them is not meant.

    If there is none, the source may count days by the origin's calendar, or name the day on which the first leg began;
    then the times have to agree as well.
    """
    said = next(departure_times(report), None)
    flights = [(key, flight) for key, flight in flights if days[key] in (None, stated)]
    tests: tuple[Callable[[FlightKey, Flight], bool], ...] = (
        lambda _, flight: _first_planned(flight) == stated,
        lambda key, _: days[key] == stated,
        lambda _, flight: _unplanned(flight, stated, said, exactly=True),
        lambda _, flight: _unplanned(flight, stated, said, exactly=False),
        lambda _, flight: _utc_day(flight.departure.scheduled) == stated,
        lambda key, flight: (key.date == stated or report.origin is UNSET) and _gap(report, flight) <= NEAR,
    )
    for agrees in tests:
        if kept := [key for key, flight in flights if agrees(key, flight)]:
            return kept
    return []


def _first_planned(flight: Flight) -> Day | None:
    """Return the UTC day on which a flight was first planned to leave."""
    return _utc_day(flight.departure.first_scheduled or flight.departure.scheduled)


def _unplanned(flight: Flight, stated: Day, said: datetime | None, *, exactly: bool) -> bool:
    """Return whether an unplanned flight's date is made from that UTC day: it leaves on it `exactly`, or later.

    It may also leave a little early. Either way `said`, the departure in the report, must be of the same day.
    """
    time = flight.departure.estimated or flight.departure.actual or flight.takeoff.estimated
    time = time or flight.takeoff.actual or _plan(flight)
    if flight.departure.scheduled is not None:
        return False
    if time is None:
        return exactly and flight.date == stated
    leaves = time.astimezone(UTC).date()
    if exactly != (leaves == stated) or (leaves < stated and (time + EARLY).astimezone(UTC).date() < stated):
        return False
    if not exactly and said is not None and abs(said - time) > (NEAR if leaves < stated else HALF_A_DAY):
        return False
    return day_at_origin(stated, time, flight.origin) == flight.date


def day_at_origin(stated: Day, time: datetime | None, origin: str) -> Day:
    """Return the date at the origin of a flight of the UTC day `stated` that left, or is to leave, at `time`.

    The time does not overrule the day: a flight that left days later has the date stated, since its planned hour is not
    known.
    """
    where = airport(origin)
    if time is None or where is None or time.astimezone(UTC).date() > stated:
        return stated
    first = datetime(stated.year, stated.month, stated.day, tzinfo=UTC)
    return max(time, first).astimezone(where.tz).date()


def _planned_so(
    flights: Sequence[tuple[FlightKey, Flight]],
    report: Report,
    about: datetime,
    days: Mapping[FlightKey, Day | None],
) -> list[FlightKey]:
    """Return the flights with the nearest planned arrival (else departure), less than half a day away."""
    arrival = None if report.arrival is UNSET else report.arrival.scheduled
    away: list[tuple[timedelta, FlightKey]] = []
    for key, flight in flights:
        stated = days[key]
        plans = [flight.arrival.first_scheduled, flight.arrival.scheduled]
        gaps = [abs(arrival - plan) for plan in plans if plan is not None and isinstance(arrival, datetime)]
        if not gaps:
            time = flight.departure.first_scheduled or flight.departure.scheduled
            if time is not None:
                gaps = [abs(about - time)]
            else:
                day = date_at(about, key.origin) or about.date()
                gaps = [abs(day - key.date) if stated is None else _beyond(about, stated)]
        away.append((min(gaps), key))
    best = min(away, default=None)
    if best is None or best[0] > HALF_A_DAY:
        return []
    return [key for gap, key in away if gap == best[0]]


def _beyond(time: datetime, day: Day) -> timedelta:
    """Return how far the time lies outside that UTC day."""
    first = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return max(first - time, time - (first + timedelta(days=1)), timedelta(0))


def same_aircraft(report: Report, flight: Flight) -> bool:
    """Return whether both name the same registration, however it is spelled."""
    plain = _plain(report.registration)
    return plain is not None and plain == _plain(flight.registration)


def _plain(registration: object) -> str | None:
    return registration.replace("-", "") if isinstance(registration, str) else None


def _nearest(keys: Sequence[FlightKey], report: Report, records: Records) -> FlightKey | None:
    """Return the only flight with a schedule near the reported times, if there is exactly one."""
    away: list[tuple[timedelta, FlightKey]] = []
    for key in keys:
        record = records.get(key)
        if record is not None and (gap := _gap(report, record.flight)) < timedelta.max:
            away.append((gap, key))
    away.sort()
    if len(away) == len(keys) and away[0][0] <= NEAR and away[1][0] > 2 * NEAR:
        return away[0][1]
    return None


def _gap(report: Report, flight: Flight) -> timedelta:
    """Return how near the reported times come to the flight's plan."""
    return min((abs(said - known) for said, known in _pairs(report, flight)), default=timedelta.max)


def _pairs(report: Report, flight: Flight) -> Iterator[tuple[datetime, datetime]]:
    if flight.departure.scheduled is not None:
        for time in departure_times(report):
            yield time, flight.departure.scheduled
    if flight.arrival.scheduled is not None:
        for part in (report.landing, report.arrival):
            for name in ("scheduled", "estimated", "actual"):
                said = getattr(part, name, None)
                if isinstance(said, datetime):
                    yield said, flight.arrival.scheduled


def _utc_day(time: datetime | None) -> Day | None:
    return None if time is None else time.astimezone(UTC).date()

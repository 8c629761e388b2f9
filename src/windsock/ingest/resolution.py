"""Find the flight that a report means, by its number, another name, or a feed's hints. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from datetime import date as Day
from types import MappingProxyType

import msgspec
from msgspec import UNSET

from windsock.errors import AmbiguousFlight, UnknownFlight
from windsock.flights import Designator, FlightKey, FlightRecord, Report
from windsock.flights.airports import airport
from windsock.ingest.agreement import (
    day_at_origin,
    departure_times,
    fits_destination,
    on_its_date,
    on_its_day,
    same_aircraft,
    scheduled_departure,
)
from windsock.ingest.provisional import days_at

Name = tuple[Designator, Day]


class Names:
    """The existing flights, and the flights with each number on each date: from the journal, plus this batch's changes.

    `flights` are those among the reports' own keys that exist; `known` are the flights with the names of the others.
    """

    def __init__(
        self, flights: Iterable[FlightKey] = (), known: dict[Name, list[FlightKey]] | None = None
    ) -> None:
        self._flights = set(flights)
        self._keys = {name: set(keys) for name, keys in (known or {}).items()}

    def __contains__(self, key: FlightKey | None) -> bool:
        return key in self._flights

    def know(self, known: dict[Name, list[FlightKey]]) -> None:
        """Add the flights with these names."""
        for name, keys in known.items():
            self._keys.setdefault(name, set()).update(keys)

    def add(self, flights: Iterable[FlightKey]) -> None:
        """Add existing flights."""
        self._flights.update(flights)

    def bearers(self, names: Iterable[Name]) -> list[FlightKey]:
        """Return the flights with any of the names, sorted."""
        found = [keys for name in names if (keys := self._keys.get(name))]
        if len(found) == 1 and len(found[0]) == 1:
            return list(found[0])  # nearly always, so avoid sorting
        return sorted(set().union(*found))

    def forget(self, key: FlightKey) -> None:
        """Remove a flight that turned out to be another one."""
        self._flights.discard(key)
        for keys in self._keys.values():
            keys.discard(key)

    def learn(self, record: FlightRecord) -> None:
        """Add the names of a flight that this batch added or changed."""
        key = record.key
        self._flights.add(key)
        self._keys.setdefault((key.designator, key.date), set()).add(key)
        former = (id.partition(".")[0] for id in record.flight.former_ids)
        for codeshare in (*record.flight.codeshares, *former):
            self._keys.setdefault((Designator.parse(codeshare, key.date), key.date), set()).add(key)


class Hints(msgspec.Struct, frozen=True, gc=False):
    """What a feed knows about its flight beyond the report's own fields.

    `utc_day` is the operating day that the source states, in UTC, for sources that do not know the calendar at the
    origin. `about` is when the flight is planned to leave, computed from its planned arrival: an estimate, accurate to
    an hour or two. `callsign` and `names` are other names of the flight. Only reports with hints may be matched by
    their route, aircraft and times: a person who writes a report by hand is asked which flight is meant.
    """

    utc_day: Day | None = None
    callsign: str | None = None
    about: datetime | None = None
    names: tuple[str, ...] = ()


class Match(msgspec.Struct, frozen=True, gc=False):
    """The flight that a report means, and how it was recognized, in words for people."""

    key: FlightKey
    reason: str


_DAY = timedelta(days=1)


def names_of(report: Report, received_at: datetime, hints: Hints | None = None) -> Iterator[Name]:
    """Yield the names under which the report's flight may be known.

    Without a date, those of the day it arrived (or that of the hints), the day before and the day after, which covers
    every time zone. A report with a date and an origin, but no planned departure, may also mean a flight of the day
    before or after that was retimed across midnight.
    """
    if report.date is not UNSET:
        day = report.date
        around = report.origin is not UNSET and scheduled_departure(report) is None
    else:
        day, around = received_at.date(), True
        if hints is not None:
            if hints.utc_day is not None:
                day = hints.utc_day
            elif hints.about is not None:
                day = hints.about.date()
    days = (day - _DAY, day, day + _DAY) if around else (day,)
    for on in days:
        yield Designator.parse(report.flight, on), on
    if hints is None or (hints.callsign is None and not hints.names):
        return
    for text in (hints.callsign, *hints.names):
        if text is None:
            continue
        for on in days:
            try:
                yield Designator.parse(text, on), on
            except ValueError:
                break  # a callsign that is not a flight number, such as RYR1JK, names nothing


def with_names(report: Report, key: FlightKey, hints: Hints | None) -> Report:
    """Return the report with every name that its source gives for the flight, besides the flight's own number.

    A source that lists codeshares leaves out the number it uses itself: if that is a codeshare, it is added.
    """
    further = () if hints is None else hints.names
    if not further and (not isinstance(report.codeshares, tuple) or report.designator == key.designator):
        return report
    names: set[str] = set() if not isinstance(report.codeshares, tuple) else set(report.codeshares)
    for text in (report.flight, *further):
        try:
            names.add(str(Designator.parse(text, key.date)))
        except ValueError:
            continue  # an ident that is not a flight number, such as a registration, names nothing
    names.discard(str(key.designator))
    if names == set(report.codeshares or ()):
        return report
    return msgspec.structs.replace(report, codeshares=tuple(sorted(names)))


def sold_as(report: Report, key: FlightKey, hints: Hints | None = None) -> Iterator[FlightKey]:
    """Yield the keys that the flight `key` would have under the other names that the report gives for it."""
    names = report.codeshares if isinstance(report.codeshares, tuple) else ()
    for text in (*names, *(() if hints is None else hints.names)):
        try:
            designator = Designator.parse(text, key.date)
        except ValueError:
            continue
        if designator != key.designator:
            yield FlightKey.of(designator, key.date, key.origin)


def check_same_leg(report: Report, record: FlightRecord) -> None:
    """Raise AmbiguousFlight if the report plans another leg of the same number from the same origin on the same date.

    One id cannot stand for two flights. A flight with a new destination keeps its plan, or nearly so; a flight to
    another destination at another hour is another flight.
    """
    flight, destination = record.flight, report.destination
    if not isinstance(destination, str) or flight.destination in (None, destination):
        return
    known, said = flight.departure.scheduled, scheduled_departure(report)
    if said is None and report.departure is not UNSET and isinstance(report.departure.actual, datetime):
        known, said = flight.departure.actual, report.departure.actual
    if known is None or said is None or abs(said - known) <= REROUTED or destination == flight.diverted_to:
        return
    raise AmbiguousFlight(
        f"{flight.id} is the flight to {flight.destination} at {known:%Y-%m-%d %H:%MZ}; this report is about a flight "
        f"to {destination} at {said:%H:%MZ}. One id cannot stand for two flights. Report the second one under a "
        f"number of its own, such as {flight.designator}{'A' if flight.suffix is None else ''}.",
        field="destination",
        value=destination,
        expected=flight.destination,
        candidates=[flight.id],
    )


REROUTED = timedelta(hours=1)
"""A flight whose destination is corrected may be planned anew by this much; a second flight follows the turnaround of
the first, which takes longer."""


def neighbours(report: Report, own: FlightKey | None) -> tuple[FlightKey, ...]:
    """Return the flights of the days around that a report may mean, if they were retimed or are late.

    A flight of 23:50 that leaves at 00:20 instead keeps its date, but a source may call it by the new one.
    """
    if own is None or (where := airport(own.origin)) is None:
        return ()
    scheduled = scheduled_departure(report)
    if scheduled is None:
        leaves = next(departure_times(report), None)
        local = None if leaves is None else leaves.astimezone(where.tz)
        if local is None or local.date() != own.date or _SMALL_HOURS <= local.hour < _LATE:
            return ()
        on = own.date + (_DAY if local.hour >= _LATE else -_DAY)
        return (FlightKey(own.carrier, own.number, own.suffix, on, own.origin),)
    local = scheduled.astimezone(where.tz)
    day = local.date()
    found = []
    if day != own.date:
        found.append(day)
    utc = scheduled.astimezone(UTC).date()
    if (local.hour < _FORENOON or utc < day) and day - _DAY != own.date:
        found.append(day - _DAY)
    elif (local.hour >= _EVENING or utc > day) and day + _DAY != own.date:
        found.append(day + _DAY)
    return tuple(FlightKey(own.carrier, own.number, own.suffix, on, own.origin) for on in found)


def late_neighbour(report: Report, own: FlightKey | None) -> FlightKey | None:
    """Return the next day's flight for a plan before the evening in a zone ahead of UTC, which `neighbours` leaves out.

    Such a flight, known only by its UTC day, has the next date if it left after midnight, many hours late, while that
    UTC day lasted.
    """
    if own is None or (scheduled := scheduled_departure(report)) is None:
        return None
    if (where := airport(own.origin)) is None:
        return None
    local = scheduled.astimezone(where.tz)
    offset = local.utcoffset()
    if local.hour >= _EVENING or not offset or offset < timedelta(0):
        return None
    if not local.date() == own.date == scheduled.astimezone(UTC).date():
        return None
    return FlightKey(own.carrier, own.number, own.suffix, own.date + _DAY, own.origin)


_FORENOON, _EVENING = 12, 18
"""A flight that is planned before this hour may be yesterday's, put off overnight; from that hour on, tomorrow's
brought forward. Flights are put off much further than they are brought forward."""

_SMALL_HOURS, _LATE = 6, 22
"""Without a plan, a departure before this hour may be of a flight of the evening before; from the second hour on, of a
flight of the next morning. In between, where most flights leave, the days around are not considered."""


def candidates(
    report: Report,
    received_at: datetime,
    names: Names,
    own: FlightKey | None,
    hints: Hints | None = None,
    near: Sequence[FlightKey] = (),
) -> list[FlightKey]:
    """Return the flights that the report may mean, or the one it would add if it has enough data and may mean none.

    `near` are its `neighbours`.
    """
    around = [key for key in near if key in names] if near else []
    if own is not None and own in names and report.date is not UNSET:
        return [own, *around]
    found = names.bearers(names_of(report, received_at, hints))
    if report.origin is not UNSET:
        found = [key for key in found if key.origin == report.origin]
    found += [key for key in around if key not in found]
    if own is not None and own not in found and all(key.date != report.date for key in found):
        found.append(own)
    if own is not None and own in names and hints is not None and hints.utc_day is not None:
        for day in days_at(own.origin, hints.utc_day):
            key = FlightKey.of(Designator.parse(report.flight, day), day, own.origin)
            if key not in found:
                found.append(key)
    return found


def own_key(report: Report, hints: Hints | None = None) -> FlightKey | None:
    """Return the key under which the report itself would add a flight, if it has enough data.

    With hints the date is that of the planned departure by the clocks of the origin. Where no plan is given, the
    operating day that the source states is not overruled by an actual time, which may be days later.
    """
    if report.origin is UNSET:
        return None
    if report.date is not UNSET:
        return FlightKey.of(report.designator, report.date, report.origin)
    if hints is None or (hints.utc_day is None and hints.about is None):
        return None
    day = _local_day(report, report.origin, hints)
    return FlightKey.of(Designator.parse(report.flight, day), day, report.origin)


def _local_day(report: Report, origin: str, hints: Hints) -> Day:
    time, stated = scheduled_departure(report), hints.utc_day
    if time is None and hints.about is not None:
        time = hints.about
        if stated is not None:
            first = datetime(stated.year, stated.month, stated.day, tzinfo=UTC)
            time = min(max(time, first), first + _DAY - timedelta(minutes=1))
    if time is None and stated is not None:
        return day_at_origin(stated, next(departure_times(report), None), origin)
    assert time is not None
    where = airport(origin)
    if where is None:
        return stated or time.date()
    return time.astimezone(where.tz).date()


def _elsewhere(report: Report, record: FlightRecord | None) -> bool:
    """Return whether a report is about an arrival where the flight does not go, perhaps of another aircraft.

    A garbled or mistyped flight number looks like this. So does a diversion, but then the aircraft is the same one.
    """
    if record is None or report.origin is not UNSET or not isinstance(report.destination, str):
        return False
    flight = record.flight
    if flight.destination is None or report.destination in (flight.destination, flight.diverted_to):
        return False
    return not same_aircraft(report, flight)


def resolve(
    report: Report,
    received_at: datetime,
    names: Names,
    own: FlightKey | None,
    hints: Hints | None = None,
    records: Mapping[FlightKey, FlightRecord | None] = MappingProxyType({}),
    near: Sequence[FlightKey] = (),
) -> Match:
    """Return the flight that the report means, existing or new; `own` is the report's own key, if it has enough data.

    `records` are the known flights, with which the report is compared.

    Raises:
        AmbiguousFlight: Several flights fit; it lists the candidates.
        UnknownFlight: No flight fits, and the report has too little data to add one; it names what is missing.
    """
    found = candidates(report, received_at, names, own, hints, near)
    reason = "designator"
    if report.date is not UNSET and (len(found) > 1 or (found and found[0] != own)):
        found = on_its_date(found, report, own, records)
        if hints is None and len(found) > 1:
            found = fits_destination(found, report, records)
    if hints is not None and (report.date is UNSET or len(found) > 1):
        found, reason = on_its_day(found, report, hints.utc_day, hints.about, own, records)
    if len(found) == 1:
        key = found[0]
        if key == own:
            if records.get(key) is None:
                _check_new(report, received_at, hints)
            return Match(key, "date and origin" if report.date is not UNSET else "origin and times")
        if hints is not None and _elsewhere(report, records.get(key)):
            raise AmbiguousFlight(
                f"{report.flight} may be {key}, but that flight does not go to {report.destination}, and nothing "
                "indicates that it is the same aircraft.",
                field="destination",
                expected="the flight that is meant",
                candidates=[str(key)],
            )
        if report.date is not UNSET and key.date != report.date:
            return Match(key, "retimed across midnight")
        if key.designator != report.designator:
            reason = reason.replace("designator", "codeshare or callsign", 1)
        return Match(key, reason)
    if found:
        ids = [str(key) for key in found]
        missing = "date" if report.date is UNSET else "origin"
        raise AmbiguousFlight(
            f"{report.flight} may be any of {len(ids)} flights: {', '.join(ids[:5])}{' …' if len(ids) > 5 else ''}. "
            f"Send the report again with the {'`date` (and `origin`)' if missing == 'date' else '`origin`'} of one.",
            field=missing,
            expected=f"the {missing} of one of the candidates",
            candidates=ids,
        )
    missing_fields = [name for name in ("date", "origin") if getattr(report, name) is UNSET]
    on = "" if report.date is UNSET else f" of {report.date}"
    raise UnknownFlight(
        f"No flight {report.flight}{on} is known, and the report cannot add one without "
        f"{' and '.join(f'`{name}`' for name in missing_fields)}.",
        field=missing_fields[0],
        expected="the date of departure at the origin, such as 2015-01-02"
        if missing_fields[0] == "date"
        else "the airport it departs from, such as ATL",
    )


FROM_SENDING = timedelta(days=7)
"""An operating day further than this from the time of sending is more likely a misprint than a flight: the longest
delays seen are four days, and telexes about coming flights are sent the day before."""


def _check_new(report: Report, received_at: datetime, hints: Hints | None) -> None:
    """Raise UnknownFlight if the report would add a flight on a day far from the time it was sent."""
    if hints is None or hints.utc_day is None or not isinstance(report.observed_at, datetime):
        return
    if scheduled_departure(report) is not None:
        return  # a schedule may be of any day
    noon = datetime.combine(hints.utc_day, datetime.min.time(), UTC) + timedelta(hours=12)
    away = noon - report.observed_at
    if abs(away) > FROM_SENDING:
        raise UnknownFlight(
            f"{report.flight} of {hints.utc_day} is not known, and that day is {abs(away).days} days "
            f"{'after' if away > timedelta(0) else 'before'} the report was sent ({report.observed_at:%Y-%m-%d}), "
            "which looks like a misprint. Assign it to the right flight, or add the flight first.",
            field="date",
            expected=f"an operating day within {FROM_SENDING.days} days of the sending",
        )

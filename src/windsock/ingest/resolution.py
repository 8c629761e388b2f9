"""Which flight a report speaks of: by its number, by another name, by what a feed knows; or not clear. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from datetime import date as Day
from types import MappingProxyType

import msgspec
from msgspec import UNSET

from windsock.errors import AmbiguousFlight, UnknownFlight
from windsock.flights import Designator, Flight, FlightKey, FlightRecord, Report
from windsock.flights.airports import airport

Name = tuple[Designator, Day]


class Names:
    """Which flights there are, and who bears which number on which date: as the journal knows it, and as this batch has
    changed it so far.

    `flights` are those among the reports' own keys that exist; `known` who bears the names of the others.
    """

    def __init__(
        self, flights: Iterable[FlightKey] = (), known: dict[Name, list[FlightKey]] | None = None
    ) -> None:
        self._flights = set(flights)
        self._keys = {name: set(keys) for name, keys in (known or {}).items()}

    def __contains__(self, key: FlightKey | None) -> bool:
        return key in self._flights

    def know(self, known: dict[Name, list[FlightKey]]) -> None:
        """Adds who bears these names."""
        for name, keys in known.items():
            self._keys.setdefault(name, set()).update(keys)

    def bearers(self, names: Iterable[Name]) -> list[FlightKey]:
        """The flights that bear any of the names, sorted."""
        found = [self._keys[name] for name in names if name in self._keys]
        if len(found) == 1 and len(found[0]) == 1:
            return list(found[0])  # nearly always, so it is worth not sorting
        return sorted(set().union(*found))

    def learn(self, record: FlightRecord) -> None:
        """Takes in the names of a flight that this batch added or changed."""
        key = record.key
        self._flights.add(key)
        self._keys.setdefault((key.designator, key.date), set()).add(key)
        for codeshare in record.flight.codeshares:
            self._keys.setdefault((Designator.parse(codeshare, key.date), key.date), set()).add(key)


class Hints(msgspec.Struct, frozen=True, gc=False):
    """What a feed knows of the flight it means beyond the report's own fields.

    `utc_day` is the day of the scheduled departure in UTC, for sources that do not know the calendar at the origin;
    `callsign` another name of the flight (ICAO). Only reports with hints may be matched by their route, aircraft and
    times: who writes a report by hand is asked which flight is meant.
    """

    utc_day: Day | None = None
    callsign: str | None = None


class Match(msgspec.Struct, frozen=True, gc=False):
    """The flight that a report means, and by what it was recognised, in words for people."""

    key: FlightKey
    reason: str


def names_of(report: Report, received_at: datetime, hints: Hints | None = None) -> Iterator[Name]:
    """The names under which the report's flight may be known.

    Without a date, those of the day it came (or the UTC day of the hints), the day before and the day after: so it is
    everywhere on earth.
    """
    designators = [report.flight]
    if hints is not None and hints.callsign is not None:
        designators.append(hints.callsign)
    if report.date is not UNSET:
        days: tuple[Day, ...] = (report.date,)
    else:
        today = hints.utc_day if hints is not None and hints.utc_day is not None else received_at.date()
        days = (today - timedelta(days=1), today, today + timedelta(days=1))
    for text in designators:
        for day in days:
            try:
                designator = Designator.parse(text, day)
            except ValueError:
                break  # a callsign need not be a flight number, as RYR1JK: then it names nothing
            yield designator, day


def candidates(
    report: Report, received_at: datetime, names: Names, own: FlightKey | None, hints: Hints | None = None
) -> list[FlightKey]:
    """The flights the report may mean; the one it would add if there are none and it says enough; else nothing."""
    if own is not None and own in names and (hints is None or report.date is not UNSET):
        return [own]  # with hints alone the date is an inference, which other flights may fit better
    found = names.bearers(names_of(report, received_at, hints))
    if report.origin is not UNSET:
        found = [key for key in found if key.origin == report.origin]
    return found or ([own] if own else [])


def own_key(report: Report, hints: Hints | None = None) -> FlightKey | None:
    """The key under which the report itself would add a flight, if it says enough for one.

    With hints the date is that of its earliest departure time by the clocks of the origin, else the UTC day.
    """
    if report.origin is UNSET:
        return None
    if report.date is not UNSET:
        return FlightKey.of(report.designator, report.date, report.origin)
    if hints is None or hints.utc_day is None:
        return None
    time = next(_departure_times(report), None)
    where = airport(report.origin)
    day = hints.utc_day if time is None or where is None else time.astimezone(where.tz).date()
    return FlightKey.of(Designator.parse(report.flight, day), day, report.origin)


def _departure_times(report: Report) -> Iterator[datetime]:
    """Scheduled, estimated and actual off-block time, then take-off's, as far as they are said."""
    for part in (report.departure, report.takeoff):
        for name in ("scheduled", "estimated", "actual"):
            time = getattr(part, name, None)
            if isinstance(time, datetime):
                yield time


def narrowed(
    found: Sequence[FlightKey],
    report: Report,
    hints: Hints,
    records: Mapping[FlightKey, FlightRecord | None],
) -> tuple[list[FlightKey], str]:
    """Those of `found` that agree best with what a feed says of route, aircraft and times, and by what.

    Each test only counts if somebody passes it: a source that is wrong about the gate's tail number must not lose its
    report. What is left may still be several.
    """
    reasons = ["designator"]
    left = list(found)
    tests: list[tuple[str, Callable[[Flight], bool]]] = []
    if isinstance(report.destination, str):
        tests.append(("destination", lambda flight: flight.destination == report.destination))
    if hints.utc_day is not None:
        tests.append(("UTC day", lambda flight: _utc_day(flight) == hints.utc_day))
    if isinstance(report.registration, str):
        tests.append(
            ("registration", lambda flight: _plain(flight.registration) == _plain(report.registration))
        )
    for reason, agrees in tests:
        if len(left) == 1:
            break
        kept = [key for key in left if (record := records.get(key)) is not None and agrees(record.flight)]
        if kept and len(kept) < len(left):
            left = kept
            reasons.append(reason)
    if len(left) > 1 and (nearest := _nearest(left, report, records)) is not None:
        left = [nearest]
        reasons.append("nearest in time")
    return left, " + ".join(reasons)


def _elsewhere(report: Report, record: FlightRecord | None) -> bool:
    """Whether a report tells of an arrival at an airport to which the flight does not go, by another aircraft perhaps.

    A garbled or mistyped flight number looks like this. So does a diversion, but then the aircraft is the same one.
    """
    if record is None or report.origin is not UNSET or not isinstance(report.destination, str):
        return False
    flight = record.flight
    if flight.destination is None or report.destination in (flight.destination, flight.diverted_to):
        return False
    return _plain(report.registration) is None or _plain(report.registration) != _plain(flight.registration)


NEAR = timedelta(hours=3)
"""A movement this far from the schedule is still that flight's, unless another one is about as near."""


def _nearest(
    keys: Sequence[FlightKey], report: Report, records: Mapping[FlightKey, FlightRecord | None]
) -> FlightKey | None:
    """The one flight whose schedule is near the times reported while no other's is, if there is one."""
    away: list[tuple[timedelta, FlightKey]] = []
    for key in keys:
        record = records.get(key)
        if record is None:
            continue
        gaps = [abs(said - known) for said, known in _pairs(report, record.flight)]
        if gaps:
            away.append((min(gaps), key))
    away.sort()
    if len(away) == len(keys) and away[0][0] <= NEAR and away[1][0] > 2 * NEAR:
        return away[0][1]
    return None


def _pairs(report: Report, flight: Flight) -> Iterator[tuple[datetime, datetime]]:
    if flight.departure.scheduled is not None:
        for time in _departure_times(report):
            yield time, flight.departure.scheduled
    if flight.arrival.scheduled is not None:
        for part in (report.landing, report.arrival):
            for name in ("scheduled", "estimated", "actual"):
                said = getattr(part, name, None)
                if isinstance(said, datetime):
                    yield said, flight.arrival.scheduled


def _utc_day(flight: Flight) -> Day | None:
    time = flight.departure.scheduled or flight.departure.estimated or flight.departure.actual
    return None if time is None else time.astimezone(UTC).date()


def _plain(registration: object) -> str | None:
    return registration.replace("-", "") if isinstance(registration, str) else None


def resolve(
    report: Report,
    received_at: datetime,
    names: Names,
    own: FlightKey | None,
    hints: Hints | None = None,
    records: Mapping[FlightKey, FlightRecord | None] = MappingProxyType({}),
) -> Match:
    """The flight the report means, existing or to be added; `own` is its own key, where it says enough for one.

    `records` are the flights as known, which reports with hints are compared with. Raises AmbiguousFlight with the
    candidates, or UnknownFlight naming what is missing.
    """
    found = candidates(report, received_at, names, own, hints)
    reason = "designator"
    if hints is not None and len(found) > 1:
        found, reason = narrowed(found, report, hints, records)
    if len(found) == 1:
        key = found[0]
        if key == own:
            return Match(key, "date and origin" if report.date is not UNSET else "origin and times")
        if hints is not None and _elsewhere(report, records.get(key)):
            raise AmbiguousFlight(
                f"{report.flight} may be {key}, but that flight goes to another airport than {report.destination}, "
                "and nothing says that it is the same aircraft.",
                field="destination",
                expected="the flight that is meant",
                candidates=[str(key)],
            )
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
        f"No flight {report.flight}{on} is known, and without {' and '.join(f'`{name}`' for name in missing_fields)} "
        "the report says too little to add it.",
        field=missing_fields[0],
        expected="the date of departure at the origin, like 2015-01-02"
        if missing_fields[0] == "date"
        else "the airport it departs from, like ATL",
    )

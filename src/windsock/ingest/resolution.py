"""Which flight a report speaks of: by its own number, by a codeshare's, or not clear. Never guessed. Pure."""

from collections.abc import Iterable, Iterator
from datetime import date as Day
from datetime import datetime, timedelta

from msgspec import UNSET

from windsock.errors import AmbiguousFlight, UnknownFlight
from windsock.flights import Designator, FlightKey, FlightRecord, Report

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


def names_of(report: Report, received_at: datetime) -> Iterator[Name]:
    """The names under which the report's flight may be known.

    Without a date, those of the day it came, the day before and the day after (UTC, and so everywhere on earth).
    """
    if report.date is not UNSET:
        yield report.designator, report.date
        return
    today = received_at.date()
    for day in (today - timedelta(days=1), today, today + timedelta(days=1)):
        yield Designator.parse(report.flight, day), day


def candidates(report: Report, received_at: datetime, names: Names, own: FlightKey | None) -> list[FlightKey]:
    """The flights the report may mean; the one it would add if there are none and it says enough; else nothing."""
    if own is not None and own in names:
        return [own]
    found = names.bearers(names_of(report, received_at))
    if report.origin is UNSET:
        return found
    found = [key for key in found if key.origin == report.origin]
    return found or ([own] if own else [])


def own_key(report: Report) -> FlightKey | None:
    """The key under which the report itself would add a flight, if it says enough for one."""
    if report.date is UNSET or report.origin is UNSET:
        return None
    return FlightKey.of(report.designator, report.date, report.origin)


def resolve(report: Report, received_at: datetime, names: Names, own: FlightKey | None) -> FlightKey:
    """The flight the report means, existing or to be added; `own` is its own key, where it says enough for one.

    Raises AmbiguousFlight with the candidates, or UnknownFlight naming what is missing.
    """
    found = candidates(report, received_at, names, own)
    if len(found) == 1:
        return found[0]
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

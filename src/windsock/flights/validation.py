"""From what the world sends to a Report, or an error that says which field, what was given and what would be right.

The codes of InvalidReport, stable for machines:

    not_an_object          the report is not a JSON object
    unknown_field          no such field; says which one may have been meant
    missing_field          `flight` is not there
    wrong_type             a number where text is needed, text where a time is needed, …
    empty                  an empty string or list entry
    too_long               more characters or entries than the field takes
    unprintable            control characters or the like
    bad_designator         not a flight number
    bad_flight_id          not a flight id
    contradiction          two fields say different things
    unknown_airport        no such airport
    bad_date               not a date like 2015-01-02
    impossible_date        no such calendar date
    bad_time               not a time like 2015-01-02T13:55:00Z
    impossible_time        a time that no clock shows
    local_time_without_airport  a time without offset, and no airport to take the zone from
    local_time_in_gap      the clocks were put forward over it
    local_time_ambiguous   the clocks were put back over it: it came twice
    implausible_time       days away from the flight's date
    times_out_of_order     it would arrive before it leaves
    actual_in_future       something that happened, later than now
    observed_in_future     `observed_at` later than now
    out_of_range           a number too small or too great
    bad_registration       not an aircraft registration
    unknown_status         not a milestone that can be stated
    unknown_scheme         not a scheme of delay codes
    bad_code               not a code of its scheme
    reserved_source        only Windsock itself speaks as "windsock.…"
    reserved_field         only Windsock itself may fill it in
    says_nothing           nothing but the flight's name
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import UNSET

from windsock.errors import InvalidReport
from windsock.flights import airports, delay_codes
from windsock.flights.delay import minutes_between
from windsock.flights.facts import assertions
from windsock.flights.fieldnames import meant_field
from windsock.flights.fields import BY_PATH, MILESTONES, SIDES, SINGLE, TIMES, Value
from windsock.flights.identity import Designator, FlightKey
from windsock.flights.own_sources import check_fields
from windsock.flights.report import ArrivalReport, DepartureReport, Reason, Report, RunwayReport
from windsock.flights.sources import MAX_LENGTH, is_own
from windsock.flights.values import TEXT_LENGTH, ValueReader, clean, fault, shown, utc

# Sources cut or round to the minute, each milestone its own way.
ORDER_SLACK = timedelta(minutes=5)

_MOST_CODESHARES = 30
_MOST_REASONS = 10
_REGISTRATION = re.compile(r"[A-Z0-9][A-Z0-9\-]*[A-Z0-9]", re.ASCII)

_RETIMED_DAYS = 2
"""A flight keeps its date when it is retimed, across midnight and a date line at most."""

_FIELDS = tuple(Report.__struct_fields__)
_FIELD_SET = frozenset(_FIELDS)


def parse_report(data: object, *, source: str | None, now: datetime, trusted: bool = False) -> Report:
    """Return the report in `data` (decoded JSON); raise InvalidReport and nothing else.

    Codes become canonical, times UTC. A time without an offset is read by the clocks of its airport: departure and
    take-off at the origin, landing and arrival at the destination. `flight` may also be a whole flight id. `source`
    counts where the report names none. Only a `trusted` caller may speak as "windsock.…". The first error found is
    the one raised; fields are looked at in the order of the report's shape.
    """
    if not isinstance(data, Mapping):
        raise fault(
            "not_an_object",
            f"a report is a JSON object, not {shown(data)}",
            None,
            data,
            'an object like {"flight": …}',
        )
    return _Reader(data, now, trusted).report(source)


class _Reader(ValueReader):
    """One report being read."""

    def __init__(self, data: Mapping[Any, Any], now: datetime, trusted: bool) -> None:
        super().__init__(now)
        self.data, self.trusted = data, trusted
        self.origin: airports.Airport | None = None
        self.destination: airports.Airport | None = None

    def report(self, source: str | None) -> Report:
        data = self.data
        for name in data:
            if name not in _FIELD_SET:
                raise self.unknown(name, "", _FIELDS)
        flight = self.identity()
        values: dict[str, Any] = {"flight": flight, "source": self.source(source)}
        if self.date is not UNSET:
            values["date"] = self.date
        if self.origin is not None:
            values["origin"] = self.origin.code
        observed_at = self.observed_at(data.get("observed_at"))
        if observed_at is not None:
            values["observed_at"] = observed_at
        said = self.said()
        if not said:
            raise fault(
                "says_nothing",
                f"the report names {flight} and says nothing about it",
                None,
                None,
                "at least one field besides flight, date, origin, source and observed_at",
            )
        report = Report(**values, **said)
        self.order(report)
        if self.trusted:  # else both its source and its fields were checked as they were read
            check_fields(report.source, (path for path, _ in assertions(report)))
        return report

    def said(self) -> dict[str, Any]:
        data = self.data
        said: dict[str, Any] = {}
        if "destination" in data:
            self.destination = self.airport("destination", data["destination"])
            said["destination"] = self.destination and self.destination.code
        for name, kind in _PARTS.items():
            if name in data:
                part = self.part(name, data[name])
                if part:
                    said[name] = kind(**part)
        for name, read in _READERS.items():
            if name in data:
                said[name] = None if data[name] is None else read(self, name, data[name])
        return said

    def unknown(self, name: object, prefix: str, known: tuple[str, ...]) -> InvalidReport:
        if not isinstance(name, str):
            return fault("unknown_field", f"field names are text, not {shown(name)}", None, name, None)
        whose = f"{prefix[:-1]} has" if prefix else "a report has"
        meant = meant_field(name, prefix, known)
        hint = f"did you mean {meant!r}?" if meant else f"it may have {', '.join(known)}"
        return fault(
            "unknown_field",
            f"{whose} no field {shown(name)}; {hint}",
            clean(prefix + name),
            self.at(prefix + name),
            meant or "one of " + ", ".join(known),
        )

    def at(self, path: str) -> object:
        value: object = self.data
        for name in path.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        return value

    # Who the flight is

    def identity(self) -> str:
        data = self.data
        if data.get("flight") is None:
            raise fault(
                "missing_field",
                "the report does not say which flight",
                "flight",
                None,
                "a flight number like 'DL1865'",
            )
        text = self.text("flight", data["flight"], 40)
        if "date" in data and data["date"] is not None:
            self.date = self.day("date", data["date"])
        if "origin" in data and data["origin"] is not None:
            self.origin = self.airport("origin", data["origin"])
        if "." in text:
            return self.by_id(text)
        try:
            return str(Designator.parse(text, self.date if self.date is not UNSET else self.now.date()))
        except ValueError as error:
            raise fault(
                "bad_designator", str(error), "flight", text, "a flight number like 'DL1865' or 'DAL1865'"
            ) from None

    def by_id(self, text: str) -> str:
        try:
            key = FlightKey.parse(text)
        except ValueError as error:
            raise fault(
                "bad_flight_id", str(error), "flight", text, "an id like 'DL1865.2015-01-02.ATL'"
            ) from None
        if self.date is not UNSET and self.date != key.date:
            raise self.contradiction("date", key.date.isoformat(), text)
        if self.origin is not None and self.origin.code != key.origin:
            raise self.contradiction("origin", key.origin, text)
        self.date, self.origin = key.date, airports.airport(key.origin)
        return str(key.designator)

    def contradiction(self, field: str, other: str, flight: str) -> InvalidReport:
        given = self.data[field]
        return fault(
            "contradiction",
            f"{field} is {shown(given)}, but flight {flight!r} says {other}",
            field,
            given,
            other,
        )

    def source(self, default: str | None) -> str:
        given = self.data.get("source")
        source = default or "unknown" if given is None else self.text("source", given, MAX_LENGTH)
        if is_own(source) and not self.trusted:
            raise fault(
                "reserved_source",
                f"the source {source!r} is Windsock's own, or looks like it",
                "source",
                given,
                "a name of your own that does not begin with 'windsock.'",
            )
        return source

    # Fields with a shape of their own

    def part(self, name: str, value: object) -> dict[str, Any]:
        if value is None:
            # Erasing a whole side would erase what other fields of it say; which ones are meant must be said.
            raise fault(
                "wrong_type",
                f"{name} is null",
                name,
                None,
                f"an object whose fields are null, or leave {name} out",
            )
        if not isinstance(value, Mapping):
            raise fault(
                "wrong_type",
                f"{name} is {shown(value)}; an object is needed",
                name,
                value,
                f"an object with {', '.join(SIDES[name])}",
            )
        where = self.origin if name in ("departure", "takeoff") else self.destination
        values: dict[str, Any] = {}
        for leaf, given in value.items():
            if leaf not in SIDES[name]:
                raise self.unknown(leaf, f"{name}.", SIDES[name])
            path = f"{name}.{leaf}"
            if given is None:
                values[leaf] = None
            elif path in TIMES:
                values[leaf] = self.moment(path, given, where)
            else:
                values[leaf] = _BY_VALUE[BY_PATH[path].value](self, path, given)
        return values

    def at_origin(self, field: str, value: object) -> datetime:
        return self.moment(field, value, self.origin)

    def aircraft(self, field: str, value: object) -> str:
        text = self.bounded(field, value).upper().replace(" ", "")
        if _REGISTRATION.fullmatch(text) is None:
            raise fault(
                "bad_registration",
                f"{field} is {text!r}, which is not an aircraft registration",
                field,
                value,
                "letters, digits and hyphens, like 'N910DE' or 'D-AIBL'",
            )
        return text

    def codeshares(self, field: str, value: object) -> tuple[str, ...]:
        names = set()
        on = self.date if self.date is not UNSET else self.now.date()
        for index, entry in enumerate(self.entries(field, value, _MOST_CODESHARES, "flight numbers")):
            path = f"{field}[{index}]"
            text = self.text(path, entry, 20)
            try:
                names.add(str(Designator.parse(text, on)))
            except ValueError as error:
                raise fault(
                    "bad_designator", str(error), path, text, "a flight number like 'AF3635'"
                ) from None
        return tuple(sorted(names))

    def reasons(self, field: str, value: object) -> tuple[Reason, ...]:
        return tuple(
            self.reason(f"{field}[{index}]", entry)
            for index, entry in enumerate(self.entries(field, value, _MOST_REASONS, "reasons"))
        )

    def reason(self, path: str, entry: object) -> Reason:
        expected = 'an object like {"scheme": "ahm730", "code": "93", "minutes": 35}'
        if not isinstance(entry, Mapping):
            raise fault("wrong_type", f"{path} is {shown(entry)}; an object is needed", path, entry, expected)
        for name in entry:
            if name not in Reason.__struct_fields__:
                raise self.unknown(name, f"{path}.", Reason.__struct_fields__)
        for name in ("scheme", "code"):
            if entry.get(name) is None:
                raise fault("missing_field", f"{path} has no {name}", f"{path}.{name}", None, expected)
        scheme = self.text(f"{path}.scheme", entry["scheme"], 20).lower()
        if scheme not in delay_codes.SCHEMES:
            raise fault(
                "unknown_scheme",
                f"{path}.scheme is {scheme!r}",
                f"{path}.scheme",
                scheme,
                "one of " + ", ".join(delay_codes.SCHEMES),
            )
        code = self.text(f"{path}.code", entry["code"], TEXT_LENGTH)
        if not delay_codes.well_formed(scheme, code):
            raise fault(
                "bad_code",
                f"{path}.code is {code!r}, which is not a code of the scheme {scheme}",
                f"{path}.code",
                code,
                delay_codes.SHAPES[scheme],
            )
        text, minutes = entry.get("text"), entry.get("minutes")
        return Reason(
            scheme,
            code,
            None if text is None else self.text(f"{path}.text", text, TEXT_LENGTH),
            None if minutes is None else self.minutes(f"{path}.minutes", minutes),
        )

    def other_flight(self, field: str, value: object) -> str:
        text = self.text(field, value, 40)
        try:
            return str(FlightKey.parse(text))
        except ValueError as error:
            raise fault(
                "bad_flight_id", str(error), field, text, "an id like 'DL1865.2015-01-02.ATL'"
            ) from None

    def milestone(self, field: str, value: object) -> str:
        text = self.text(field, value, 40)
        if text not in MILESTONES:
            raise fault(
                "unknown_status",
                f"{field} is {text!r}, which is not a milestone of a flight",
                field,
                value,
                "one of "
                + ", ".join(MILESTONES)
                + "; 'cancelled', 'diverted' and 'boarding' are fields of their own",
            )
        return text

    def overdue(self, field: str, value: object) -> int:
        if not self.trusted:
            raise fault(
                "reserved_field",
                f"{field} is filled in by Windsock's own watch",
                field,
                value,
                "'departure_delay_minutes' or 'arrival_delay_minutes'",
            )
        return self.minutes(field, value)

    def silent(self, field: str, value: object) -> str:
        if not self.trusted:
            raise fault(
                "reserved_field",
                f"{field} is filled in by Windsock's own watch over its feeds",
                field,
                value,
                f"a report without {field}",
            )
        return self.text(field, value, MAX_LENGTH)

    # What the fields say together

    def plan_is_of_its_date(self, report: Report) -> None:
        """Refuse a date that is days away from the scheduled departure: one of the two is of another flight."""
        if report.departure is UNSET or report.date is UNSET or self.origin is None:
            return
        scheduled = report.departure.scheduled
        if not isinstance(scheduled, datetime):
            return
        local = scheduled.astimezone(self.origin.tz).date()
        away = (local - report.date).days
        if abs(away) > _RETIMED_DAYS:
            raise fault(
                "contradiction",
                f"date is {report.date}, but departure.scheduled ({utc(scheduled)}) is on {local} at "
                f"{self.origin.code}, {abs(away)} days {'later' if away > 0 else 'earlier'}",
                "date",
                report.date.isoformat(),
                "the date of the flight as first planned; a flight is retimed by two days at most",
            )

    def order(self, report: Report) -> None:
        self.plan_is_of_its_date(report)
        if report.diverted is False and report.diverted_to is not UNSET and report.diverted_to is not None:
            raise fault(
                "contradiction",
                f"diverted is false, yet diverted_to is {report.diverted_to!r}",
                "diverted_to",
                report.diverted_to,
                "diverted true, or diverted_to null",
            )
        departure, arrival = report.departure, report.arrival
        if departure is not UNSET and arrival is not UNSET:
            start, end = departure.scheduled, arrival.scheduled
            if isinstance(start, datetime) and isinstance(end, datetime) and end <= start:
                raise fault(
                    "times_out_of_order",
                    f"arrival.scheduled ({utc(end)}) is {-minutes_between(start, end)} minutes before "
                    f"departure.scheduled ({utc(start)})",
                    "arrival.scheduled",
                    utc(end),
                    f"a time after {utc(start)}; check the offsets and the day",
                )
        earlier: tuple[str, datetime] | None = None
        for name in SIDES:
            part = getattr(report, name)
            actual = UNSET if part is UNSET else part.actual
            if not isinstance(actual, datetime):
                continue
            if earlier is not None and earlier[1] - actual > ORDER_SLACK:
                raise fault(
                    "times_out_of_order",
                    f"{name}.actual ({utc(actual)}) is before {earlier[0]}.actual ({utc(earlier[1])})",
                    f"{name}.actual",
                    utc(actual),
                    f"a time not before {utc(earlier[1])}; check the offsets and the day",
                )
            earlier = (name, actual)


_PARTS: dict[str, Callable[..., Any]] = {
    "departure": DepartureReport,
    "takeoff": RunwayReport,
    "landing": RunwayReport,
    "arrival": ArrivalReport,
}
_BY_VALUE: dict[Value, Callable[[_Reader, str, object], Any]] = {
    "time": _Reader.at_origin,
    "text": _Reader.bounded,
    "minutes": _Reader.minutes,
    "overdue": _Reader.overdue,
    "truth": _Reader.truth,
    "airport": _Reader.code_of_airport,
    "registration": _Reader.aircraft,
    "designators": _Reader.codeshares,
    "reasons": _Reader.reasons,
    "flight": _Reader.other_flight,
    "milestone": _Reader.milestone,
    "source": _Reader.silent,
}
_READERS = {
    # The destination comes first and by itself: times at the destination are read by its clocks.
    path: _BY_VALUE[BY_PATH[path].value]
    for path in SINGLE
    if path != "destination"
}

"""JSON, NDJSON and CSV of any source, by a mapping file that says which column means which field.

One record is one statement about one flight. A value that cannot be read is a fault and is left out; the rest of the
record is used, unless it is no longer clear which flight it is about.
"""

import dataclasses
from collections.abc import Callable
from datetime import date as Day
from datetime import datetime
from functools import partial
from typing import Any

from windsock.feeds.clocks import days_behind, days_off
from windsock.feeds.generic.mapping import Column, Mapping, in_order, kind_of
from windsock.feeds.generic.records import ABSENT, Record, faulty, missing_columns, records_of
from windsock.feeds.generic.values import UTC_ZONE, day_of, minutes_of, moment_of, told, truth_of
from windsock.feeds.parsing import Fault, Gathering, Parsed
from windsock.feeds.reports import WHO
from windsock.flights.airports import Airport, airport

MAX_BYTES = 50_000_000
"""A day of the whole world's flights, generously counted; larger inputs are better sent in parts."""


def parse(data: bytes, *, received_at: datetime, source: str, mapping: Mapping) -> Parsed:
    """Return everything that the input says by this mapping; raise FeedError if it is not of the mapping's format."""
    gathering = Gathering(received_at, source)
    missing_told = False
    for record in records_of(data, mapping, MAX_BYTES):
        if isinstance(record, Fault):
            gathering.faults.append(record)
            continue
        if not missing_told and record.line is not None:
            missing_told = True
            for name, hint in missing_columns(record, mapping):
                gathering.fault(f"There is no such column{hint}.", line=1, column=name)
        _Reading(record, mapping, gathering).tell()
    return gathering.parsed()


class _Reading:
    """One record being read."""

    def __init__(self, record: Record, mapping: Mapping, gathering: Gathering) -> None:
        self.record, self.mapping, self.gathering = record, mapping, gathering
        self.data: dict[str, Any] = {}
        self.from_column: dict[str, str] = {}
        self.utc_day: Day | None = None
        self.lost = False  # it is no longer certain which flight it is
        self.undated = False  # its scheduled departure was given but could not be read
        self.faults_before = len(gathering.faults)

    def tell(self) -> None:
        flight = self.flight()
        if flight is None:
            return
        self.data["flight"] = flight
        for field, value in self.mapping.constants:
            self.put(field, value)
        word = self.word()
        columns = (*self.mapping.columns, *(() if word is None else word.columns))
        # Airports first, for their clocks; then the times that others are measured by.
        for column in columns:
            if kind_of(column.field) != "time":
                self.column(column)
        if word is not None:
            for field, value in word.fields:
                self.put(field, value)
        for column in in_order(columns):
            self.column(column)
        self.codeshares()
        self.reasons()
        self.flight_date()
        if not self.lost:
            self.say()

    # Values of the record

    def value(self, name: str) -> Any:
        """Return the value of a column: ABSENT if it says nothing, None if it erases."""
        value = self.record.get(name)
        if value is ABSENT:
            return ABSENT
        if isinstance(value, str):
            value = value.strip()
            if "\ufffd" in value:
                self.fault(f"Its bytes are not {self.mapping.encoding}; check `encoding`.", name, value)
                return ABSENT
        if value is None or value == "" or (isinstance(value, str) and value in self.mapping.nothing):
            return None if self.mapping.empty == "null" else ABSENT
        return value

    def text(self, name: str) -> str | None:
        """Return the text of a column; numbers as they are written. None if it is empty."""
        value = self.value(name)
        if value is ABSENT or value is None:
            return None
        try:
            return told(value)
        except ValueError as error:
            self.fault(str(error), name, value)
            return None

    def fault(self, message: str, column: str | None, value: object) -> None:
        self.gathering.faults.append(faulty(self.record, message, column, value))

    def put(self, field: str, value: object) -> None:
        side, _, leaf = field.rpartition(".")
        (self.data.setdefault(side, {}) if side else self.data)[leaf] = value

    def got(self, field: str) -> Any:
        side, _, leaf = field.rpartition(".")
        return (self.data.get(side, {}) if side else self.data).get(leaf)

    # Its parts

    def flight(self) -> str | None:
        names = self.mapping.flight
        if names.designator is not None:
            self.from_column["flight"] = names.designator
            flight = self.text(names.designator)
            if flight is None:
                self.fault("The record does not say which flight it means.", names.designator, None)
            return flight
        number = self.text(names.number or "")
        carrier = names.carrier_is or self.text(names.carrier or "")
        self.from_column["flight"] = names.number or ""
        if number is None or carrier is None:
            lacks = names.number if number is None else names.carrier
            self.fault("The record does not say which flight it means.", lacks, None)
            return None
        return f"{carrier}{number}{(self.text(names.suffix) or '') if names.suffix else ''}"

    def word(self) -> Any:
        status = self.mapping.status
        said = None if status is None else self.text(status.column)
        if status is None or said is None:
            return None
        found = status.words.get(said.upper())
        if found is None and status.others == "fault":
            self.fault(
                f"The mapping has no such word of status; it has {', '.join(status.words)}.",
                status.column,
                said,
            )
        return found

    def column(self, column: Column) -> None:
        value = self.value(column.column)
        if value is ABSENT:
            return
        self.from_column[column.field] = column.column
        if value is None:
            if column.field != "utc_day":
                self.put(column.field, None)
            return
        try:
            value = self.converted(column, value)
        except (ValueError, OverflowError) as error:
            self.fault(str(error), column.column, value)
            self.lost = self.lost or column.field in (*WHO, "utc_day")
            self.undated = self.undated or column.field == "departure.scheduled"
            return
        if value is ABSENT:
            return
        if column.field == "utc_day":
            self.utc_day = value
        else:
            self.put(column.field, value)

    def converted(self, column: Column, value: Any) -> Any:
        """Return the value as a report has it; raise ValueError with the text of a fault."""
        kind = kind_of(column.field)
        if kind == "time":
            return self.time(column, value)
        if kind == "day":
            day = day_of(value, column.rule.format)
            return day if column.field == "utc_day" else day.isoformat()
        if kind == "minutes":
            return minutes_of(value)
        if kind == "truth":
            return truth_of(value)
        return told(value)

    def time(self, column: Column, value: Any) -> Any:
        day = None
        if column.date is not None:
            on = self.value(column.date)
            if on is ABSENT or on is None:
                raise ValueError(f"The column {column.date!r} with its date is empty.")
            day = day_of(on, column.date_format)
        moment = moment_of(value, column.rule, day, self.place(column), self.days_off(column))
        if column.field == "observed_at" and moment > self.gathering.received_at:
            return ABSENT  # its clock is ahead; the receipt counts
        return moment.isoformat().replace("+00:00", "Z")

    def days_off(self, column: Column) -> Callable[[datetime], int] | None:
        """Return the function that dates a time of day by the time that it stands beside."""
        if column.beside is None:
            return None
        beside, reading = column.beside, days_behind if column.behind else days_off
        known = self.got(beside)
        if not isinstance(known, str) and beside == "arrival.scheduled":
            beside, reading = "departure.scheduled", days_behind
            known = self.got(beside)
        if not isinstance(known, str):
            return None
        plan = datetime.fromisoformat(known)
        if self.same_date(column, beside):
            return partial(reading, plan)
        # With a date of its own it may be as late as it says; it is never earlier than flights can be.
        return lambda moment: max(0, reading(plan, moment))

    def same_date(self, column: Column, beside: str) -> bool:
        """Return whether a time of day has the date of the time that it stands beside, and not one of its own."""
        others = [other for other in self.mapping.columns if other.field == beside]
        return any(other.date == column.date or (column.after and other.date is None) for other in others)

    def place(self, column: Column) -> Airport | str | None:
        """Return by which clocks a column's times are: an airport, a zone's name, or None (it needs an offset)."""
        zone = column.rule.zone
        if zone == "airport":
            zone = "destination" if column.field.startswith(("arrival.", "landing.")) else "origin"
        if zone in ("origin", "destination"):
            code = self.data.get(zone)
            found = airport(code) if isinstance(code, str) else None
            if found is None:
                raise ValueError(f"It is local time of the {zone}, and no such airport is known: {code!r}.")
            return found
        return None if zone == "offset" else UTC_ZONE if zone == "utc" else zone

    def codeshares(self) -> None:
        rule = self.mapping.codeshares
        value = ABSENT if rule is None else self.value(rule.column)
        if rule is None or value is ABSENT:
            return
        self.from_column["codeshares"] = rule.column
        if value is None:
            self.data["codeshares"] = None
            return
        names = value if isinstance(value, list) else self._split(rule.column, rule.separator)
        entries = [name.strip() if isinstance(name, str) else name for name in names]
        self.data["codeshares"] = [name for name in entries if name != ""]

    def reasons(self) -> None:
        rule = self.mapping.reasons
        value = ABSENT if rule is None else self.value(rule.column)
        if rule is None or value is ABSENT:
            return
        self.from_column["delay_reasons"] = rule.column
        if value is None:
            self.data["delay_reasons"] = None
            return
        codes = self._split(rule.column, rule.separator)
        minutes = self._split(rule.minutes, rule.separator) if rule.minutes else []
        words = self._split(rule.text, rule.separator) if rule.text else []
        reasons: list[dict[str, object]] = []
        for index, code in enumerate(codes):
            entry: dict[str, object] = {"scheme": rule.scheme, "code": code}
            if index < len(minutes):
                try:
                    entry["minutes"] = minutes_of(minutes[index])
                except ValueError as error:
                    self.fault(str(error), rule.minutes, minutes[index])
            if index < len(words):
                entry["text"] = words[index]
            reasons.append(entry)
        self.data["delay_reasons"] = reasons

    def _split(self, name: str, separator: str | None) -> list[str]:
        whole = self.text(name)
        parts = [] if whole is None else whole.split(separator) if separator else [whole]
        return [part.strip() for part in parts if part.strip()]

    def flight_date(self) -> None:
        """Set the local date of the scheduled departure at the origin, if the source gives no date."""
        scheduled, origin = self.got("departure.scheduled"), self.data.get("origin")
        if self.data.get("date") is not None:
            self.utc_day = None
            return
        self.data.pop("date", None)
        place = airport(origin) if isinstance(origin, str) else None
        if place is not None and isinstance(scheduled, str):
            self.data["date"] = datetime.fromisoformat(scheduled).astimezone(place.tz).date().isoformat()
            self.utc_day = None
        elif self.undated and self.utc_day is None:
            self.lost = True  # without its day it could reach the same number's flight of another

    # The report

    def say(self) -> None:
        """Add the report; a field that is refused is a fault and is left out, unless it says which flight it is."""
        before = len(self.gathering.faults)
        at = self.record
        done = self.gathering.tell_what_holds(
            self.data, line=at.line, path=at.path, raw=at.raw, utc_day=self.utc_day, needed=WHO
        )
        faults = self.gathering.faults
        if not done and faults[-1].column is None and len(faults) > self.faults_before + 1:
            faults.pop()  # that it says nothing follows from what could not be read
        for index in range(before, len(faults)):
            field = faults[index].column
            if field is not None:
                column = self.from_column.get(field.partition("[")[0], field)
                faults[index] = dataclasses.replace(faults[index], column=column)

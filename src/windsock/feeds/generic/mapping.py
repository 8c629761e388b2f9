"""The mapping of the generic feed: which column means which field, and how its values are written.

A frozen tree, which `mappingfile.read_mapping` builds from TOML. docs/reference/feeds/generic.md shows all of it.
"""

from collections.abc import Iterator
from collections.abc import Mapping as Table
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from windsock.flights.fields import BY_PATH, SIDES, TABLE
from windsock.flights.report import Report

Value = str | int | bool
FieldKind = Literal["time", "day", "minutes", "truth", "text"]

_KINDS: dict[str, FieldKind] = {"date": "day", "utc_day": "day", "observed_at": "time"}
# The kinds of the fields that are not plain text.
_WRITTEN: dict[str, FieldKind] = {"time": "time", "minutes": "minutes", "truth": "truth"}
ELSEWHERE = {
    "flight": "the table [flight]",
    "codeshares": "the table [codeshares]",
    "delay_reasons": "the table [reasons]",
    "source": "the name under which the feed is set up",
    **{field.path: "Windsock's own watch" for field in TABLE if field.own},
}
"""Fields of a report that are not of a plain column, and where they come from."""

FIELDS: tuple[str, ...] = (
    *(name for name in Report.__struct_fields__ if name not in SIDES and name not in ELSEWHERE),
    "utc_day",
    *(f"{side}.{leaf}" for side, leaves in SIDES.items() for leaf in leaves),
)
"""The fields that a column can mean. `utc_day` is the operating day in UTC, of sources without the local date."""

ORIGIN, DESTINATION = ("departure", "takeoff"), ("arrival", "landing")
"""The parts of a flight at either end."""

ZONES = ("offset", "utc", "airport", "origin", "destination")
WRITTEN = ("iso", "hhmm", "epoch", "epoch_ms")


def kind_of(field: str) -> FieldKind:
    """Return the kind of value that a field takes."""
    known = BY_PATH.get(field)
    return _KINDS.get(field, "text") if known is None else _WRITTEN.get(known.value, "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRule:
    """How a time is written (one of WRITTEN, or a strptime format) and by which clocks (ZONES, or a zone's name).

    An offset in the value counts before the zone, unless `ignore_offset`: some sources put +00:00 behind local times.
    """

    format: str = "iso"
    zone: str = "offset"
    ignore_offset: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column and the field it means. `date` is the column with a time of day's date, written as `date_format`.

    `after` names the time that this one stands beside, by which midnight between them is noticed; `beside` says which
    it is where none is named.
    """

    column: str
    field: str
    rule: TimeRule
    date: str | None = None
    date_format: str = "iso"
    after: str | None = None

    @property
    def beside(self) -> str | None:
        """Return the field whose time dates this one: the plan of its side, or an arrival's plan the departure's."""
        if self.after is not None or self.date is None:
            return self.after
        if self.field == "departure.scheduled":
            return None
        part = self.field.partition(".")[0]
        if part in ORIGIN or self.field == "arrival.scheduled":
            return "departure.scheduled"
        return "arrival.scheduled" if part in DESTINATION else None

    @property
    def behind(self) -> bool:
        """Return whether it cannot be before that time: one is at the origin, the other at the destination."""
        beside = (self.beside or "").partition(".")[0]
        return self.field.partition(".")[0] in DESTINATION and beside in ORIGIN


@lru_cache(maxsize=256)  # few mappings, with a few words of status each
def in_order(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """Return those with times, each after the one that it stands beside."""
    times = [column for column in columns if kind_of(column.field) == "time"]
    found: list[Column] = []

    def add(column: Column, under_way: tuple[Column, ...] = ()) -> None:
        if column in found or column in under_way:
            return
        for other in times:
            if other.field == column.beside:
                add(other, (*under_way, column))
        found.append(column)

    for column in times:
        add(column)
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightColumns:
    """The columns of the flight number: one, or carrier (a column, or always the same) and number, perhaps suffix."""

    designator: str | None = None
    carrier: str | None = None
    carrier_is: str | None = None
    number: str | None = None
    suffix: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """The meaning of one status: fields with values, and columns that mean something under this status alone."""

    fields: tuple[tuple[str, Value], ...] = ()
    columns: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The status column and its words (upper case). Other words are faults, unless `others` is "ignore"."""

    column: str
    words: Table[str, Word]
    others: Literal["fault", "ignore"] = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Codeshares:
    """The column with the other names of the flight, and their separator (a JSON list needs none)."""

    column: str
    separator: str = ","


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """The columns of the reason for a delay; `separator` if there can be several codes in one."""

    column: str
    scheme: str = "text"
    separator: str | None = None
    minutes: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """All that the generic feed must know about a source."""

    format: Literal["json", "ndjson", "csv"]
    flight: FlightColumns
    columns: tuple[Column, ...] = ()
    constants: tuple[tuple[str, Value], ...] = ()
    records: str | None = None
    encoding: str = "utf-8"
    delimiter: str = ","
    header: tuple[str, ...] | None = None
    empty: Literal["absent", "null"] = "absent"
    nothing: tuple[str, ...] = ()
    status: Status | None = None
    codeshares: Codeshares | None = None
    reasons: Reasons | None = None

    def named(self) -> Iterator[str]:
        """Yield all columns that it names, some perhaps twice."""
        flight = self.flight
        yield from (
            name for name in (flight.designator, flight.carrier, flight.number, flight.suffix) if name
        )
        words = () if self.status is None else self.status.words.values()
        for column in (*self.columns, *(column for word in words for column in word.columns)):
            yield column.column
            if column.date is not None:
                yield column.date
        for part in (self.status, self.codeshares, self.reasons):
            if part is not None:
                yield part.column
        if self.reasons is not None:
            yield from (name for name in (self.reasons.minutes, self.reasons.text) if name)

"""Every field that a report can speak of, in one table. Whatever lists fields derives from it.

The structs (`report.py`, `state.py`) are the wire form and spell the same names again, and `belief.py` fills them in by
name, for speed. `tests/unit/flights/test_fields.py` holds them equal to the table and proves, for every field, that a
value is read, believed, stored and worded.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "flight.added",
    "flight.merged",
    "schedule.retimed",
    "estimate.changed",
    "delay.raised",
    "delay.changed",
    "delay.cleared",
    "early.raised",
    "overdue.raised",
    "flight.boarding",
    "flight.out",
    "flight.off",
    "flight.on",
    "flight.in",
    "flight.returned_to_gate",
    "flight.air_return",
    "flight.cancelled",
    "flight.reinstated",
    "flight.diverted",
    "gate.changed",
    "terminal.changed",
    "stand.changed",
    "belt.changed",
    "baggage.changed",
    "checkin.changed",
    "aircraft.changed",
    "reason.changed",
    "data.stale",
    "data.conflict",
    "flight.corrected",
]
"""The kinds of change. A change has a kind of its own if somebody may want to be notified of it alone."""

Value = Literal[
    "time",
    "text",
    "minutes",
    "overdue",
    "truth",
    "airport",
    "registration",
    "designators",
    "reasons",
    "flight",
    "milestone",
    "source",
]
"""What a field holds, and thereby how it is read, stored and shown.

"overdue" and "source" are filled in by Windsock's own watches alone.
"""

_PLACE = 16
"""Characters of a gate, stand or belt, at most; the longest seen in the samples of the feeds has 9. Check-in desks are
many at once ("101-118, 201-204"), so they may have more."""

_DELAY = (-1440, 3 * 1440)
"""Minutes of a delay that are believed. Of 2.9 million in US on-time data the longest was 2,461, the earliest −92. What
exceeds this is a mistaken unit (5400 seconds are 90 minutes), or a flight to be reported by its time."""

_WAITED = (0, 400 * 1440)
"""Minutes that Windsock's own watch may have waited in vain: a replay's clock can leap."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its dotted path in a report, what it holds, the kind of a change of it, and what people call it.

    `words` name it within its part: "gate", which is the "Departure gate" or the "Arrival gate". `longest` bounds text,
    `bounds` minutes.
    `planned`: a new flight brings it along in `flight.added`, so it is not a change as well.
    `plain`: the flight has it under the same path, as it is believed, and a change of it has always the same kind.
    Fields that are not plain are looked after in `belief.py` and `changes.py`. `past`: a time at which something
    happened, which cannot lie in the future.
    """

    path: str
    value: Value
    change: Kind
    words: str
    longest: int = 0
    bounds: tuple[int, int] | None = None
    planned: bool = False
    plain: bool = False
    past: bool = False

    @property
    def own(self) -> bool:
        """Whether only Windsock's own watches fill it in."""
        return self.value in ("overdue", "source")

    @property
    def part(self) -> str:
        """The part of the flight that it belongs to, "" for none."""
        return self.path.rpartition(".")[0]

    @property
    def name(self) -> str:
        """Its name within that part."""
        return self.path.rpartition(".")[2]


def _place(path: str, kind: Kind, words: str) -> Field:
    return Field(path, "text", kind, words, longest=_PLACE, planned=True, plain=True)


# In the order of a report's shape, which is the order of the changes of one report, too.
TABLE: tuple[Field, ...] = (
    Field("departure.scheduled", "time", "schedule.retimed", "scheduled", planned=True),
    Field("departure.estimated", "time", "estimate.changed", "expected"),
    Field("departure.actual", "time", "flight.out", "actual", past=True),
    _place("departure.terminal", "terminal.changed", "terminal"),
    _place("departure.gate", "gate.changed", "gate"),
    _place("departure.stand", "stand.changed", "stand"),
    Field("departure.checkin_desk", "text", "checkin.changed", "check-in desk", longest=40, planned=True, plain=True),
    Field("takeoff.scheduled", "time", "schedule.retimed", "scheduled", planned=True),
    Field("takeoff.estimated", "time", "estimate.changed", "expected"),
    Field("takeoff.actual", "time", "flight.off", "actual", past=True),
    Field("landing.scheduled", "time", "schedule.retimed", "scheduled", planned=True),
    Field("landing.estimated", "time", "estimate.changed", "expected"),
    Field("landing.actual", "time", "flight.on", "actual", past=True),
    Field("arrival.scheduled", "time", "schedule.retimed", "scheduled", planned=True),
    Field("arrival.estimated", "time", "estimate.changed", "expected"),
    Field("arrival.actual", "time", "flight.in", "actual", past=True),
    _place("arrival.terminal", "terminal.changed", "terminal"),
    _place("arrival.gate", "gate.changed", "gate"),
    _place("arrival.stand", "stand.changed", "stand"),
    _place("arrival.belt", "belt.changed", "belt"),
    Field("arrival.first_bag", "time", "baggage.changed", "first bag", plain=True),
    Field("destination", "airport", "flight.corrected", "destination", planned=True, plain=True),
    Field("departure_delay_minutes", "minutes", "delay.changed", "departure delay", bounds=_DELAY),
    Field("arrival_delay_minutes", "minutes", "delay.changed", "arrival delay", bounds=_DELAY),
    Field("registration", "registration", "aircraft.changed", "registration", longest=12, planned=True, plain=True),
    Field("aircraft_type", "text", "aircraft.changed", "aircraft type", longest=40, plain=True),
    Field("codeshares", "designators", "flight.corrected", "codeshares", planned=True, plain=True),
    Field("cancelled", "truth", "flight.cancelled", "cancelled"),
    Field("diverted", "truth", "flight.diverted", "diverted"),
    Field("diverted_to", "airport", "flight.diverted", "diverted to"),
    Field("boarding", "truth", "flight.boarding", "boarding"),
    Field("stated_status", "milestone", "flight.out", "stated status"),
    Field("returned_to_gate", "time", "flight.returned_to_gate", "returned to gate", past=True),
    Field("air_return", "time", "flight.air_return", "air return", past=True),
    Field("delay_reasons", "reasons", "reason.changed", "reason", plain=True),
    Field("recovery_of", "flight", "flight.corrected", "recovery of", planned=True, plain=True),
    Field("recovered_by", "flight", "flight.corrected", "recovered by", plain=True),
    Field("departure_overdue_minutes", "overdue", "overdue.raised", "departure overdue", bounds=_WAITED),
    Field("arrival_overdue_minutes", "overdue", "overdue.raised", "arrival overdue", bounds=_WAITED),
    Field("silent_source", "source", "data.stale", "silent source"),
)  # fmt: skip

MILESTONES = {"scheduled": 0, "out": 1, "airborne": 2, "landed": 3, "arrived": 4}
"""How far a flight can be stated to have come, in order: statuses; "scheduled" says that it has not left."""

BY_PATH = {field.path: field for field in TABLE}

FIELDS = tuple(BY_PATH)
"""The path of every field."""

SIDES: dict[str, tuple[str, ...]] = {
    part: tuple(field.name for field in TABLE if field.part == part)
    for part in dict.fromkeys(field.part for field in TABLE if field.part)
}
"""The parts of a flight that hold several fields → the fields' names within them."""

PARTS = tuple(SIDES)

SINGLE = tuple(field.path for field in TABLE if not field.part)
"""The fields that belong to no part."""

# The schedule as first published is a fact of its own that joins the other way round: the earliest word is kept.
FIRST = {
    "departure.scheduled": "departure.first_scheduled",
    "arrival.scheduled": "arrival.first_scheduled",
}

# Reasons reported together with a cancellation are a fact of their own: they end with it.
CANCELLATION_REASONS = "cancellation_reasons"

# The operating day in UTC from which a flight's date was made, where the source stated no more (ADR 18). Kept as text.
UTC_DAY = "utc_day"

TIMES = frozenset(field.path for field in TABLE if field.value == "time") | frozenset(FIRST.values())
"""The fields that hold a time, the schedule as first published among them."""

PAST = frozenset(field.path for field in TABLE if field.past)
"""The times at which something happened."""

LENGTHS = {field.path: field.longest for field in TABLE if field.longest}
"""Characters, at most, of the fields that hold text."""

BOUNDS = {field.path: field.bounds for field in TABLE if field.bounds is not None}
"""The smallest and the greatest number of minutes that is believed."""

# What a flight shows besides the fields of reports, since it follows from them.
_DERIVED = {
    **{
        f"{side}.{name}": words
        for side in ("departure", "arrival")
        for name, words in (
            ("first_scheduled", "first scheduled"),
            ("delay_minutes", "delay"),
            ("delay_from_first_minutes", "delay against the first schedule"),
            ("overdue_minutes", "overdue"),
        )
    },
    "date": "date",
    "utc_day": "operating day (UTC)",
    "conflicts": "conflicts",
    "former_ids": "former ids",
    "cancellation_reasons": "reason of the cancellation",
}
_ADJECTIVES = ("scheduled", "first scheduled", "expected", "actual")
_PART_WORDS = {"departure": "departure", "takeoff": "take-off", "landing": "landing", "arrival": "arrival"}


def _labelled(path: str, words: str) -> str:
    part = path.rpartition(".")[0]
    # An adjective stands before its noun: "expected departure", but "departure gate".
    text = (
        words
        if not part
        else f"{words} {_PART_WORDS[part]}"
        if words in _ADJECTIVES
        else f"{_PART_WORDS[part]} {words}"
    )
    return text[:1].upper() + text[1:]


LABELS = {
    path: _labelled(path, words)
    for path, words in ({field.path: field.words for field in TABLE} | _DERIVED).items()
}
"""Every path that a change or a belief can have → its name for people: "Departure gate"."""

"""What happened to a flight, in sentences: the timeline of its page, `windsock publish` and messages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from windsock.flights import Change, Reason, delay_codes
from windsock.flights.fields import LABELS, TABLE
from windsock.wording.durations import duration, lateness
from windsock.wording.status import spaced, upper_first


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeContext:
    """The clocks at both ends of a flight and the names of cities. Times are local at the airport they belong to.

    A clock that is not known is None; its times are in UTC and say so: "15:40Z".
    """

    departure: ZoneInfo | None = None
    arrival: ZoneInfo | None = None
    cities: Mapping[str, str] = field(default_factory=dict)

    def city(self, code: str) -> str:
        """Return the name of an airport's city; its code if it has none here."""
        return self.cities.get(code, code)


class Sentence(NamedTuple):
    """One change in words."""

    kind: str
    text: str


WEIGHT = (
    "flight.cancelled",
    "flight.reinstated",
    "flight.diverted",
    "flight.air_return",
    "flight.returned_to_gate",
    "flight.in",
    "flight.on",
    "flight.off",
    "flight.out",
    "flight.boarding",
    "flight.added",
    "flight.merged",
    "overdue.raised",
    "delay.raised",
    "delay.cleared",
    "delay.changed",
    "early.raised",
    "schedule.retimed",
    "estimate.changed",
    "gate.changed",
    "terminal.changed",
    "checkin.changed",
    "reason.changed",
    "belt.changed",
    "baggage.changed",
    "aircraft.changed",
    "stand.changed",
    "data.stale",
    "data.conflict",
    "flight.corrected",
)
"""Every kind of change, in the order in which a reader wants to know, if one report changed several things."""
_RANK = {kind: rank for rank, kind in enumerate(WEIGHT)}

# Kinds that read the same, whatever their values are.
_FIXED = {
    "flight.added": "First report",
    "flight.cancelled": "Cancelled",
    "flight.reinstated": "Reinstated",
    "delay.cleared": "No longer late",
}
# Kinds that read the same, followed by the time if one is known.
_MILESTONES = {
    "flight.out": "Left the gate",
    "flight.off": "Took off",
    "flight.on": "Landed",
    "flight.in": "At the gate",
    "flight.returned_to_gate": "Returned to the gate",
    "flight.air_return": "Turned back in the air",
}
_STATED = {
    "out": "Departed, time not known",
    "airborne": "Took off, time not known",
    "landed": "Landed, time not known",
    "arrived": "At the gate, time not known",
}
_REACHED = {
    "scheduled": "not departed",
    "out": "departed",
    "airborne": "in flight",
    "landed": "landed",
    "arrived": "arrived",
}
# Fields that read differently from "… withdrawn" when their value is.
_WITHDRAWN = {
    "departure.overdue_minutes": "Departure no longer overdue",
    "arrival.overdue_minutes": "Arrival no longer overdue",
    "boarding": "Not boarding yet",
    "diverted": "No longer diverted",
    "diverted_to": "No longer diverted",
    "returned_to_gate": "Return to the gate withdrawn",
    "air_return": "Turning back withdrawn",
}
_ACTUALS = {each.path: each.change for each in TABLE if each.name == "actual"}
_DELAYS = ("delay.raised", "delay.changed", "early.raised")


def _item_names() -> dict[str, str]:
    """Return what the places of an airport are called, the departure's and unique ones without naming the side."""
    words = [each.words for each in TABLE]
    return {
        each.path: each.words.capitalize()
        if each.part == "departure" or words.count(each.words) == 1
        else LABELS[each.path]
        for each in TABLE
        if each.part and each.plain
    }


_ITEMS = _item_names()


def describe_changes(changes: Sequence[Change], context: ChangeContext) -> list[Sentence]:
    """Word the changes of one event, the weightiest first. Changes that read the same are listed once."""
    sentences: dict[str, str] = {}
    overdue = any(change.kind == "overdue.raised" for change in changes)
    for change in sorted(changes, key=lambda each: _RANK.get(each.kind, len(_RANK))):
        if overdue and change.kind in ("delay.raised", "delay.changed"):
            continue  # the sentence about the overdue side has the delay, and its grounds
        sentences.setdefault(describe_change(change, context), change.kind)
    return [Sentence(kind, text) for text, kind in sentences.items()]


def describe_change(change: Change, context: ChangeContext) -> str:
    """Word one change. A kind that is newer than this code reads as the field with its values."""
    kind, path, before, after = change.kind, change.field or "", change.from_, change.to
    if text := _described_by_field(change) or _FIXED.get(kind):
        return text
    if kind == "flight.corrected" and before is None and after and path in _ACTUALS:
        kind = _ACTUALS[path]  # that it happened is known already; here is the time
    side = _side(path)
    if kind in _MILESTONES:
        return f"{_MILESTONES[kind]} {describe_value(path, after, context)}".rstrip()
    if kind == "overdue.raised":
        name = "Arrival" if side == "arrival" else "Departure"
        if isinstance(after, int) and after:
            return f"{name} overdue: at least {duration(after)} late (inferred)"
        return f"{name} overdue (inferred)"
    if kind in _DELAYS and isinstance(after, int):
        name = "Arrival" if side == "arrival" else "Departure"
        if isinstance(before, int) and before:
            return f"{name} {lateness(after)} (was {lateness(before)})"
        return f"{name} {lateness(after)}"
    if kind == "flight.diverted":
        return f"Diverted to {context.city(after)}" if isinstance(after, str) else "Diverted"
    if kind == "data.stale":
        return "No updates for a long time"
    if kind == "flight.boarding":
        return "Boarding"
    if not path:
        return upper_first(kind.replace(".", " ").replace("_", " "))
    return _described_by_values(_ITEMS.get(path) or field_label(path), path, before, after, context)


def _described_by_field(change: Change) -> str:
    """Word a change of one of the fields that read differently from all others; "" for any other field."""
    path, before, after = change.field or "", change.from_, change.to
    if path == "silent_source":
        return f"{after} has stopped reporting" if after else f"{before} is reporting again"
    if path == "former_ids":
        numbers = {_number(id) for id in after or ()} - {_number(id) for id in before or ()}
        return f"Merged with {', '.join(sorted(numbers))}, which was listed separately"
    if path == "conflicts":
        labels = ", ".join(lower_first(field_label(name)) for name in after or ())
        return f"Sources disagree on: {labels}" if labels else "Sources agree again"
    if path == "stated_status" and after in _STATED:
        return _STATED[after]
    if path == "stated_status" and before in _REACHED and change.kind not in _MILESTONES:
        return f"No longer reported as {_REACHED[before]}"
    if path in _WITHDRAWN and not after and change.kind not in _MILESTONES:
        return _WITHDRAWN[path]
    return ""


def _described_by_values(label: str, path: str, before: Any, after: Any, context: ChangeContext) -> str:
    old, new = describe_value(path, before, context), describe_value(path, after, context)
    if not new:
        return f"{label} withdrawn"
    name = label if path in _ITEMS else f"{label}:"
    return f"{name} {old} → {new}" if old else f"{name} {new}"


def _number(flight_id: str) -> str:
    return spaced(flight_id.partition(".")[0])


def lower_first(text: str) -> str:
    """Return the text with its first letter in lower case, the others as they are."""
    return text[:1].lower() + text[1:]


def _side(path: str) -> str:
    return "arrival" if path.startswith(("arrival", "landing")) else "departure"


def field_label(path: str) -> str:
    """Return the name of a field for people: "Expected departure" for "departure.estimated"."""
    return LABELS.get(path) or upper_first(path.replace(".", " ").replace("_", " "))


def describe_value(path: str, value: Any, context: ChangeContext) -> str:
    """Word the value of a field: times by the clock at the airport, codes with their names; "" for nothing."""
    if value is None or value in ([], (), ""):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(filter(None, (describe_value(path, item, context) for item in value)))
    if isinstance(value, Reason):
        return _reason(value.scheme, value.code, value.text)
    if isinstance(value, dict):
        return _reason(value.get("scheme"), value.get("code"), value.get("text"))
    if isinstance(value, int) and path.endswith("minutes"):
        return lateness(value)
    moment = _moment(value)
    if moment is not None:
        zone = context.arrival if _side(path) == "arrival" else context.departure
        return f"{moment.astimezone(zone):%H:%M}" if zone else f"{moment.astimezone(UTC):%H:%MZ}"
    if path in ("origin", "destination", "diverted_to") and value in context.cities:
        return f"{context.cities[value]} ({value})"
    if path == "stated_status":
        return _REACHED.get(value, str(value))
    if path == "conflicts":
        return lower_first(field_label(str(value)))
    if path == "codeshares":
        return spaced(str(value))
    return str(value)


def _reason(scheme: str | None, code: str | None, text: str | None) -> str:
    words = text or delay_codes.reason_text(scheme or "", code or "") or ""
    if not code:
        return words
    return f"{words} ({scheme} {code})" if words else f"code {code} ({scheme})"


def _moment(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or len(value) < 16 or value[10:11] != "T":
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None

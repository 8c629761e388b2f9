"""What happened to a flight, in sentences: the timeline of its page, `windsock publish` and messages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from windsock.flights import Change, Reason, delay_codes
from windsock.flights.fields import LABELS, TABLE
from windsock.wording.durations import duration, lateness
from windsock.wording.language import ENGLISH, current, gettext, gettext_noop
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
    "flight.added": gettext_noop("First report"),
    "flight.cancelled": gettext_noop("Cancelled"),
    "flight.reinstated": gettext_noop("Reinstated"),
    "delay.cleared": gettext_noop("No longer late"),
}
# Kinds that read the same, followed by the time if one is known.
_MILESTONES = {
    "flight.out": gettext_noop("Left the gate"),
    "flight.off": gettext_noop("Took off"),
    "flight.on": gettext_noop("Landed"),
    "flight.in": gettext_noop("At the gate"),
    "flight.returned_to_gate": gettext_noop("Returned to the gate"),
    "flight.air_return": gettext_noop("Turned back in the air"),
}
_STATED = {
    "out": gettext_noop("Departed, time not known"),
    "airborne": gettext_noop("Took off, time not known"),
    "landed": gettext_noop("Landed, time not known"),
    "arrived": gettext_noop("At the gate, time not known"),
}
_REACHED = {
    "scheduled": gettext_noop("not departed"),
    "out": gettext_noop("departed"),
    "airborne": gettext_noop("in flight"),
    "landed": gettext_noop("landed"),
    "arrived": gettext_noop("arrived"),
}
# Fields that read differently from "… withdrawn" when their value is.
_WITHDRAWN = {
    "departure.overdue_minutes": gettext_noop("Departure no longer overdue"),
    "arrival.overdue_minutes": gettext_noop("Arrival no longer overdue"),
    "boarding": gettext_noop("Not boarding yet"),
    "diverted": gettext_noop("No longer diverted"),
    "diverted_to": gettext_noop("No longer diverted"),
    "returned_to_gate": gettext_noop("Return to the gate withdrawn"),
    "air_return": gettext_noop("Turning back withdrawn"),
}
_ACTUALS = {each.path: each.change for each in TABLE if each.name == "actual"}
_DELAYS = ("delay.raised", "delay.changed", "early.raised")


def _item_names() -> dict[str, str]:
    """Return what the places of an airport are called, the departure's and unique ones without naming the side."""
    words = [each.words for each in TABLE]
    return {
        each.path: upper_first(each.words)
        if each.part == "departure" or words.count(each.words) == 1
        else LABELS[each.path]
        for each in TABLE
        if each.part and each.plain
    }


ITEMS = _item_names()
"""What the plain fields of an airport are called in a sentence about their values: "Gate" in "Gate A3 → A7"."""


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
    if text := _described_by_field(change):
        return text
    if kind in _FIXED:
        return gettext(_FIXED[kind])
    if kind == "flight.corrected" and before is None and after and path in _ACTUALS:
        kind = _ACTUALS[path]  # that it happened is known already; here is the time
    side = _side(path)
    if kind in _MILESTONES:
        return joined(gettext(_MILESTONES[kind]), describe_value(path, after, context))
    if kind == "overdue.raised":
        return _overdue(side, after)
    if kind in _DELAYS and isinstance(after, int):
        return _delay(side, before, after)
    if kind == "flight.diverted":
        if isinstance(after, str):
            return gettext("Diverted to {airport}", airport=context.city(after))
        return gettext("Diverted")
    if kind == "data.stale":
        return gettext("No updates for a long time")
    if kind == "flight.boarding":
        return gettext("Boarding")
    if not path:
        return upper_first(kind.replace(".", " ").replace("_", " "))
    return _described_by_values(path, before, after, context)


def _overdue(side: str, minutes: Any) -> str:
    if not isinstance(minutes, int) or not minutes:
        if side == "arrival":
            return gettext("Arrival overdue (inferred)")
        return gettext("Departure overdue (inferred)")
    if side == "arrival":
        return gettext("Arrival overdue: at least {duration} late (inferred)", duration=duration(minutes))
    return gettext("Departure overdue: at least {duration} late (inferred)", duration=duration(minutes))


def _delay(side: str, before: Any, after: int) -> str:
    if isinstance(before, int) and before:
        if side == "arrival":
            return gettext("Arrival {late} (was {before})", late=lateness(after), before=lateness(before))
        return gettext("Departure {late} (was {before})", late=lateness(after), before=lateness(before))
    if side == "arrival":
        return gettext("Arrival {late}", late=lateness(after))
    return gettext("Departure {late}", late=lateness(after))


def _described_by_field(change: Change) -> str:
    """Word a change of one of the fields that read differently from all others; "" for any other field."""
    path, before, after = change.field or "", change.from_, change.to
    if path == "silent_source":
        if after:
            return gettext("{source} has stopped reporting", source=after)
        return gettext("{source} is reporting again", source=before)
    if path == "former_ids":
        numbers = {_number(id) for id in after or ()} - {_number(id) for id in before or ()}
        return gettext("Merged with {flight}, which was listed separately", flight=", ".join(sorted(numbers)))
    if path == "conflicts":
        labels = ", ".join(lower_first(field_label(name)) for name in after or ())
        return (
            gettext("Sources disagree on: {facts}", facts=labels)
            if labels
            else gettext("Sources agree again")
        )
    if path == "stated_status" and after in _STATED:
        return gettext(_STATED[after])
    if path == "stated_status" and before in _REACHED and change.kind not in _MILESTONES:
        return gettext("No longer reported as {state}", state=gettext(_REACHED[before]))
    if path in _WITHDRAWN and not after and change.kind not in _MILESTONES:
        return gettext(_WITHDRAWN[path])
    return ""


def _described_by_values(path: str, before: Any, after: Any, context: ChangeContext) -> str:
    old, new = describe_value(path, before, context), describe_value(path, after, context)
    label = gettext(ITEMS[path]) if path in ITEMS else field_label(path)
    if not new:
        return gettext("{fact} withdrawn", fact=label)
    name = label if path in ITEMS else gettext("{fact}:", fact=label)
    return joined(name, gettext("{before} → {after}", before=old, after=new) if old else new)


def joined(*parts: str) -> str:
    """Join the parts that are not empty with a space: a name and its value."""
    return " ".join(part for part in parts if part)


def _number(flight_id: str) -> str:
    return spaced(flight_id.partition(".")[0])


def lower_first(text: str) -> str:
    """Return a label as it reads inside a sentence: in lower case in English; nouns of other languages keep theirs."""
    return text[:1].lower() + text[1:] if current().code == ENGLISH else text


def _side(path: str) -> str:
    return "arrival" if path.startswith(("arrival", "landing")) else "departure"


def field_label(path: str) -> str:
    """Return the name of a field for people: "Expected departure" for "departure.estimated"."""
    return gettext(LABELS[path]) if path in LABELS else upper_first(path.replace(".", " ").replace("_", " "))


def describe_value(path: str, value: Any, context: ChangeContext) -> str:
    """Word the value of a field: times by the clock at the airport, codes with their names; "" for nothing."""
    if value is None or value in ([], (), ""):
        return ""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
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
        return gettext(_REACHED[value]) if value in _REACHED else str(value)
    if path == "conflicts":
        return lower_first(field_label(str(value)))
    if path == "codeshares":
        return spaced(str(value))
    return str(value)


def _reason(scheme: str | None, code: str | None, text: str | None) -> str:
    words = text or delay_codes.reason_text(scheme or "", code or "") or ""
    if words:
        words = gettext(words)
    if words or not code:
        return words  # travellers have no use for the code behind them
    return gettext("code {code} ({scheme})", code=code, scheme=scheme)


def _moment(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or len(value) < 16 or value[10:11] != "T":
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None

"""Changes as sentences: what the timeline of a flight says."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from windsock.flights import delay_codes
from windsock.flights.fields import LABELS, TABLE
from windsock.pages.wording import duration, lateness

_MILESTONES = {
    "flight.out": "Left the gate",
    "flight.off": "Took off",
    "flight.on": "Landed",
    "flight.in": "At the gate",
    "flight.returned_to_gate": "Returned to the gate",
    "flight.air_return": "Turned back in the air",
}
_STATED = {"out": "Departed", "airborne": "Took off", "landed": "Landed", "arrived": "At the gate"}
_TAKEN_BACK = "Not known to have left after all"
_ACTUALS = {field.path: field.change for field in TABLE if field.name == "actual"}
_PLAIN = {
    "flight.added": "First heard of",
    "flight.boarding": "Boarding",
    "flight.cancelled": "Cancelled",
    "flight.reinstated": "Goes after all",
    "delay.cleared": "No longer late",
    "data.stale": "No word for a long time",
}
_ITEMS = {field.change: field.words.capitalize() for field in TABLE if field.part and field.value == "text"}

# What a reader wants to know first, when a report changed several things at once.
_WEIGHT = (
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
    "overdue.raised",
    "delay.raised",
    "delay.cleared",
    "delay.changed",
    "early.raised",
    "schedule.retimed",
    "estimate.changed",
    "gate.changed",
    "terminal.changed",
    "reason.changed",
)


class Teller:
    """Words the changes of one flight; times are those of the airport where they happen."""

    def __init__(self, zones: Mapping[str, ZoneInfo], cities: Mapping[str, str]) -> None:
        self.zones = zones  # "departure" and "arrival"
        self.cities = cities

    def sentences(self, changes: list[dict[str, Any]]) -> list[tuple[str, str]]:
        """(kind, sentence) of each change, the weightiest first; what is said already is not said twice."""
        ordered = sorted(
            changes, key=lambda c: _WEIGHT.index(c["kind"]) if c["kind"] in _WEIGHT else len(_WEIGHT)
        )
        told: dict[str, str] = {}
        overdue = any(change["kind"] == "overdue.raised" for change in changes)
        for change in ordered:
            if overdue and change["kind"] in ("delay.raised", "delay.changed"):
                continue  # the inferred delay has just been told, with its grounds
            told.setdefault(self.sentence(change), change["kind"])
        return [(kind, sentence) for sentence, kind in told.items()]

    def sentence(self, change: dict[str, Any]) -> str:
        """One change in words."""
        kind, field, before, after = (
            change["kind"],
            change.get("field") or "",
            change.get("from"),
            change.get("to"),
        )
        if field == "silent_source":
            return f"No word from {after} any more" if after else f"Word again, after the silence of {before}"
        if kind == "flight.merged":
            numbers = sorted(
                {id.partition(".")[0] for id in after or []} - {id.partition(".")[0] for id in before or []}
            )
            return f"One flight with {', '.join(numbers)}, which was listed separately"
        if kind in _PLAIN:
            return _PLAIN[kind]
        if field == "stated_status" and after in _STATED:
            return f"{_STATED[after]}, time not known"
        if field == "stated_status" and kind not in _MILESTONES:
            return _TAKEN_BACK
        if kind == "flight.corrected" and before is None and after and field in _ACTUALS:
            kind = _ACTUALS[field]  # that it happened was told without its time; here the time is
        side = "arrival" if field.startswith(("arrival", "landing")) else "departure"
        if kind in _MILESTONES:
            at = self.value(field, after)
            return f"{_MILESTONES[kind]} {at}" if at else _MILESTONES[kind]
        if kind == "overdue.raised":
            minutes = after if isinstance(after, int) else None
            at_least = f": at least {duration(minutes)} late" if minutes else ""
            return f"{side.capitalize()} overdue{at_least} (inferred)"
        if kind in ("delay.raised", "delay.changed", "early.raised") and isinstance(after, int):
            was = f", after {lateness(before)}" if isinstance(before, int) and before else ""
            verb = {"departure": "Leaves", "arrival": "Arrives"}[side]
            return f"{verb} {lateness(after)}{was}"
        if kind == "flight.diverted":
            return f"Diverted to {self.cities.get(after, after)}" if isinstance(after, str) else "Diverted"
        if kind in _ITEMS:
            item = f"{_ITEMS[kind]} {after}" if after else f"No {_ITEMS[kind].lower()} any more"
            return f"{item}, before {before}" if before and after else item
        if kind == "reason.changed":
            return f"Reason: {self.value(field, after)}" if after else "No reason any more"
        text = f"{self.field(field)} {self.value(field, after) or 'unknown'}"
        return f"{text}, before {self.value(field, before)}" if before not in (None, [], "") else text

    def field(self, path: str) -> str:
        """A field's dotted path in words: "departure.estimated" → "Departure expected"."""
        return LABELS.get(path) or path.replace(".", " ").replace("_", " ").capitalize() or "Data"

    def value(self, path: str, value: Any) -> str:
        """A field's value in words: times on the wall clock of the place, codes with their names."""
        if value is None or value in ([], ""):
            return ""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, list | tuple):
            return ", ".join(filter(None, (self.value(path, item) for item in value)))
        if isinstance(value, dict):
            return _reason(value)
        if isinstance(value, int) and path.endswith("minutes"):
            return lateness(value)
        moment = _moment(value)
        if moment is not None:
            zone = self.zones["arrival" if path.startswith(("arrival", "landing")) else "departure"]
            return f"{moment.astimezone(zone):%H:%M}"
        if path in ("origin", "destination", "diverted_to") and value in self.cities:
            return f"{self.cities[value]} ({value})"
        return str(value)


def _reason(value: dict[str, Any]) -> str:
    text = (
        value.get("text") or delay_codes.reason_text(value.get("scheme") or "", value.get("code") or "") or ""
    )
    code = value.get("code")
    return f"{text or 'code'} ({value.get('scheme')} {code})" if code else text


def _moment(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or len(value) < 16 or value[10:11] != "T":
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None

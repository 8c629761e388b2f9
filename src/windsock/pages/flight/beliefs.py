"""Why each thing is believed of a flight: the value, the source behind it, and what other sources reported."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from windsock.flights import FlightRecord, MergeRules
from windsock.pages.flight.sources import source_name
from windsock.wording.changes import ChangeContext, describe_value, field_label

# The order of a flight's life; other fields follow, by name.
_ORDER = ("cancelled", "diverted", "departure", "takeoff", "landing", "arrival", "delay_reasons")


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """One field: the value believed, its source and why, and what the other sources reported."""

    label: str
    value: str
    why: str
    others: list[str] = field(default_factory=list)


def beliefs(
    record: FlightRecord, context: ChangeContext, zone: ZoneInfo, now: datetime, rules: MergeRules
) -> list[Belief]:
    """Return what is believed of each field, in the order of a flight's life, observed at times in `zone`."""
    provenance = record.provenance(rules)
    found = []
    for path in sorted(provenance, key=lambda path: (_rank(path), path)):
        known = provenance[path]
        own, *others = known["assertions"]  # the believed one comes first
        schedule = path.replace("first_scheduled", "scheduled")
        plan = provenance.get(schedule) if path != schedule else None
        if plan is not None and plan["assertions"][0]["value"] == own["value"]:
            continue  # never retimed: the schedule says it already
        found.append(
            Belief(
                label=field_label(path),
                value=describe_value(path, own["value"], context) or "none",
                why=f"{_source(own)}, {_observed(own, zone, now)}: {known['why']}",
                others=[
                    f"{describe_value(path, other['value'], context) or 'none'}: "
                    f"{_source(other)}, {_observed(other, zone, now)}"
                    for other in others
                ],
            )
        )
    return found


def _rank(path: str) -> int:
    return next((index for index, start in enumerate(_ORDER) if path.startswith(start)), len(_ORDER))


def _source(assertion: dict[str, Any]) -> str:
    return source_name(str(assertion["source"]))


def _observed(assertion: dict[str, Any], zone: ZoneInfo, now: datetime) -> str:
    at = datetime.fromisoformat(assertion["observed_at"]).astimezone(zone)
    day = "" if at.date() == now.astimezone(zone).date() else f"{at.day} {at:%b} "
    return f"observed {day}{at:%H:%M}"

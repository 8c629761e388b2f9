"""Why each thing is believed of a flight: the value, the source behind it, and what other sources reported."""

from dataclasses import dataclass, field
from datetime import date as Day
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from windsock.flights import FlightRecord, MergeRules
from windsock.pages.flight.sources import source_name
from windsock.wording.changes import ChangeContext, describe_value, field_label
from windsock.wording.language import gettext
from windsock.wording.provenance import agreement, grounds_words

# The order of a flight's life; other fields follow, by name.
_ORDER = ("cancelled", "diverted", "departure", "takeoff", "landing", "arrival", "delay_reasons")


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What one source reported: its value, and when it observed that; `day` unless that was today."""

    source: str
    value: str
    day: Day | None
    time: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """One field: the value believed, how far the sources agree, why it is believed, and every source's word."""

    path: str
    label: str
    value: str
    agreement: str
    disputed: bool
    why: str
    words: list[Word] = field(default_factory=list)


def beliefs(
    record: FlightRecord, context: ChangeContext, zone: ZoneInfo, now: datetime, rules: MergeRules
) -> list[Belief]:
    """Return what is believed of each field, in the order of a flight's life, observed at times in `zone`."""
    provenance, grounds = record.provenance(rules), record.grounds(rules)
    found = []
    for path in sorted(provenance, key=lambda path: (_rank(path), path)):
        assertions = provenance[path]["assertions"]  # the believed one comes first
        schedule = path.replace("first_scheduled", "scheduled")
        plan = provenance.get(schedule) if path != schedule else None
        if plan is not None and plan["assertions"][0]["value"] == assertions[0]["value"]:
            continue  # never retimed: the schedule says it already
        words = [_word(path, assertion, context, zone, now) for assertion in assertions]
        values = [assertion["value"] for assertion in assertions]
        found.append(
            Belief(
                path=path,
                label=field_label(path),
                value=words[0].value,
                agreement=agreement(words[0].source, values),
                disputed=any(value != values[0] for value in values),
                why=grounds_words(grounds[path]),
                words=words,
            )
        )
    return found


def _rank(path: str) -> int:
    return next((index for index, start in enumerate(_ORDER) if path.startswith(start)), len(_ORDER))


def _word(
    path: str, assertion: dict[str, Any], context: ChangeContext, zone: ZoneInfo, now: datetime
) -> Word:
    at = datetime.fromisoformat(assertion["observed_at"]).astimezone(zone)
    return Word(
        source=source_name(str(assertion["source"])),
        value=describe_value(path, assertion["value"], context) or gettext("none"),
        day=None if at.date() == now.astimezone(zone).date() else at.date(),
        time=f"{at:%H:%M}",
    )

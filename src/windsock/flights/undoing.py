"""Take a report back: the report that lets a flight be believed as if the other one had never been made. Pure.

A source cannot unsay a word: its latest one counts. So the correcting report restates what the source said before or,
where it had said nothing, withdraws the word. A withdrawal can hide what another source says of the same field; there,
the correction restates what would be believed without the report. It is dated one tick after the word it corrects, so
whatever anybody has said since still counts, and a second one changes nothing.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET

from windsock.flights.belief import believe
from windsock.flights.changes import Change, diff
from windsock.flights.facts import TICK, Belief, Fact, Facts, assertions, beliefs, join
from windsock.flights.fields import BY_PATH, CANCELLATION_REASONS, FIRST
from windsock.flights.merge import apply_report
from windsock.flights.own_sources import OWN_SOURCES
from windsock.flights.record import FlightRecord
from windsock.flights.report import ArrivalReport, DepartureReport, Report, RunwayReport
from windsock.flights.rules import DEFAULT_RULES, MergeRules
from windsock.flights.state import Flight

_PARTS = {
    "departure": DepartureReport,
    "takeoff": RunwayReport,
    "landing": RunwayReport,
    "arrival": ArrivalReport,
}

MAX_ROUNDS = 4
"""Fields depend on each other (a reason on a cancellation), so restating one may show that another needs it, too."""


class Undoing(msgspec.Struct, frozen=True, kw_only=True):
    """How to take a report back. `report` is None if there is nothing left to take back.

    `kept` are the fields on which the source has spoken again since: its newer words stay. `remaining` are differences
    that no report of this source can undo, from the flight without the report to the flight after the correction.
    """

    report: Report | None
    kept: tuple[str, ...] = ()
    remaining: tuple[Change, ...] = ()


def undoing(
    record: FlightRecord,
    undone: Report,
    earlier: Iterable[Report],
    *,
    now: datetime,
    rules: MergeRules = DEFAULT_RULES,
) -> Undoing:
    """Return how to take back the report `undone`. Its `observed_at` identifies its words among those of its source.

    Args:
        record: The flight as it is now.
        earlier: What the same source reported before, each with its `observed_at`; in any order.
        now: When the correction is received.
    """
    said = dict(assertions(undone))
    own: dict[str, Fact] = {}
    for path in said:
        fact = record.facts.get(path, {}).get(undone.source)
        if fact is not None and fact.observed_at == undone.observed_at:
            own[path] = fact
    kept = tuple(path for path in said if path not in own and path != CANCELLATION_REASONS)
    if not own:
        return Undoing(report=None, kept=kept)
    before = _earlier_words(earlier, own)
    without = _without(record.facts, undone.source, own, before)
    target, held = believe(record.flight, without, rules), beliefs(without, rules)
    at = max(fact.observed_at for fact in own.values()) + TICK
    words = {path: before[path].value if path in before else None for path in own}
    if CANCELLATION_REASONS in words:
        words.setdefault("delay_reasons", words.pop(CANCELLATION_REASONS))
    for attempt in range(MAX_ROUNDS):
        report = _report(record, undone.source, at, words)
        after = apply_report(record, record.key, report, received_at=now, rules=rules).record
        wanted = {} if attempt else _hidden_words(held, beliefs(after.facts, rules), words)
        if not wanted:
            differing = _differing(target, after.flight, words)
            wanted = {path: value for path, value in differing if words.get(path, UNSET) != value}
        if not wanted or attempt == MAX_ROUNDS - 1:
            break
        words |= wanted
    return Undoing(report=report, kept=kept, remaining=diff(target, after.flight, rules))


def _earlier_words(earlier: Iterable[Report], paths: Iterable[str]) -> dict[str, Fact]:
    """Return the latest word on each of the paths."""
    facts: Facts = {}
    for report in earlier:
        at = report.observed_at
        assert isinstance(at, datetime)
        facts = join(facts, report.source, assertions(report), at, at)
    return {path: fact for path in paths for fact in facts.get(path, {}).values()}


def _without(facts: Facts, source: str, own: Mapping[str, Fact], before: Mapping[str, Fact]) -> Facts:
    """Return the facts as they were if the source had not said its latest words."""
    left: Facts = {}
    for path, by_source in facts.items():
        if path in own:
            by_source = {other: fact for other, fact in by_source.items() if other != source}
            if path in before:
                by_source[source] = before[path]
        if by_source:
            left[path] = by_source
    return left


def _hidden_words(
    held: Mapping[str, Belief], now: Mapping[str, Belief], words: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the words that were believed and are hidden now, also those that events have overtaken."""
    hidden = {}
    for path in words:
        source, fact = held.get(path, ("", None))
        if fact is None or fact.value is None or source in OWN_SOURCES:
            continue
        if now[path][1].value != fact.value:
            hidden[path] = fact.value
    return hidden


def _differing(target: Flight, after: Flight, words: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """Yield the fields whose value is not that of the target, with the value to restate."""
    for path in words:
        wanted = _value(target, path)
        if _value(after, path) != wanted and not _forecast(target, path):
            yield path, wanted or None
        if path == "diverted_to" and target.diverted != after.diverted:
            yield "diverted", target.diverted or None
        if path.endswith(".estimated"):
            side = path.partition(".")[0]
            minutes = f"{side}_delay_minutes"
            if side in ("departure", "arrival"):
                one, other = getattr(target, side), getattr(after, side)
                bare = one.scheduled is None and one.actual is None
                if bare and one.delay_minutes != other.delay_minutes:
                    yield minutes, one.delay_minutes


def _forecast(flight: Flight, path: str) -> bool:
    """Return whether the value is Windsock's own forecast, which nobody must be made to have said."""
    side, _, name = path.partition(".")
    return name == "estimated" and getattr(getattr(flight, side), "delay_basis", None) == "predicted"


def _value(flight: Flight, path: str) -> Any:
    """Return the flight's value of a field of reports."""
    if path.endswith("_delay_minutes"):
        return getattr(flight, path.partition("_")[0]).delay_minutes
    value: Any = flight
    for name in path.split("."):
        value = getattr(value, name)
    return value


def _report(record: FlightRecord, source: str, at: datetime, words: Mapping[str, Any]) -> Report:
    parts: dict[str, dict[str, Any]] = {}
    fields: dict[str, Any] = {}
    for path, value in words.items():
        assert path in BY_PATH and path not in FIRST.values()
        part, _, name = path.rpartition(".")
        if part:
            parts.setdefault(part, {})[name] = value
        else:
            fields[name] = value
    fields |= {part: _PARTS[part](**values) for part, values in parts.items()}
    return Report(
        flight=record.flight.designator,
        date=record.key.date,
        origin=record.key.origin,
        source=source,
        observed_at=at,
        **fields,
    )

"""What every source last said, per field: a join-semilattice, so that order and repetition of reports do not matter.

For each field and source the latest assertion by `observed_at` is kept; among assertions of the same moment, the one
with a value before the one that erases, then the greater value in its JSON form. Joining is therefore commutative,
associative and idempotent, and so is everything computed from the joined facts alone.

Two things depend on more than that, and are settled before a word is joined: when an undated word was said (`moment`),
and what becomes of words that a wrong clock dated into the future (`without_future`). ADR 17 states the law.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import UNSET

from windsock.flights.delay_codes import of_cancellation
from windsock.flights.fields import CANCELLATION_REASONS, FIRST, SIDES, SINGLE
from windsock.flights.own_sources import OWN_SOURCES
from windsock.flights.report import Report
from windsock.flights.rules import MergeRules
from windsock.flights.values import CLOCK_SKEW

TICK = timedelta(microseconds=1)
"""The least by which one word comes after another: what a clock's time can show, here and in both databases."""


class Fact(msgspec.Struct, frozen=True, gc=False):
    """What one source last said of one field, when it observed it and when we heard it. `value` None erases."""

    value: Any
    observed_at: datetime
    received_at: datetime


Facts = dict[str, dict[str, Fact]]
"""field → source → Fact. Never changed in place once it belongs to a record."""

Belief = tuple[str, Fact]
"""The source that is believed for a field, and what it said."""

_FIRSTS = frozenset(FIRST.values())
# Made out beforehand, since every report passes through here.
_PARTS = tuple((part, tuple((name, f"{part}.{name}") for name in names)) for part, names in SIDES.items())


def assertions(report: Report) -> list[tuple[str, Any]]:
    """Return the report's values, field by field, None where it erases.

    To name the airport of a diversion is to say that the flight is diverted; to deny the diversion takes
    the airport back. Reasons reported together with a cancellation belong to it, and so do those whose code is one
    of cancellations, whenever they are reported.
    """
    said: list[tuple[str, Any]] = []
    for part, names in _PARTS:
        side = getattr(report, part)
        if side is not UNSET:
            for name, path in names:
                value = getattr(side, name)
                if value is not UNSET:
                    said.append((path, value))
    for name in SINGLE:
        value = getattr(report, name)
        if value is not UNSET:
            said.append((name, value))
    if report.delay_reasons is not UNSET:
        if not report.delay_reasons:
            said.append((CANCELLATION_REASONS, None))
        elif report.cancelled is True or all(
            of_cancellation(reason.scheme, reason.code) for reason in report.delay_reasons
        ):
            said[said.index(("delay_reasons", report.delay_reasons))] = (
                CANCELLATION_REASONS,
                report.delay_reasons,
            )
    if report.diverted_to is not UNSET and report.diverted is UNSET:
        said.append(("diverted", None if report.diverted_to is None else True))
    elif report.diverted is False and report.diverted_to is UNSET:
        said.append(("diverted_to", None))
    return said


def moment(
    facts: Facts, source: str, said: Iterable[tuple[str, Any]], at: datetime, *, latest: bool
) -> datetime:
    """Return when an undated word of `source`, received at `at`, counts as said: within a source, order is time.

    The `latest` word, which arrived just now, follows whatever its source has said of these fields, even if another
    machine's clock dated that a little later. Any other (an input that is read again) follows only a different word of
    the very same moment, so that to read it again changes nothing.
    """
    for path, value in said:
        if (
            (by_source := facts.get(path)) is not None
            and (known := by_source.get(source)) is not None
            and known.observed_at >= at
            and (latest or (known.observed_at == at and known.value != value))
        ):
            at = known.observed_at + TICK
        if (
            latest
            and (rival := _RIVAL.get(path)) is not None
            and (by_source := facts.get(rival)) is not None
            and (known := by_source.get(source)) is not None
            and known.observed_at >= at
        ):
            at = known.observed_at + TICK
    return at


# Two ways of saying the same.
_RIVAL = {
    "departure.estimated": "departure_delay_minutes",
    "departure_delay_minutes": "departure.estimated",
    "arrival.estimated": "arrival_delay_minutes",
    "arrival_delay_minutes": "arrival.estimated",
}
# What a new word competes with besides its own fields: these, and what our own watches say.
_RIVALS = ("departure_overdue_minutes", "arrival_overdue_minutes", "silent_source", *_RIVAL)


def without_future(facts: Facts, said: Iterable[tuple[str, Any]], at: datetime, now: datetime) -> Facts:
    """Return `facts` as a word observed `at` finds them at `now`: none of them later than it by a wrong clock.

    What lies in the future of `now`, further than clocks may differ, was dated by a clock that ran ahead. Left alone,
    it would outweigh every newer word until its time comes; so it counts as said just before this word. What our own
    watches said in the future is dropped: the time it speaks of has not passed. The same object if no fact is such.
    """
    limit = now + CLOCK_SKEW
    for path in (*(path for path, _ in said), *_RIVALS):
        if (by_source := facts.get(path)) is not None:
            for fact in by_source.values():
                if fact.observed_at > limit:
                    return _brought_back(facts, min(at, now) - TICK, limit)
    return facts


def _brought_back(facts: Facts, to: datetime, limit: datetime) -> Facts:
    kept: Facts = {}
    for path, by_source in facts.items():
        left = {
            source: fact if fact.observed_at <= limit else Fact(fact.value, to, fact.received_at)
            for source, fact in by_source.items()
            if fact.observed_at <= limit or source not in OWN_SOURCES
        }
        if left:
            kept[path] = left
    return kept


def join(
    facts: Facts, source: str, said: Iterable[tuple[str, Any]], observed_at: datetime, received_at: datetime
) -> Facts:
    """`facts` with this word added; the same object if it added nothing."""
    joined = facts
    for path, value in said:
        fact = Fact(value, observed_at, received_at)
        joined = _join_one(joined, facts, path, source, fact)
        if value is not None and (first := FIRST.get(path)) is not None:
            joined = _join_one(joined, facts, first, source, fact)
    return joined


def join_all(facts: Facts, others: Facts) -> Facts:
    """`facts` with every word of `others` added; the same object if they added nothing."""
    joined = facts
    for path, by_source in others.items():
        for source, fact in by_source.items():
            joined = _join_one(joined, facts, path, source, fact)
    return joined


def _join_one(joined: Facts, original: Facts, path: str, source: str, fact: Fact) -> Facts:
    held = joined.get(path)
    if (
        held is not None
        and (known := held.get(source)) is not None
        and (fact := _choose(path, known, fact)) is known
    ):
        return joined
    if joined is original:
        joined = dict(original)
    joined[path] = {source: fact} if held is None else {**held, source: fact}
    return joined


def _choose(path: str, known: Fact, fact: Fact) -> Fact:
    """Of two assertions of one source the one to keep: the later observed (or, of a first schedule, the earlier)."""
    if fact.observed_at != known.observed_at:
        later = fact.observed_at > known.observed_at
    elif fact.value != known.value:
        later = _weight(fact.value) > _weight(known.value)
    else:
        # The same word again: heard first when it was heard first.
        return fact if fact.received_at < known.received_at else known
    return known if later == (path in _FIRSTS) else fact


def _weight(value: Any) -> bytes:
    return b"" if value is None else msgspec.json.encode(value)


def beliefs(facts: Facts, rules: MergeRules) -> dict[str, Belief]:
    """Per field whose word is believed: rank, of feeds their order, then the later observed, then the name decide."""
    return {
        path: next(iter(by_source.items())) if len(by_source) == 1 else best(path, by_source, rules)
        for path, by_source in facts.items()
    }


def best(path: str, by_source: Mapping[str, Fact], rules: MergeRules) -> Belief:
    """Return the belief among these facts; of a first schedule the earliest of the highest rank."""
    ranked = rules.rank
    chosen, fact, rank = "", None, 0
    # Loops instead of max() with a key: these are the busiest lines of all when several sources speak.
    if path in _FIRSTS:
        for source, other in by_source.items():
            its = ranked(source, path)
            if (
                fact is None
                or its > rank
                or (its == rank and (other.observed_at, source) < (fact.observed_at, chosen))
            ):
                chosen, fact, rank = source, other, its
        assert fact is not None
        return chosen, fact
    if rules.order and len(rules.order.keys() & by_source.keys()) > 1:
        by_source = _settled(path, by_source, rules)
    for source, other in by_source.items():
        its = ranked(source, path)
        if fact is not None and (
            its < rank or (its == rank and (other.observed_at, source) < (fact.observed_at, chosen))
        ):
            continue
        chosen, fact, rank = source, other, its
    assert fact is not None
    return chosen, fact


def _settled(path: str, by_source: Mapping[str, Fact], rules: MergeRules) -> Mapping[str, Fact]:
    """Without the feeds that another one of their rank, named before them and not silent, speaks for."""
    order, silent = rules.order, timedelta(minutes=rules.silent_minutes)
    left = dict(by_source)
    for source in by_source.keys() & order.keys():
        fact, rank, place = by_source[source], rules.rank(source, path), order[source]
        for other in by_source.keys() & order.keys():
            if (
                order[other] < place
                and rules.rank(other, path) == rank
                and fact.observed_at - by_source[other].observed_at <= silent
            ):
                del left[source]
                break
    return left


def weight(path: str, belief: Belief, rules: MergeRules) -> tuple[int, datetime]:
    """Return the weight of a belief of the field `path` against one of another field."""
    return (rules.rank(belief[0], path), belief[1].observed_at)

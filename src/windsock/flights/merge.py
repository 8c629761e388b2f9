"""How a report becomes belief and change."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from windsock.flights.belief import believe, blank
from windsock.flights.changes import Change, diff
from windsock.flights.facts import TICK, Facts, assertions, join, join_all, moment, without_future
from windsock.flights.identity import FlightKey
from windsock.flights.own_sources import OWN_SOURCES
from windsock.flights.record import FlightRecord
from windsock.flights.report import Report
from windsock.flights.rules import DEFAULT_RULES, MergeRules
from windsock.flights.state import Flight
from windsock.flights.values import CLOCK_SKEW


class Merged(msgspec.Struct, frozen=True):
    """What became of a report: the record after it, what changed, and whether any source's word did.

    `changes` empty and `facts_changed` true: another source agreed, or was outranked; worth keeping, no event.
    """

    record: FlightRecord
    changes: tuple[Change, ...]
    facts_changed: bool


def apply_report(
    record: FlightRecord | None,
    key: FlightKey,
    report: Report,
    *,
    received_at: datetime,
    rules: MergeRules = DEFAULT_RULES,
    place: int = 0,
    latest: bool = False,
    now: datetime | None = None,
) -> Merged:
    """Return the record (None: a new flight) after this report about the flight `key`.

    Any order and any repetition of the same reports gives the same flight (but for version and stamps) and the
    same facts, if they bear their own times. A report without `observed_at` bears the time of its receipt and, among
    those received together, its `place`; if it is the `latest`, come just now, it follows all that its source said.
    `now` is the time by the service's clock: what is later than that was dated by a clock that ran ahead.

    Absent fields change nothing, null erases, and a report observed earlier than what its source said last
    changes nothing newer. The version grows by one exactly if there are changes; of a new flight the first one is
    `flight.added`. The record given is not altered.
    """
    held: Facts = {} if record is None else record.facts
    said = assertions(report)
    dated = report.observed_at
    observed_at = received_at + place * TICK if dated is msgspec.UNSET else dated
    facts = held
    if held:
        # An input of long ago, read again, is not news; of the future nothing is known without a clock.
        if now is not None and now - received_at <= CLOCK_SKEW:
            facts = without_future(held, said, observed_at, max(now, received_at))
        if dated is msgspec.UNSET:
            observed_at = moment(facts, report.source, said, observed_at, latest=latest)
    facts = join(facts, report.source, said, observed_at, received_at)
    if record is not None and facts is held:
        return Merged(record, (), False)
    before = None if record is None else record.flight
    after = believe(blank(key) if before is None else before, facts, rules)
    changes = () if before == after else diff(before, after, rules)
    if changes:
        after = _stamped(after, received_at, own=report.source in OWN_SOURCES)
    return Merged(FlightRecord(key=key, facts=facts, flight=after), changes, True)


def absorb(
    before: Flight | None,
    record: FlightRecord,
    others: Sequence[FlightRecord],
    *,
    received_at: datetime,
    rules: MergeRules = DEFAULT_RULES,
) -> Merged:
    """`record` joined with what was known of `others`, which turned out to be the same flight under another number.

    `before` is the flight before the report that said so (None: a new one), which the changes are counted from.
    """
    facts = record.facts
    former = set(record.flight.former_ids)
    for other in others:
        facts = join_all(facts, other.facts)
        former.update((other.flight.id, *other.flight.former_ids))
    start = blank(record.key) if before is None else before
    known = msgspec.structs.replace(start, former_ids=tuple(sorted(former)))
    after = _stamped(believe(known, facts, rules), received_at, own=False)  # no own source names codeshares
    changes = diff(before, after, rules)
    return Merged(FlightRecord(key=record.key, facts=facts, flight=after), changes, True)


def _stamped(flight: Flight, at: datetime, *, own: bool) -> Flight:
    reported_at = flight.reported_at if own else at
    return msgspec.structs.replace(flight, version=flight.version + 1, updated_at=at, reported_at=reported_at)

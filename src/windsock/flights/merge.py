"""How a report becomes belief and change."""

from datetime import datetime

import msgspec

from windsock.flights.belief import believe, blank
from windsock.flights.changes import Change, diff
from windsock.flights.facts import Facts, assertions, join
from windsock.flights.identity import FlightKey
from windsock.flights.record import FlightRecord
from windsock.flights.report import Report
from windsock.flights.rules import DEFAULT_RULES, MergeRules
from windsock.flights.state import Flight


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
) -> Merged:
    """The record (None: a new flight) after this report about the flight `key`.

    Any order and any repetition of the same reports gives the same flight (but for version and updated_at) and the
    same facts. Absent fields change nothing, null erases, and a report observed earlier than what its source said last
    changes nothing newer. The version grows by one exactly if there are changes; of a new flight the first one is
    `flight.added`. The record given is not altered.
    """
    observed_at = received_at if report.observed_at is msgspec.UNSET else report.observed_at
    held: Facts = {} if record is None else record.facts
    facts = join(held, report.source, assertions(report), observed_at, received_at)
    if record is not None and facts is held:
        return Merged(record, (), False)
    before = None if record is None else record.flight
    after = believe(blank(key) if before is None else before, facts, rules)
    changes = () if before == after else diff(before, after, rules)
    if changes:
        after = _stamped(after, received_at)
    return Merged(FlightRecord(key=key, facts=facts, flight=after), changes, True)


def _stamped(flight: Flight, at: datetime) -> Flight:
    return msgspec.structs.replace(flight, version=flight.version + 1, updated_at=at)

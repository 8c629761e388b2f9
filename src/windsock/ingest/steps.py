"""Several steps of a replay in one transaction: the same events as step by step, many times as fast.

A replay at full speed would otherwise wait for the disk twice in every minute of its day. What depends on earlier
reports is merged in memory: the reports themselves, and after each minute what the overdue watch reports.
"""

import heapq
from collections.abc import Iterator, Sequence
from datetime import datetime

from windsock.flights import FlightKey, MergeRules
from windsock.ingest.batch import Written, transact
from windsock.ingest.merging import Merging
from windsock.ingest.overdue import OverdueWatch
from windsock.ingest.submissions import ParsedSubmission, Submission, parse
from windsock.journal.base import Journal
from windsock.journal.projection import project
from windsock.replay.player import Step

ALL = 10**6
"""More flights than are overdue at any time."""


def write_steps(
    journal: Journal, steps: Sequence[Step], watch: OverdueWatch, rules: MergeRules
) -> tuple[Written, int]:
    """Write the steps; durable on return. The events are those that recording and watching step by step would give.

    Return the outcome, where `index` counts the reports of all steps, and how many events the overdue watch caused.
    """
    by_step = [
        [
            parse(Submission(place, report, received_at=step.at), step.at, place)
            for place, report in enumerate(step.reports)
        ]
        for step in steps
    ]
    reports = [parsed for together in by_step for parsed in together]
    for index, parsed in enumerate(reports):
        parsed.submission = Submission(index, parsed.submission.data, received_at=parsed.received_at)
    minutes = [step.at for step in steps if step.minute]
    overdue = 0

    def merge(merging: Merging) -> list[ParsedSubmission]:
        nonlocal overdue
        applied: list[ParsedSubmission] = []
        waiting = _Waiting(merging)
        for step, together in zip(steps, by_step, strict=True):
            for parsed in together:
                applied.append(parsed)
                if parsed.report is not None and (key := merging.apply(parsed)) is not None:
                    waiting.changed(key)
            if step.minute:
                for parsed in waiting.report(step.at, watch):
                    applied.append(parsed)
                    overdue += parsed.draft is not None
        return applied

    def due() -> Iterator[FlightKey]:
        # Evaluated within the transaction. A flight that is not due by the last minute, and that no report is about,
        # does not become due in these steps.
        if minutes:
            yield from (record.key for record in watch.due(journal, minutes[0], minutes[-1], ALL))

    return transact(journal, reports, rules, merge, others=due()), overdue


class _Waiting:
    """The flights of these steps in the order in which they are due, and what the watch reports about them."""

    def __init__(self, merging: Merging) -> None:
        self._merging = merging
        self._queue: list[tuple[datetime, str, FlightKey]] = []
        for key in merging.records:
            self.changed(key)

    def changed(self, key: FlightKey) -> None:
        """Note when a flight is due now."""
        flight = self._merging.records[key].flight
        if (due_at := project(flight).due_at) is not None:
            heapq.heappush(self._queue, (due_at, flight.id, key))

    def report(self, now: datetime, watch: OverdueWatch) -> list[ParsedSubmission]:
        """Return the watch's reports at `now`, merged, in the order in which the journal returns the flights due."""
        before, since = watch.bounds(now)
        found: list[FlightKey] = []
        queue, records = self._queue, self._merging.records
        seen: set[FlightKey] = set()
        while queue and queue[0][0] <= before:
            due_at, _, key = heapq.heappop(queue)
            if (
                key not in records
                or key in seen
                or due_at < since
                or project(records[key].flight).due_at != due_at
            ):
                continue
            seen.add(key)
            found.append(key)
        reported: list[ParsedSubmission] = []
        for key in found:
            report = watch.report(records[key].flight, now)
            if report is not None:
                parsed = parse(Submission(0, report, received_at=now, trusted=True), now)
                self._merging.apply(parsed)
                reported.append(parsed)
            self.changed(key)  # reported or not, it may be due again
        return reported

"""Several moments of a replay in one transaction: the same events as moment by moment, many times as fast.

A replay at full speed would otherwise wait for the disk twice in every minute of the day it tells. What depends on what
was told before is merged in memory: the reports, and after each minute what nobody reported.
"""

import heapq
from collections.abc import Sequence
from datetime import datetime

from windsock.flights import FlightKey, MergeRules
from windsock.ingest.batch import Written, results_of
from windsock.ingest.merging import Given, Merging, Read, kept, read
from windsock.ingest.overdue import OverdueWatch
from windsock.journal.base import Journal
from windsock.journal.projection import project
from windsock.replay.player import Step

MANY = 10**6
"""More flights than are overdue at any time."""


def write_span(
    journal: Journal, steps: Sequence[Step], watch: OverdueWatch, rules: MergeRules
) -> tuple[Written, int]:
    """Writes the steps; durable when it returns. Gives the results of their reports in order (`index` counts through
    the span), the events, and how many of these the overdue watch made.

    The events are those that telling and watching step by step would have given.
    """
    told = [
        [
            read(Given(place, report, received_at=step.at), step.at, place)
            for place, report in enumerate(step.reports)
        ]
        for step in steps
    ]
    reports = [one for together in told for one in together]
    for index, one in enumerate(reports):
        one.given = Given(index, one.given.data, received_at=one.received_at)
    everything: list[Read] = []
    with journal.write() as writing:
        minutes = [step.at for step in steps if step.minute]
        # Whoever is not due by the span's end, and of whom nothing is told, does not become due in it.
        due = watch.due(journal, minutes[0], minutes[-1], MANY) if minutes else []
        merging = Merging(writing, reports, rules, (record.key for record in due))
        waiting = _Waiting(merging)
        overdue = 0
        for step, together in zip(steps, told, strict=True):
            for one in together:
                everything.append(one)
                if one.report is not None and (key := merging.apply(one)) is not None:
                    waiting.changed(key)
            if step.minute:
                for one in waiting.spoken_for(step.at, watch):
                    everything.append(one)
                    overdue += one.draft is not None
        merging.save(writing)
        events = writing.append(merging.drafts, kept(everything))
        head = writing.head()
    return Written(results_of(reports, events, head), head.epoch, events), overdue


class _Waiting:
    """The flights of a span by when they are due, and what the watch says of them."""

    def __init__(self, merging: Merging) -> None:
        self._merging = merging
        self._queue: list[tuple[datetime, str, FlightKey]] = []
        for key in merging.records:
            self.changed(key)

    def changed(self, key: FlightKey) -> None:
        """Takes note of when a flight is due now."""
        flight = self._merging.records[key].flight
        if (due_at := project(flight).due_at) is not None:
            heapq.heappush(self._queue, (due_at, flight.id, key))

    def spoken_for(self, now: datetime, watch: OverdueWatch) -> list[Read]:
        """The watch's reports at `now`, merged, in the order in which the journal gives the flights that are due."""
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
        said: list[Read] = []
        for key in found:
            report = watch.report(records[key].flight, now)
            if report is not None:
                one = read(Given(0, report, received_at=now, trusted=True), now)
                self._merging.apply(one)
                said.append(one)
            self.changed(key)  # said or not, it may be due again
        return said

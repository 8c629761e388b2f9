"""Detect a clock that ran ahead, by flights last changed in the future. For /readyz and the console."""

import time
from dataclasses import dataclass
from datetime import datetime

from windsock.clock import Clock, system_clock
from windsock.flights.values import CLOCK_SKEW
from windsock.ingest.current import pipeline
from windsock.journal.base import Journal

LOOK_SECONDS = 60.0
"""How old a result may be: the query walks all coming flights, and probes arrive every few seconds."""

MAX_LISTED = 1000
"""Flights counted at most; above it the sentence says "at least"."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """How many flights were last changed later than `now`; `at_least`: there may be more."""

    flights: int
    at_least: bool
    now: datetime


class Watch:
    """Checks now and then whether the journal has changes from the future."""

    def __init__(self, clock: Clock = system_clock) -> None:
        self._clock = clock
        self._asked_at = float("-inf")
        self._found: Ahead | None = None

    def ahead(self, journal: Journal | None = None) -> Ahead | None:
        """Return how many flights were changed in the future, a minute old at most; None if there are none."""
        if time.monotonic() - self._asked_at > LOOK_SECONDS:
            self._found = ahead(journal or pipeline().journal, self._clock())
            self._asked_at = time.monotonic()
        return self._found

    def complaint(self, journal: Journal | None = None) -> str | None:
        """Return a sentence that reports them, with the cure; None if there are none."""
        found = self.ahead(journal)
        return None if found is None else describe(found)


def ahead(journal: Journal, now: datetime) -> Ahead | None:
    """Return how many flights were last changed after `now`; None if there are none."""
    if journal.head().clock is not None:
        return None  # a replay runs a day of its own, by its own clock
    found = journal.ahead(now + CLOCK_SKEW, MAX_LISTED)
    return Ahead(found, found == MAX_LISTED, now) if found else None


def describe(found: Ahead) -> str:
    """Return the sentence for programs and logs."""
    count = f"{'At least ' if found.at_least else ''}{found.flights} flights were"
    flights = "1 flight was" if found.flights == 1 else count
    return (
        f"{flights} last changed later than it is now ({found.now:%Y-%m-%d %H:%M} UTC): the clock of a machine was "
        "ahead. Each is put right by the next report about it; check the clocks (NTP) of all machines."
    )


watch = Watch()

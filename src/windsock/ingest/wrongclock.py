"""Detect a clock that ran ahead, by flights last changed in the future. For /readyz and the console."""

import time
from datetime import datetime

from windsock.clock import Clock, system_clock
from windsock.flights.values import CLOCK_SKEW
from windsock.ingest.current import pipeline
from windsock.journal.base import Journal

LOOK_SECONDS = 60.0
"""How old a result may be: the query walks all coming flights, and probes arrive every few seconds."""

MAX_LISTED = 1000
"""Flights counted at most; above it the sentence says "at least"."""


class Watch:
    """Checks now and then whether the journal has changes from the future."""

    def __init__(self, clock: Clock = system_clock) -> None:
        self._clock = clock
        self._asked_at = float("-inf")
        self._said: str | None = None

    def complaint(self, journal: Journal | None = None) -> str | None:
        """Return a sentence that reports them, with the cure; None if there are none."""
        if time.monotonic() - self._asked_at > LOOK_SECONDS:
            self._said = complaint(journal or pipeline().journal, self._clock())
            self._asked_at = time.monotonic()
        return self._said


def complaint(journal: Journal, now: datetime) -> str | None:
    """Return a sentence with the number of flights last changed after `now`; None if there are none."""
    if journal.head().clock is not None:
        return None  # a replay runs a day of its own, by its own clock
    found = journal.ahead(now + CLOCK_SKEW, MAX_LISTED)
    if not found:
        return None
    flights = (
        "1 flight was" if found == 1 else f"{'At least ' if found == MAX_LISTED else ''}{found} flights were"
    )
    return (
        f"{flights} last changed later than it is now ({now:%Y-%m-%d %H:%M} UTC): the clock of a machine was ahead. "
        "Each is put right by the next report about it; check the clocks (NTP) of all machines."
    )


watch = Watch()

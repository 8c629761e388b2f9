"""Play a script on a simulated clock, at any speed, always with the same result.

The reports, their order and their batches depend on the script alone: not on the speed, on pauses, or on how well the
machine keeps up. So the same file gives the same events.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from windsock.clock import Clock, ReplayClock, system_clock
from windsock.flights.report import Report
from windsock.replay.script import TimedReport, instants

FULL_SPEED = math.inf
_MINUTE = timedelta(minutes=1)
# How often a replay at full speed shows its clock: about as often as people can read it.
_CLOCK_EVERY_SECONDS = 1.0
# The size of a step at full speed: some tenths of a second of work, so that progress, pause and stop stay prompt.
_SPAN_REPORTS = 1000
_SPAN_STEPS = 120
# Shorter than a machine can sleep precisely: waiting for less would only spin.
_CLOSE_ENOUGH_SECONDS = 0.0005


class Listener(Protocol):
    """The target of a replay: this process's journal, or another server."""

    def record(self, reports: Sequence[Report], at: datetime) -> "ReplayResult":
        """Record the reports of one moment, in order; they are durable when it returns."""

    def minute(self, at: datetime) -> int:
        """Check for overdue flights after a simulated minute; return the number of events this made."""

    # A listener may also have `record_steps(steps) -> ReplayResult`: several steps at once, with the same result.

    def show_clock(self, clock: ReplayClock) -> None:
        """Publish the time of the replay."""


@dataclass(frozen=True, slots=True)
class Step:
    """One moment of a replay: the reports of that moment, and whether a minute is over then."""

    at: datetime
    reports: Sequence[Report]
    minute: bool


@dataclass(slots=True)
class ReplayResult:
    """The result of some reports: their events, the reasons of those refused, and the overdue watch's events apart."""

    events: int = 0
    refused: list[str] = field(default_factory=list)
    overdue_events: int = 0


@dataclass(slots=True)
class Summary:
    """The progress of a replay. `seconds` is real time spent recording, without waiting for the simulated clock."""

    reports: int = 0
    events: int = 0
    overdue_events: int = 0
    seconds: float = 0.0
    refused: list[str] = field(default_factory=list)

    @property
    def all_events(self) -> int:
        """Events made by reports and by the overdue watch."""
        return self.events + self.overdue_events


class Replay:
    """One run of a script. `run` blocks; everything else may be called from any thread meanwhile.

    Everything before `start` is played at full speed; then the simulated clock runs at `speed` times real time.
    A listener that cannot keep up makes the replay late, never different.
    """

    def __init__(
        self,
        tells: Sequence[TimedReport],
        listener: Listener,
        *,
        label: str,
        start: datetime | None = None,
        speed: float = FULL_SPEED,
        real: Clock = system_clock,
        wait: Callable[[float | None], object] | None = None,
    ) -> None:
        if not speed > 0:
            raise ValueError(f"a replay's speed is a factor above 0, not {speed}")
        if not tells:
            raise ValueError("there are no reports to play")
        self.summary = Summary()
        self.label = label
        self.total = len(tells)
        self.first, self.last = tells[0].at, tells[-1].at
        self.start = min(max(start or self.first, self.first), self.last)
        self._moments = instants(tells)
        self._coming: deque[tuple[datetime, list[Report]]] = deque()
        self._ahead(0)
        self._watched = self.first.replace(second=0, microsecond=0)
        self._listener, self._real = listener, real
        self._record_steps: Callable[[Sequence[Step]], ReplayResult] | None = getattr(
            listener, "record_steps", None
        )
        self._wake = threading.Event()
        self._wait = wait or self._wait_for_change
        self._stopped = False
        self._paused = False
        self._speed = speed
        self._loading = True
        self._clock = ReplayClock(label=label, simulated_at=self.first, real_at=real(), speed=0)
        self._clock_shown = -math.inf

    # --- Read and controlled from other threads ------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """The time in the replay, never after its end."""
        return min(self._clock.at(self._real()), self.last)

    @property
    def paused(self) -> bool:
        """Whether it waits for `resume`."""
        return self._paused

    @property
    def finished(self) -> bool:
        """Whether everything was played."""
        return self.summary.reports == self.total

    def pause(self) -> None:
        """Stop the simulated clock."""
        self._change(paused=True)

    def resume(self) -> None:
        """Let the simulated clock continue from where it stopped."""
        self._change(paused=False)

    def toggle(self) -> None:
        """Pause or resume."""
        self._change(paused=not self._paused)

    def stop(self) -> None:
        """Make `run` return soon, after the step that it is recording."""
        self._stopped = True
        self._wake.set()

    def _change(self, *, paused: bool) -> None:
        self._paused = paused
        self._wake.set()

    # --- Playing ------------------------------------------------------------------------------------------------

    def load(self) -> Summary:
        """Play everything before `start` at full speed, and no more. `run` does so too, unless it has been done."""
        self._until(self.start)
        return self.summary

    def run(self) -> Summary:
        """Play everything that is left, and leave the clock stopped at the end (or at `stop`)."""
        self.load()
        self._loading = False
        try:
            if not self._stopped and not math.isinf(self._speed):
                self._set_clock(self.start, self._speed)
            self._until(None)
        finally:
            self._set_clock(self.last if self.finished else self._clock.at(self._real()), 0)
        return self.summary

    def _until(self, end: datetime | None) -> None:
        """Play moment by moment, with the overdue watch in every minute between."""
        while not self._stopped:
            steps = self._steps(end)
            if not steps or not self._reach(steps[-1].at):
                return
            begun = time.perf_counter()
            record_steps = self._record_steps if len(steps) > 1 else None
            self._count(self._record(steps[0]) if record_steps is None else record_steps(steps), steps)
            self.summary.seconds += time.perf_counter() - begun

    def _steps(self, end: datetime | None) -> list[Step]:
        """Return the next step or, at full speed, as many as the listener may record at once."""
        several = self._record_steps is not None and (self._loading or math.isinf(self._speed))
        steps: list[Step] = []
        ahead, watched, reports = 0, self._watched, 0
        while (coming := self._ahead(ahead)) is not None:
            at, told = coming
            # The reports of a minute come first: a flight that leaves in this minute is not overdue in it.
            minute = watched + _MINUTE
            moment = min(at, minute)
            if end is not None and moment >= end:
                break
            now = told if moment == at else []
            if steps and reports + len(now) > _SPAN_REPORTS:
                break
            ahead += moment == at
            after = self._ahead(ahead)
            over = moment == minute and (after is None or after[0] > minute)
            steps.append(Step(moment, now, over))
            reports += len(now)
            if over:
                watched = minute
            if not several or reports > _SPAN_REPORTS or len(steps) == _SPAN_STEPS:
                break
        return steps

    def _ahead(self, index: int) -> tuple[datetime, list[Report]] | None:
        """Return the moment `index` moments after the next one."""
        while len(self._coming) <= index:
            moment = next(self._moments, None)
            if moment is None:
                return None
            self._coming.append(moment)
        return self._coming[index]

    def _record(self, step: Step) -> ReplayResult:
        told = self._listener.record(step.reports, step.at) if step.reports else ReplayResult()
        if step.minute:
            told.overdue_events += self._listener.minute(step.at)
        return told

    def _count(self, told: ReplayResult, steps: Sequence[Step]) -> None:
        for step in steps:
            if step.reports:
                self._coming.popleft()
            if step.minute:
                self._watched = step.at
            self.summary.reports += len(step.reports)
        self.summary.events += told.events
        self.summary.overdue_events += told.overdue_events
        self.summary.refused += told.refused

    def _reach(self, moment: datetime) -> bool:
        """Wait until the simulated clock shows `moment`; return False if the replay is to stop."""
        while not self._stopped:
            if self._paused:
                if self._clock.speed:
                    self._set_clock(self._clock.at(self._real()), 0)
                self._wait(None)
            elif self._loading or math.isinf(self._speed):
                self._clock = ReplayClock(
                    label=self.label, simulated_at=moment, real_at=self._real(), speed=0
                )
                if time.monotonic() - self._clock_shown > _CLOCK_EVERY_SECONDS:
                    self._set_clock(moment, 0)
                return True
            else:
                if not self._clock.speed:
                    self._set_clock(self._clock.simulated_at, self._speed)
                left = (moment - self._clock.at(self._real())).total_seconds() / self._speed
                if left <= _CLOSE_ENOUGH_SECONDS:
                    return True
                self._wait(left)
        return False

    def _set_clock(self, simulated: datetime, speed: float) -> None:
        self._clock = ReplayClock(label=self.label, simulated_at=simulated, real_at=self._real(), speed=speed)
        self._clock_shown = time.monotonic()
        self._listener.show_clock(self._clock)

    def _wait_for_change(self, seconds: float | None) -> None:
        self._wake.wait(seconds)
        self._wake.clear()

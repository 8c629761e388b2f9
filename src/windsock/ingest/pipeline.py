"""Reports into the journal, from any thread: one writer thread per process, and group commit.

While one transaction is on its way to the disk the next reports gather; they share the next transaction (group commit).
A report that comes alone is written at once. The writer has a database connection of its own, so a report is durable
when it is acknowledged even if the caller is inside a transaction that is rolled back later.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import Any, TypeVar

import msgspec

from windsock.clock import Clock, ReplayClock, system_clock
from windsock.errors import JournalUnavailable, ValueRefused
from windsock.flights import MergeRules, Report
from windsock.flights.facts import TICK
from windsock.ingest.batch import Submission, Written, unkept_refusal, write_batch, write_refusal
from windsock.ingest.results import Rejected, Result
from windsock.ingest.speaker import Speaker
from windsock.journal.base import Event, Journal

logger = logging.getLogger(__name__)

T = TypeVar("T")

Listener = Callable[[str, list[Event]], None]

MAX_WAITING = 50_000
"""Reports that may wait for the writer: some ten seconds of its work. Beyond, callers are told to come back."""

CLOCK_SECONDS = 1.0
"""How old the writer's knowledge may be of whether a replay drives the journal."""

RETRY_SECONDS = 2.0
"""A transaction that failed sooner than this is tried once more: a dead connection, or a deadlock that was resolved."""

MAX_SET_BACK = timedelta(hours=2)
"""A machine's clock that is set back by up to this is not followed. A report without `observed_at` bears the time of
its receipt, and the later time wins: until the clock was there again, nothing newer would be believed. A clock that is
set back further was far ahead before, and holding on to its time would date everything falsely for long."""


class Pipeline:
    """The way of all reports of a process into its journal. Start is lazy, `stop` finishes what waits."""

    def __init__(
        self,
        journal: Journal,
        *,
        rules: MergeRules | None = None,
        batch_reports: int = 500,
        max_waiting: int = MAX_WAITING,
        clock: Clock = system_clock,
        on_exit: Callable[[], None] | None = None,
    ) -> None:
        self.journal = journal
        self.rules = rules or MergeRules()
        self._batch_reports = batch_reports
        self._max_waiting = max_waiting
        self._clock = clock
        self._on_exit = on_exit
        self._ready = threading.Condition()
        self._jobs: deque[_Job | _TransactionJob] = deque()
        self._waiting = 0
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._listeners: tuple[Listener, ...] = ()
        self._replay: ReplayClock | None = None
        self._replay_known_at = float("-inf")
        self._latest: datetime | None = None

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Calls `listener(epoch, events)` in the writer thread after each commit, in order; returns what ends it.

        Events of other processes do not come this way. A listener must be quick; what it raises is logged.
        """
        with self._ready:
            self._listeners = (*self._listeners, listener)

        def end() -> None:
            with self._ready:
                self._listeners = tuple(one for one in self._listeners if one is not listener)

        return end

    def submit(
        self,
        reports: Iterable[Report | Mapping[str, object]],
        *,
        source: str | None = None,
        received_at: datetime | None = None,
        trusted: bool = False,
        speaker: Speaker | None = None,
    ) -> Future[list[Result]]:
        """Hands reports to the writer; the future gives one result per report, in order, after their commit.

        It raises JournalUnavailable if none of them could be written; if only a part could, the others are Rejected
        with `retryable`. Raises JournalUnavailable at once when too many wait already or the pipeline was stopped.
        """
        if isinstance(reports, (Mapping, Report, str, bytes)):
            raise TypeError("Give a list of reports; for a single one write record([report]).")
        return self._hand_over(
            [
                Submission(i, data, source, received_at, trusted, speaker=speaker)
                for i, data in enumerate(reports)
            ]
        )

    def submit_prepared(
        self, given: Iterable[Submission], *, received_at: datetime | None = None
    ) -> Future[list[Result]]:
        """Like `submit`, for whoever knows more of the flights meant: feeds."""
        return self._hand_over([msgspec.structs.replace(one, received_at=received_at) for one in given])

    def _hand_over(self, given: list[Submission]) -> Future[list[Result]]:
        job = _Job(given)
        # Running from the start: whoever waits may go away, the report is written all the same.
        job.future.set_running_or_notify_cancel()
        if not job.given:
            job.future.set_result([])
            return job.future
        with self._ready:
            self._enqueue(job, len(job.given))
        return job.future

    def submit_transaction(
        self, write: Callable[[Journal, MergeRules], tuple[Written, T]]
    ) -> Future[tuple[Written, T]]:
        """Hands the writer a transaction of its own; the future gives what `write` gave, after the listeners had it.

        `write` is called in the writer thread, in its turn among the reports submitted, and once more if it raised
        JournalUnavailable at once. For replays, which know what the next minutes bring.
        """
        whole = _TransactionJob(write)
        whole.future.set_running_or_notify_cancel()
        with self._ready:
            self._enqueue(whole, 1)
        future: Future[tuple[Written, T]] = whole.future
        return future

    def _enqueue(self, job: "_Job | _TransactionJob", reports: int) -> None:
        if self._stopping:
            raise JournalUnavailable("This process is shutting down and takes no more reports. Try again.")
        if self._waiting > self._max_waiting:
            raise JournalUnavailable(
                f"{self._waiting} reports wait to be written already. Try again in a moment."
            )
        self._jobs.append(job)
        self._waiting += reports
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="windsock-ingest", daemon=True)
            self._thread.start()
        self._ready.notify()

    def stop(self, timeout: float | None = 30.0) -> bool:
        """Takes no more reports, writes those that wait, ends the thread; False if it takes longer than `timeout`."""
        with self._ready:
            self._stopping = True
            self._ready.notify_all()
            thread = self._thread
        if thread is None or thread is threading.current_thread():
            return True
        thread.join(timeout)
        return not thread.is_alive()

    @property
    def waiting(self) -> int:
        """How many reports wait for the writer now."""
        return self._waiting

    # --- the writer thread ---

    def _run(self) -> None:
        try:
            while batch := self._take():
                if isinstance(batch, _TransactionJob):
                    self._write_transaction(batch)
                else:
                    self._write(batch)
        finally:
            if self._on_exit is not None:
                self._on_exit()

    def _take(self) -> "list[tuple[_Job, Submission]] | _TransactionJob":
        """The next reports to write together, oldest first; nothing when stopped and all is written."""
        batch: list[tuple[_Job, Submission]] = []
        with self._ready:
            while not self._jobs and not self._stopping:
                self._ready.wait()
            while self._jobs and len(batch) < self._batch_reports:
                job = self._jobs[0]
                if isinstance(job, _TransactionJob):
                    if batch:
                        break
                    self._jobs.popleft()
                    self._waiting -= 1
                    return job
                part = job.given[job.taken : job.taken + self._batch_reports - len(batch)]
                batch.extend((job, given) for given in part)
                job.taken += len(part)
                if job.taken == len(job.given):
                    self._jobs.popleft()
            self._waiting -= len(batch)
        return batch

    def _write(self, batch: list[tuple["_Job", Submission]]) -> None:
        try:
            now = self.now()
        except JournalUnavailable as error:
            logger.warning("%d reports were not recorded: %s", len(batch), error)
            self._fail(batch, error)
            return
        self._write_part(batch, now, 0, _Faults())

    def _write_part(
        self, batch: list[tuple["_Job", Submission]], now: datetime, first: int, faults: "_Faults"
    ) -> None:
        """Writes a batch, or the part of one in which a report was found that makes the whole transaction fail.

        Such a report is refused alone: the batch is halved, and halved again, in order, until it is found.
        """
        if faults.error is not None:
            self._fail(batch, faults.error)
            return
        failed: Exception | None = None
        try:
            written = self._attempt([given for _, given in batch], now, first)
        except Exception as error:
            failed = error
        if isinstance(failed, JournalUnavailable) and not isinstance(failed, ValueRefused):
            logger.warning("%d reports were not recorded: %s", len(batch), failed)
            self._fail(batch, failed)
            return
        if failed is not None and len(batch) > 1:
            middle = len(batch) // 2
            self._write_part(batch[:middle], now, first, faults)
            self._write_part(batch[middle:], now, first + middle, faults)
            return
        if failed is not None:
            refusal = self._refuse(batch[0][1], now, failed)
            if refusal is None:
                faults.error = JournalUnavailable(
                    "The journal failed unexpectedly; nothing was acknowledged. See the log."
                )
                faults.error.__cause__ = failed
                self._fail(batch, faults.error)
                return
            written = refusal
        self._tell_listeners(written)
        for (job, _), result in zip(batch, written.results, strict=True):
            job.done(result)

    def _refuse(self, given: Submission, now: datetime, error: Exception) -> Written | None:
        """Rejects the one report that makes a transaction fail; None if any transaction fails, whatever is written."""
        logger.error("Windsock failed at a report: %.2000r", given.data, exc_info=error)
        try:
            return write_refusal(self.journal, given, now=now)
        except Exception:
            logger.debug("The report cannot be kept either", exc_info=True)
        try:
            write_batch(self.journal, [], now=now, rules=self.rules)
        except Exception:
            return None
        return unkept_refusal(given, now=now)

    def _tell_listeners(self, written: Written) -> None:
        if not written.events:
            return
        for listener in self._listeners:
            try:
                listener(written.epoch, written.events)
            except Exception:
                logger.exception("A listener to the journal failed: %r", listener)

    def _write_transaction(self, whole: "_TransactionJob") -> None:
        started = time.monotonic()
        try:
            try:
                found = whole.write(self.journal, self.rules)
            except JournalUnavailable:
                if time.monotonic() - started > RETRY_SECONDS:
                    raise
                found = whole.write(self.journal, self.rules)
        except Exception as error:
            whole.future.set_exception(error)
            return
        self._tell_listeners(found[0])
        whole.future.set_result(found)

    def _attempt(self, batch: Sequence[Submission], now: datetime, first: int) -> Written:
        started = time.monotonic()
        replayed = self._replay is not None
        try:
            return write_batch(self.journal, batch, now=now, rules=self.rules, first=first, replayed=replayed)
        except JournalUnavailable:
            if time.monotonic() - started > RETRY_SECONDS:
                raise
            # Even if the first try was committed and only the answer got lost: with the same time of receipt, a report
            # told twice changes nothing.
            return write_batch(
                self.journal, batch, now=now, rules=self.rules, first=first, again=True, replayed=replayed
            )

    def _fail(self, batch: list[tuple["_Job", Submission]], error: JournalUnavailable) -> None:
        for job, given in batch:
            job.unavailable = error
            job.done(Rejected(given.index, "journal_unavailable", str(error), retryable=True))

    def now(self) -> datetime:
        """The service's time: a replay's if one drives the journal, else the machine's, which goes on when set back."""
        if time.monotonic() - self._replay_known_at > CLOCK_SECONDS:
            self._replay = self.journal.head().clock
            self._replay_known_at = time.monotonic()
        real = self._clock()
        return self._onward(real) if self._replay is None else self._replay.at(real)

    def _onward(self, real: datetime) -> datetime:
        """The machine's time, or a moment after the last one where it was set back."""
        if self._latest is not None and timedelta(0) < self._latest - real <= MAX_SET_BACK:
            real = self._latest + TICK
        self._latest = real
        return real


class _Faults:
    """What is known of a batch that could not be written as a whole: `error` if the journal itself is at fault."""

    def __init__(self) -> None:
        self.error: JournalUnavailable | None = None


class _TransactionJob:
    """A transaction that somebody else composes, and whoever waits for it."""

    def __init__(self, write: Callable[[Journal, MergeRules], tuple[Written, Any]]) -> None:
        self.write = write
        self.future: Future[tuple[Written, Any]] = Future()


class _Job:
    """The reports of one call, and whoever waits for their results."""

    def __init__(self, given: list[Submission]) -> None:
        self.given = given
        self.taken = 0
        self.future: Future[list[Result]] = Future()
        self.unavailable: JournalUnavailable | None = None
        self._results: list[Result] = []

    def done(self, result: Result) -> None:
        """Takes the next report's result; the last one answers the caller."""
        self._results.append(result)
        if len(self._results) < len(self.given):
            return
        if self.unavailable is not None and all(
            isinstance(one, Rejected) and one.retryable for one in self._results
        ):
            self.future.set_exception(self.unavailable)
        else:
            self.future.set_result(self._results)

"""Write reports to the journal from any thread: a writer thread per process, with group commit.

Reports that arrive while a transaction is being written to the disk share the next transaction (group commit). A report
that arrives alone is written at once. The writer has its own database connection, so an acknowledged report is durable
even if the caller is inside a transaction that is rolled back later.
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
"""Reports that may wait for the writer, about ten seconds of its work. Above this, submit() raises."""

CLOCK_SECONDS = 1.0
"""How often to check whether a replay drives the journal."""

RETRY_SECONDS = 2.0
"""A transaction that failed sooner than this is retried once: a dead connection, or a deadlock that was resolved."""

MAX_SET_BACK = timedelta(hours=2)
"""A machine's clock that is set back by up to this is not followed. A report without `observed_at` carries its time of
receipt, and the later time wins: nothing newer would be believed until the clock reached the old time. A clock that is
set back further was far ahead before, and keeping its time would misdate everything for too long."""


class Pipeline:
    """Writes all reports of a process to its journal. It starts on first use; `stop` writes the queued reports."""

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
        """Call `listener(epoch, events)` in the writer thread after each commit, in order; return a function to end it.

        It does not receive events of other processes. A listener must be quick; its exceptions are logged.
        """
        with self._ready:
            self._listeners = (*self._listeners, listener)

        def end() -> None:
            with self._ready:
                self._listeners = tuple(other for other in self._listeners if other is not listener)

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
        """Hand reports to the writer; the future has one result per report, in order, after their commit.

        The future raises JournalUnavailable if none of them could be written; if only some could, the others are
        Rejected with `retryable`.

        Raises:
            JournalUnavailable: Too many reports are waiting, or the pipeline was stopped.
        """
        if isinstance(reports, (Mapping, Report, str, bytes)):
            raise TypeError("Pass a list of reports; for a single one call record([report]).")
        return self._hand_over(
            [
                Submission(i, data, source, received_at, trusted, speaker=speaker)
                for i, data in enumerate(reports)
            ]
        )

    def submit_prepared(
        self, given: Iterable[Submission], *, received_at: datetime | None = None
    ) -> Future[list[Result]]:
        """Do what `submit` does, for a caller with hints about the flights: a feed."""
        return self._hand_over(
            [msgspec.structs.replace(submission, received_at=received_at) for submission in given]
        )

    def _hand_over(self, given: list[Submission]) -> Future[list[Result]]:
        job = _Job(given)
        # Running from the start: if the caller cancels its wait, the report is written all the same.
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
        """Hand the writer a whole transaction; the future has what `write` returned, once the listeners had the events.

        `write` is called in the writer thread, in order with the submitted reports, and once more if it raised
        JournalUnavailable quickly. For replays, which have several minutes ready.
        """
        job = _TransactionJob(write)
        job.future.set_running_or_notify_cancel()
        with self._ready:
            self._enqueue(job, 1)
        future: Future[tuple[Written, T]] = job.future
        return future

    def _enqueue(self, job: "_Job | _TransactionJob", reports: int) -> None:
        if self._stopping:
            raise JournalUnavailable("This process is shutting down and accepts no more reports. Try again.")
        if self._waiting > self._max_waiting:
            raise JournalUnavailable(
                f"{self._waiting} reports are already waiting to be written. Try again in a moment."
            )
        self._jobs.append(job)
        self._waiting += reports
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="windsock-ingest", daemon=True)
            self._thread.start()
        self._ready.notify()

    def stop(self, timeout: float | None = 30.0) -> bool:
        """Accept no more reports, write the queued ones, end the thread; return False if `timeout` was too short."""
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
        """Return how many reports are waiting for the writer now."""
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
        """Return the next reports to write together, oldest first; none when stopped and everything is written."""
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
        """Write a batch, or a part of one, in which a report makes the whole transaction fail.

        That report alone is rejected: the batch is halved again and again, in order, until it is found.
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
        """Reject the report that makes a transaction fail; return None if even an empty transaction fails."""
        logger.error("Internal error while recording a report: %.2000r", given.data, exc_info=error)
        try:
            return write_refusal(self.journal, given, now=now)
        except Exception:
            logger.debug("Could not keep the report either", exc_info=True)
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
                logger.exception("A listener of the journal raised: %r", listener)

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
            # Safe even if the first try was committed and only its response was lost: with the same time of receipt, a
            # report recorded twice changes nothing.
            return write_batch(
                self.journal, batch, now=now, rules=self.rules, first=first, again=True, replayed=replayed
            )

    def _fail(self, batch: list[tuple["_Job", Submission]], error: JournalUnavailable) -> None:
        for job, given in batch:
            job.unavailable = error
            job.done(Rejected(given.index, "journal_unavailable", str(error), retryable=True))

    def now(self) -> datetime:
        """Return the service's time: a replay's if one drives the journal, else the machine's (see `MAX_SET_BACK`)."""
        if time.monotonic() - self._replay_known_at > CLOCK_SECONDS:
            self._replay = self.journal.head().clock
            self._replay_known_at = time.monotonic()
        real = self._clock()
        return self._onward(real) if self._replay is None else self._replay.at(real)

    def _onward(self, real: datetime) -> datetime:
        """Return the machine's time, or a moment after the last one where the clock was set back."""
        if self._latest is not None and timedelta(0) < self._latest - real <= MAX_SET_BACK:
            real = self._latest + TICK
        self._latest = real
        return real


class _Faults:
    """The diagnosis of a batch that could not be written as a whole: `error` if the journal itself is at fault."""

    def __init__(self) -> None:
        self.error: JournalUnavailable | None = None


class _TransactionJob:
    """A transaction that the caller composes, and the future with its outcome."""

    def __init__(self, write: Callable[[Journal, MergeRules], tuple[Written, Any]]) -> None:
        self.write = write
        self.future: Future[tuple[Written, Any]] = Future()


class _Job:
    """The reports of a call, and the future with their results."""

    def __init__(self, given: list[Submission]) -> None:
        self.given = given
        self.taken = 0
        self.future: Future[list[Result]] = Future()
        self.unavailable: JournalUnavailable | None = None
        self._results: list[Result] = []

    def done(self, result: Result) -> None:
        """Add the next report's result; the last one completes the future."""
        self._results.append(result)
        if len(self._results) < len(self.given):
            return
        if self.unavailable is not None and all(
            isinstance(result, Rejected) and result.retryable for result in self._results
        ):
            self.future.set_exception(self.unavailable)
        else:
            self.future.set_result(self._results)

"""Take a feed's input from bytes to the journal: store it verbatim, parse and record it, park unclear reports.

The input is on the disk before it is parsed, so that an operator can reprocess it after an error. Processing the same
input twice changes nothing: it gives the same reports again.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import DatabaseError, InterfaceError, transaction
from django.db.models import Case, DateTimeField, F, Value, When
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from windsock.clock import Clock, system_clock
from windsock.collect.models import FeedInput, FeedState, ParkedReport
from windsock.errors import FeedError, JournalUnavailable, UnknownFlight, WindsockError
from windsock.feeds.parsing import MAX_RAW, Fault, Parsed, Statement
from windsock.feeds.registry import Parser
from windsock.flights.facts import TICK
from windsock.flights.programmes import ProgrammeChange
from windsock.flights.values import CLOCK_SKEW
from windsock.ingest.pipeline import Pipeline
from windsock.ingest.programmes import record_programmes
from windsock.ingest.resolution import Hints
from windsock.ingest.results import Recorded, Rejected, Result
from windsock.ingest.speaker import MAX_REPORTER, Speaker, feed_speaker
from windsock.ingest.submissions import Submission

logger = logging.getLogger(__name__)

PARKED_CODES = frozenset({"unknown_flight", "ambiguous_flight"})
"""Rejections that an operator can settle; for every other one the report itself is wrong."""

_TOGETHER = timedelta(seconds=10)
"""Inputs received this close together belong to the same fetch; a clock that was set back further is followed."""

MAX_FAULTS = 50
"""Faults of an input whose text is stored; all of them are counted."""


MAX_ERROR = 1000
"""Characters of an exception's text that are stored: it may contain the whole input."""


@dataclass(slots=True)
class IntakeResult:
    """What became of one input: a result per statement, the faults, and, if it was unreadable as a whole, why."""

    results: list[Result] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    parked: int = 0
    error: str = ""
    input_id: int | None = None
    received_at: datetime | None = None
    parsed: Parsed = field(default_factory=Parsed)
    programme_changes: list[ProgrammeChange] = field(default_factory=list)

    @property
    def recorded(self) -> int:
        """Return how many reports, or programmes of airports, are in the journal."""
        listed = self.parsed.programmes
        return sum(isinstance(result, Recorded) for result in self.results) + (
            0 if listed is None else len(listed.programmes)
        )

    @property
    def changed(self) -> int:
        """Return how many of them changed something."""
        changed = sum(isinstance(result, Recorded) and bool(result.changes) for result in self.results)
        return changed + len(self.programme_changes)


def submissions_of(statements: Sequence[Statement], speaker: Speaker | None = None) -> list[Submission]:
    """Return the statements in the form that ingest accepts, with their hints about the flights."""
    return [
        Submission(
            index,
            statement.report,
            hints=Hints(statement.utc_day, statement.callsign, statement.about, statement.names),
            speaker=speaker,
        )
        for index, statement in enumerate(statements)
    ]


class Intake:
    """Records the inputs of a feed. Call it from any thread but an event loop's: it waits for the disk."""

    def __init__(self, feed: str, parser: Parser, pipeline: Pipeline, *, clock: Clock = system_clock) -> None:
        self.feed = feed
        self._parser = parser
        self._pipeline = pipeline
        self._clock = clock
        self._last: datetime | None = None

    def take(
        self,
        body: bytes,
        *,
        received_at: datetime | None = None,
        entrance: str = "code",
        sender: str | None = None,
    ) -> IntakeResult:
        """Store and record an input.

        Args:
            received_at: When it arrived; now, if absent.
            entrance: The channel by which it came, such as "poll" or "folder"; its reports carry it.
            sender: The sender, where it is known; its reports carry it too.

        Raises:
            JournalUnavailable: It could not be recorded; send it again.
            Exception: An internal error. The input is stored and can be reprocessed once the error is fixed.
        """
        at = received_at or self._clock()
        if self._last is not None and timedelta(0) <= self._last - at < _TOGETHER:
            # Several files of one scan, or pages of one response: the order in which they come is part of the time.
            at = self._last + TICK
        with self._failing(at):
            kept = FeedInput.objects.create(
                feed=self.feed,
                received_at=at,
                body=body,
                entrance=entrance,
                sender=(sender or "")[:MAX_REPORTER],
            )
            return self._record(kept, feed_speaker(self.feed, entrance, sender))

    def replay(self, kept: FeedInput, *, entrance: str = "code", sender: str | None = None) -> IntakeResult:
        """Reprocess a stored input with its original time of receipt, after a parser or a setting was fixed.

        `sender` is the operator who requested it, `entrance` the channel they used.
        """
        with self._failing(kept.received_at):
            taken = self._record(kept, feed_speaker(self.feed, entrance, sender))
            if not taken.error:
                # The error for which the feed was failing is fixed.
                FeedState.objects.filter(name=self.feed, failures=0, error_at=kept.received_at).update(
                    error=""
                )
            return taken

    @contextmanager
    def _failing(self, at: datetime) -> Iterator[None]:
        """Make the feed count as failing for any exception raised inside, and raise it again.

        A database error becomes JournalUnavailable.
        """
        try:
            yield
        except (DatabaseError, InterfaceError) as error:
            text = " ".join(str(error).split())
            unavailable = JournalUnavailable(f"The input could not be stored. (Database error: {text})")
            self._note_failure(unavailable, at)
            raise unavailable from error
        except Exception as error:
            self._note_failure(error, at)
            raise

    def _note_failure(self, error: Exception, at: datetime) -> None:
        why = str(error) if isinstance(error, WindsockError) else f"{type(error).__name__}: {error}"
        try:
            self._note_state({"error": why[:MAX_ERROR], "error_at": at})
        except Exception as another:
            logger.warning("Feed %s: could not record that it failed: %s", self.feed, another)

    def _record(self, kept: FeedInput, speaker: Speaker) -> IntakeResult:
        taken = IntakeResult(input_id=kept.pk, received_at=kept.received_at)
        self._last = kept.received_at
        try:
            parsed = self._parser(bytes(kept.body), kept.received_at)
        except FeedError as error:
            taken.error = str(error)
        except Exception as error:
            logger.exception("Feed %s: its parser failed on input %s", self.feed, kept.pk)
            taken.error = (
                f"Internal error: Windsock's parser failed on this input ({type(error).__name__}: "
                f"{str(error)[:200]}). See the log."
            )
        else:
            taken.parsed, taken.faults = parsed, list(parsed.faults)
            statements = parsed.statements
            # Each report gets a time one microsecond after the one before it; the next input follows the last of them.
            self._last = kept.received_at + len(statements) * TICK
            taken.results = self._pipeline.submit_prepared(
                submissions_of(statements, speaker), received_at=kept.received_at
            ).result()
            self._settle(kept, statements, taken)
            if parsed.programmes is not None:
                taken.programme_changes = record_programmes(self._pipeline, parsed.programmes)
        self._note(kept, taken)
        return taken

    def _settle(self, kept: FeedInput, statements: Sequence[Statement], taken: IntakeResult) -> None:
        """Park the reports whose flight is unclear; turn every other rejection into a fault."""
        parked = []
        for statement, result in zip(statements, taken.results, strict=True):
            if not isinstance(result, Rejected):
                continue
            if result.code not in PARKED_CODES:
                taken.faults.append(Fault(None, result.message, statement.raw, path=statement.where))
                continue
            parked.append(
                ParkedReport(
                    feed=self.feed,
                    input=kept,
                    place=statement.where[:200],
                    received_at=kept.received_at,
                    report=msgspec.to_builtins(statement.report, enc_hook=str),
                    code=result.code,
                    message=result.message,
                    candidates=list(result.candidates),
                )
            )
        with transaction.atomic():
            # After reprocessing, the open cases are those of this run; a report that an operator settled stays settled.
            ParkedReport.objects.filter(input=kept, settled_at=None).delete()
            settled = [(report.place, report.report) for report in ParkedReport.objects.filter(input=kept)]
            parked = [report for report in parked if (report.place, report.report) not in settled]
            ParkedReport.objects.bulk_create(parked)
        taken.parked = len(parked)

    def _note(self, kept: FeedInput, taken: IntakeResult) -> None:
        kept.recorded, kept.changed, kept.parked = taken.recorded, taken.changed, taken.parked
        kept.fault_count, kept.error = len(taken.faults), taken.error
        kept.faults = [
            {"where": _where(fault), "message": fault.message, "raw": fault.raw[:MAX_RAW]}
            for fault in taken.faults[:MAX_FAULTS]
        ]
        kept.save()
        columns: dict[str, Any] = {}
        if not taken.error:
            columns["heard_at"] = _later("heard_at", kept.received_at, self._clock())
        if taken.recorded or taken.parsed.programmes is not None:  # an empty list means that all is normal
            columns["reported_at"] = _later("reported_at", kept.received_at, self._clock())
        if taken.error:
            columns |= {"error": taken.error, "error_at": kept.received_at}
        self._note_state(columns)

    def _note_state(self, columns: dict[str, Any]) -> None:
        FeedState.objects.get_or_create(name=self.feed)
        FeedState.objects.filter(name=self.feed).update(**columns)


def _later(field: str, at: datetime, now: datetime) -> Case:
    """Return the later of the field's value and `at`: a reprocessed old input must not make its feed look silent.

    A value from a clock that has been set back since does not count.
    """
    came = Value(at, output_field=DateTimeField())
    ahead = {f"{field}__gt": now + CLOCK_SKEW}
    return Case(When(**ahead, then=came), default=Greatest(Coalesce(F(field), came), came))


def _where(fault: Fault) -> str:
    return fault.path or ("" if fault.line is None else f"line {fault.line}")


def settle(
    parked: ParkedReport,
    flight_id: str | None,
    *,
    by: Any,
    record: Callable[..., Sequence[Result]],
) -> Result | None:
    """Settle a parked report as an operator decided: it is about `flight_id`, or (None) is dropped.

    Return the result of recording it; a rejection leaves it parked. Raises UnknownFlight if it was already settled.
    """
    # Claimed before it is recorded: of two operators who settle the same report at once, one gets the error.
    mine = ParkedReport.objects.filter(pk=parked.pk, settled_at=None).update(
        settled_at=timezone.now(), settled_as=flight_id or "", settled_by=by
    )
    if not mine:
        raise UnknownFlight("This report was already settled.")
    result: Result | None = None
    try:
        if flight_id is not None:
            said = {
                key: value for key, value in parked.report.items() if key not in ("date", "origin", "flight")
            }
            (result,) = record(
                [{**said, "flight": flight_id}],
                received_at=parked.received_at,
                speaker=feed_speaker(
                    parked.feed, "console", f"user:{by.pk} {by}" if by is not None else None
                ),
            )
    finally:
        if flight_id is not None and (result is None or isinstance(result, Rejected)):
            ParkedReport.objects.filter(pk=parked.pk).update(settled_at=None, settled_as="", settled_by=None)
    parked.refresh_from_db()
    return result


__all__ = ["Intake", "IntakeResult", "settle", "submissions_of"]

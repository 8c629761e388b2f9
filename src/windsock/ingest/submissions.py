"""Reports on their way through a write: as handed in, parsed, rejected alone, and as kept for audit."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from operator import attrgetter

import msgspec
from msgspec import UNSET

from windsock.errors import InvalidReport, ReportError, SourceRefused
from windsock.flights import Change, FlightKey, FlightRecord, Report, parse_report
from windsock.flights.facts import assertions
from windsock.flights.own_sources import OWN_FIELDS, OWN_SOURCES, check_fields
from windsock.flights.sources import is_own
from windsock.ingest.resolution import Hints, neighbours, own_key
from windsock.ingest.speaker import Speaker
from windsock.journal.base import RawReport

logger = logging.getLogger(__name__)

MAX_KEPT_BYTES = 8192
"""Bytes kept of a rejected report: enough to see what it was, too little to fill a disk."""

_encode = msgspec.json.Encoder(enc_hook=str).encode

# A report that makes our own code fail must not affect the others: it is logged, and rejected alone.
_OWN_FAULT = InvalidReport(
    "Internal error: Windsock could not process this report. The report is not at fault; see the server's log.",
    code="internal_error",
)


class Submission(msgspec.Struct, frozen=True, gc=False):
    """A report as it was handed in, `index` being its place there. Without `received_at` it was received just now.

    `hints` help to find the flight that a feed means. `speaker` is the sender, unless that is our own code.
    """

    index: int
    data: Report | Mapping[str, object]
    source: str | None = None
    received_at: datetime | None = None
    trusted: bool = False
    hints: Hints | None = None
    speaker: Speaker | None = None


class ParsedSubmission(msgspec.Struct):
    """A submission on its way through one write: the report or the error, and in the end what it changed.

    `place` is its place among the reports received at the same time; `latest` means that it came just now, after
    everything else its source reported. `own` is the key that it names, `near` are those of the days around that it may
    mean instead. `match` says how its flight was recognised, and `draft` is the index of its event.
    """

    submission: Submission
    received_at: datetime
    place: int = 0
    latest: bool = False
    report: Report | None = None
    error: ReportError | None = None
    own: FlightKey | None = None
    near: tuple[FlightKey, ...] = ()
    record: FlightRecord | None = None
    changes: tuple[Change, ...] = ()
    draft: int | None = None
    match: str | None = None


def parse(submission: Submission, now: datetime, place: int = 0, *, latest: bool = False) -> ParsedSubmission:
    """Return the submission with its report, or with the error that rejects it."""
    parsed = ParsedSubmission(
        submission, submission.received_at or now, place, latest and submission.received_at is None
    )
    try:
        if isinstance(submission.data, Report):
            parsed.report = _sourced(submission.data, submission)
        else:
            parsed.report = parse_report(
                submission.data, source=submission.source, now=parsed.received_at, trusted=submission.trusted
            )
        if submission.speaker is not None:
            submission.speaker.require(parsed.report.source)
        parsed.own = own_key(parsed.report, submission.hints)
        parsed.near = neighbours(parsed.report, parsed.own)
    except ReportError as error:
        parsed.error = error
        if isinstance(error, SourceRefused):
            parsed.report = None
    except Exception as error:
        reject_as_internal_error(parsed, error)
    return parsed


def refused(submission: Submission, now: datetime) -> ParsedSubmission:
    """Return a submission that made the write of its batch fail, rejected unread as our own fault, to be kept."""
    return ParsedSubmission(submission, submission.received_at or now, error=_OWN_FAULT)


@contextmanager
def reject_alone(parsed: ParsedSubmission) -> Iterator[None]:
    """Reject the report alone if our own code fails at it."""
    try:
        yield
    except ReportError as error:
        parsed.error = error
    except Exception as error:
        reject_as_internal_error(parsed, error)


def reject_as_internal_error(parsed: ParsedSubmission, error: Exception) -> None:
    """Log a fault of our own code, and reject the report alone."""
    logger.error("Internal error while merging a report: %.2000r", parsed.submission.data, exc_info=error)
    parsed.error = _OWN_FAULT


def _sourced(report: Report, submission: Submission) -> Report:
    """Return the report with the source of the call, unless it names its own."""
    if submission.source is not None and report.source == "unknown":
        report = msgspec.structs.replace(report, source=submission.source)
    if is_own(report.source) and not submission.trusted:
        raise InvalidReport(
            f"The source {report.source!r} is Windsock's own. Give the name of the real source.",
            field="source",
            value=report.source,
            expected="a name that does not begin with 'windsock.'",
        )
    # Nearly every report fills in none of these, which is quick to see.
    if submission.trusted or _own_fields(report) != _UNFILLED:
        check_fields(report.source, (path for path, _ in assertions(report)))
    return report


_own_fields = attrgetter(*sorted(OWN_FIELDS))
_UNFILLED = (UNSET,) * len(OWN_FIELDS)


def kept(reports: Iterable[ParsedSubmission]) -> list[RawReport]:
    """Return the reports to keep for audit: all except repetitions by our own watches."""
    return [_kept(parsed) for parsed in reports if parsed.draft is not None or not _own(parsed)]


def _own(parsed: ParsedSubmission) -> bool:
    return parsed.report is not None and parsed.report.source in OWN_SOURCES


def _kept(parsed: ParsedSubmission) -> RawReport:
    report, submission = parsed.report, parsed.submission
    observed_at = report.observed_at if report is not None and report.observed_at else None
    source = (report.source if report is not None else submission.source) or "unknown"
    speaker = submission.speaker
    try:
        body = _encode(submission.data)
    except (TypeError, ValueError):
        body = repr(submission.data).encode()
    return RawReport(
        source=source[:100],
        received_at=parsed.received_at.astimezone(UTC),
        observed_at=observed_at,
        flight_id=None if parsed.record is None else parsed.record.flight.id,
        offset=parsed.draft,
        error=None if parsed.error is None else parsed.error.code,
        match=parsed.match,
        reporter=None if speaker is None else speaker.by,
        entrance="code" if speaker is None else speaker.entrance,
        body=body if parsed.error is None else body[:MAX_KEPT_BYTES],
    )

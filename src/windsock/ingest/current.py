"""The pipeline of this process on the configured database, and `record` / `arecord` over it."""

import asyncio
import atexit
import os
import threading
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from windsock.errors import JournalUnavailable
from windsock.flights import MergeRules, Report
from windsock.ingest.pipeline import Pipeline
from windsock.ingest.results import Result
from windsock.ingest.speaker import Speaker

if TYPE_CHECKING:
    from windsock.conf import Config

_lock = threading.Lock()
_pipeline: Pipeline | None = None


def pipeline() -> Pipeline:
    """Return the pipeline of this process, created on first use and again after a fork."""
    global _pipeline
    with _lock:
        if _pipeline is None:
            _pipeline = _make()
        return _pipeline


def _make() -> Pipeline:
    # Here, not above: `windsock.ingest` can be imported before Django is set up.
    from django.db import connections

    from windsock import journal
    from windsock.conf import config

    settings = config()
    return Pipeline(
        journal.current(),
        rules=merge_rules(settings),
        batch_reports=settings.batch_reports,
        on_exit=connections.close_all,  # the writer thread's own
    )


def merge_rules(settings: "Config") -> MergeRules:
    """Return how reports of several sources are merged under these settings."""
    from windsock.feeds.configuration import order as feed_order
    from windsock.flights.ranking import ranks_of

    ranks, field_ranks = ranks_of(settings.source_ranks)
    return MergeRules(
        ranks=ranks,
        field_ranks=field_ranks,
        late_minutes=settings.late_minutes,
        stale_minutes=settings.stale_minutes,
        order=feed_order(settings.feeds),
    )


def stop(timeout: float | None = 30.0) -> bool:
    """Write the queued reports and end the pipeline; return False if that took too long. The next use creates one."""
    global _pipeline
    with _lock:
        current, _pipeline = _pipeline, None
    return current is None or current.stop(timeout)


def _forget() -> None:
    """Forget the pipeline in a forked child: its writer thread and connection stayed in the parent."""
    global _lock, _pipeline
    _lock, _pipeline = threading.Lock(), None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
atexit.register(stop, 10.0)


def record(
    reports: Iterable[Report | Mapping[str, object]],
    *,
    source: str | None = None,
    received_at: datetime | None = None,
    trusted: bool = False,
    speaker: Speaker | None = None,
) -> list[Result]:
    """Record reports; return one `Recorded` or `Rejected` per report, in order, once all of them are durable.

    Callable from any thread. Reports are written in a transaction of their own: they are durable on return even if the
    caller's transaction is rolled back. On SQLite, which has one writer, call it after the commit:
    `transaction.on_commit(lambda: record(...))`.

    Args:
        reports: Dicts as in the reference, or `Report` objects.
        source: The source of reports that do not name one.
        received_at: The time of receipt, for replays.
        trusted: Allow sources that begin with "windsock.".
        speaker: The sender: only its sources are accepted, and it is kept with the reports. Without one, any source is
            accepted.

    Raises:
        JournalUnavailable: Nothing could be written. Sending the same reports again does no harm.
    """
    _refuse_deadlock()
    return (
        pipeline()
        .submit(reports, source=source, received_at=received_at, trusted=trusted, speaker=speaker)
        .result()
    )


async def arecord(
    reports: Iterable[Report | Mapping[str, object]],
    *,
    source: str | None = None,
    received_at: datetime | None = None,
    trusted: bool = False,
    speaker: Speaker | None = None,
) -> list[Result]:
    """Do what `record` does without blocking the event loop. Cancelling the wait does not withdraw the reports."""
    future = pipeline().submit(
        reports, source=source, received_at=received_at, trusted=trusted, speaker=speaker
    )
    return await asyncio.wrap_future(future)


def _refuse_deadlock() -> None:
    """Raise instead of running into a lock timeout: the writer would wait for the caller's own transaction."""
    from django.db import connections

    from windsock.conf import config

    connection = connections[config().database]
    if (
        connection.vendor == "sqlite"
        and connection.in_atomic_block
        and str(getattr(connection, "transaction_mode", None) or "DEFERRED").upper() != "DEFERRED"
    ):
        raise JournalUnavailable(
            "record() was called inside transaction.atomic() on SQLite, whose one write lock that transaction holds. "
            "Use transaction.on_commit(lambda: record(...))."
        )

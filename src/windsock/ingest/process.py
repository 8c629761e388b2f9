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
    """The process's one pipeline; made on first use, anew after a fork, with the configuration of that moment."""
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
    """Writes what waits and ends the process's pipeline; the next use makes a new one. False if it took too long."""
    global _pipeline
    with _lock:
        current, _pipeline = _pipeline, None
    return current is None or current.stop(timeout)


def _forget() -> None:
    """In a forked child: the writer thread stayed behind in the parent, with its queue and its connection."""
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
    """Records reports; returns one Recorded or Rejected per report, in their order, when all are durable.

    Callable from any thread. Inside `transaction.atomic()` it does not take part in your transaction: it is durable at
    return even if you roll back. On SQLite, which has one writer, a transaction that has written cannot wait for it:
    use `transaction.on_commit(lambda: record(...))`.

    `source` names who says so, for reports that do not. `received_at` is for replays. `trusted` allows sources that
    begin with "windsock.". With a `speaker` only that speaker's sources are taken, and who it was is kept; without
    one the caller is believed whatever source it names. Raises JournalUnavailable if nothing could be written; sending
    the same again does no harm.
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
    """Like `record`, from any event loop, without blocking it. Cancelling the wait does not take the reports back."""
    future = pipeline().submit(
        reports, source=source, received_at=received_at, trusted=trusted, speaker=speaker
    )
    return await asyncio.wrap_future(future)


def _refuse_deadlock() -> None:
    """Says at once what would come out as a lock timeout: our writer would wait for the caller's own transaction."""
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

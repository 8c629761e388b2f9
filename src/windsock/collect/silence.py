"""Mark the flights of a silent feed as stale, and unmark them when the feed reports again.

Deterministic: the reports depend only on the journal and on when the feed was last heard, so filing them twice (by two
processes, or after one died in between) changes nothing the second time. Whether another source has reported on a
flight since is decided by `flights.belief`.
"""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from windsock.collect.models import FeedState
from windsock.conf import config
from windsock.flights import Flight, Report
from windsock.flights.facts import TICK, Facts
from windsock.flights.own_sources import FEEDS, OWN_SOURCES
from windsock.flights.values import CLOCK_SKEW
from windsock.ingest.pipeline import Pipeline
from windsock.journal.projection import project

logger = logging.getLogger(__name__)

BATCH = 1000
"""Reports handed over at once: in between, the writer records those of others."""


def watch(pipeline: Pipeline, source: str, state: FeedState, longest: timedelta, now: datetime) -> None:
    """Record that a feed has been silent for more than `longest`, or reports again, on its flights and in its row.

    The row changes only after the flights were marked: if that cannot be recorded now, the next call tries again.
    """
    _bring_back(state, now)
    last = max((at for at in (state.reported_at, state.heard_at) if at is not None), default=None)
    if last is None:
        return
    stale = now - last > longest
    if stale == (state.stale_since is not None):
        return
    active = timedelta(hours=config().active_hours)
    if stale:
        marked = fell_silent(pipeline, source, since=last, now=now, active=active)
        logger.warning("Feed %s has fallen silent; %d flights marked as stale", state.name, marked)
    else:
        unmarked = speaks_again(pipeline, source, heard_at=last, now=now, active=active)
        logger.info("Feed %s is reporting again; %d flights no longer stale", state.name, unmarked)
    state.stale_since = now if stale else None
    FeedState.objects.filter(name=state.name).update(stale_since=state.stale_since)


def _bring_back(state: FeedState, now: datetime) -> None:
    """Set the time a feed was last heard to now if it was recorded by a clock that has been set back since.

    Otherwise its silence would not be noticed before the time that clock showed.
    """
    ahead = [
        name
        for name in ("reported_at", "heard_at")
        if (at := getattr(state, name)) is not None and at > now + CLOCK_SKEW
    ]
    if ahead:
        for name in ahead:
            setattr(state, name, now)
        FeedState.objects.filter(name=state.name).update(**dict.fromkeys(ahead, now))


def fell_silent(pipeline: Pipeline, source: str, *, since: datetime, now: datetime, active: timedelta) -> int:
    """Mark each flight on which `source`, last heard at `since`, reported last; return how many.

    Only flights under way or due within `active` of `now`: news of others is not expected yet, or no longer.
    """
    _, records = pipeline.journal.snapshot(since=now - active)
    silenced = (
        # A report that ended an earlier silence at this very moment gives way to it again: see `facts`. Dated by the
        # flight's newest report: those of one input follow each other, by microseconds, from its receipt on.
        (record.flight, max(since, _marked_at(record.facts) or since, _last_observed(record.facts)))
        for record in records
        if _awaited(record.flight, now + active)
        # Of two silent feeds, only the first is named.
        and record.flight.silent_source is None
        and source in (heard := _last_reports(record.facts))
        and max(heard.values()) <= since
    )
    return _file(pipeline, silenced, source, now=now)


def speaks_again(
    pipeline: Pipeline, source: str, *, heard_at: datetime, now: datetime, active: timedelta
) -> int:
    """Unmark the stale flights on which `source`, heard at `heard_at`, reports; return how many.

    Also where another feed is the silent one: a feed that reports on the flight is heard again.
    """
    _, records = pipeline.journal.snapshot(since=now - active)
    stale = (
        # This may happen without a new report, when an operator now allows a longer silence.
        (record.flight, max(heard_at, (_marked_at(record.facts) or heard_at) + TICK))
        for record in records
        if record.flight.silent_source is not None and source in _last_reports(record.facts)
    )
    return _file(pipeline, stale, None, now=now)


def _marked_at(facts: Facts) -> datetime | None:
    """Return the time of the last mark, or its removal, by the feeds' own watch."""
    mark = facts.get("silent_source", {}).get(FEEDS.name)
    return None if mark is None else mark.observed_at


def _awaited(flight: Flight, until: datetime) -> bool:
    """Return whether news is expected before `until`: it has not landed, is not cancelled, and leaves by then."""
    down = flight.landing.actual or flight.arrival.actual or flight.status in ("landed", "arrived")
    if flight.cancelled or down:
        return False
    times = project(flight)
    leaves = times.departs_at or times.arrives_at
    return leaves is None or leaves <= until


def _last_reports(facts: Facts) -> dict[str, datetime]:
    """Return when each source last reported on a flight, without Windsock's own watches."""
    heard: dict[str, datetime] = {}
    for by_source in facts.values():
        for source, fact in by_source.items():
            if source not in OWN_SOURCES:
                at = min(fact.observed_at, fact.received_at)
                if source not in heard or at > heard[source]:
                    heard[source] = at
    return heard


def _last_observed(facts: Facts) -> datetime:
    """Return when the newest of these reports was observed, without Windsock's own watches."""
    return max(
        fact.observed_at
        for by_source in facts.values()
        for source, fact in by_source.items()
        if source not in OWN_SOURCES
    )


def _file(
    pipeline: Pipeline, flights: Iterable[tuple[Flight, datetime]], silent: str | None, *, now: datetime
) -> int:
    reports = (
        Report(
            flight=flight.designator,
            date=flight.date,
            origin=flight.origin,
            source=FEEDS.name,
            observed_at=at,
            silent_source=silent,
        )
        for flight, at in flights
    )
    filed = 0
    for batch in _batches(reports):
        # May raise JournalUnavailable: the caller then has not changed the row, and tries again.
        pipeline.submit(batch, received_at=now, trusted=True).result()
        filed += len(batch)
    return filed


def _batches(reports: Iterator[Report]) -> Iterator[list[Report]]:
    while batch := list(islice(reports, BATCH)):
        yield batch

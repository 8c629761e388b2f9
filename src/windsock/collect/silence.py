"""Says of a silent feed's flights that their data is stale, and takes it back when the feed speaks again.

Deterministic: what is filed depends on the journal and on when the feed was last heard, so whoever files it twice (two
processes, or one that died in between) changes nothing the second time. Whether somebody else has spoken of a flight
since is for belief to decide, then and later (`flights.belief`).
"""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from windsock.collect.models import FeedState
from windsock.conf import config
from windsock.flights import Flight, Report
from windsock.flights.facts import TICK, Facts
from windsock.flights.rules import FEEDS_SOURCE, OWN_WATCHES
from windsock.flights.values import CLOCK_SKEW
from windsock.ingest.pipeline import Pipeline
from windsock.journal.projection import project

logger = logging.getLogger(__name__)

BATCH = 1000
"""Reports handed over at once: the writer goes on with what others tell in between."""


def watch(pipeline: Pipeline, source: str, state: FeedState, longest: timedelta, now: datetime) -> None:
    """Notes a feed that has been silent for more than `longest`, and one that speaks again, and tells its flights so.

    Noted only when it was told: what cannot be recorded now is told at the next look.
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
        told = fell_silent(pipeline, source, since=last, now=now, active=active)
        logger.warning("Feed %s has fallen silent; %d flights are stale", state.name, told)
    else:
        told = speaks_again(pipeline, source, heard_at=last, now=now, active=active)
        logger.info("Feed %s speaks again; %d flights are stale no more", state.name, told)
    state.stale_since = now if stale else None
    FeedState.objects.filter(name=state.name).update(stale_since=state.stale_since)


def _bring_back(state: FeedState, now: datetime) -> None:
    """Let a feed have been heard of now where that was noted by a clock that has been set back since.

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
    """Says that `source`, last heard at `since`, is silent, of each flight that it spoke of last; returns how many.

    Of flights under way or to come within `active` of `now`: news of others is not expected yet, or no more.
    """
    _, records = pipeline.journal.snapshot(since=now - active)
    spoken_of = (
        # A word that took an earlier silence back at this very moment gives way to it again: see `facts`.
        # As of the last word of it: those of one input follow each other, by microseconds, from its receipt on.
        (record.flight, max(since, _told_at(record.facts) or since, _last_observed(record.facts)))
        for record in records
        if _awaited(record.flight, now + active)
        # Of two feeds that are silent one is named; the other's silence is no news any more.
        and record.flight.silent_source is None
        and source in (heard := _last_words(record.facts))
        and max(heard.values()) <= since
    )
    return _tell(pipeline, spoken_of, source, now=now)


def speaks_again(
    pipeline: Pipeline, source: str, *, heard_at: datetime, now: datetime, active: timedelta
) -> int:
    """Takes back that the data of flights is stale of which `source`, heard at `heard_at`, speaks; returns how many.

    Also where another feed is the one that is silent: one of those that speak of the flight is heard again.
    """
    _, records = pipeline.journal.snapshot(since=now - active)
    stale = (
        # It may be taken back without a word, where an operator now allows for longer silence.
        (record.flight, max(heard_at, (_told_at(record.facts) or heard_at) + TICK))
        for record in records
        if record.flight.silent_source is not None and source in _last_words(record.facts)
    )
    return _tell(pipeline, stale, None, now=now)


def _told_at(facts: Facts) -> datetime | None:
    """As of when the feeds' own watch last spoke of the flight."""
    told = facts.get("silent_source", {}).get(FEEDS_SOURCE)
    return None if told is None else told.observed_at


def _awaited(flight: Flight, until: datetime) -> bool:
    """Whether news of it is awaited before `until`: it is neither down nor cancelled, and leaves by then."""
    down = flight.landing.actual or flight.arrival.actual or flight.status in ("landed", "arrived")
    if flight.cancelled or down:
        return False
    times = project(flight)
    leaves = times.departs_at or times.arrives_at
    return leaves is None or leaves <= until


def _last_words(facts: Facts) -> dict[str, datetime]:
    """When each source last said anything of a flight, Windsock's own watches left out."""
    heard: dict[str, datetime] = {}
    for by_source in facts.values():
        for source, fact in by_source.items():
            if source not in OWN_WATCHES:
                at = min(fact.observed_at, fact.received_at)
                if source not in heard or at > heard[source]:
                    heard[source] = at
    return heard


def _last_observed(facts: Facts) -> datetime:
    """When the last of these words was observed, Windsock's own watches left out."""
    return max(
        fact.observed_at
        for by_source in facts.values()
        for source, fact in by_source.items()
        if source not in OWN_WATCHES
    )


def _tell(
    pipeline: Pipeline, flights: Iterable[tuple[Flight, datetime]], silent: str | None, *, now: datetime
) -> int:
    reports = (
        Report(
            flight=flight.designator,
            date=flight.date,
            origin=flight.origin,
            source=FEEDS_SOURCE,
            observed_at=at,
            silent_source=silent,
        )
        for flight, at in flights
    )
    told = 0
    for batch in _batches(reports):
        # Raises JournalUnavailable: the caller then has not noted the change, and comes again.
        pipeline.submit(batch, received_at=now, trusted=True).result()
        told += len(batch)
    return told


def _batches(reports: Iterator[Report]) -> Iterator[list[Report]]:
    while batch := list(islice(reports, BATCH)):
        yield batch

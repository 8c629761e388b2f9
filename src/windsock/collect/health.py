"""The health of the configured feeds, for /readyz and /metrics (`add_details("feeds", details)`, `add_figures`)."""

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from django.db import DatabaseError
from django.db.models import Count

from windsock.clock import Clock, system_clock
from windsock.collect.feed_run import duty_name, is_run
from windsock.collect.models import FeedState, ParkedReport
from windsock.conf import config
from windsock.duties.health import attended
from windsock.errors import ConfigError
from windsock.feeds.configuration import FeedSettings, read
from windsock.figures import Figure

State = Literal["off", "paused", "unattended", "failing", "stale", "on"]
STATES: tuple[State, ...] = ("off", "paused", "unattended", "failing", "stale", "on")

MAX_ERROR = 200
"""Characters of a feed's error in /readyz, which anybody can read; the console shows all of it."""


class FeedHealth(NamedTuple):
    """A feed: its state, the age of its newest report, failures in a row, reports that wait for an operator.

    `stale` is separate: a feed may be silent because it fails. `error` is why it fails, empty while it does not.
    """

    name: str
    state: State
    stale: bool
    report_age_seconds: float | None
    failures: int
    parked: int
    error: str = ""


def feeds(clock: Clock = system_clock) -> list[FeedHealth]:
    """Return every configured feed, by name; none when the database or the settings cannot be read. Three queries."""
    try:
        settings = read(config().feeds)
        if not settings:
            return []
        states = FeedState.objects.in_bulk(list(settings))
        waiting = ParkedReport.objects.filter(settled_at=None, feed__in=list(settings))
        parked = dict(waiting.values_list("feed").annotate(Count("id")).order_by())
        now = clock()
        run = attended([duty_name(name) for name in settings])
    except (ConfigError, DatabaseError):
        return []  # other checks report what is wrong
    found = []
    for name in sorted(settings):
        state = states.get(name) or FeedState(name=name)
        age = None
        if state.reported_at is not None:
            age = round(max(0.0, (now - state.reported_at).total_seconds()), 1)
        state_now = feed_state(settings[name], state, attended=duty_name(name) in run)
        error = state.error if fails(state) else ""
        # A feed that runs has reported this itself; a push-only feed would report it with the first refused input.
        if state_now in ("on", "stale", "failing") and (fault := settings[name].secret_fault()):
            state_now, error = "failing", fault
        found.append(
            FeedHealth(
                name,
                state_now,
                state.stale_since is not None,
                age,
                state.failures,
                parked.get(name, 0),
                error[:MAX_ERROR],
            )
        )
    return found


def feed_state(settings: FeedSettings, state: FeedState, *, attended: bool) -> State:
    """Return a feed's state: first what an operator decided, then the worst news.

    A feed that no process runs (`attended` is False) is not on, however well it did while one ran it. A push-only feed
    needs none.
    """
    if not settings.enabled:
        return "off"
    if state.paused:
        return "paused"
    if not attended and is_run(settings):
        return "unattended"
    if fails(state):
        return "failing"
    return "on" if state.stale_since is None else "stale"


def fails(state: FeedState) -> bool:
    """Return whether its last event was a failure: of a poll, or an input that could not be read."""
    if not state.error or state.error_at is None:
        return False
    return state.failures > 0 or state.heard_at is None or state.error_at >= state.heard_at


def details() -> dict[str, Any]:
    """Return the feeds by name, for people who read /readyz; a failing feed does not make a process unready."""
    return {
        feed.name: {
            "state": feed.state,
            "stale": feed.stale,
            "report_age_seconds": feed.report_age_seconds,
            "failures": feed.failures,
            "parked": feed.parked,
            **({"error": feed.error} if feed.error else {}),
        }
        for feed in feeds()
    }


def figures() -> Iterator[Figure]:
    """Yield the same as figures, labeled with the feed's name."""
    for feed in feeds():
        name = {"feed": feed.name}
        for state in STATES:
            yield Figure(
                "windsock_feed_state",
                "1 for the feed's state, 0 for every other.",
                "gauge",
                float(state == feed.state),
                {**name, "state": state},
            )
        yield Figure(
            "windsock_feed_stale", "1 while the feed has been silent for too long.", "gauge", feed.stale, name
        )
        if feed.report_age_seconds is not None:
            yield Figure(
                "windsock_feed_report_age_seconds",
                "Seconds since the feed's newest report arrived.",
                "gauge",
                feed.report_age_seconds,
                name,
            )
        yield Figure("windsock_feed_failures", "Polls that failed in a row.", "gauge", feed.failures, name)
        yield Figure("windsock_feed_parked", "Reports that wait for an operator.", "gauge", feed.parked, name)

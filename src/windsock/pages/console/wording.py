"""The state of feeds and the content of parked reports, in the words of the console."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date as Day
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from windsock.collect.health import feed_state
from windsock.collect.models import FeedState, ParkedReport
from windsock.feeds.configuration import FeedSettings
from windsock.flights import Flight, airports
from windsock.ingest.wrongclock import Ahead
from windsock.pages import layout, places
from windsock.wording.changes import ChangeContext, describe_value, field_label
from windsock.wording.durations import ago, span
from windsock.wording.language import gettext, ngettext
from windsock.wording.status import spaced

UTC = ZoneInfo("UTC")

# What the heading of a parked report has already, and what only names the source and the time.
_HEADING = frozenset({"flight", "date", "origin", "source", "observed_at"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLine:
    """One feed as the console shows it; `state` is its state in a word, `tone` the color of it."""

    name: str
    title: str
    state: str
    tone: str
    why: str
    paused: bool
    enabled: bool
    reported: str
    heard: str
    lag: str
    requests: str
    error: str
    error_at: datetime | None
    parked: int


def feed_line(
    settings: FeedSettings,
    state: FeedState | None,
    *,
    parked: int,
    lag: timedelta | None,
    now: datetime,
    attended: bool,
) -> FeedLine:
    """Word the state of a configured feed; `state` is None if it has not run yet."""
    state = state or FeedState(name=settings.name)
    word, tone, why = _state_words(settings, state, now, attended)
    today = state.requests if state.requests_on == now.date() else 0
    budget = settings.requests_per_day
    asks = today or budget is not None or state.requests_on is not None
    return FeedLine(
        name=settings.name,
        title=settings.format.title,
        state=word,
        tone=tone,
        why=why,
        paused=state.paused,
        enabled=settings.enabled,
        reported=ago(state.reported_at, now),
        heard=ago(state.heard_at, now),
        lag="" if lag is None else span(lag),
        requests=_requests(today, budget) if asks else "",
        error=state.error,
        error_at=state.error_at,
        parked=parked,
    )


def clock_line(found: Ahead | None) -> str:
    """Word that flights were changed in the future, with the cure; "" if there are none."""
    if found is None:
        return ""
    now = f"{found.now:%Y-%m-%d %H:%M}"
    if found.at_least:
        flights = gettext(
            "At least {count} flights were last changed later than it is now ({now} UTC): "
            "the clock of a machine was ahead.",
            count=found.flights,
            now=now,
        )
    else:
        flights = ngettext(
            "{count} flight was last changed later than it is now ({now} UTC): the clock of a machine was ahead.",
            "{count} flights were last changed later than it is now ({now} UTC): the clock of a machine was ahead.",
            found.flights,
            now=now,
        )
    cure = gettext("Each is put right by its next report; check the clocks (NTP) of all machines.")
    return f"{flights} {cure}"


def _requests(today: int, budget: int | None) -> str:
    if budget is None:
        return f"{today:,}"
    return gettext("{count} of {limit}", count=f"{today:,}", limit=f"{budget:,}")


def _state_words(
    settings: FeedSettings, state: FeedState, now: datetime, attended: bool
) -> tuple[str, str, str]:
    """Return state, tone and reason."""
    stands = feed_state(settings, state, attended=attended)
    if stands == "off":
        return gettext("Off"), "off", gettext("enabled = false in its settings")
    if stands == "paused":
        return gettext("Paused"), "paused", gettext("by an operator; nothing is fetched or accepted")
    if stands == "unattended":
        why = gettext("no process runs feeds: start the server or {command}", command="windsock_run")
        return gettext("Not running"), "failing", why
    if stands == "failing":
        if not state.failures:
            return gettext("Failing"), "failing", gettext("its newest input could not be read")
        times = ngettext("failed once", "failed {count} times in a row", state.failures)
        if state.next_at is not None and state.next_at > now:
            times = gettext("{times}, retrying in {span}", times=times, span=span(state.next_at - now))
        return gettext("Failing"), "failing", times
    if stands == "stale":
        noticed = gettext("no reports; noticed {ago}", ago=ago(state.stale_since, now))
        return gettext("Stale"), "stale", noticed
    if state.heard_at is None:
        return gettext("On"), "on", gettext("nothing received yet")
    return gettext("On"), "on", ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A flight that the report may be about: its id, and what sets it apart from the others."""

    id: str
    designator: str
    more: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedLine:
    """A parked report in words."""

    parked: ParkedReport
    flight: str
    when: str
    statements: list[tuple[str, str]]
    zone: str
    why: str
    candidates: list[Candidate]
    suggested: list[Candidate]


def parked_line(
    parked: ParkedReport, flights: Mapping[str, Flight], suggested: Iterable[tuple[Flight, str]] = ()
) -> ParkedLine:
    """Word a parked report, which of `flights` it may be about, and the `suggested` ones with their reasons."""
    report = parked.report if isinstance(parked.report, dict) else {}
    origin, destination = str(report.get("origin") or ""), str(report.get("destination") or "")
    here, there = airports.airport(origin), airports.airport(destination)
    # Readers would compare local times with UTC: a report and its candidates use one or the other.
    local = here is not None and (there is not None or not {"arrival", "landing"} & report.keys())
    codes = {code for code in (origin, destination, str(report.get("diverted_to") or "")) if code}
    context = ChangeContext(
        departure=here.tz if here and local else UTC,
        arrival=there.tz if there and local else UTC,
        cities={code: places.city(code) for code in codes},
    )
    return ParkedLine(
        parked=parked,
        flight=spaced(str(report.get("flight") or "?")),
        when=_dated(report, origin),
        statements=[
            (field_label(path), describe_value(path, value, context) or gettext("withdrawn"))
            for path, value in _statements(report)
        ],
        zone=gettext("Times are local.") if local else gettext("Times are UTC."),
        why=_why(parked),
        candidates=[candidate(name, flights.get(name), local=local) for name in parked.candidates],
        suggested=[replace(candidate(flight.id, flight, local=local), why=why) for flight, why in suggested],
    )


def _why(parked: ParkedReport) -> str:
    """Word why it waits. The answer of ingest is meant for programs, which can send again; an operator chooses."""
    if parked.code == "ambiguous_flight" and parked.candidates:
        return gettext("It may be about any of {n} flights:", n=len(parked.candidates))
    if parked.code == "unknown_flight":
        return gettext("The flight is unknown, and the report has too little to add it.")
    return parked.message


def _dated(report: Mapping[str, Any], origin: str) -> str:
    try:
        when = gettext("on {day}", day=layout.day_of(Day.fromisoformat(str(report.get("date")))))
    except ValueError:
        when = gettext("on an unknown day")
    if not origin:
        return gettext("{when}, from an unknown origin", when=when)
    return gettext("{when}, from {place} ({code})", when=when, place=places.city(origin), code=origin)


def _statements(report: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the statements of the report, path and value; null withdraws an earlier one."""
    for key, value in report.items():
        if not before and key in _HEADING:
            continue
        path = f"{before}{key}"
        if isinstance(value, dict):
            yield from _statements(value, f"{path}.")
        else:
            yield path, value


def candidate(name: str, flight: Flight | None, *, local: bool) -> Candidate:
    """Return a flight to choose, and what sets it apart."""
    if flight is None:
        return Candidate(id=name, designator=name, more="")
    origin = places.airport_or_unknown(flight.origin)
    parts = [f"{flight.origin}–{flight.destination or '?'}"]
    if flight.departure.scheduled is not None:
        at = flight.departure.scheduled.astimezone(origin.tz if local else UTC)
        parts.append(f"{at.day} {at:%b %H:%M} {'local' if local else 'UTC'}")
    else:
        parts.append(f"{flight.date.day} {flight.date:%b}")
    if flight.status != "scheduled":
        parts.append(flight.status)
    return Candidate(id=name, designator=spaced(flight.designator), more=", ".join(parts))

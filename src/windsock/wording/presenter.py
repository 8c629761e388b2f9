"""One model of a flight as people read it: board, display, flight page, terminal, element and announcements show this.

`present` makes it for one viewpoint: a direction at an airport, at a moment. Whatever needs another word about a flight
gets a field here, and in `presentFlight` of the browser's twin (`static/windsock/wording.js`), so that no two screens
contradict each other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from windsock.flights import Flight
from windsock.flights.delay import minutes_between
from windsock.wording.durations import duration
from windsock.wording.language import gettext
from windsock.wording.status import Tone, Viewpoint, announced, describe_status, spaced, tone_of
from windsock.wording.times import ShownEnd, ShownTimes, shown_times

Group = Literal["delayed", "cancelled", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedViewpoint(Viewpoint):
    """A viewpoint that knows carriers, too."""

    carriers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What is shown of a flight. Texts are empty where there is nothing to say.

    `departure` and `arrival` are the times at both ends. `code` and `place` are the other end of the way, `terminal`,
    `gate` and `belt` where to go at this one. `group` is the filter it belongs to, `tone` its color; `waiting` means
    delayed and neither gone (departures) nor down (arrivals). `announced` is what a source announced and is no longer
    believed. `updated` is when a source last reported something new; Windsock's own inferences do not count.
    `minutes_left` and `countdown` ("in 25 min") lead to this end's time, if that lies ahead; `duration` is the minutes
    from gate to gate by the best times known.
    """

    id: str
    flight: str
    airline: str
    also: str
    departure: ShownEnd
    arrival: ShownEnd
    gone: bool
    down: bool
    code: str
    place: str
    terminal: str
    gate: str
    belt: str
    state: str
    why: str
    announced: str
    tone: Tone
    group: Group
    waiting: bool
    updated: datetime | None
    minutes_left: int | None
    countdown: str
    duration: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a board counts, filters and sorts a flight by, without a word of its row. Fields are as in `Shown`.

    `over`: it has left (departures) or come down (arrivals).
    """

    group: Group
    waiting: bool
    over: bool
    delay_minutes: int | None


def facts_of(flight: Flight, view: Viewpoint) -> Facts:
    """Return the facts of the flight from there, then. They cost a tenth of its words."""
    times = shown_times(flight, view.now, view.late_minutes)
    return _facts(times, tone_of(flight, times, view.direction, view.late_minutes), view)


def _facts(times: ShownTimes, tone: Tone, view: Viewpoint) -> Facts:
    end = times.end(view.direction)
    over = times.gone if view.direction == "departures" else times.down
    group = _group(end, tone, view.late_minutes)
    return Facts(
        group=group, waiting=group == "delayed" and not over, over=over, delay_minutes=end.delay_minutes
    )


def present(flight: Flight, view: NamedViewpoint) -> Shown:
    """Return what is shown of the flight from there, then."""
    times = shown_times(flight, view.now, view.late_minutes)
    departing = view.direction == "departures"
    end = times.end(view.direction)
    side = flight.departure if departing else flight.arrival
    code = (flight.destination if departing else flight.origin) or ""
    carrier = flight.carrier.iata or flight.carrier.icao or ""
    situation = describe_status(flight, view, times)
    facts = _facts(times, situation.tone, view)
    left = _minutes_left(end, view.now)
    return Shown(
        id=flight.id,
        flight=spaced(flight.designator),
        airline=view.carriers.get(carrier) or carrier,
        also=", ".join(spaced(name) for name in flight.codeshares),
        departure=times.departure,
        arrival=times.arrival,
        gone=times.gone,
        down=times.down,
        code=code,
        place=view.airports.get(code) or code or gettext("unknown"),
        terminal=gettext("Terminal {terminal}", terminal=side.terminal) if side.terminal else "",
        gate=side.gate or "",
        belt=flight.arrival.belt or "",
        state=situation.state,
        why=situation.why,
        announced=announced(flight, end, view),
        tone=situation.tone,
        group=facts.group,
        waiting=facts.waiting,
        updated=_reported(flight),
        minutes_left=left,
        countdown="" if left is None else countdown(left),
        duration=_duration(times),
    )


def _reported(flight: Flight) -> datetime | None:
    """Return when a source last reported something new. In an old journal the last event may have been an inference."""
    return flight.reported_at or (None if "overdue" in flight.flags else flight.updated_at)


def countdown(minutes: int) -> str:
    """Return "in 25 min", or "now"."""
    return gettext("in {duration}", duration=duration(minutes)) if minutes > 0 else gettext("now")


def _group(end: ShownEnd, tone: Tone, late_minutes: int) -> Group:
    if tone in ("cancelled", "diverted"):
        return "cancelled"
    late = (end.delay_minutes or 0) >= late_minutes
    return "delayed" if late or tone in ("late", "overdue") else ""


def _minutes_left(end: ShownEnd, now: datetime) -> int | None:
    """Return the minutes until this end's time; None if it has passed, is not known, or is only a lower bound."""
    if end.at is None or end.kind not in ("planned", "expected", "about"):
        return None
    minutes = minutes_between(now.replace(second=0, microsecond=0), end.at)
    return minutes if minutes >= 0 else None


def _duration(times: ShownTimes) -> int | None:
    """Return the minutes from gate to gate: by the times shown if both are known alike, else by the schedule."""
    one, other = times.departure, times.arrival
    alike = one.kind == other.kind and one.kind in ("actual", "expected")
    if alike and not one.runway and not other.runway and one.at is not None and other.at is not None:
        minutes = minutes_between(one.at, other.at)
    elif one.planned is not None and other.planned is not None:
        minutes = minutes_between(one.planned, other.planned)
    else:
        return None
    return minutes if minutes > 0 else None

"""Where a flight stands, in words: the state, the reason behind it, and the tone it is shown in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from windsock.flights import Flight
from windsock.flights.state import Status
from windsock.wording.durations import clock_time, duration, lateness
from windsock.wording.language import gettext
from windsock.wording.times import Direction, Kind, ShownEnd, ShownTimes, shown_times

Tone = Literal["calm", "boarding", "late", "overdue", "cancelled", "diverted", "gone"]

STEP = 5
"""Minutes by which "at least … late" grows, so that rows of overdue flights do not change every minute."""

_DESIGNATOR = re.compile(r"([A-Z]{3}|[A-Z0-9]{2})(\d+[A-Z]?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewpoint:
    """From where and when a flight is looked at: the direction, the airport with its clock, the service's time.

    `airports` has names of places for codes. `because` is what the airport's programmes say; it explains late flights
    that have no reason of their own. A flight counts as late from `late_minutes`.
    """

    direction: Direction
    zone: ZoneInfo
    now: datetime
    airport: str = ""
    airports: Mapping[str, str] = field(default_factory=dict)
    late_minutes: int = 15
    because: str = ""

    def place(self, code: str | None) -> str:
        """Return the name of an airport; its code if it has none here."""
        return (code and self.airports.get(code)) or code or gettext("another airport")


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The state in a few words ("35 min late"), what is behind it ("weather"), and the tone."""

    state: str
    why: str
    tone: Tone


def spaced(designator: str) -> str:
    """Return "DL 1865" for "DL1865"."""
    match = _DESIGNATOR.fullmatch(designator)
    return f"{match[1]} {match[2]}" if match else designator


def dotted(*parts: str) -> str:
    """Join the parts that are not empty: "on time · in flight"."""
    return " · ".join(part for part in parts if part)


def upper_first(text: str) -> str:
    """Return the text with its first letter in upper case, the others as they are."""
    return text[:1].upper() + text[1:]


def reason(flight: Flight) -> str:
    """Return the reason of the delay as a person says it; the source's own code if nobody has words for it."""
    if not flight.delay_reasons:
        return ""
    first = flight.delay_reasons[0]
    if first.text:
        return gettext(first.text)  # words of ours are translated; a source's own are not in any catalogue
    return gettext("reason code {code}", code=first.code) if first.code else ""


def tone_of(flight: Flight, times: ShownTimes, direction: Direction, late_minutes: int) -> Tone:
    """Return the tone that a flight with these times is shown in on boards of this direction, without wording it."""
    if flight.status == "cancelled":
        return "cancelled"
    if flight.status == "diverted" or flight.diverted_to:
        return "diverted"
    departing = direction == "departures"
    end, leaving = times.end(direction), times.departure
    if times.gone if departing else times.down:
        return "gone"
    if end.kind == "at_least" or (leaving.kind == "at_least" and not times.gone):
        return "overdue"
    if departing and flight.status == "boarding":
        return "boarding"
    delay = end.delay_minutes
    if delay is None and not departing:
        delay = leaving.delay_minutes
    late = (delay is not None and delay >= late_minutes) or (departing and bool(_back(flight)))
    return "late" if late else "calm"


def describe_status(flight: Flight, view: Viewpoint, times: ShownTimes | None = None) -> Situation:
    """Word where the flight stands, in the order in which people ask: does it fly, where to, has it left, how late."""
    if times is None:
        times = shown_times(flight, view.now, view.late_minutes)
    because = reason(flight)
    if flight.status == "cancelled":
        state, why = gettext("Cancelled"), because
    elif flight.status == "diverted" or flight.diverted_to:
        state, why = _diverted(flight, view), because
    elif view.direction == "departures":
        state, why = _departing(flight, view, times, because)
    else:
        state, why = _arriving(flight, view, times, because)
    return Situation(state=state, why=why, tone=tone_of(flight, times, view.direction, view.late_minutes))


def announced(flight: Flight, end: ShownEnd, view: Viewpoint) -> str:
    """Return what a source announced for this end and is no longer believed, with its reason; "" if nothing was."""
    if end.announced is None:
        return ""
    time, because = clock_time(end.announced, view.now, view.zone), reason(flight)
    if because:
        return gettext("was announced for {time}, {reason}; not confirmed since", time=time, reason=because)
    return gettext("was announced for {time}; not confirmed since", time=time)


def kind_words(end: ShownEnd, direction: Direction, status: Status) -> str:
    """Return what the time of an end is: "scheduled", "expected", "took off", "not before"."""
    departing = direction == "departures"
    kind = _kind(end, departing)
    if end.untimed:
        return dotted(kind, _untimed(departing, status))
    return dotted(kind, _unconfirmed(departing)) if end.unconfirmed else kind


def _kind(end: ShownEnd, departing: bool) -> str:
    match end.kind:
        case "actual" if departing:
            return gettext("took off") if end.runway else gettext("left")
        case "actual":
            return gettext("landed") if end.runway else gettext("at the gate")
        case "expected" if end.runway:
            return gettext("take-off expected") if departing else gettext("landing expected")
        case "expected":
            return gettext("expected")
        case "about" | "at_least":
            return qualifier(end.kind)
    return gettext("scheduled")


def qualifier(kind: Kind) -> str:
    """Return what stands before an inferred time; "" for the other kinds."""
    match kind:
        case "about":
            return gettext("about")
        case "at_least":
            return gettext("not before")
    return ""


def lateness_words(end: ShownEnd) -> str:
    """Return how late the time of an end is: "35 min late", "at least 1 h late", "about on time"; "" if unknown."""
    delay = end.delay_minutes
    if delay is None or end.kind in ("planned", "none"):
        return ""
    if end.kind == "at_least":
        least = _least(end)
        return gettext("at least {duration} late", duration=duration(least)) if least else ""
    if end.kind == "actual" or end.kind == "expected":
        return lateness(delay)
    if delay == 0:
        return gettext("about on time")
    if delay < 0:
        return gettext("about {duration} early", duration=duration(delay))
    return gettext("about {duration} late", duration=duration(delay))


def _untimed(departing: bool, status: Status) -> str:
    if departing:
        return gettext("departed, time not known")
    return gettext("landed, time not known") if status == "landed" else gettext("arrived, time not known")


def _unconfirmed(departing: bool) -> str:
    return gettext("departure not confirmed yet") if departing else gettext("arrival not confirmed yet")


def _departing(flight: Flight, view: Viewpoint, times: ShownTimes, because: str) -> tuple[str, str]:
    end = times.departure
    delay = end.delay_minutes
    late = delay is not None and delay >= view.late_minutes
    stale, pending = _stale(flight), _unconfirmed(True) if end.unconfirmed else ""
    if times.gone:
        state = (
            gettext("Left the gate") if flight.status == "out" and not end.untimed else gettext("Departed")
        )
        return state, _since(end, because if late else "")
    back = _back(flight)
    if end.kind == "at_least":
        least = _least(end)
        why = dotted(*_silence(flight, end, view, because))
        if back:
            return back, dotted(lateness_words(end), why)
        return _at_least_late(least) or gettext("Overdue"), why
    over = dotted(lateness(delay), because if late else "", pending)
    if flight.status == "boarding":
        return gettext("Boarding"), over
    if back:
        return back, over
    because = because or view.because
    if end.kind == "about" and delay is not None:
        why = dotted(gettext("forecast"), because if late else "", pending)
        return _about(delay), why
    if late:
        return lateness(delay), dotted(because, stale, pending)
    return _calm(delay), dotted(stale, pending)


def _arriving(flight: Flight, view: Viewpoint, times: ShownTimes, because: str) -> tuple[str, str]:
    end, leaving = times.arrival, times.departure
    delay = end.delay_minutes
    late = delay is not None and delay >= view.late_minutes
    stale, pending = _stale(flight), _unconfirmed(False) if end.unconfirmed else ""
    if times.down:
        state = gettext("Landed") if flight.status == "landed" else gettext("Arrived")
        return state, _since(end, because if late else "")
    flying = _flying(flight, view)
    # A programme that holds at the airport now did not delay a flight that is on its way already.
    explained = because or ("" if flying else view.because)
    if leaving.kind == "at_least" and not times.gone:
        return _held(end, leaving, explained, announced(flight, end, view), view)
    if end.kind == "at_least":
        state = _at_least_late(_least(end)) or gettext("Overdue")
        return state, dotted(*_silence(flight, end, view, because))
    if end.kind == "about" and delay is not None:
        cause = _cause(flight, leaving, times, view)
        said = announced(flight, end, view)
        why = dotted("" if said else explained, cause, said, stale, pending)
        return _about(delay), why
    if late:
        return lateness(delay), dotted(explained, flying, stale, pending)
    before = leaving.delay_minutes
    if delay is None and before is not None and before >= view.late_minutes:
        state = (
            gettext("Departed {duration} late", duration=duration(before))
            if times.gone
            else gettext("Departs {duration} late", duration=duration(before))
        )
        return state, dotted(explained, flying, stale, pending)
    if flying:
        state = _flying(flight, view, first=True)
        return state, dotted(lateness(delay), stale, pending)
    return _calm(delay), dotted(stale, pending)


def _held(end: ShownEnd, leaving: ShownEnd, because: str, said: str, view: Viewpoint) -> tuple[str, str]:
    """Word an arrival whose departure is overdue: how late it is at least, or how late it leaves at least."""
    why = dotted(gettext("its departure is overdue (inferred)"), said or because)
    least = _least(end) if end.kind == "at_least" else 0
    if least >= view.late_minutes:
        return _at_least_late(least), why
    least = _least(leaving)
    state = (
        gettext("Departs at least {duration} late", duration=duration(least)) if least else gettext("Overdue")
    )
    return state, why


def _silence(flight: Flight, end: ShownEnd, view: Viewpoint, because: str) -> tuple[str, str]:
    """Return that it is overdue, and what was announced before, or else the reason that was given."""
    if said := announced(flight, end, view):
        return gettext("overdue (inferred)"), said
    return gettext("overdue, no update yet (inferred)"), because


def _cause(flight: Flight, leaving: ShownEnd, times: ShownTimes, view: Viewpoint) -> str:
    """Return why the arrival is only about known."""
    if flight.arrival.delay_basis == "predicted":
        return gettext("forecast")
    if times.gone:
        return gettext("departed late")
    return gettext("departs late") if (leaving.delay_minutes or 0) >= view.late_minutes else ""


def _since(end: ShownEnd, because: str) -> str:
    """Return how late it was when it left or came down, and that the time is not known."""
    no_time = gettext("time not known") if end.untimed else ""
    return dotted(no_time, "" if end.kind == "about" else lateness(end.delay_minutes), because)


def _least(end: ShownEnd) -> int:
    """Return how late it is at least, in whole steps."""
    return max(0, (end.delay_minutes or 0) // STEP * STEP)


def _at_least_late(minutes: int) -> str:
    return gettext("At least {duration} late", duration=duration(minutes)) if minutes > 0 else ""


def _about(minutes: int) -> str:
    if minutes == 0:
        return gettext("About on time")
    if minutes < 0:
        return gettext("About {duration} early", duration=duration(minutes))
    return gettext("About {duration} late", duration=duration(minutes))


def _calm(minutes: int | None) -> str:
    if minutes is None:
        return gettext("Scheduled")
    return gettext("On time") if minutes == 0 else lateness(minutes)


def _stale(flight: Flight) -> str:
    return gettext("no recent updates") if "stale" in flight.flags else ""


def _diverted(flight: Flight, view: Viewpoint) -> str:
    arriving = view.direction == "arrivals"
    if arriving and flight.diverted_to == view.airport and flight.destination != view.airport:
        return gettext("Diverted here")
    return gettext("Diverted to {place}", place=view.place(flight.diverted_to))


def _flying(flight: Flight, view: Viewpoint, *, first: bool = False) -> str:
    """Return how an arriving flight is on its way, as the `first` words or later ones; "" if it is not."""
    if flight.status == "airborne":
        return gettext("In flight") if first else gettext("in flight")
    if flight.status == "out":
        place = view.place(flight.origin)
        return gettext("Left {place}", place=place) if first else gettext("left {place}", place=place)
    return ""


def _back(flight: Flight) -> str:
    """Return how a flight that had left came to be at its origin again; "" if it did not."""
    if "air_return" in flight.flags:
        return gettext("Turned back")
    return gettext("Back at the gate") if "returned_to_gate" in flight.flags else ""

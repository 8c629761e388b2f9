"""Where a flight stands, in words: the state, the reason behind it, and the tone it is shown in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from windsock.flights import Flight
from windsock.wording.durations import duration, lateness

Direction = Literal["departures", "arrivals"]
Tone = Literal["calm", "boarding", "late", "overdue", "cancelled", "diverted", "gone"]

DOWN = frozenset({"landed", "arrived"})
GONE = frozenset({"out", "airborne", "landed", "arrived"})

_DESIGNATOR = re.compile(r"([A-Z]{3}|[A-Z0-9]{2})(\d+[A-Z]?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewpoint:
    """From where a flight is looked at: the direction, the airport, names for codes, and when a flight counts as late.

    `because` is what the airport's programmes say; it explains late flights that have no reason of their own.
    """

    direction: Direction
    airport: str = ""
    airports: Mapping[str, str] = field(default_factory=dict)
    late_minutes: int = 15
    because: str = ""

    def place(self, code: str | None) -> str:
        """Return the name of an airport; its code if it has none here."""
        return (code and self.airports.get(code)) or code or "another airport"


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
    return first.text or (f"reason code {first.code}" if first.code else "")


def expected(flight: Flight, direction: Direction) -> datetime | None:
    """Return the best known time at the gate; the runway's if only that is known."""
    gate, runway = (
        (flight.departure, flight.takeoff) if direction == "departures" else (flight.arrival, flight.landing)
    )
    return gate.actual or gate.estimated or runway.actual or runway.estimated


def scheduled(flight: Flight, direction: Direction) -> datetime | None:
    """Return the time that a board sorts by."""
    gate = flight.departure if direction == "departures" else flight.arrival
    return gate.scheduled or expected(flight, direction)


def untimed(flight: Flight, direction: Direction) -> str:
    """Return "time not known" if the flight is only stated to have left, or come down, without a time; else ""."""
    departing = direction == "departures"
    gate, runway = (flight.departure, flight.takeoff) if departing else (flight.arrival, flight.landing)
    if flight.stated_status is None or gate.actual or runway.actual:
        return ""
    return "time not known" if departing or flight.stated_status in DOWN else ""


def describe_status(flight: Flight, view: Viewpoint) -> Situation:
    """Word where the flight stands, in the order in which people ask: does it fly, where to, has it left, how late."""
    departing = view.direction == "departures"
    gate = flight.departure if departing else flight.arrival
    delay, because, status = gate.delay_minutes, reason(flight), flight.status
    stale = "no recent updates" if "stale" in flight.flags else ""
    if status == "cancelled":
        return Situation(state="Cancelled", why=because, tone="cancelled")
    if status == "diverted" or flight.diverted_to:
        here = not departing and flight.diverted_to == view.airport and flight.destination != view.airport
        state = "Diverted here" if here else f"Diverted to {view.place(flight.diverted_to)}"
        return Situation(state=state, why=because, tone="diverted")
    late = delay is not None and delay >= view.late_minutes
    over = dotted(lateness(delay), because if late else "")
    no_time = untimed(flight, view.direction)
    if departing and status in GONE:
        state = "Left the gate" if status == "out" and not no_time else "Departed"
        return Situation(state=state, why=dotted(no_time, over), tone="gone")
    if not departing and status in DOWN:
        return Situation(state=status.capitalize(), why=dotted(no_time, over), tone="gone")
    if gate.delay_basis == "inferred" and delay is not None and delay > 0:
        if status in GONE and not gate.overdue_minutes:
            why = dotted(because, "departed late", stale)
            return Situation(state=f"About {duration(delay)} late", why=why, tone="late")
        state = f"At least {duration(delay)} late"
        return Situation(state=state, why="overdue, no update yet (inferred)", tone="overdue")
    if status == "boarding" and departing:
        return Situation(state="Boarding", why=over, tone="boarding")
    if departing and (back := _back(flight)):
        return Situation(state=back, why=over, tone="late")
    flying = "" if departing else _flying(flight, view)
    # A programme that holds at the airport now did not delay a flight that is on its way already.
    because = because or ("" if flying else view.because)
    if late:
        return Situation(state=lateness(delay), why=dotted(because, flying, stale), tone="late")
    before = None if departing else flight.departure.delay_minutes
    if delay is None and before is not None and before >= view.late_minutes:
        inferred = flight.departure.delay_basis == "inferred"
        state = _late_departure(lateness(before), left=status in GONE, inferred=inferred)
        why = dotted(because, flying, stale)
        return Situation(state=state, why=why, tone="overdue" if inferred else "late")
    calm = lateness(delay)
    if flying:
        return Situation(state=upper_first(flying), why=dotted(calm, stale), tone="calm")
    return Situation(state=upper_first(calm) or "Scheduled", why=stale, tone="calm")


def _flying(flight: Flight, view: Viewpoint) -> str:
    """Return how an arriving flight is on its way; "" if it is not."""
    match flight.status:
        case "airborne":
            return "in flight"
        case "out":
            return f"left {view.place(flight.origin)}"
    return ""


def _late_departure(late: str, *, left: bool, inferred: bool) -> str:
    """Word the late departure of a flight whose arrival nobody has estimated."""
    if left:
        return f"Departed at least {late}" if inferred else f"Departed {late}"
    return f"Departs at least {late}" if inferred else f"Departs {late}"


def _back(flight: Flight) -> str:
    """Return how a flight that had left came to be at its origin again; "" if it did not."""
    if "air_return" in flight.flags:
        return "Turned back"
    return "Back at the gate" if "returned_to_gate" in flight.flags else ""

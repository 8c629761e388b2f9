"""Group watched flights that connect, and put them into the order of their urgency. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal

from windsock.flights import Flight
from windsock.flights.delay import minutes_between
from windsock.wording.durations import duration
from windsock.wording.language import gettext
from windsock.wording.status import spaced
from windsock.wording.times import ShownEnd, shown_times

MAX_CONNECTION = timedelta(hours=24)
"""Flights further apart are two journeys: 24 hours is where fares end a connection and begin a stopover."""

SHORT_MINUTES = 45
"""A connection below this is warned of: most airports publish minimum connecting times of 30 to 60 minutes."""

CHANGED_MINUTES = 5
"""A connection that differs less from its plan is not said to differ."""

SOON = timedelta(hours=3)
"""A late flight that leaves within this is urgent: its passengers are at the airport, or on their way."""

PAST = timedelta(days=1)
"""A flight that ended longer ago is folded away."""

Trouble = Literal["", "short", "missed", "lost"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A flight as part of a trip: what is planned and what is expected now. `destination` is the planned one."""

    id: str
    number: str
    origin: str
    destination: str
    diverted_to: str
    cancelled: bool
    boarding: bool
    gone: bool
    down: bool
    late: bool
    departure: ShownEnd
    arrival: ShownEnd
    planned_departure: datetime | None
    planned_arrival: datetime | None

    @property
    def leaves(self) -> datetime | None:
        """When it leaves or left, as far as known."""
        return self.departure.at or self.planned_departure

    @property
    def arrives(self) -> datetime | None:
        """When it arrives or arrived, as far as known."""
        return self.arrival.at or self.planned_arrival


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """The time between two legs: `minutes` as it stands (negative: missed; None: unknown), `planned` as booked.

    `at_most`: the first leg is overdue, so that less is left than `minutes`.
    """

    place: str
    planned: int | None
    minutes: int | None
    at_most: bool
    trouble: Trouble
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """Legs in their order, and the connections between them: one less."""

    legs: list[Leg]
    connections: list[Connection] = field(default_factory=list)


def leg(flight: Flight, now: datetime, late_minutes: int) -> Leg:
    """Return the flight as a leg, at `now`."""
    times = shown_times(flight, now, late_minutes)
    departure, arrival = flight.departure, flight.arrival
    elsewhere = flight.diverted_to if flight.diverted_to != flight.destination else None
    return Leg(
        id=flight.id,
        number=spaced(flight.designator),
        origin=flight.origin,
        destination=flight.destination or "",
        diverted_to=elsewhere or "",
        cancelled=flight.status == "cancelled",
        boarding=flight.status == "boarding",
        gone=times.gone,
        down=times.down,
        late=(times.departure.delay_minutes or 0) >= late_minutes or times.departure.kind == "at_least",
        departure=times.departure,
        arrival=times.arrival,
        # A connection is booked by the first schedule: a retimed leg must not stop to be one.
        planned_departure=departure.first_scheduled or departure.scheduled,
        planned_arrival=arrival.first_scheduled or arrival.scheduled,
    )


def urgency(one: Leg, now: datetime) -> tuple[int, float]:
    """Return what legs are sorted by: cancelled or diverted, late and leaving soon, boarding, next, landed."""
    at = (one.arrives if one.gone else one.leaves) or one.leaves or one.arrives
    time = at.timestamp() if at else float("inf")
    if one.cancelled or one.diverted_to:
        return 0, time
    if one.down:
        return 4, -time
    if one.late and not one.gone and at is not None and at - now <= SOON:
        return 1, time
    if one.boarding:
        return 2, time
    return 3, time


def is_past(one: Leg, now: datetime) -> bool:
    """Return whether the flight ended, or should have ended, more than a day ago."""
    ends = [moment for moment in (one.leaves, one.arrives) if moment is not None]
    return bool(ends) and now - max(ends) > PAST


def trips(legs: Iterable[Leg], now: datetime, places: dict[str, str]) -> list[Trip]:
    """Return the legs grouped into trips, the trip with the most urgent leg first; `places` names airports."""
    chains: list[list[Leg]] = []
    for following in sorted(legs, key=lambda each: (_planned(each), each.id)):
        chain = next((chain for chain in chains if _connects(chain[-1], following)), None)
        if chain is None:
            chains.append([following])
        else:
            chain.append(following)
    chains.sort(key=lambda chain: min(urgency(each, now) for each in chain))
    return [Trip(legs=chain, connections=_connections(chain, places)) for chain in chains]


def connection(before: Leg, after: Leg, places: dict[str, str]) -> Connection:
    """Return the connection between two legs, in words."""
    place = places.get(before.destination) or before.destination
    planned = _minutes(before.planned_arrival, after.planned_departure)
    minutes = _minutes(before.arrives, after.leaves)
    at_most = before.arrival.kind == "at_least" and not before.down

    def said(words: str, trouble: Trouble = "") -> Connection:
        return Connection(
            place=place, planned=planned, minutes=minutes, at_most=at_most, trouble=trouble, words=words
        )

    for each in (before, after):
        if each.cancelled:
            return said(gettext("Connection lost: {flight} is cancelled", flight=each.number), "lost")
    if before.diverted_to:
        diverted = places.get(before.diverted_to) or before.diverted_to
        words = gettext(
            "Connection at risk: {flight} is diverted to {place}", flight=before.number, place=diverted
        )
        return said(words, "lost")
    if after.gone and minutes is not None:
        if minutes < 0:
            return said(gettext("Connection missed by {duration}", duration=duration(minutes)), "missed")
        return said(gettext("Connected in {place}", place=place))
    waits = after.departure.kind == "at_least"  # it leaves later than shown, nobody knows when
    if minutes is None or (waits and at_most):
        return said(gettext("Connection in {place}: time not known", place=place))
    if minutes < 0:
        if waits:
            return said(gettext("Connection at risk: {flight} is overdue", flight=after.number), "short")
        return said(
            gettext("Connection missed by {duration}, as it stands", duration=duration(minutes)), "missed"
        )
    trouble: Trouble = "short" if minutes < SHORT_MINUTES and not waits else ""
    return said(_left(place, minutes, planned, at_most=at_most, at_least=waits), trouble)


def _left(place: str, minutes: int, planned: int | None, *, at_most: bool, at_least: bool) -> str:
    left = duration(minutes)
    if planned is None or planned < 0 or abs(minutes - planned) < CHANGED_MINUTES:
        if at_most:
            return gettext("Connection in {place}: at most {left}", place=place, left=left)
        if at_least:
            return gettext("Connection in {place}: at least {left}", place=place, left=left)
        return gettext("Connection in {place}: {left}", place=place, left=left)
    was = duration(planned)
    if at_most:
        return gettext("Connection in {place}: at most {left}, was {was}", place=place, left=left, was=was)
    if at_least:
        return gettext("Connection in {place}: at least {left}, was {was}", place=place, left=left, was=was)
    return gettext("Connection in {place}: {left}, was {was}", place=place, left=left, was=was)


def _planned(one: Leg) -> float:
    at = one.planned_departure or one.leaves
    return at.timestamp() if at else float("inf")


def _connects(before: Leg, after: Leg) -> bool:
    arrives = before.planned_arrival or before.arrives
    leaves = after.planned_departure or after.leaves
    if not before.destination or before.destination != after.origin or arrives is None or leaves is None:
        return False
    return timedelta(0) <= leaves - arrives <= MAX_CONNECTION


def _connections(chain: Sequence[Leg], places: dict[str, str]) -> list[Connection]:
    return [connection(before, after, places) for before, after in pairwise(chain)]


def _minutes(arrives: datetime | None, leaves: datetime | None) -> int | None:
    return None if arrives is None or leaves is None else minutes_between(arrives, leaves)

"""What happens to few: a ground stop, a diversion within New York, a flight cancelled too early, unclear telexes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from windsock.flights.programmes import Programme, ProgrammeList
from windsock.flights.report import Reason
from windsock.replay.past_flights import PastFlight
from windsock.replay.script import TimedReport
from windsock.replay.staging import choice
from windsock.replay.staging.reports import SOURCE, staged
from windsock.replay.staging.rotations import SHORTEST_TURN

_STEP = timedelta(minutes=15)
_STOP = timedelta(minutes=45), timedelta(minutes=60)
"""From this long before the peak until this long after it, nothing leaves for the airport."""

_DELAY = timedelta(hours=2)
"""From this long before the stop until this long after it, flights to the airport get slots."""

_RENEWED = timedelta(minutes=30)
"""A source repeats its programmes at least this often; one that is silent for two hours is no longer believed."""

_NEIGHBOURS = {"JFK": "LGA", "LGA": "JFK"}
_FROM = "EWR"
# A flight to Newark ends at the New York airport that has no ground stop.


@dataclass(frozen=True, slots=True)
class Message:
    """A telex as an airline sends it, and when it arrives."""

    at: datetime
    body: bytes


def peak(rows: Sequence[PastFlight], hub: str) -> datetime:
    """Return the moment, in steps of a quarter of an hour, at which the most departures of `hub` wait to leave."""
    here = [(row.scheduled_out, row.out) for row in rows if row.origin == hub and row.out is not None]
    if not here:
        return rows[0].scheduled_out
    moment, last = min(due for due, _ in here), max(due for due, _ in here)
    moment -= timedelta(minutes=moment.minute % 15)
    best, most = moment, -1
    while moment <= last:
        waiting = sum(1 for due, out in here if due <= moment < out)
        if waiting > most:
            best, most = moment, waiting
        moment += _STEP
    return best


def programmes(hub: str, at: datetime, weather: str) -> Iterator[ProgrammeList]:
    """Yield the lists of programmes over the day: a ground delay, and a ground stop around the peak."""
    stopped = stop(at)
    delay = stopped[0] - _DELAY, stopped[1] + _DELAY
    moments = [delay[0]]
    for begins, ends in pairwise((delay[0], *stopped, delay[1])):
        while begins + _RENEWED < ends:
            begins += _RENEWED
            moments.append(begins)
        moments.append(ends)
    for moment in moments:
        found: list[Programme] = []
        if delay[0] <= moment < delay[1]:
            # It grows until the peak, and shrinks from there.
            distance = abs(moment - at) / timedelta(hours=1)
            average = max(95 - int(distance * 6) * 5, 35)
            found.append(
                Programme(
                    airport=hub,
                    kind="ground_delay",
                    source=SOURCE,
                    observed_at=moment,
                    reason=weather,
                    average_minutes=average,
                )
            )
        if stopped[0] <= moment < stopped[1]:
            found.append(
                Programme(
                    airport=hub,
                    kind="ground_stop",
                    source=SOURCE,
                    observed_at=moment,
                    reason=weather,
                    ends_at=stopped[1],
                )
            )
        yield ProgrammeList(source=SOURCE, observed_at=moment, programmes=tuple(found))


def stop(at: datetime) -> tuple[datetime, datetime]:
    """Return when the ground stop around the peak `at` begins and ends."""
    return at - _STOP[0], at + _STOP[1]


def held(legs: Sequence[PastFlight], rows: Sequence[PastFlight], hub: str, at: datetime) -> list[PastFlight]:
    """Return the inbound flights with none leaving for `hub` during its ground stop: those due then leave after it.

    Where the aircraft would then miss its next departure, it gets no inbound flight.
    """
    begins, ends = stop(at)
    onward = {row.line: row.out for row in rows}
    found = []
    for leg in legs:
        if leg.destination == hub and leg.out is not None and begins <= leg.out < ends:
            late = ends - leg.out + timedelta(minutes=choice.between(2, 25, "released", leg.key))
            moved = _later(leg, late)
            out = onward.get(leg.line)
            if out is None or moved.in_ is None or moved.in_ + SHORTEST_TURN > out:
                continue
            leg = moved
        found.append(leg)
    return found


def _later(leg: PastFlight, by: timedelta) -> PastFlight:
    """Return the flight with its actual times moved."""
    times = {
        name: time + by for name in ("out", "off", "on", "in_") if (time := getattr(leg, name)) is not None
    }
    return replace(leg, **times)


def diversion(
    legs: Sequence[PastFlight], rows: Sequence[PastFlight], hub: str, at: datetime
) -> tuple[int, PastFlight] | None:
    """Return which inbound flight is diverted to another airport of New York, and how: the one nearest to the peak.

    Its aircraft needs the time to fly over before its next departure.
    """
    out = {row.line: row.out for row in rows}
    fits = []
    for index, leg in enumerate(legs):
        onward = out.get(leg.line)
        if leg.destination == _FROM and leg.in_ is not None and onward is not None:
            slack = onward - leg.in_
            fits.append((slack < timedelta(minutes=50), abs(leg.in_ - at), index))
    if not fits:
        return None
    index = min(fits)[2]
    leg = legs[index]
    where = _NEIGHBOURS.get(hub, "JFK")
    return index, replace(leg, diverted=True, diverted_to=where, on=None, in_=None)


def through_flight(
    legs: Sequence[PastFlight], rows: Sequence[PastFlight], hub: str, begins: datetime
) -> tuple[int, PastFlight] | None:
    """Return which inbound flight has the same number as the departure it continues as, and that flight.

    Two legs of one number: a telex that does not name its airport is unclear.
    """
    numbers = {row.line: row.number for row in rows}
    fits = [
        (leg.scheduled_out, index)
        for index, leg in enumerate(legs)
        if leg.destination == hub and leg.scheduled_out > begins and not leg.cancelled
    ]
    if not fits:
        return None
    index = min(fits)[1]
    return index, replace(legs[index], number=numbers[legs[index].line])


def messages(through: PastFlight | None, onward: PastFlight | None, begins: datetime) -> Iterator[Message]:
    """Yield two telexes whose flight is unclear, shortly before the story begins.

    `through` and `onward` are the two legs of one number.
    """
    if through is not None and onward is not None:
        at = begins - timedelta(minutes=22)
        # About as likely for either leg: a flight leaves late rather than early.
        between = through.scheduled_out + (onward.scheduled_out - through.scheduled_out) * 2 / 3
        yield _telex(at, f"{through.carrier}{through.number}", between, "93/0040")
    yield _telex(begins - timedelta(minutes=9), "DL9999", begins + timedelta(minutes=90), "71/0055")


def _telex(at: datetime, flight: str, estimate: datetime, delay: str) -> Message:
    """Return a telex that names its day, but not the airport, and an aircraft that no flight of the day has."""
    body = f"MVT\n{flight}/{at:%d}.N901WS\nED{estimate:%d%H%M}\nDL{delay}\n"
    return Message(at, body.encode())


def reinstated(rows: Sequence[PastFlight], hub: str, at: datetime) -> PastFlight | None:
    """Return the flight that is cancelled for an hour: a very late one of `hub`, the nearest to the peak."""
    late = [
        (abs(row.scheduled_out - at), row.key, row)
        for row in rows
        if row.origin == hub and row.out is not None and row.out - row.scheduled_out > timedelta(minutes=60)
    ]
    return min(late)[2] if late else None


def cancelled_and_reinstated(row: PastFlight) -> Iterator[TimedReport]:
    """Yield the cancellation, two and a half hours before departure, and its end an hour later."""
    cancelled = row.scheduled_out - timedelta(minutes=150)
    yield staged(row, cancelled, cancelled=True, delay_reasons=(Reason("ahm730", "71"),))
    yield staged(row, cancelled + timedelta(minutes=60), cancelled=False)

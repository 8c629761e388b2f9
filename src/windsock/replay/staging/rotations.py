"""The flights that brought the aircraft to New York: not in the data, but somebody must have flown them.

For each departure of the data, the leg before it is made from the aircraft's registration: from where its previous
departure went, or, for the first one of its day, from where it is about to go. Such a leg has the scheduled flying time
of the real flight between the two airports, the neighbouring flight number, and times that fit between the real ones. A
departure whose aircraft could not have come in time gets none.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import groupby, pairwise

from windsock.flights.airports import airport
from windsock.replay.past_flights import PastFlight
from windsock.replay.staging import choice

PLANNED_TURN = timedelta(minutes=55)
SHORTEST_TURN = timedelta(minutes=30)
STOOD_OVERNIGHT_BEFORE = time(9, 0)
"""An aircraft whose first departure is earlier (local time) spent the night in New York."""


def inbound(rows: Sequence[PastFlight]) -> list[PastFlight]:
    """Return the legs that brought the aircraft of `rows` to their departures, in order of scheduled arrival."""
    numbers = {(row.carrier, row.number) for row in rows}
    known = sorted(
        (row for row in rows if row.registration), key=lambda row: (row.registration or "", row.scheduled_out, row.key)
    )  # fmt: skip
    found = []
    for _, group in groupby(known, key=lambda row: row.registration):
        flights = list(group)
        pairs: Iterable[tuple[PastFlight | None, PastFlight]] = [(None, flights[0]), *pairwise(flights)]
        for before, after in pairs:
            leg = _leg(before, after, numbers)
            if leg is not None:
                numbers.add((leg.carrier, leg.number))
                found.append(leg)
    return sorted(found, key=lambda leg: (leg.scheduled_in or leg.scheduled_out, leg.key))


def _leg(before: PastFlight | None, after: PastFlight, numbers: set[tuple[str, int]]) -> PastFlight | None:
    out = before or after
    home, away = airport(after.origin), airport(out.destination)
    if home is None or away is None or out.scheduled_in is None or out.destination == after.origin:
        return None
    if before is None and after.scheduled_out.astimezone(home.tz).time() < STOOD_OVERNIGHT_BEFORE:
        return None
    block = out.scheduled_in - out.scheduled_out
    arrives = after.scheduled_out - PLANNED_TURN
    leaves = arrives - block
    if _local_date(leaves, away.tz) != after.date:
        return None
    number = _neighbour(after, numbers)
    if number is None or (before is not None and leaves < (out.scheduled_in + SHORTEST_TURN)):
        return None
    leg = PastFlight(
        line=after.line,
        carrier=after.carrier,
        number=number,
        date=after.date,
        origin=out.destination,
        destination=after.origin,
        registration=after.registration,
        scheduled_out=leaves,
        scheduled_in=arrives,
    )
    if after.cancelled:
        return replace(leg, cancelled=True, cancellation=after.cancellation)
    return _flown(leg, before, after)


def _flown(leg: PastFlight, before: PastFlight | None, after: PastFlight) -> PastFlight | None:
    """Return the leg with its actual times; None if the aircraft could not have been there in time."""
    if after.out is None or leg.scheduled_in is None:
        return None
    late = max(after.out - after.scheduled_out, timedelta())
    share = choice.between(60, 95, "share", leg.key)
    arrived = leg.scheduled_in + timedelta(
        minutes=int(late.total_seconds() // 60) * share // 100 + choice.between(-9, 8, "early", leg.key)
    )
    arrived = min(arrived, after.out - SHORTEST_TURN)
    block = leg.scheduled_in - leg.scheduled_out - timedelta(minutes=choice.between(0, 6, "block", leg.key))
    out = arrived - block
    if before is not None and (before.in_ is None or out < before.in_ + SHORTEST_TURN):
        return None
    if out < leg.scheduled_out - timedelta(minutes=15):
        return None
    return replace(
        leg,
        out=out,
        off=out + timedelta(minutes=choice.between(9, 16, "taxi", leg.key)),
        on=arrived - timedelta(minutes=choice.between(4, 8, "taxi in", leg.key)),
        in_=arrived,
    )


def _neighbour(row: PastFlight, numbers: set[tuple[str, int]]) -> int | None:
    """Return the free flight number next to that of `row`: airlines give the two legs of a trip such a pair."""
    for step in (1, -1, 3, -3, 5, -5, 7, -7, 9, -9, 11, -11):
        number = row.number + step
        if 0 < number <= 9999 and (row.carrier, number) not in numbers:
            return number
    return None


def _local_date(moment: datetime, zone: tzinfo) -> date:
    return moment.astimezone(zone).date()

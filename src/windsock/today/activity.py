"""What flies around now: airports with their numbers of flights, carriers, and flight numbers. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from windsock.flights.punctuality import DayFlight

BEHIND, AHEAD = timedelta(hours=3), timedelta(hours=21)
"""The hours in which an airport's flights are counted: boards that still have something to show, and the day ahead."""


@dataclass(frozen=True, kw_only=True)
class Activity:
    """`airports` maps code → (departures, arrivals) in the hours around now; the airports of flights farther off
    have (0, 0). `numbers` maps designator → the ids of its flights."""

    airports: Mapping[str, tuple[int, int]]
    carriers: frozenset[str]
    numbers: Mapping[str, tuple[str, ...]]

    @cached_property
    def busy(self) -> dict[str, int]:
        """Airport code → how many flights it has, departures and arrivals together."""
        return {code: sum(pair) for code, pair in self.airports.items()}


def activity(flights: Iterable[DayFlight], now: datetime) -> Activity:
    """Return what flies around now, of the flights given."""
    since, until = now - BEHIND, now + AHEAD
    counted: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    carriers = set()
    numbers: dict[str, tuple[str, ...]] = {}
    for flight in flights:
        carriers.add(flight.carrier)
        numbers[flight.designator] = (*numbers.get(flight.designator, ()), flight.id)
        leaves, comes = counted[flight.origin], flight.destination and counted[flight.destination]
        if flight.departs is not None and since <= flight.departs < until:
            leaves[0] += 1
        if comes and flight.arrives is not None and since <= flight.arrives < until:
            comes[1] += 1
    return Activity(
        airports={code: (departures, arrivals) for code, (departures, arrivals) in counted.items()},
        carriers=frozenset(carriers - {""}),
        numbers=numbers,
    )

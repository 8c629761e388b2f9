"""Which airports have flights to show, busiest first."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from windsock.journal.airport_counts import flights_by_airport
from windsock.pages.places import airport_or_unknown

# "Now" for the choice of airports: boards that still have something to show, and the day ahead.
BEHIND, AHEAD = timedelta(hours=3), timedelta(hours=21)
# Below this share of the busiest airport's flights, an airport is listed in small type: it is only a destination.
SMALL_SHARE = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class AirportChoice:
    """One airport to choose, with the number of flights it has in the hours around now."""

    code: str
    city: str
    name: str
    departures: int
    arrivals: int
    small: bool

    @property
    def search(self) -> str:
        """The text that the search box compares with."""
        return f"{self.code} {self.city} {self.name}".lower()


def airport_choices(using: str, now: datetime, text: str = "") -> list[AirportChoice]:
    """Return the airports with flights around `now`, busiest first; with any flights at all, if there are none now."""
    counted = flights_by_airport(using, now - BEHIND, now + AHEAD) or flights_by_airport(using)
    busiest = max((sum(pair) for pair in counted.values()), default=0)
    found = []
    for code, (departures, arrivals) in counted.items():
        known = airport_or_unknown(code)
        choice = AirportChoice(
            code=code,
            city=known.city or known.name,
            name=known.name,
            departures=departures,
            arrivals=arrivals,
            small=departures + arrivals < SMALL_SHARE * busiest,
        )
        if text.lower() in choice.search:
            found.append(choice)
    return sorted(found, key=lambda choice: (-choice.departures - choice.arrivals, choice.code))

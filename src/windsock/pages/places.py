"""Names for codes, and which airports have flights to show."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from windsock.flights import airlines, airports
from windsock.flights.airports import Airport
from windsock.journal.airport_counts import flights_by_airport

# What "now" means when airports are chosen: boards that still have something to show, and the day ahead.
BEHIND, AHEAD = timedelta(hours=3), timedelta(hours=21)
# Below this share of the busiest airport, an airport is listed in the small way: it is only somebody's destination.
SMALL_SHARE = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One airport to choose, with how many flights it has in the hours around now."""

    code: str
    city: str
    name: str
    departures: int
    arrivals: int
    small: bool

    @property
    def search(self) -> str:
        """What the search box compares with."""
        return f"{self.code} {self.city} {self.name}".lower()


def city(code: str) -> str:
    """The city people know the airport by; the code itself where nothing is known."""
    found = airports.airport(code)
    return (found.city or found.name or code) if found else code


def airline_name(code: str) -> str:
    """The carrier's name; the code itself where nothing is known."""
    found = airlines.airline(code)
    return found.name if found else code


def unknown_airport(code: str) -> Airport:
    """Stands in for an airport no table knows, so that its flights can still be shown (in UTC)."""
    return Airport(iata=code, icao=None, name=code, city=code, country="", zone="UTC")


def choose(using: str, now: datetime, text: str = "") -> list[Place]:
    """The airports with flights around `now`, busiest first; with any flights at all, if there are none now."""
    counted = flights_by_airport(using, now - BEHIND, now + AHEAD) or flights_by_airport(using)
    busiest = max((sum(pair) for pair in counted.values()), default=0)
    found = []
    for code, (departures, arrivals) in counted.items():
        known = airports.airport(code) or unknown_airport(code)
        place = Place(
            code=code,
            city=known.city or known.name,
            name=known.name,
            departures=departures,
            arrivals=arrivals,
            small=departures + arrivals < SMALL_SHARE * busiest,
        )
        if text.lower() in place.search:
            found.append(place)
    return sorted(found, key=lambda place: (-place.departures - place.arrivals, place.code))


def names(airport_codes: Iterable[str], carrier_codes: Iterable[str]) -> dict[str, dict[str, str]]:
    """What a browser needs: cities and zones by airport code, names by carrier code. Unknown codes are left out."""
    known = {code: found for code in sorted(set(airport_codes)) if (found := airports.airport(code))}
    carriers = {code: line.name for code in sorted(set(carrier_codes)) if (line := airlines.airline(code))}
    return {
        "airports": {code: found.city or found.name for code, found in known.items()},
        "zones": {code: found.zone for code, found in known.items()},
        "carriers": carriers,
    }

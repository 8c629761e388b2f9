"""Airports and carriers as pages show them: names for codes, and the programmes that hold at an airport."""

from collections.abc import Iterable

from windsock import journal
from windsock.flights import airlines, airports
from windsock.flights.airports import Airport
from windsock.flights.place_names import place_name
from windsock.flights.programmes import Standing


def city(code: str) -> str:
    """Return the airport's city, with the airport's own name where the city has several; an unknown code itself."""
    return place_name(code) or code


def airline_name(code: str) -> str:
    """Return the carrier's name; the code itself if the carrier is unknown."""
    found = airlines.airline(code)
    return found.name if found else code


def airport_or_unknown(code: str) -> Airport:
    """Return the airport; for a code that no table has, a stand-in in UTC, so that its flights can still be shown."""
    return airports.airport(code) or Airport(
        iata=code, icao=None, name=code, city=code, country="", zone="UTC"
    )


def names(airport_codes: Iterable[str], carrier_codes: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return what a browser needs: places and zones by airport, names by carrier. Unknown codes are left out."""
    known = {code: found for code in sorted(set(airport_codes)) if (found := airports.airport(code))}
    carriers = {code: line.name for code in sorted(set(carrier_codes)) if (line := airlines.airline(code))}
    return {
        "airports": {code: city(code) for code in known},
        "zones": {code: found.zone for code, found in known.items()},
        "carriers": carriers,
    }


def standings_at(*codes: str) -> list[Standing]:
    """Return the programmes of these airports, in the order of the codes; an airport that never had any is left out."""
    known = {standing.airport: standing for standing in journal.current().standings()[1]}
    return [known[code] for code in dict.fromkeys(codes) if code in known]

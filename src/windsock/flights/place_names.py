"""What people call the place of an airport: its city, or, where a city has several airports, the airport itself.

"Diverted to London" sends a reader at Heathrow to the wrong airport; "London Gatwick" does not. Which airports share a
city follows from the tables: IATA's metropolitan areas (a part of airportsdata), the airports whose city is one of
these, and airports of one country that give the same city and lie near it.
"""

import csv
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from importlib import resources
from math import cos, hypot, radians
from typing import NamedTuple

from windsock.flights import airports
from windsock.flights.airports import Airport
from windsock.flights.tablecache import remembered

MAX_KILOMETRES = 100.0
"""Airports of one name of a city farther apart than this serve two cities: there is a Columbus in six US states."""

GENERAL_AVIATION = frozenset({"US", "CA"})
"""Countries in which every small airfield has an IATA code, so that an equal city does not make two choices of it."""

_MILITARY = re.compile(
    r"air (force )?base|\bafb\b|army|naval|\braf\b|seaplane|heliport|executive", re.IGNORECASE
)
_GENERIC = re.compile(
    r"\b(inter?national|intercontinental|intl|int['’]l|intcntl|int|in|airport|airpark|apt|a/p)\b\.?",
    re.IGNORECASE,
)  # fmt: skip
_PARENTHESIS = re.compile(r"\(([^)]+)\)")


class _Metropolis(NamedTuple):
    """A city with several airports: its name, and the short name of each airport that IATA lists."""

    city: str
    members: dict[str, str]


@remembered(maxsize=8192)
def place_name(code: str) -> str | None:
    """Return the name of the place of this airport: "Orlando", "London Gatwick"; None for an unknown code."""
    found = airports.airport(code)
    if found is None:
        return None
    city = found.city or found.name or found.code
    metropolis = _metropolis_of(found)
    if metropolis is not None:
        return _own_name(found, metropolis.city, metropolis.members.get(found.iata or ""), shared=True)
    if found.city and (found.country, _folded(found.city)) in _shared():
        return _own_name(found, found.city, None, shared=False)
    return city


def _own_name(airport: Airport, city: str, listed: str | None, *, shared: bool) -> str:
    """Return the airport's own name behind its city's: "London Gatwick", "Tokyo Haneda", "New York JFK".

    An airport that is called like its city keeps "International" or "Airport" if the area is a `shared` one.
    """
    if listed and (inside := _PARENTHESIS.search(listed)):
        return _joined(city, inside[1])
    if _folded(airport.name).startswith(_folded(city)) and (rest := _distinct(airport.name, city)):
        return _joined(city, rest)
    name = listed or airport.name
    if rest := _distinct(name, city):
        initials = "".join(word[0] for word in re.split(r"[ -]", rest)).upper()
        return _joined(city, airport.code if initials == airport.code else rest)
    if not shared:
        return city
    return f"{city} International" if "international" in airport.name.lower() else f"{city} Airport"


def _distinct(name: str, city: str) -> str:
    """Return what remains of an airport's name without its city and the words that every airport has."""
    start = len(city) if _folded(name).startswith(_folded(city)) else 0
    rest = _GENERIC.sub(" ", _PARENTHESIS.sub(" ", name[start:]))
    if not start:
        rest = re.sub(re.escape(city), " ", rest, flags=re.IGNORECASE)
        rest = re.split(r"/| - ", rest)[0]  # "Galeao - Antonio Carlos Jobim"
    if name[start : start + 1] == "-" and not rest.startswith("-"):
        rest = f"-{rest}"
    return " ".join(rest.split()).strip(" /")


def _joined(city: str, rest: str) -> str:
    return f"{city}{rest}" if rest.startswith("-") else f"{city} {rest}"


def airports_of_area(area: str) -> tuple[str, ...]:
    """Return the codes of the airports of a metropolitan area such as NYC; none for any other code."""
    found = _metropolises().get(area.upper())
    return tuple(found.members) if found else ()


@cache
def _metropolises() -> dict[str, _Metropolis]:
    """Return IATA's metropolitan areas with their airports, by the area's code."""
    lines = resources.files("airportsdata").joinpath("iata_macs.csv").read_text("utf-8").splitlines()
    found: dict[str, _Metropolis] = {}
    for _, area, city, code, name in list(csv.reader(lines))[1:]:
        found.setdefault(area, _Metropolis(city, {})).members[code] = name
    return found


@cache
def _by_city() -> dict[str, list[_Metropolis]]:
    found: dict[str, list[_Metropolis]] = defaultdict(list)
    for metropolis in _metropolises().values():
        found[_folded(metropolis.city)].append(metropolis)
    return found


@cache
def _by_member() -> dict[str, _Metropolis]:
    return {code: metropolis for metropolis in _metropolises().values() for code in metropolis.members}


def _metropolis_of(airport: Airport) -> _Metropolis | None:
    """Return the metropolitan area of the airport: the one that lists it, or that of its city, if it lies there."""
    if (listed := _by_member().get(airport.iata or "")) is not None:
        return listed
    for metropolis in _by_city().get(_folded(airport.city), ()):
        members = (airports.airport(code) for code in metropolis.members)
        if any(_near(airport, other) for other in members if other and other.country == airport.country):
            return metropolis
    return None


@cache
def _shared() -> frozenset[tuple[str, str]]:
    """Return (country, city) of the cities with several airports that no metropolitan area lists."""
    cities: dict[tuple[str, str], list[Airport]] = defaultdict(list)
    for airport in airports.listed_with_both_codes():
        if airport.city and airport.country not in GENERAL_AVIATION and not _MILITARY.search(airport.name):
            cities[airport.country, _folded(airport.city)].append(airport)
    return frozenset(city for city, found in cities.items() if _several(found))


def _several(found: Iterable[Airport]) -> bool:
    first, *others = found
    return any(_near(first, other) for other in others)


def _near(one: Airport, other: Airport) -> bool:
    if None in (one.latitude, one.longitude, other.latitude, other.longitude):
        return True
    north, east = one.latitude or 0.0, one.longitude or 0.0
    down, across = north - (other.latitude or 0.0), (east - (other.longitude or 0.0)) * cos(radians(north))
    return hypot(down, across) * 111.2 <= MAX_KILOMETRES


@cache
def _folded(text: str) -> str:
    """Return the text without accents and case, to compare names by; it stays as long as it was."""
    plain = "".join(unicodedata.normalize("NFD", letter)[0] for letter in text)
    return plain.casefold() if len(plain.casefold()) == len(text) else text.lower()

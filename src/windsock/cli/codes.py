"""Airports on the command line: the shell's completion of their codes, and the refusal of those that do not exist."""

import os

from windsock.errors import ConfigError

MAX_OFFERED = 60
"""Codes that a shell offers at once; after another letter there are fewer."""


def use_tables_of_environment() -> None:
    """Read the files that WINDSOCK_AIRPORTS and WINDSOCK_AIRLINES name, for verbs that run without Django."""
    from windsock.flights import own_tables

    own_tables.use(*(os.environ.get(f"WINDSOCK_{name}", "") for name in ("AIRPORTS", "AIRLINES")))


def complete_airport(incomplete: str) -> list[tuple[str, str]]:
    """Return the codes of airports that begin so, each with its name, for the shell's completion."""
    from windsock.flights import airports

    begun = incomplete.upper()
    if not begun:
        return []
    found = [code for code in airports.codes() if len(code) == 3 and code.startswith(begun)]
    known = ((code, airports.airport(code)) for code in found[:MAX_OFFERED])
    return [(code, place.name) for code, place in known if place is not None]


def complete_topic(incomplete: str) -> list[tuple[str, str]]:
    """Return topics that begin so: first their kinds, then airports."""
    kind, colon, rest = incomplete.partition(":")
    kinds = {
        "departures": "flights that leave an airport",
        "arrivals": "flights that come to an airport",
        "airport": "both",
        "carrier": "flights of an airline",
        "route": "flights between two airports",
        "designator": "a flight number",
    }
    if not colon:
        return [(f"{name}:", what) for name, what in kinds.items() if name.startswith(kind)]
    if kind not in ("departures", "arrivals", "airport"):
        return []
    return [(f"{kind}:{code}", name) for code, name in complete_airport(rest)]


def airport_code(text: str) -> str:
    """Return the code by which Windsock knows the airport; raise ConfigError if it knows none."""
    from windsock.flights import airports

    use_tables_of_environment()
    found = airports.airport(text)
    if found is None:
        raise ConfigError(
            f"No airport {text[:20]!r} is known. Use an IATA code such as JFK, or an ICAO code such as KJFK."
        )
    return found.code

"""Parameters that several operations take, checked in one way."""

import re

from windsock.api.problems import Problem
from windsock.flights import airports


def airport_code(code: str | None) -> str | None:
    """The canonical code of the airport asked for; raises Problem 422 for one that nobody knows."""
    if code is None:
        return None
    found = airports.airport(code.strip().upper())
    if found is None:
        raise Problem(
            422,
            "unknown_airport",
            f"No airport {code!r} is known.",
            field="airport",
            value=code,
            expected="an IATA or ICAO code, for instance JFK or KJFK",
        )
    return found.iata or found.icao


def iso_date(text: object) -> object:
    """Return a date's text if it is written as YYYY-MM-DD; pydantic alone also takes numbers, as days or seconds."""
    if isinstance(text, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII) is None:
        raise ValueError("write a date as YYYY-MM-DD, such as 2015-01-02")
    return text

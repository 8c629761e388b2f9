"""Check the parameters that several operations share."""

import re

from windsock.api.problems import HttpProblem
from windsock.flights import airports


def airport_code(code: str | None) -> str | None:
    """Return the airport's canonical code; raise HttpProblem 422 for an unknown one."""
    if code is None:
        return None
    found = airports.airport(code.strip().upper())
    if found is None:
        raise HttpProblem(
            422,
            "unknown_airport",
            f"Unknown airport {code!r}.",
            field="airport",
            value=code,
            expected="an IATA or ICAO code, such as JFK or KJFK",
        )
    return found.iata or found.icao


def iso_date(text: object) -> object:
    """Return a date's text if it is YYYY-MM-DD; pydantic alone also accepts numbers, as days or seconds."""
    if isinstance(text, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII) is None:
        raise ValueError("not a date; use YYYY-MM-DD, such as 2015-01-02")
    return text

"""The two real days that come with Windsock: New York's three airports in storms, and in snow."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Day:
    """A day of flights that ships with the package.

    `start` is where its story begins, and `worst` when the most flights wait, both local hh:mm.
    `weather` is the reason of the day's delays.
    """

    name: str
    path: Path
    label: str
    story: str
    airport: str
    start: str
    worst: str
    weather: str


_HERE = Path(__file__).parent

DAYS = {
    "storm": Day(
        "storm",
        _HERE / "storm.csv.gz",
        "1 July 2013, New York",
        "fog, then heavy rain: 327 of 966 departures left an hour late or more, 85 not at all",
        "JFK",
        "07:00",
        "17:44",
        "thunderstorms",
    ),
    "snow": Day(
        "snow",
        _HERE / "snow.csv.gz",
        "8 February 2013, New York",
        "a blizzard comes in: 472 of 930 departures never leave",
        "LGA",
        "07:00",
        "11:30",
        "snow",
    ),
}

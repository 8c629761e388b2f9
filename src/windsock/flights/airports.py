"""Airports by IATA or ICAO code, with their time zones; closed ones included, since old days are replayed."""

import csv
from functools import cache, lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

import msgspec


class Airport(msgspec.Struct, frozen=True, kw_only=True):
    """One airport. `zone` is its IANA time zone; `closed` the year in which it lost its flights, if it did."""

    iata: str | None
    icao: str | None
    name: str
    city: str
    country: str
    zone: str
    closed: int | None = None

    @property
    def code(self) -> str:
        """The canonical code: IATA where there is one, else ICAO."""
        return self.iata or self.icao or ""

    @property
    def tz(self) -> ZoneInfo:
        """Its zone, ready for `datetime.astimezone`."""
        return zone(self.zone)


@cache
def zone(name: str) -> ZoneInfo:
    """The IANA zone of that name (there are a few hundred, so all are kept)."""
    return ZoneInfo(name)


# The table is searched as bytes, line by line on demand: reading it into objects would cost 0.3 s at start and 20 MB,
# and a process meets only a few hundred airports.
@lru_cache(maxsize=1)
def _table() -> bytes:
    closed = resources.files("windsock.flights").joinpath("data/closed_airports.csv").read_bytes()
    return b"\n" + resources.files("airportsdata").joinpath("airports.csv").read_bytes() + b"\n" + closed


@lru_cache(maxsize=8192)
def airport(code: str) -> Airport | None:
    """The airport with this IATA (3 letters) or ICAO code, upper or lower case, or None.

    Where a code passed from a closed airport to its successor, the successor answers.
    """
    code = code.strip().upper()
    if not (code.isascii() and code.isalnum() and 3 <= len(code) <= 4):
        return None
    table, column = _table(), 1 if len(code) == 3 else 0
    needle = b'"%s",' % code.encode()
    start = table.find(needle)
    while start >= 0:
        line_start = table.rfind(b"\n", 0, start) + 1
        line = table[line_start : table.find(b"\n", start) % len(table)]
        row = next(csv.reader([line.decode()]))
        if len(row) > 9 and row[column] == code and row[9]:
            return Airport(
                icao=row[0] or None, iata=row[1] or None, name=row[2], city=row[3], country=row[5], zone=row[9],
                closed=int(row[11]) if len(row) > 11 and row[11] else None,
            )  # fmt: skip
        start = table.find(needle, start + 1)
    return None

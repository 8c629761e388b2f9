"""Airports by IATA or ICAO code, with their time zones; closed ones included, since old days are replayed."""

import csv
import re
from array import array
from bisect import bisect_left
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


# 28,000 airports as objects would cost 0.3 s at start and 20 MB, and a process meets a few hundred of them. So the
# table stays bytes, with an index of two plain arrays: codes as numbers, sorted, and where their lines begin.
@cache
def _table() -> bytes:
    closed = resources.files("windsock.flights").joinpath("data/closed_airports.csv").read_bytes()
    return b"\n" + resources.files("airportsdata").joinpath("airports.csv").read_bytes() + b"\n" + closed


_CODES = re.compile(rb'\n"([0-9A-Z]{4})?[^"]*","([A-Z0-9]{3})?"')


@cache
def _index() -> tuple["array[int]", "array[int]"]:
    found = sorted(
        (int.from_bytes(code), match.start() + 1)
        for match in _CODES.finditer(_table())
        for code in match.groups()
        if code is not None
    )
    return array("I", [code for code, _ in found]), array("I", [start for _, start in found])


@lru_cache(maxsize=8192)
def airport(code: str) -> Airport | None:
    """The airport with this IATA (3 letters) or ICAO code, upper or lower case, or None.

    Where a code passed from a closed airport to its successor, the successor answers.
    """
    code = code.strip().upper()
    if not (code.isascii() and code.isalnum() and 3 <= len(code) <= 4):
        return None
    codes, starts = _index()
    packed = int.from_bytes(code.encode())
    at = bisect_left(codes, packed)
    while at < len(codes) and codes[at] == packed:
        found = _read(starts[at])
        if found is not None and code in (found.iata, found.icao):
            return found
        at += 1
    return None


def _read(start: int) -> Airport | None:
    """The airport whose line begins there; None for the few (in Antarctica) without a zone."""
    end = _table().find(b"\n", start)
    row = next(csv.reader([_table()[start : end if end >= 0 else None].decode()]))
    if not row[9]:
        return None
    return Airport(
        icao=row[0] or None,
        iata=row[1] or None,
        name=row[2],
        city=row[3],
        country=row[5],
        zone=row[9],
        closed=int(row[11]) if len(row) > 11 and row[11] else None,
    )

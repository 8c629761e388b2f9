"""Airports by IATA or ICAO code, with their time zones; closed ones included, since old days are replayed.

The public table (airportsdata) is corrected by tables of our own, all in `flights/data`: zones, airports it lacks,
closed airports, former codes. What the operator adds (`use_own`) comes before all of them.
"""

import csv
import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

import msgspec

from windsock.flights.tablecache import forget, remembered


class Airport(msgspec.Struct, frozen=True, kw_only=True):
    """One airport. `zone` is its IANA time zone; `closed` the year in which it lost its flights, if it did.

    `former` are codes under which older schedules and sources still know it.
    """

    iata: str | None
    icao: str | None
    name: str
    city: str
    country: str
    zone: str
    closed: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    former: tuple[str, ...] = ()

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
    """Return the IANA zone of that name (there are a few hundred, so all are kept)."""
    return ZoneInfo(name)


_own: dict[str, Airport] = {}


def use_own(entries: Iterable[Airport]) -> None:
    """Put these airports of the operator before every table, in place of those given before."""
    found: dict[str, Airport] = {}
    entries = tuple(entries)
    for entry in entries:
        for code in entry.former:
            found[code] = entry
    for entry in entries:  # after the former codes: a code of today is never somebody else's old one
        for code in filter(None, (entry.iata, entry.icao)):
            found[code] = entry
    _own.clear()
    _own.update(found)
    forget()


def own() -> tuple[Airport, ...]:
    """Return the airports that the operator added or corrected."""
    return tuple(dict.fromkeys(_own.values()))


# 28,000 airports as objects would cost 0.3 s at start and 20 MB, and a process meets a few hundred of them. So the
# table stays bytes, with an index of two plain arrays: codes as numbers, sorted, and where their lines begin.
@cache
def _table() -> bytes:
    tables = [resources.files("airportsdata").joinpath("airports.csv").read_bytes()]
    # In this order: where a code passed from a closed airport to its successor, the successor answers.
    tables += [_data(name) for name in ("airports_added.csv", "closed_airports.csv")]
    return b"\n" + b"\n".join(table.strip() for table in tables)


def _data(name: str) -> bytes:
    return resources.files("windsock.flights").joinpath("data", name).read_bytes()


def _pairs(name: str) -> dict[str, str]:
    lines = _data(name).decode().splitlines()[1:]
    return {first: second for first, _, second in (line.partition(",") for line in lines)}


@cache
def _zones() -> dict[str, str]:
    """ICAO code → zone, where the public table's zone is not the one whose clocks the place keeps."""
    return _pairs("airport_zones.csv")


@cache
def _former() -> dict[str, str]:
    """Former code → code of today, of airports that changed their code and stayed where they are."""
    return _pairs("former_airport_codes.csv")


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


@remembered(maxsize=8192)
def airport(code: str) -> Airport | None:
    """Return the airport with this IATA (3 letters) or ICAO code in any case, or None.

    Where a code passed from a closed airport to its successor, the successor answers. A code that an airport has given
    up answers with that airport, as long as no other has taken it.
    """
    code = code.strip().upper()
    if not (code.isascii() and code.isalnum() and 3 <= len(code) <= 4):
        return None
    return _own.get(code) or listed(code) or _renamed(code)


def _renamed(code: str) -> Airport | None:
    today = _former().get(code)
    return None if today is None else airport(today)


def listed(code: str) -> Airport | None:
    """Return the airport of that code in the shipped tables."""
    codes, starts = _index()
    packed = int.from_bytes(code.encode())
    at = bisect_left(codes, packed)
    while at < len(codes) and codes[at] == packed:
        found = _read(starts[at])
        if found is not None and code in (found.iata, found.icao):
            return found
        at += 1
    return None


def former_zones(airport: Airport) -> tuple[str, ...]:
    """Return other zones that the shipped tables give or once gave this airport."""
    zones: list[str] = []
    for code in filter(None, (airport.icao, airport.iata)):
        if (shipped := listed(code)) is not None:
            zones += (shipped.zone, _uncorrected().get(code, shipped.zone))
    return tuple(dict.fromkeys(zone for zone in zones if zone != airport.zone))


@cache
def _uncorrected() -> dict[str, str]:
    """ICAO code → the public table's own zone, of the airports whose zone we correct."""
    found = {}
    for row in csv.reader(_table().decode().splitlines()[1:]):
        if row and row[0] in _zones():
            found[row[0]] = row[9]
    return found


def codes() -> tuple[str, ...]:
    """Every IATA and ICAO code that names an airport here, the operator's and former ones included."""
    numbers, _ = _index()
    listed = (number.to_bytes(4 if number >= 1 << 24 else 3).decode() for number in numbers)
    return tuple(dict.fromkeys((*_own, *listed, *_former())))


def listed_with_both_codes() -> Iterator[Airport]:
    """Yield the airports of the shipped tables that have both an IATA and an ICAO code, closed ones aside."""
    for match in _CODES.finditer(_table()):
        if match[1] and match[2]:
            found = _read(match.start() + 1)
            if found is not None and found.closed is None:
                yield found


def _read(start: int) -> Airport | None:
    """Return the airport whose line begins there; None for the few (in Antarctica) without a zone."""
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
        zone=_zones().get(row[0], row[9]),
        closed=int(row[11]) if len(row) > 11 and row[11] else None,
        latitude=float(row[7]),
        longitude=float(row[8]),
    )

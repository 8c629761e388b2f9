"""Carriers by IATA or ICAO code on a date: 2-letter codes pass from one carrier to another over the years."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from importlib import resources

import msgspec

from windsock.flights.tablecache import forget, remembered


class Airline(msgspec.Struct, frozen=True, kw_only=True):
    """One carrier as it held its codes from `valid_from` to `valid_to` (None: open)."""

    iata: str | None
    icao: str | None
    name: str
    valid_from: date | None = None
    valid_to: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether it held its codes on that day."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day <= self.valid_to
        )


_TABLES = ("airlines_added.csv", "airlines_reviewed.csv", "airlines.csv")
"""Former holders that the public table lacks, its corrections for today, then the public table. First wins."""

_own: tuple[Airline, ...] = ()


def use_own(entries: Iterable[Airline]) -> None:
    """Put these carriers of the operator before every table, in place of those given before."""
    global _own
    _own = tuple(entries)
    forget()


def own() -> tuple[Airline, ...]:
    """Return the carriers that the operator added or corrected."""
    return _own


def _lines(name: str) -> list[str]:
    # Not the csv module's dialect guessing nor a DictReader: 1,900 lines, name last, at most one comma kind.
    return resources.files("windsock.flights").joinpath("data", name).read_text("utf-8").splitlines()[1:]


def _shipped() -> Iterator[Airline]:
    for name in _TABLES:
        for line in _lines(name):
            iata, icao, start, end, label = line.split(",", 4)
            yield Airline(
                iata=iata or None,
                icao=icao or None,
                name=label.strip('"'),
                valid_from=date.fromisoformat(start) if start else None,
                valid_to=date.fromisoformat(end) if end else None,
            )


@remembered(maxsize=1)
def _by_code() -> dict[str, tuple[Airline, ...]]:
    """Each code's holders, the most likely first (the tables' order: still flying, then busiest, then youngest)."""
    holders: dict[str, list[Airline]] = defaultdict(list)
    for airline in (*_own, *_shipped()):
        for code in filter(None, (airline.iata, airline.icao)):
            holders[code].append(airline)
    return {code: tuple(found) for code, found in holders.items()}


@lru_cache(maxsize=1)
def _sold_as() -> dict[str, tuple[str, date]]:
    """ICAO code of a carrier → the IATA code under which its group sells all its flights, and since when.

    The numbers are one series within a group, so EJU7181 and EZS7181 cannot both fly as U27181 on one day.
    """
    rows = (line.split(",") for line in _lines("airlines_sold_as.csv"))
    return {icao: (code, date.fromisoformat(since)) for icao, code, since in rows}


@remembered(maxsize=16_384)
def airline(code: str, on: date | None = None) -> Airline | None:
    """Return the carrier that held this IATA or ICAO code on that day (None: its most likely holder now), or None.

    Two carriers may share a 2-letter code at the same time; then the busier one answers.
    """
    holders = _by_code().get(code.strip().upper(), ())
    if on is None:
        return next((a for a in holders if a.valid_to is None), holders[0] if holders else None)
    return next((a for a in holders if a.holds_on(on)), None)


@remembered(maxsize=16_384)
def canonical(code: str, on: date | None = None) -> str:
    """Return the code that keys use for this carrier: its IATA code if that leads to the same carrier, else `code`.

    A carrier whose group sells its flights under another code goes by that one: EJU (easyJet Europe) is U2. A carrier
    that shares its IATA code with a busier one keeps its ICAO code, so that two carriers' flights never fall together.
    A code we do not know stays as it is.
    """
    code = code.strip().upper()
    found = airline(code, on) or (airline(code, None) if len(code) == 3 else None)
    sold_as = _sold_as().get(code if found is None else found.icao or "")
    if sold_as is not None and found not in _own and (on is None or sold_as[1] <= on):
        return sold_as[0]
    if len(code) == 2 or found is None or found.iata is None:
        return code
    holder = airline(found.iata, on)
    return found.iata if holder is not None and holder.icao == found.icao else code


def known_codes() -> tuple[str, ...]:
    """Every IATA and ICAO code in the tables."""
    return tuple(_by_code())

"""Carriers by IATA or ICAO code on a date: 2-letter codes pass from one carrier to another over the years."""

from collections import defaultdict
from datetime import date
from functools import lru_cache
from importlib import resources

import msgspec


class Airline(msgspec.Struct, frozen=True, kw_only=True):
    """One carrier as it held its codes from `valid_from` to `valid_to` (None: open)."""

    iata: str | None
    icao: str | None
    name: str
    valid_from: date | None
    valid_to: date | None

    def holds_on(self, day: date) -> bool:
        """Whether it held its codes on that day."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day <= self.valid_to
        )


@lru_cache(maxsize=1)
def _by_code() -> dict[str, tuple[Airline, ...]]:
    """Each code's holders, the most likely first (the tables' order: still flying, then busiest, then youngest)."""
    holders: dict[str, list[Airline]] = defaultdict(list)
    data = resources.files("windsock.flights").joinpath("data")
    # Not the csv module's dialect guessing nor a DictReader: 1,600 lines, name last, at most one comma kind.
    for name in ("airlines_added.csv", "airlines.csv"):
        for line in data.joinpath(name).read_text("utf-8").splitlines()[1:]:
            iata, icao, start, end, label = line.split(",", 4)
            airline = Airline(
                iata=iata or None,
                icao=icao or None,
                name=label.strip('"'),
                valid_from=date.fromisoformat(start) if start else None,
                valid_to=date.fromisoformat(end) if end else None,
            )
            for code in filter(None, (iata, icao)):
                holders[code].append(airline)
    return {code: tuple(found) for code, found in holders.items()}


@lru_cache(maxsize=16_384)
def airline(code: str, on: date | None = None) -> Airline | None:
    """The carrier that held this IATA or ICAO code on that day (None: its most likely holder now), or None.

    Two carriers may share a 2-letter code at the same time; then the busier one answers.
    """
    holders = _by_code().get(code.strip().upper(), ())
    if on is None:
        return next((a for a in holders if a.valid_to is None), holders[0] if holders else None)
    return next((a for a in holders if a.holds_on(on)), None)


@lru_cache(maxsize=16_384)
def canonical(code: str, on: date | None = None) -> str:
    """The code that keys use for this carrier: its IATA code if that leads back to the same carrier, else `code`.

    A carrier that shares its IATA code with a busier one keeps its ICAO code, so that two carriers' flights never
    fall together. A code we do not know stays as it is.
    """
    code = code.strip().upper()
    if len(code) == 2:
        return code
    found = airline(code, on) or airline(code, None)
    if found is None or found.iata is None:
        return code
    holder = airline(found.iata, on)
    return found.iata if holder is not None and holder.icao == found.icao else code


def known_codes() -> tuple[str, ...]:
    """Every IATA and ICAO code in the tables."""
    return tuple(_by_code())

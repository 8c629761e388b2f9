"""The identity of a flight: designators (DL1865) and keys (DL1865.2015-01-02.ATL)."""

import re
from datetime import date as Day
from functools import lru_cache
from typing import Self

import msgspec

from windsock.flights import airlines
from windsock.flights.tablecache import remembered

# Two characters with a letter among them (IATA) or three letters (ICAO), up to four digits, perhaps one letter.
# The carrier's length is settled before the number begins, so `B6919` is B6 919 and `TK20` is never TK 2.
_DESIGNATOR = re.compile(
    r"{0}([A-Za-z]{{3}}|[A-Za-z][A-Za-z0-9]|[0-9][A-Za-z]){0}-?{0}0*([1-9][0-9]{{0,3}}){0}([A-Za-z])?{0}".format(
        "[\\s\u00a0\u202f]*"  # pages set the blank so that a line does not break there
    ),
    re.ASCII,
)


class Designator(msgspec.Struct, frozen=True, cache_hash=True, gc=False):
    """A flight number: carrier, number, and rarely a suffix letter. `str()` gives "DL1865".

    The carrier is canonical: the code under which its group sells its flights (EJU's is U2), else the IATA code if the
    carrier has one that is its own on that date, else the ICAO code.
    A code we do not know is kept as it is.
    """

    carrier: str
    number: int
    suffix: str | None = None

    @classmethod
    def parse(cls, text: str, on: Day | None = None) -> Self:
        """Return the designator in `text` ("DL 1865", "DAL1865", "DL1865A"); raise ValueError with the cure.

        `on` is the flight's date, because 2-letter codes pass from one carrier to another over the years.
        """
        found = _parse_designator(text, on)
        return found if cls is Designator else cls(found.carrier, found.number, found.suffix)  # type: ignore[return-value]

    def __str__(self) -> str:
        return f"{self.carrier}{self.number}{self.suffix or ''}"

    def __lt__(self, other: "Designator") -> bool:
        return (self.carrier, self.number, self.suffix or "") < (
            other.carrier,
            other.number,
            other.suffix or "",
        )


@remembered(maxsize=32_768)
def _parse_designator(text: str, on: Day | None) -> Designator:
    match = _DESIGNATOR.fullmatch(text)
    if match is None:
        raise ValueError(
            f"{text[:40]!r} is not a flight number; give carrier, 1 to 4 digits and perhaps a letter, like 'DL1865'"
        )
    carrier, number, suffix = match.groups()
    return Designator(
        airlines.canonical(carrier.upper(), on), int(number), suffix.upper() if suffix else None
    )


class FlightKey(msgspec.Struct, frozen=True, cache_hash=True, gc=False):
    """What makes a flight this flight, for ever: operating carrier, number, suffix, flight date and origin.

    `date` is the date of the scheduled departure as first planned, in the calendar of the origin: a 23:50 departure
    from Honolulu is already tomorrow in UTC, yet the ticket says today. Retiming, diversion or a return to the gate
    never change the key. The origin is in it because the legs of a through flight share number and date.
    Ordered by carrier, number, suffix, date, origin; `str()` gives "DL1865.2015-01-02.ATL".
    """

    carrier: str
    number: int
    suffix: str | None
    date: Day
    origin: str

    @classmethod
    def parse(cls, text: str) -> "FlightKey":
        """Return the key in `text` ("DL1865.2015-01-02.ATL"); raise ValueError that says what is wrong with it."""
        return _parse_key(text)

    @classmethod
    def of(cls, designator: Designator, date: Day, origin: str) -> "FlightKey":
        """Return the key of the leg of `designator` that leaves `origin` on `date`."""
        return cls(designator.carrier, designator.number, designator.suffix, date, origin)

    @property
    def designator(self) -> Designator:
        """The operating flight number."""
        return Designator(self.carrier, self.number, self.suffix)

    def __str__(self) -> str:
        return _spelled(self)

    def _order(self) -> tuple[str, int, str, Day, str]:
        return (self.carrier, self.number, self.suffix or "", self.date, self.origin)

    def __lt__(self, other: "FlightKey") -> bool:
        return self._order() < other._order()

    def __le__(self, other: "FlightKey") -> bool:
        return self._order() <= other._order()

    def __gt__(self, other: "FlightKey") -> bool:
        return self._order() > other._order()

    def __ge__(self, other: "FlightKey") -> bool:
        return self._order() >= other._order()


# Asked for several times per report, and the key knows its hash.
@lru_cache(maxsize=32_768)
def _spelled(key: FlightKey) -> str:
    return f"{key.carrier}{key.number}{key.suffix or ''}.{key.date.isoformat()}.{key.origin}"


_KEY_SHAPE = "a flight id looks like 'DL1865.2015-01-02.ATL': flight number, date at the origin, origin"


@remembered(maxsize=32_768)
def _parse_key(text: str) -> FlightKey:
    from windsock.flights import airports

    parts = text.split(".")
    if len(parts) != 3:
        raise ValueError(f"{text[:60]!r} is not a flight id; {_KEY_SHAPE}")
    if len(parts[1]) != 10:
        raise ValueError(f"{parts[1][:20]!r} in {text[:60]!r} is not a date like 2015-01-02; {_KEY_SHAPE}")
    try:
        on = Day.fromisoformat(parts[1])
    except ValueError as error:
        raise ValueError(f"{parts[1]!r} in {text!r} is not a date ({error}); {_KEY_SHAPE}") from None
    origin = airports.airport(parts[2].upper())
    if origin is None:
        raise ValueError(f"no airport {parts[2][:8]!r} is known (in {text[:60]!r}); {_KEY_SHAPE}")
    return FlightKey.of(Designator.parse(parts[0], on), on, origin.code)

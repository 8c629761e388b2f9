"""What one subscribes to, in one canonical spelling, and which topics a flight belongs to."""

from dataclasses import dataclass
from functools import lru_cache

from windsock.errors import ProtocolError, WindsockError
from windsock.flights import Designator, Flight, FlightKey
from windsock.flights.airlines import airline, canonical
from windsock.flights.airports import airport
from windsock.flights.tablecache import remembered
from windsock.protocol.codes import ErrorCode

FORMS = {
    "all": "all",
    "flight": "flight:DL1865.2015-01-02.ATL",
    "designator": "designator:DL1865",
    "departures": "departures:ATL",
    "arrivals": "arrivals:ATL",
    "airport": "airport:ATL",
    "carrier": "carrier:DL",
    "route": "route:ATL-MCO",
    "registration": "registration:N910DE",
    "programmes": "programmes:JFK",
}
"""Each kind of topic with an example, in the order in which an error lists them."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic; `str()` is its canonical name (IATA codes where there are any, upper case)."""

    kind: str
    value: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}" if self.value else self.kind

    @classmethod
    def parse(cls, text: str) -> "Topic":
        """Parse the topic written as `text`, with IATA or ICAO codes in any case.

        Raises ProtocolError (code `unknown_topic`) for an unknown form, airport or carrier, saying what would be right.
        """
        return _parse(text)


def topics_of(flight: Flight) -> frozenset[str]:
    """Return the canonical names of all topics the flight belongs to, `all` included.

    A diverted flight is among the arrivals of its destination and of the airport it goes to instead. Codeshares'
    designators count; their carriers do not, as another carrier operates the flight.
    """
    return _topics_of(
        flight.id,
        flight.designator,
        flight.carrier.iata or flight.carrier.icao or "",
        flight.origin,
        flight.destination,
        flight.diverted_to,
        flight.registration,
        tuple(flight.codeshares),
        tuple(flight.former_ids),
    )


def matches(topic: Topic | str, flight: Flight) -> bool:
    """Whether the flight belongs to the topic (a Topic, or its canonical name)."""
    return str(topic) in topics_of(flight)


# A day of a large country is some 30,000 flights; an event nearly always finds its flight's topics here.
@lru_cache(maxsize=65_536)
def _topics_of(
    id: str,
    designator: str,
    carrier: str,
    origin: str,
    destination: str | None,
    diverted_to: str | None,
    registration: str | None,
    codeshares: tuple[str, ...],
    former_ids: tuple[str, ...],
) -> frozenset[str]:
    names = {"all", f"flight:{id}", f"designator:{designator}", f"departures:{origin}", f"airport:{origin}"}
    if carrier:
        names.add(f"carrier:{carrier}")
    if destination:
        names.update((f"arrivals:{destination}", f"airport:{destination}", f"route:{origin}-{destination}"))
    if diverted_to:
        names.update((f"arrivals:{diverted_to}", f"airport:{diverted_to}"))
    if registration:
        names.add(f"registration:{_plain_registration(registration)}")
    names.update(f"designator:{codeshare}" for codeshare in codeshares)
    # Whoever subscribed to an id keeps hearing of the flight when it turns out to be another one.
    names.update(f"flight:{former}" for former in former_ids)
    return frozenset(names)


@remembered(maxsize=8_192)
def _parse(text: str) -> Topic:
    kind, colon, value = text.strip().partition(":")
    kind, value = kind.strip().lower(), value.strip().upper()
    if kind not in FORMS:
        raise _unknown(text, "is not a topic", f"Known forms: {', '.join(FORMS.values())}.")
    if kind == "all":
        if colon:
            raise _unknown(text, "is not a topic", "`all` takes no value.")
        return Topic("all")
    if not value:
        raise _unknown(text, "names nothing", f"Write it like {FORMS[kind]!r}.")
    match kind:
        case "departures" | "arrivals" | "airport" | "programmes":
            return Topic(kind, _airport(value, text))
        case "carrier":
            return Topic(kind, _carrier(value, text))
        case "route":
            origin, dash, destination = value.partition("-")
            if not dash or not origin or not destination:
                raise _unknown(text, "is not a route", f"Write it like {FORMS['route']!r}.")
            return Topic(kind, f"{_airport(origin, text)}-{_airport(destination, text)}")
        case "registration":
            return Topic(kind, _plain_registration(value))
        case "designator":
            return Topic(kind, _canonical(text, value, Designator))
        case _:
            return Topic(kind, _canonical(text, value, FlightKey))


def _canonical(text: str, value: str, kind: type[Designator] | type[FlightKey]) -> str:
    form = FORMS["designator" if kind is Designator else "flight"]
    try:
        return str(kind.parse(value))
    except (WindsockError, ValueError) as error:
        raise _unknown(text, "cannot be read", f"{error} Write it like {form!r}.") from None


def _airport(code: str, text: str) -> str:
    found = airport(code)
    if found is None:
        raise _unknown(
            text, f"names no airport we know ({code!r})", "Use its IATA or ICAO code, such as JFK or KJFK."
        )
    return found.iata or found.icao or code


def _carrier(code: str, text: str) -> str:
    found = airline(code, None)
    if found is None:
        # New and small carriers are missing from every table; a well-formed code that is merely unknown may yet fly.
        if len(code) in (2, 3) and code.isascii() and code.isalnum():
            return code
        raise _unknown(
            text, f"names no carrier ({code!r})", "Use its IATA or ICAO designator, such as DL or DAL."
        )
    return canonical(code)


def _plain_registration(text: str) -> str:
    """Without hyphens, upper case: sources write G-EUPT as well as GEUPT for the same aircraft."""
    return text.replace("-", "").upper()


def _unknown(text: str, what: str, hint: str) -> ProtocolError:
    return ProtocolError(f"{text[:80]!r} {what}. {hint}", code=ErrorCode.UNKNOWN_TOPIC)

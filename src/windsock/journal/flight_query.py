"""Define what a FlightQuery means for one flight: the reference for the search of every backend."""

from datetime import UTC, datetime
from datetime import date as Day

from windsock.flights import Designator, Flight, FlightKey, airports
from windsock.journal.base import FlightQuery
from windsock.journal.projection import Projection

LAST = datetime.max.replace(tzinfo=UTC)
"""The time of a flight whose time is not known: after all others."""

Place = tuple[bool, datetime, str]
"""The sort key of a result: flights that the text names in full first, then by time, then by id."""


def canonical_airport(code: str) -> str:
    """Return the code that flights use for this airport: IATA if it has one; an unknown code as given."""
    found = airports.airport(code)
    return found.code if found else code.upper()


def canonical_text(text: str, on: Day | None = None) -> str:
    """Return a search text as it is compared: a canonical designator or id, else capitals without blanks.

    `on` is the date searched for, if any: codes pass from one carrier to another.
    """
    try:
        return str(FlightKey.parse(text.strip()) if "." in text else Designator.parse(text, on))
    except ValueError:
        return "".join(text.split()).upper()


def registrations(text: str) -> frozenset[str]:
    """Return the spellings of a registration that a flight may have: with a hyphen somewhere, or without."""
    plain = text.replace("-", "")
    return frozenset({text, plain, *(f"{plain[:at]}-{plain[at:]}" for at in range(1, min(4, len(plain))))})


class Search:
    """A FlightQuery, prepared for matching many flights."""

    def __init__(self, query: FlightQuery) -> None:
        self.query = query
        self.airport = canonical_airport(query.airport) if query.airport else None
        self.opposite = canonical_airport(query.opposite) if query.opposite and self.airport else None
        self.text = canonical_text(query.text, query.date) if query.text else None
        self.registrations = registrations(self.text) if self.text else frozenset()
        self.aircraft = registrations(query.registration.upper()) if query.registration else None

    def matches(self, flight: Flight, times: Projection) -> bool:
        """Return whether every condition of the query holds."""
        return self._named(flight) and bool(self._times(flight, times))

    def place(self, flight: Flight, times: Projection) -> Place:
        """Return the sort key of a flight that matches."""
        return (not self.exact(flight), min(self._times(flight, times)), flight.id)

    def exact(self, flight: Flight) -> bool:
        """Return whether the text, if any, names the flight in full: designator, codeshare, registration or id."""
        return self.text is None or (
            self.text in (flight.designator, flight.id)
            or flight.registration in self.registrations
            or self.text in flight.codeshares
        )

    def _named(self, flight: Flight) -> bool:
        query, text = self.query, self.text
        if query.carrier and flight.key.carrier != query.carrier.upper():
            return False
        if query.date and flight.key.date != query.date:
            return False
        if query.designator and flight.designator != query.designator:
            return False
        if self.aircraft is not None and flight.registration not in self.aircraft:
            return False
        return (
            text is None
            or self.exact(flight)
            or flight.designator.startswith(text)
            or text in (flight.origin, flight.destination)
        )

    def _times(self, flight: Flight, times: Projection) -> list[datetime]:
        """Return the flight's times on each side of the airport searched for that are in the window."""
        sides: list[datetime | None] = []
        if self.airport is None:
            sides.append(times.departs_at)
        else:
            opposite = self.opposite
            leaves = opposite is None or flight.destination == opposite
            comes = opposite is None or flight.origin == opposite
            if self.query.direction != "arrivals" and flight.origin == self.airport and leaves:
                sides.append(times.departs_at)
            at_end = self.airport in (flight.destination, flight.diverted_to)
            if self.query.direction != "departures" and at_end and comes:
                sides.append(times.arrives_at)
        since, until = self.query.since, self.query.until
        if since is None and until is None:
            return [time or LAST for time in sides]
        return [
            t
            for t in sides
            if t is not None and (since is None or t >= since) and (until is None or t < until)
        ]

"""What a FlightQuery means, for one flight: the reference that every backend's own search agrees with."""

from datetime import UTC, datetime

from windsock.flights import Designator, Flight, airports
from windsock.journal.base import FlightQuery
from windsock.journal.projection import Projection

LAST = datetime.max.replace(tzinfo=UTC)
"""Where a flight without a known time stands in the order: after all others."""

Place = tuple[datetime, str]


def canonical_airport(code: str) -> str:
    """The code under which flights carry this airport: IATA where it has one; an unknown code stays as given."""
    found = airports.airport(code)
    return found.code if found else code.upper()


def canonical_text(text: str) -> str:
    """What was typed into a search box, as it is compared: a canonical designator, else capitals without spaces."""
    try:
        return str(Designator.parse(text))
    except ValueError:
        return "".join(text.split()).upper()


class Search:
    """A FlightQuery made ready to be put to many flights."""

    def __init__(self, query: FlightQuery) -> None:
        self.query = query
        self.airport = canonical_airport(query.airport) if query.airport else None
        self.text = canonical_text(query.text) if query.text else None

    def matches(self, flight: Flight, times: Projection) -> bool:
        """Whether every condition of the query holds."""
        return self._named(flight) and bool(self._times(flight, times))

    def place(self, flight: Flight, times: Projection) -> Place:
        """Where a flight that matches stands in the answer: by its time at the airport asked for, then by its id."""
        return (min(self._times(flight, times)), flight.id)

    def _named(self, flight: Flight) -> bool:
        query, text = self.query, self.text
        if query.carrier and flight.key.carrier != query.carrier.upper():
            return False
        if query.date and flight.key.date != query.date:
            return False
        return text is None or (
            flight.designator.startswith(text)
            or text in (flight.registration, flight.origin, flight.destination, flight.id)
            or text in flight.codeshares
        )

    def _times(self, flight: Flight, times: Projection) -> list[datetime]:
        """The flight's times on each side of the airport asked for, as far as they are in the window."""
        sides: list[datetime | None] = []
        if self.airport is None:
            sides.append(times.departs_at)
        else:
            if self.query.direction != "arrivals" and flight.origin == self.airport:
                sides.append(times.departs_at)
            if self.query.direction != "departures" and self.airport in (
                flight.destination,
                flight.diverted_to,
            ):
                sides.append(times.arrives_at)
        since, until = self.query.since, self.query.until
        if since is None and until is None:
            return [time or LAST for time in sides]
        return [
            t
            for t in sides
            if t is not None and (since is None or t >= since) and (until is None or t < until)
        ]

"""What a search finds: flights with their state in words, airports, routes, and what is known if nothing is found."""

from datetime import date as Day
from datetime import datetime

import msgspec

from windsock.wording.status import Tone


class FlightHit(msgspec.Struct, frozen=True, kw_only=True):
    """One flight. `number` is spelled for people; `searched_as` is the codeshare by which it was found, if it was.

    `planned` and `expected` are the departure's times in UTC; `local` and `local_expected` the same on the clock at the
    origin. `struck`: the planned time no longer holds.
    """

    id: str
    number: str
    searched_as: str
    date: Day
    origin: str
    origin_place: str
    destination: str
    destination_place: str
    planned: datetime | None
    expected: datetime | None
    local: str
    local_expected: str
    struck: bool
    state: str
    why: str
    tone: Tone
    today: bool


class AirportHit(msgspec.Struct, frozen=True, kw_only=True):
    """One airport with the number of its flights in the hours around now."""

    code: str
    place: str
    name: str
    departures: int
    arrivals: int


class RouteHit(msgspec.Struct, frozen=True, kw_only=True):
    """Two airports, and how many flights between them are among the flights found."""

    origin: str
    origin_place: str
    destination: str
    destination_place: str
    flights: int


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """All that is found. `only` is the flight, or the airport, that a reader means who presses Enter; "" if several.

    `known_on` are days on which the searched flight number is known, if it does not fly today; `similar` are numbers
    and airport codes spelled nearly like the text.
    """

    text: str
    flights: tuple[FlightHit, ...] = ()
    other_days: tuple[FlightHit, ...] = ()
    airports: tuple[AirportHit, ...] = ()
    routes: tuple[RouteHit, ...] = ()
    only_flight: str = ""
    only_airport: str = ""
    number: str = ""
    known_on: tuple[Day, ...] = ()
    similar_numbers: tuple[str, ...] = ()
    similar_airports: tuple[AirportHit, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to open."""
        return not (self.flights or self.other_days or self.airports or self.routes)

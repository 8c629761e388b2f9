"""What the first page offers before anything is typed: airports in trouble, then the busiest."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from windsock.flights.programmes import Programme, Standing
from windsock.flights.punctuality import Count, Punctuality, Tally
from windsock.pages.places import airport_or_unknown, city
from windsock.wording.programmes import describe_programme, relevant_programmes

MAX_IN_TROUBLE = 6
MAX_BUSIEST = 12
"""Airports of a group; the others are found by typing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AirportOffer:
    """One airport with its flights around now, the last hours in figures, and what holds it up, in words."""

    code: str
    place: str
    name: str
    departures: int
    arrivals: int
    recent: Count
    late_percent: int | None
    programmes: tuple[str, ...]

    @property
    def sort_key(self) -> tuple[bool, int, str]:
        """Airports under a programme first, then by how many flights are late or cancelled: how many people wait."""
        return (not self.programmes, -self.recent.late - self.recent.cancelled, self.code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """The groups of the first page. `airports` counts all that have flights."""

    in_trouble: tuple[AirportOffer, ...]
    busiest: tuple[AirportOffer, ...]
    airports: int


def offers(
    counted: Mapping[str, tuple[int, int]],
    day: Punctuality,
    standings: Iterable[Standing],
    now: datetime,
    *,
    everything: bool = False,
) -> Offers:
    """Return what to offer. `counted` maps code → (departures, arrivals) around now; `everything`: every airport."""
    programmes = {standing.airport: standing.programmes for standing in standings if standing.programmes}
    known = {
        code: _offer(code, pair, day, programmes.get(code, ()), now)
        for code, pair in counted.items()
        if sum(pair) or code in programmes
    }
    troubled = [
        offer
        for offer in known.values()
        if offer.programmes or any(tally.in_trouble for tally in _tallies(offer.code, day))
    ]
    troubled = sorted(troubled, key=lambda offer: offer.sort_key)[:MAX_IN_TROUBLE]
    codes = {offer.code for offer in troubled}
    others = sorted(
        (offer for code, offer in known.items() if code not in codes),
        key=lambda offer: (-offer.departures - offer.arrivals, offer.code),
    )
    busiest = others if everything else others[:MAX_BUSIEST]
    return Offers(in_trouble=tuple(troubled), busiest=tuple(busiest), airports=len(known))


def _tallies(code: str, day: Punctuality) -> list[Tally]:
    found = (day.places.get((code, "departures")), day.places.get((code, "arrivals")))
    return [tally for tally in found if tally is not None]


def _offer(
    code: str, pair: tuple[int, int], day: Punctuality, programmes: tuple[Programme, ...], now: datetime
) -> AirportOffer:
    airport = airport_or_unknown(code)
    recent = sum((tally.recent for tally in _tallies(code, day)), Count())
    share = recent.late_share
    holding = dict.fromkeys(
        programme
        for direction in ("departures", "arrivals")
        for programme in relevant_programmes(programmes, direction, now)
    )
    return AirportOffer(
        code=code,
        place=city(code),
        name=airport.name,
        departures=pair[0],
        arrivals=pair[1],
        recent=recent,
        late_percent=None if share is None else round(100 * share),
        programmes=tuple(describe_programme(programme, airport.tz, now).what for programme in holding),
    )

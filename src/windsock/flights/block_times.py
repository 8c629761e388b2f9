"""About how long a flight between two airports takes, for arrivals whose source does not say when they left."""

from datetime import UTC, datetime, timedelta
from math import asin, cos, radians, sin, sqrt

from windsock.flights import airports
from windsock.flights.tablecache import remembered

# Near what schedules usually allow: about 0:55 from Bergen to Oslo, 7:10 from New York to London, 13:00 from London to
# Hong Kong. Only the day it left is needed, so minutes do not matter.
_ON_THE_GROUND = timedelta(minutes=35)
_KM_AN_HOUR = 800.0
_EARTH_KM = 6371.0


@remembered(maxsize=4096)
def under_way(origin: str, destination: str) -> timedelta | None:
    """About the time from block to block on the shortest way; None if an airport or its place is not known.

    Schedules differ from it by an hour or two on long ways: winds, detours and reserves are left out.
    """
    start, end = _place(origin), _place(destination)
    if start is None or end is None:
        return None
    (north, east), (other_north, other_east) = start, end
    half = (
        sin((other_north - north) / 2) ** 2
        + cos(north) * cos(other_north) * sin((other_east - east) / 2) ** 2
    )
    kilometres = 2 * _EARTH_KM * asin(min(1.0, sqrt(half)))
    return _ON_THE_GROUND + timedelta(hours=kilometres / _KM_AN_HOUR)


def when_it_left(arrival: datetime, origin: str | None, here: str, otherwise: timedelta) -> datetime | None:
    """About when, in UTC, a flight planned to arrive then is planned to leave: as long before as flights take.

    `otherwise` is how long where the origin is not known. None before the calendar began.
    """
    long = under_way(origin, here) if origin else None
    try:
        return arrival.astimezone(UTC) - (long or otherwise)
    except OverflowError:
        return None


def _place(code: str) -> tuple[float, float] | None:
    """Latitude and longitude in radians."""
    known = airports.airport(code)
    if known is None or known.latitude is None or known.longitude is None:
        return None
    return radians(known.latitude), radians(known.longitude)

"""What pages say of the programmes of an airport, in words.

The browser says the same (`static/windsock/programmes.js`); both are held to tests/js/programmes.json.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from windsock.flights import Flight, airports
from windsock.flights.programmes import Programme, ProgrammeKind
from windsock.pages.wording import GONE, Direction, day_marker, duration, expected, scheduled

AHEAD = timedelta(hours=12)
"""A closure that begins later than this concerns nobody who looks at a board now."""
BEFORE, AFTER = timedelta(hours=6), timedelta(hours=18)
"""A programme of now concerns flights that leave in the next hours, that should have left, or that are under way."""
MOST_LETTERS = 160
"""Of a reason; a closure's is a whole NOTAM."""

# By which of them a late flight without a reason of its own is explained, the strongest first.
_EXPLAINS: dict[Direction, tuple[ProgrammeKind, ...]] = {
    "departures": ("closure", "departure_delay"),
    "arrivals": ("ground_stop", "closure", "ground_delay", "arrival_delay"),
}
_UNCONCERNED: dict[Direction, ProgrammeKind] = {"departures": "arrival_delay", "arrivals": "departure_delay"}
_SHORT: dict[ProgrammeKind, str] = {
    "ground_stop": "ground stop",
    "ground_delay": "ground delay",
    "departure_delay": "departure delays",
    "arrival_delay": "arrival delays",
    "closure": "closure",
}
_PREFIX = re.compile(r"[A-Z]{2,4}:(?=[A-Za-z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The texts of one programme: what holds, why, and who says so."""

    kind: ProgrammeKind
    what: str
    why: str
    said: str


def shown(programmes: Iterable[Programme], direction: Direction, now: datetime) -> list[Programme]:
    """Those that concern people at a board of this direction: not what is for few aircraft only, nor far ahead."""
    return [
        one
        for one in programmes
        if one.only_for is None
        and one.kind != _UNCONCERNED[direction]
        and (one.begins_at is None or one.begins_at <= now + AHEAD)
    ]


def because(programmes: Iterable[Programme], direction: Direction, now: datetime) -> str:
    """Why flights of this direction are late that have no reason of their own; "" where nothing holds them up."""
    begun = [
        one for one in shown(programmes, direction, now) if one.begins_at is None or one.begins_at <= now
    ]
    for kind in _EXPLAINS[direction]:
        for one in begun:
            if one.kind == kind:
                # A closure's reason is a NOTAM, which has no room in a row.
                why = "" if kind == "closure" else _why(one)
                return f"{_SHORT[kind]} at {one.airport}" + (f": {why}" if why else "")
    return ""


def line(programme: Programme, zone: ZoneInfo, now: datetime) -> Line:
    """The programme in words, with times of the clocks at its airport (in `zone`)."""
    source = programme.source
    return Line(
        kind=programme.kind,
        what=f"{_what(programme)}{_from(programme, zone, now)}{_until(programme, zone, now)}",
        why=_why(programme),
        said=source.upper() if len(source) <= 4 else source,
    )


def ends(flight: Flight) -> tuple[str, ...]:
    """The airports whose programmes may concern the flight: where it leaves and where it goes."""
    codes = (flight.origin, flight.diverted_to, flight.destination)
    return tuple(dict.fromkeys(code for code in codes if code))


def lines_for(flight: Flight, programmes: Iterable[Programme], now: datetime) -> list[Line]:
    """What holds up this flight, as far as its airports' programmes say; nothing where it is another day's or over."""
    leaves = expected(flight, "departures") or scheduled(flight, "departures")
    if flight.status in ("landed", "arrived") or leaves is None or not -BEFORE <= now - leaves <= AFTER:
        return []
    gone = flight.status in GONE or flight.status == "diverted"
    found = []
    for one in programmes:
        if one.airport == flight.origin and one.airport not in (flight.destination, flight.diverted_to):
            concerned = one.kind in ("departure_delay", "closure") and not gone
        else:
            # Who is in the air is held by none at the gate, but may have to wait or to turn away.
            concerned = one.kind in (("arrival_delay", "closure") if gone else _EXPLAINS["arrivals"])
        direction: Direction = "departures" if one.kind == "departure_delay" else "arrivals"
        if concerned and shown([one], direction, now):
            zone = airports.airport(one.airport)
            found.append(line(one, zone.tz if zone else ZoneInfo("UTC"), now))
    return found


def _what(one: Programme) -> str:
    code = one.airport
    match one.kind:
        case "ground_stop":
            return f"Ground stop: no flights leave for {code}"
        case "ground_delay":
            if one.average_minutes is None:
                return f"Ground delay: flights to {code} wait for their slots"
            most = "" if one.maximum_minutes is None else f", at most {duration(one.maximum_minutes)}"
            return (
                f"Ground delay: flights to {code} leave {duration(one.average_minutes)} late on average{most}"
            )
        case "departure_delay":
            return f"Departures from {code} are {_late(one)}"
        case "arrival_delay":
            return f"Arrivals at {code} are {_late(one)}"
        case "closure":
            return f"{code} is closed"


def _late(one: Programme) -> str:
    least, most = one.minimum_minutes, one.maximum_minutes
    trend = {"increasing": ", and rising", "decreasing": ", and falling"}.get(one.trend or "", "")
    if least is not None and most is not None and least < most:
        return f"{duration(least)} to {duration(most)} late{trend}"
    if most is not None:
        return f"up to {duration(most)} late{trend}"
    return f"at least {duration(least)} late{trend}" if least is not None else f"late{trend}"


def _from(one: Programme, zone: ZoneInfo, now: datetime) -> str:
    return (
        "" if one.begins_at is None or one.begins_at <= now else f" from {_clock(one.begins_at, zone, now)}"
    )


def _until(one: Programme, zone: ZoneInfo, now: datetime) -> str:
    if one.ends_at is None:
        return ""
    told = _clock(one.ends_at, zone, now)
    return f" until {told}" if one.ends_at > now else f"; it was to end at {told}"


def _clock(at: datetime, zone: ZoneInfo, now: datetime) -> str:
    return f"{at.astimezone(zone):%H:%M} {day_marker(at, now, zone)}".strip()


def _why(one: Programme) -> str:
    """The reason without the FAA's category before it ("VOL:Volume"), and not longer than a line or two."""
    told = _PREFIX.sub("", one.reason or "", count=1) if _PREFIX.match(one.reason or "") else one.reason or ""
    return told if len(told) <= MOST_LETTERS else f"{told[: MOST_LETTERS - 1]}…"

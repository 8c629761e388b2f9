"""The programmes of an airport, in words: what holds up its flights, why, and which source reported it.

The browser has the same words (`static/windsock/programmes.js`); tests/js/programmes.json holds both to them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from windsock.flights import Flight, airports
from windsock.flights.programmes import Programme, ProgrammeChange, ProgrammeKind
from windsock.wording.durations import clock_time, duration
from windsock.wording.language import gettext
from windsock.wording.times import GONE, Direction, expected, scheduled

AHEAD = timedelta(hours=12)
"""A closure that begins later than this does not matter to a reader of the board now."""
BEFORE, AFTER = timedelta(hours=6), timedelta(hours=18)
"""A current programme concerns flights that depart in the next hours, should have departed, or are under way."""
MAX_REASON_LENGTH = 160
"""Characters of a reason; the reason of a closure is a whole NOTAM."""

# The kinds that explain a late flight without a reason of its own, the strongest first.
_EXPLAINS: dict[Direction, tuple[ProgrammeKind, ...]] = {
    "departures": ("closure", "departure_delay"),
    "arrivals": ("ground_stop", "closure", "ground_delay", "arrival_delay"),
}
_IRRELEVANT: dict[Direction, ProgrammeKind] = {"departures": "arrival_delay", "arrivals": "departure_delay"}
_PREFIX = re.compile(r"^[A-Z]{2,4}:(?=[A-Za-z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeLine:
    """The texts of one programme: what it is, why, and its source."""

    kind: ProgrammeKind
    what: str
    why: str
    source: str


def relevant_programmes(
    programmes: Iterable[Programme], direction: Direction, now: datetime
) -> list[Programme]:
    """Return the programmes that matter to readers of this board: not those for few aircraft, nor far ahead."""
    return [
        programme
        for programme in programmes
        if programme.only_for is None
        and programme.kind != _IRRELEVANT[direction]
        and (programme.begins_at is None or programme.begins_at <= now + AHEAD)
    ]


def explain_delays(programmes: Iterable[Programme], direction: Direction, now: datetime) -> str:
    """Return why flights without a reason of their own are late in this direction; "" if nothing holds them up."""
    begun = [
        programme
        for programme in relevant_programmes(programmes, direction, now)
        if programme.begins_at is None or programme.begins_at <= now
    ]
    for kind in _EXPLAINS[direction]:
        for programme in begun:
            if programme.kind == kind:
                # A closure's reason is a NOTAM, which has no room in a row.
                why = "" if kind == "closure" else _why(programme)
                short = _short(programme)
                return gettext("{measure}: {reason}", measure=short, reason=why) if why else short
    return ""


def describe_programme(programme: Programme, zone: ZoneInfo, now: datetime) -> ProgrammeLine:
    """Word a programme, with times of the clocks at its airport (in `zone`)."""
    source = programme.source
    return ProgrammeLine(
        kind=programme.kind,
        what=_during(_what(programme), programme, zone, now),
        why=_why(programme),
        source=source.upper() if len(source) <= 4 else source,
    )


def describe_programme_change(change: ProgrammeChange, zone: ZoneInfo, now: datetime) -> str:
    """Word what changed: "Ended: JFK is closed", or the programme as it holds now, with its reason."""
    line = describe_programme(change.programme, zone, now)
    if change.kind == "programme.ended":
        return gettext("Ended: {measure}", measure=line.what)
    return gettext("{measure} ({reason})", measure=line.what, reason=line.why) if line.why else line.what


def airports_of(flight: Flight) -> tuple[str, ...]:
    """Return the airports whose programmes may concern the flight: its origin and destinations."""
    codes = (flight.origin, flight.diverted_to, flight.destination)
    return tuple(dict.fromkeys(code for code in codes if code))


def describe_programmes_for(
    flight: Flight, programmes: Iterable[Programme], now: datetime
) -> list[ProgrammeLine]:
    """Word the programmes that hold up this flight; none for a flight of another day or one that is over."""
    leaves = expected(flight, "departures") or scheduled(flight, "departures")
    if flight.status in ("landed", "arrived") or leaves is None or not -BEFORE <= now - leaves <= AFTER:
        return []
    gone = flight.status in GONE or flight.status == "diverted"
    found = []
    for programme in programmes:
        if programme.airport == flight.origin and programme.airport not in (
            flight.destination,
            flight.diverted_to,
        ):
            concerned = programme.kind in ("departure_delay", "closure") and not gone
        else:
            # Nothing holds a flight in the air at its gate, but it may have to wait or to turn away.
            concerned = programme.kind in (("arrival_delay", "closure") if gone else _EXPLAINS["arrivals"])
        direction: Direction = "departures" if programme.kind == "departure_delay" else "arrivals"
        if concerned and relevant_programmes([programme], direction, now):
            zone = airports.airport(programme.airport)
            found.append(describe_programme(programme, zone.tz if zone else ZoneInfo("UTC"), now))
    return found


def _short(programme: Programme) -> str:
    code = programme.airport
    match programme.kind:
        case "ground_stop":
            return gettext("ground stop at {airport}", airport=code)
        case "ground_delay":
            return gettext("ground delay at {airport}", airport=code)
        case "departure_delay":
            return gettext("departure delays at {airport}", airport=code)
        case "arrival_delay":
            return gettext("arrival delays at {airport}", airport=code)
        case "closure":
            return gettext("closure at {airport}", airport=code)


def _what(programme: Programme) -> str:
    code = programme.airport
    match programme.kind:
        case "ground_stop":
            return gettext("Ground stop: flights to {airport} are held at their origins", airport=code)
        case "ground_delay":
            average, limit = programme.average_minutes, programme.maximum_minutes
            if average is None:
                return gettext("Ground delay: flights to {airport} wait for departure slots", airport=code)
            if limit is None:
                return gettext(
                    "Ground delay: flights to {airport} depart {average} late on average",
                    airport=code,
                    average=duration(average),
                )
            return gettext(
                "Ground delay: flights to {airport} depart {average} late on average, up to {limit}",
                airport=code,
                average=duration(average),
                limit=duration(limit),
            )
        case "departure_delay":
            return gettext("Departures from {airport} are {late}", airport=code, late=_late(programme))
        case "arrival_delay":
            return gettext("Arrivals at {airport} are {late}", airport=code, late=_late(programme))
        case "closure":
            return gettext("{airport} is closed", airport=code)


def _late(programme: Programme) -> str:
    least, most = programme.minimum_minutes, programme.maximum_minutes
    if least is not None and most is not None and least < most:
        late = gettext("{least} to {most} late", least=duration(least), most=duration(most))
    elif most is not None:
        late = gettext("up to {most} late", most=duration(most))
    elif least is not None:
        late = gettext("at least {duration} late", duration=duration(least))
    else:
        late = gettext("late")
    match programme.trend:
        case "increasing":
            return gettext("{late}, and rising", late=late)
        case "decreasing":
            return gettext("{late}, and falling", late=late)
    return late


def _during(what: str, programme: Programme, zone: ZoneInfo, now: datetime) -> str:
    """Return what holds, and from when until when, as far as that is ahead."""
    if programme.begins_at is not None and programme.begins_at > now:
        begin = clock_time(programme.begins_at, now, zone)
        what = gettext("{measure} from {time}", measure=what, time=begin)
    if programme.ends_at is None:
        return what
    end = clock_time(programme.ends_at, now, zone)
    if programme.ends_at > now:
        return gettext("{measure} until {time}", measure=what, time=end)
    return gettext("{measure} (was due to end at {time})", measure=what, time=end)


def _why(programme: Programme) -> str:
    """Return the reason without the FAA's category before it ("VOL:Volume"), cut to a line or two."""
    reason = _PREFIX.sub("", programme.reason or "", count=1)
    return reason if len(reason) <= MAX_REASON_LENGTH else f"{reason[: MAX_REASON_LENGTH - 1]}…"

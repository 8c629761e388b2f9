"""The one number that matters about a flight now: when it leaves, when it arrives, or when it did."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from windsock.flights import Flight
from windsock.flights.delay import minutes_between
from windsock.wording.durations import clock_time, duration
from windsock.wording.language import gettext, ngettext
from windsock.wording.times import ShownEnd, ShownTimes

FAR_MINUTES = 24 * 60
"""From a day on, days are counted: nobody waits for the minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """A label and its number: "Departs in", "25 min"; "Departs not before", "14:50"; "Arrived at", "09:12".

    `until` is set where the number counts down to a moment, minute by minute.
    """

    label: str
    number: str
    until: datetime | None = None


def headline(
    flight: Flight, times: ShownTimes, now: datetime, origin: ZoneInfo, destination: ZoneInfo
) -> Headline | None:
    """Return what matters most about the flight at `now`; None if it is cancelled, or nothing is known."""
    if flight.status == "cancelled":
        return None
    if times.down:
        return _down(times.arrival, now, destination)
    if times.gone:
        return _coming(times.arrival, now, destination)
    return _leaving(times.departure, now, origin)


def _leaving(end: ShownEnd, now: datetime, zone: ZoneInfo) -> Headline | None:
    if end.at is None:
        return None
    time, left = clock_time(end.at, now, zone), _minutes(end.at, now)
    if end.kind == "at_least":
        return Headline(label=gettext("Departs not before"), number=time)
    if left < 0:
        return Headline(label=gettext("Departure was due at"), number=time)
    if left == 0:
        return Headline(label=gettext("Departs"), number=gettext("now"), until=end.at)
    label = gettext("Departs in about") if end.kind == "about" else gettext("Departs in")
    return _countdown(label, left, end.at)


def _coming(end: ShownEnd, now: datetime, zone: ZoneInfo) -> Headline | None:
    if end.at is None:
        return None
    time, left = clock_time(end.at, now, zone), _minutes(end.at, now)
    if end.kind == "at_least":
        return Headline(label=gettext("Arrives not before"), number=time)
    if left < 0:
        return Headline(label=gettext("Arrival was due at"), number=time)
    if left == 0:
        return Headline(label=gettext("Arrives"), number=gettext("now"), until=end.at)
    if end.kind == "about":
        label = gettext("Arrives in about")
    else:
        label = gettext("Lands in") if end.runway else gettext("Arrives in")
    return _countdown(label, left, end.at)


def _down(end: ShownEnd, now: datetime, zone: ZoneInfo) -> Headline | None:
    if end.at is None or end.kind not in ("actual", "about"):
        return None
    time = clock_time(end.at, now, zone)
    if end.kind == "about":
        return Headline(label=gettext("Arrived at about"), number=time)
    return Headline(label=gettext("Landed at") if end.runway else gettext("Arrived at"), number=time)


def _countdown(label: str, left: int, until: datetime) -> Headline:
    if left >= FAR_MINUTES:
        return Headline(label=label, number=ngettext("{count} day", "{count} days", left // FAR_MINUTES))
    return Headline(label=label, number=duration(left), until=until)


def _minutes(at: datetime, now: datetime) -> int:
    return minutes_between(now.replace(second=0, microsecond=0), at)

"""Hong Kong International Airport's flight information: days of departures or arrivals, each status in one text.

The times are Hong Kong's own, and a text names a day only if it is not the scheduled one (and not always then).
Flights stay under the day they were scheduled for. The answer bears no time of its own: no report has `observed_at`.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from datetime import date as Day
from typing import Any
from zoneinfo import ZoneInfo

from windsock.feeds.clocks import days_off
from windsock.feeds.format import Format
from windsock.feeds.json import JsonObject, decode, excerpt, records, refused
from windsock.feeds.parsing import Gathering, Parsed
from windsock.feeds.polling import Poller as BasePoller
from windsock.feeds.polling import Request
from windsock.feeds.reports import said
from windsock.flights.airports import zone
from windsock.flights.block_times import when_it_left
from windsock.flights.values import utc

NAME = "hongkong"
ATTRIBUTION = "Flight data from Hong Kong International Airport"
_TITLE = "Hong Kong"

MAX_BYTES = 16 * 1024 * 1024
"""A busy day of one kind is about 300 kB; an answer holds one or two days."""

MAX_DAYS = 7
"""An answer holds one or two days."""

MAX_NUMBERS = 100
"""More numbers than any flight is sold under; a report holds thirty."""

UNDER_WAY = timedelta(hours=3)
"""About how long a flight to Hong Kong takes if its route is not known. Arrivals do not say when they left; the UTC
day they left is guessed, and can be wrong for those that left around midnight UTC."""

_TIMED = re.compile(r"([A-Za-z][A-Za-z ]{0,30}?) (\d\d?):(\d\d)(?: \((\d\d?)/(\d\d?)/(\d{4})\))?", re.ASCII)
_CLOCK = re.compile(r"(\d\d?):(\d\d)", re.ASCII)

# Where the time after each of these words belongs: the side's own part, or another one of the report.
_TIMES = {
    ("departure", "dep"): ("departure", "actual"),
    ("departure", "departed"): ("departure", "actual"),
    ("departure", "est at"): ("departure", "estimated"),
    ("arrival", "est at"): ("arrival", "estimated"),
    ("arrival", "landed"): ("landing", "actual"),
    ("arrival", "at gate"): ("arrival", "actual"),
}
# What each word without a time says, besides that the flight is not cancelled. While a gate is closed nobody boards.
_WORDS: dict[str, dict[str, Any]] = {
    "": {"cancelled": None},
    "delayed": {"cancelled": False},
    "cancelled": {"cancelled": True},
    "diverted": {"cancelled": False, "diverted": True},
    "boarding soon": {"cancelled": False, "boarding": False},
    "boarding": {"cancelled": False, "boarding": True},
    "final call": {"cancelled": False, "boarding": True},
    "gate closed": {"cancelled": False, "boarding": False},
}


class Poller(BasePoller):
    """Asks for today's arrivals and departures, and in the first hours of a day for yesterday's, which still move."""

    every = 120.0  # no limit is published; others ask every 90 seconds
    address = "https://www.hongkongairport.com/flightinfo-rest/rest/flights/past"

    def requests(self, cursor: str, now: datetime) -> Sequence[Request]:
        """Two requests, or four while it is early in Hong Kong."""
        local = now.astimezone(zone("Asia/Hong_Kong"))
        days = [local.date()]
        if local.hour < YESTERDAY_UNTIL:
            days.insert(0, local.date() - timedelta(days=1))
        return [
            Request(
                url=self.url or self.address,
                params={"date": day.isoformat(), "lang": "en", "arrival": arrival, "cargo": "false"},
            )
            for day in days
            for arrival in ("true", "false")
        ]


YESTERDAY_UNTIL = 10
"""Until this hour flights of the day before are still on their way."""


def parse(data: bytes, *, received_at: datetime, source: str = NAME) -> Parsed:
    """Return what the answer says; raise FeedError for any other, with the airport's reason if it refused."""
    days = decode(data, name=_TITLE, max_bytes=MAX_BYTES)
    if not isinstance(days, list):
        raise refused(days, name=_TITLE, expected="a list of days")
    if days and not any(isinstance(day, Mapping) and "list" in day for day in days):
        raise refused(days[0], name=_TITLE, expected="a list of days, each with 'list',")
    gathering = Gathering(received_at, source)
    for index, day in enumerate(days[:MAX_DAYS]):
        _day(day, f"[{index}]", gathering)
    if len(days) > MAX_DAYS:
        gathering.fault(f"{len(days)} days came; only the first {MAX_DAYS} were read", path=f"[{MAX_DAYS}]")
    return gathering.parsed()


def _day(day: Any, path: str, gathering: Gathering) -> None:
    """Tells the flights of one day; a day that does not say which, or which direction, is one fault."""
    flights = day.get("list") if isinstance(day, Mapping) else None
    if not isinstance(flights, list):
        gathering.fault("a day has no list of flights", path=path, raw=excerpt(day))
        return
    try:
        date = Day.fromisoformat(str(day.get("date"))[:40])
        arrival = day["arrival"]
        if not 1980 <= date.year <= 2199 or not isinstance(arrival, bool):
            raise ValueError
    except (KeyError, ValueError):
        head = {name: value for name, value in day.items() if name != "list"}
        gathering.fault(
            f"the day does not say its date and, by arrival true or false, its direction; its {len(flights)} flights "
            "are skipped",
            path=path,
            raw=excerpt(head),
        )
        return
    for record in records(flights, f"{path}.list", gathering):
        _Flight(record, date, arrival).tell()


class _Flight:
    """One entry of a day, read into one report."""

    def __init__(self, record: JsonObject, day: Day, arrival: bool) -> None:
        self.record, self.day = record, day
        self.side = "arrival" if arrival else "departure"
        self.zone: ZoneInfo = zone("Asia/Hong_Kong")

    def tell(self) -> None:
        numbers = self.numbers()
        if not numbers:
            self.record.fault("no flight number is given; the entry is skipped", "flight")
            return
        record, side = self.record, self.side
        scheduled = self.scheduled()
        part: dict[str, Any] = said(
            scheduled=scheduled,
            terminal=record.text("terminal"),
            gate=record.text("gate"),
            stand=record.text("stand"),
            belt=record.text("baggage") if side == "arrival" else None,
        )
        report: dict[str, Any] = {"flight": numbers[0], **said(codeshares=numbers[1:]), side: part}
        about = None
        # Vias stand in the order they are flown: the last origin and the first destination are those of this leg.
        if side == "departure":
            report |= {"origin": "HKG", "date": self.day.isoformat()}
            report |= said(destination=next(iter(record.texts("destination")), None))
        else:
            origin = next(reversed(record.texts("origin")), None)
            report |= said(origin=origin) | {"destination": "HKG"}
            if scheduled is not None:
                about = when_it_left(scheduled, origin, "HKG", UNDER_WAY)
        self.status(report, part, scheduled)
        record.tell(report, about=about)

    def numbers(self) -> list[str]:
        """Return the operating flight's number, then its codeshares'; None without the first."""
        flights = self.record.fields.get("flight")
        if not isinstance(flights, list):
            return []
        found = []
        for index, flight in enumerate(flights[:MAX_NUMBERS]):
            number = flight.get("no") if isinstance(flight, Mapping) else None
            if isinstance(number, str) and number.strip():
                found.append(number.strip())
            elif index == 0:
                return []
            else:
                self.record.fault("a codeshare has no number", f"flight[{index}].no", number)
        return found

    def scheduled(self) -> datetime | None:
        text = self.record.text("time") or ""
        match = _CLOCK.fullmatch(text)
        found = match and self.moment(self.day, match[1], match[2])
        if not found:
            self.record.fault("the scheduled time is not a time like 08:30", "time", text)
        return found or None

    def moment(self, day: Day, hour: str, minute: str) -> datetime | None:
        if int(hour) > 23 or int(minute) > 59:
            return None
        return datetime(day.year, day.month, day.day, int(hour), int(minute), tzinfo=self.zone).astimezone(
            UTC
        )

    def status(self, report: dict[str, Any], part: dict[str, Any], scheduled: datetime | None) -> None:
        """Add what the text says. No text takes back what an earlier one said; an unknown one says nothing."""
        text = " ".join((self.record.text("status") or "").split())
        word = text.lower()
        if word in _WORDS:
            report |= _WORDS[word]
            if not word:
                part["estimated"] = None
                if self.side == "departure":
                    report["boarding"] = None
            return
        match = _TIMED.fullmatch(text)
        place = match and _TIMES.get((self.side, match[1].lower()))
        if not match or not place:
            self.record.fault(f"this text is not known at {self.side}s; the rest is used", "status", text)
            return
        report["cancelled"] = False
        if self.side == "departure":
            report["boarding"] = False
        time = self.told(match, scheduled)
        if time is None:
            self.record.fault("its time is not a time of day", "status", text)
            return
        report.setdefault(place[0], {})[place[1]] = utc(time)

    def told(self, match: re.Match[str], scheduled: datetime | None) -> datetime | None:
        """Return the moment that a text means: on the day that it names, else on the likeliest one."""
        if match[6] is not None:
            try:
                day = Day(int(match[6]), int(match[5]), int(match[4]))
            except ValueError:
                return None
            return self.moment(day, match[2], match[3]) if 1980 <= day.year <= 2199 else None
        time = self.moment(self.day, match[2], match[3])
        if time is None or scheduled is None:
            return time
        return time + timedelta(days=days_off(scheduled, time))


FORMAT = Format(parse=parse, poller=Poller, attribution=ATTRIBUTION)

"""Swedavia's FlightInfo (v2): departures and arrivals of its ten airports in Sweden, all times in UTC.

Both answers are read: those of one airport's departures or arrivals, and those of a query, where each flight stands in
an object `departure` or `arrival`. Neither bears a time of its own, so reports have no `observed_at`.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from windsock.errors import ConfigError
from windsock.feeds.clocks import on_its_day
from windsock.feeds.format import Format
from windsock.feeds.json import JsonObject, decode, list_in, records
from windsock.feeds.parsing import Gathering, Parsed
from windsock.feeds.polling import Poller as BasePoller
from windsock.feeds.polling import Request
from windsock.feeds.reports import flight_date, said
from windsock.flights import airports
from windsock.flights.block_times import when_it_left

NAME = "swedavia"
ATTRIBUTION = "Flight data from Swedavia"
_TITLE = "Swedavia"

MAX_BYTES = 8 * 1024 * 1024
"""A day of Arlanda's arrivals or departures is below 1 MB."""

MAX_TOKEN = 4096
"""Real ones have about 100 characters; it goes into an address, and servers refuse longer ones."""

_SIDES = ("departure", "arrival")
_ZONE = "Europe/Stockholm"
_ESTIMATED = re.compile(r"Estimated (\d\d):(\d\d)", re.ASCII | re.IGNORECASE)
_LEG = "flightLegIdentifier"
UNDER_WAY = timedelta(hours=3)
"""How long a flight to Sweden takes whose origin is not in our table of airports."""
_DELETED = "DEL"
"""A leftover of the plan: the flight has another record, or none. Nobody cancelled it, and it says nothing."""

# What each status says. Those of air traffic control's plan (FPL filed, SEQ in the sequence to land, ACT active) say no
# more than that the flight is not cancelled; one that it suspends or reroutes (FLS, RER) may fly yet.
_STATUSES: dict[str, dict[str, Any]] = {
    "SCH": {"cancelled": None},
    "CAN": {"cancelled": True},
    "FPL": {"cancelled": False},
    "SEQ": {"cancelled": False},
    "FLS": {},
    "RER": {},
    "DIV": {"cancelled": False, "diverted": True},
    "ACT": {"cancelled": False},
    "DEP": {"cancelled": False},
    "LAN": {"cancelled": False},
}


# The milestone that each implies, with or without a time beside it: the board where it leaves says ACT when
# it has left, the one where it arrives while it is under way.
_STATED: dict[str, dict[str, str | None]] = {
    "SCH": {"departure": None, "arrival": None},
    "ACT": {"departure": "out", "arrival": "airborne"},
    "DEP": {"departure": "out", "arrival": "airborne"},
    "LAN": {"departure": "landed", "arrival": "landed"},
}


class Poller(BasePoller):
    """Ask for one airport's departures and arrivals of today and tomorrow and, early in the day, of yesterday."""

    every = 300.0  # no limit is published for the interval; keys have one for the month, and each poll is four requests
    needs_secret = True
    max_pages = 1  # days come whole
    address = "https://api.swedavia.se/flightinfo/v2"

    @classmethod
    def check(cls, options: Mapping[str, Any]) -> None:
        """Raise ConfigError for an unknown airport."""
        airport = options.get("airport")
        if not isinstance(airport, str) or airports.airport(airport.strip()) is None:
            raise ConfigError(
                f"swedavia: airport is {airport!r}; use a Swedish airport's code such as 'ARN'."
            )

    def requests(self, cursor: str, now: datetime) -> Sequence[Request]:
        """Return four requests, or six while yesterday's flights are still under way."""
        here = airports.airport(self.options["airport"].strip())
        assert here is not None
        local = now.astimezone(airports.zone(_ZONE))
        days = range(-1 if local.hour < YESTERDAY_UNTIL else 0, 2)
        return [
            Request(
                url=f"{self.url or self.address}/{here.code}/{side}/{local.date() + timedelta(days=day):%Y-%m-%d}",
                headers={"Ocp-Apim-Subscription-Key": self.secret or "", "Accept": "application/json"},
            )
            for day in days
            for side in ("departures", "arrivals")
        ]


YESTERDAY_UNTIL = 6
"""Until this hour flights of the day before are still under way."""


def parse(data: bytes, *, received_at: datetime, source: str = NAME) -> Parsed:
    """Return what the answer says; raise FeedError for any other, with the sender's reason if it refused."""
    flights = list_in(decode(data, name=_TITLE, max_bytes=MAX_BYTES), "flights", name=_TITLE)
    gathering = Gathering(received_at, source)
    for record in records(flights, "flights", gathering):
        wrapped = [side for side in _SIDES if isinstance(record.fields.get(side), Mapping)]
        sides = [side for side in _SIDES if f"{side}Time" in record.fields]
        if wrapped:
            for side in wrapped:
                _tell(record.inner(side), side)
        elif len(sides) == 1:
            _tell(record, sides[0])
        else:
            record.fault(
                "a flight has either departureTime or arrivalTime; this one is skipped",
                f"{_SIDES[0]}Time",
                sorted(record.fields)[:12],
            )
    return gathering.parsed()


def continuation(data: bytes) -> str | None:
    """Return the token for the rest of a long answer to a query; None if that was all.

    Raise FeedError as `parse` does.
    """
    found = decode(data, name=_TITLE, max_bytes=MAX_BYTES)
    list_in(found, "flights", name=_TITLE)
    token = found.get("continuationtoken")
    return token if isinstance(token, str) and 0 < len(token) <= MAX_TOKEN else None


def _tell(record: JsonObject, side: str) -> None:
    """Report one flight, seen from the airport where it departs or arrives."""
    leg, times, state = (record.inner(name) for name in (_LEG, f"{side}Time", "locationAndStatus"))
    number = record.text("flightId") or leg.text("flightId")
    if number is None:
        record.fault("no flight number is given; the flight is skipped", "flightId")
        return
    if (state.text("flightLegStatus") or "").upper() == _DELETED:
        return
    scheduled = times.time("scheduledUtc")
    origin, destination = _airport(leg, "departure"), _airport(leg, "arrival")
    # The flight's date is the origin's; the identifier's is that of the departure in UTC, given on both sides.
    day = None if side == "arrival" else flight_date(scheduled, origin)
    departure = None if day else leg.time("flightDepartureDateUtc")
    report: dict[str, Any] = {
        **said(
            flight=number,
            date=day,
            origin=origin,
            destination=destination,
            codeshares=record.texts("codeShareData"),
            registration=leg.text("aircraftRegistration") or record.text("aircraftRegistration"),
        ),
        side: said(
            scheduled=scheduled,
            estimated=times.time("estimatedUtc") or _estimate_in_words(state, scheduled),
            # What it knows of an arrival is the landing ("LAN"), not when it came to its gate.
            actual=times.time("actualUtc") if side == "departure" else None,
            terminal=state.text("terminal"),
            gate=state.text("gate"),
            **_baggage(record.inner("baggage")) if side == "arrival" else _checkin(record.inner("checkIn")),
        ),
        **_status(state),
        **_stated(state, side),
    }
    if side == "arrival":
        report |= said(landing=said(actual=times.past("actualUtc", times.time("actualUtc"))))
    about = None
    if departure is not None and scheduled is not None and origin and destination:
        about = when_it_left(scheduled, origin, destination, UNDER_WAY)
    record.tell(
        report,
        utc_day=None if departure is None else departure.date(),
        callsign=leg.text("callsign"),
        about=about if side == "arrival" else None,
    )


def _estimate_in_words(state: JsonObject, plan: datetime | None) -> datetime | None:
    """Return the time in a status like "Estimated 16:45", which is Swedish time and may be past midnight."""
    words = _ESTIMATED.fullmatch(state.text("flightLegStatusEnglish") or "")
    if words is None or plan is None or int(words[1]) > 23 or int(words[2]) > 59:
        return None
    return on_its_day(plan, int(words[1]), int(words[2]), airports.zone(_ZONE))


def _baggage(baggage: JsonObject) -> dict[str, Any]:
    return said(
        belt=baggage.text("baggageClaimUnit"),
        first_bag=baggage.time("firstBagUtc") or baggage.time("estimatedFirstBagUtc"),
    )


def _checkin(desks: JsonObject) -> dict[str, Any]:
    """Return the check-in desks: one, or the first and the last."""
    first, last = desks.text("checkInDeskFrom"), desks.text("checkInDeskTo")
    return said(
        checkin_desk="-".join(dict.fromkeys(desk for desk in (first, last) if desk is not None)) or None
    )


def _airport(leg: JsonObject, end: str) -> str | None:
    return leg.text(f"{end}AirportIata") or leg.text(f"{end}AirportIcao")


def _status(state: JsonObject) -> dict[str, Any]:
    """Return what the status says. An unknown one is a fault and says nothing."""
    status = state.text("flightLegStatus")
    if status is None:
        return {}
    if status.upper() not in _STATUSES:
        state.fault("this status is not known; the rest is used", "flightLegStatus", status)
        return {}
    return _STATUSES[status.upper()]


def _stated(state: JsonObject, side: str) -> dict[str, Any]:
    found = _STATED.get((state.text("flightLegStatus") or "").upper())
    return {} if found is None else {"stated_status": found[side]}


FORMAT = Format(parse=parse, poller=Poller, attribution=ATTRIBUTION)

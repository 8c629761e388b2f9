"""How the flights that an operator watches are polled from providers of single flights: some of them at each poll.

Such providers bill every request and allow few per minute. The cursor is the place in the list; it advances even after
a refusal, so that one flight that the provider does not know never blocks the others.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from windsock.errors import ConfigError
from windsock.feeds.polling import Poller, Request
from windsock.flights.airports import airport
from windsock.flights.identity import Designator

MAX_WATCHED = 500
"""At five per minute the last one is polled after more than an hour and a half; use pushes for more."""


class Watch(Poller):
    """Ask about `at_once` of the watched flights at each poll. A subclass defines the requests for one: `ask`."""

    needs_secret = True
    at_once = 5
    # Each request is for another time of day, so an unchanged answer would be billed as well.
    conditional = False
    max_pages = 1
    name = ""

    @classmethod
    def check(cls, options: Mapping[str, Any]) -> None:
        """Raise ConfigError for anything but a list of flight numbers."""
        flights(cls.name, options)

    @classmethod
    def wanted(cls, options: Mapping[str, Any]) -> bool:
        """Return whether there is a list of flights; without one the feed only accepts pushes."""
        return "flights" in options

    def watched(self) -> Sequence[str]:
        """Return the watched flights, in the order of the settings."""
        return flights(self.name, self.options)

    def ask(self, watched: str, now: datetime) -> Sequence[Request]:
        """Return the requests for one of the watched."""
        raise NotImplementedError

    def requests(self, cursor: str, now: datetime) -> Sequence[Request]:
        """Return the requests for the next ones in the list, which starts over after the last."""
        begin = self._place(cursor)
        return [
            request
            for flight in self.watched()[begin : begin + self.at_once]
            for request in self.ask(flight, now)
        ]

    def cursor(self, bodies: Sequence[bytes], cursor: str, now: datetime) -> str:
        """Return the place of the next one."""
        return self.after_refusal(cursor)

    def after_refusal(self, cursor: str) -> str:
        """Return the place of the next one here too: perhaps only one flight is refused."""
        following = self._place(cursor) + self.at_once
        return str(following) if following < len(self.watched()) else ""

    def _place(self, cursor: str) -> int:
        # The operator may have shortened the list since.
        place = int(cursor) if cursor.isascii() and cursor.isdigit() else 0
        return place if place < len(self.watched()) else 0


def flights(feed: str, options: Mapping[str, Any], key: str = "flights") -> list[str]:
    """Return the flight numbers of the option, in upper case and without blanks."""
    found = []
    for given in _list(feed, options, key, 'flight numbers like ["SAS1423", "DL1865"]'):
        try:
            Designator.parse(given)
        except ValueError as error:
            raise ConfigError(f"{feed}: {key}: {error}.") from None
        found.append("".join(given.replace("-", "").split()).upper())
    return found


def airports(feed: str, options: Mapping[str, Any], key: str = "airports") -> list[str]:
    """Return the airport codes of the option."""
    found = []
    for given in _list(feed, options, key, 'airports\' codes like ["LIS", "OPO"]'):
        if airport(given.strip()) is None:
            raise ConfigError(
                f"{feed}: {key}: {given[:40]!r} is not a known IATA or ICAO code of an airport."
            )
        found.append(given.strip().upper())
    return found


def _list(feed: str, options: Mapping[str, Any], key: str, like: str) -> list[str]:
    given = options.get(key, [])
    if not isinstance(given, list | tuple) or not all(isinstance(name, str) for name in given):
        raise ConfigError(f"{feed}: {key} is {given!r}; use a list of {like}.")
    if key in options and not given:
        raise ConfigError(f"{feed}: {key} is empty; name at least one, or leave the key out.")
    if len(given) > MAX_WATCHED:
        raise ConfigError(f"{feed}: {key} names {len(given)}; {MAX_WATCHED} at most can be watched by polls.")
    return list(given)

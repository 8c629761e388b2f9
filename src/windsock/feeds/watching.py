"""How providers that answer about single flights are asked about those an operator watches: some of them at each poll.

Such providers bill every question and allow few a minute. The cursor is the place in the list; it moves on even after a
refusal, so that one flight the provider does not know never keeps it from the others.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from windsock.errors import ConfigError
from windsock.feeds.polling import Poller, Request
from windsock.flights.airports import airport
from windsock.flights.identity import Designator

MOST_WATCHED = 500
"""With five a minute the last is asked about after more than an hour and a half: more are a matter for pushes."""


class Watch(Poller):
    """Asks about `at_once` of the watched at each poll. A subclass says what one costs: `ask`."""

    needs_secret = True
    at_once = 5
    # One address is asked for another time of day each time, or its answer would be billed even if nothing changed.
    conditional = False
    most_pages = 1
    name = ""

    @classmethod
    def check(cls, options: Mapping[str, Any]) -> None:
        """Raises ConfigError for what is no list of flight numbers."""
        flights(cls.name, options)

    @classmethod
    def wanted(cls, options: Mapping[str, Any]) -> bool:
        """Without a list of flights the feed only takes what is pushed."""
        return "flights" in options

    def watched(self) -> Sequence[str]:
        """What is asked about, in the order of the settings."""
        return flights(self.name, self.options)

    def ask(self, one: str, now: datetime) -> Sequence[Request]:
        """The questions about one of the watched."""
        raise NotImplementedError

    def requests(self, cursor: str, now: datetime) -> Sequence[Request]:
        """Those about the next ones in the list; after the last it begins again."""
        begin = self._place(cursor)
        return [
            request for one in self.watched()[begin : begin + self.at_once] for request in self.ask(one, now)
        ]

    def cursor(self, bodies: Sequence[bytes], cursor: str, now: datetime) -> str:
        """The place of the next one."""
        return self.after_refusal(cursor)

    def after_refusal(self, cursor: str) -> str:
        """The place of the next one, too: it may be just one flight that is refused."""
        following = self._place(cursor) + self.at_once
        return str(following) if following < len(self.watched()) else ""

    def _place(self, cursor: str) -> int:
        # The operator may have shortened the list since.
        place = int(cursor) if cursor.isascii() and cursor.isdigit() else 0
        return place if place < len(self.watched()) else 0


def flights(feed: str, options: Mapping[str, Any], key: str = "flights") -> list[str]:
    """The flight numbers that the option lists, as written but in upper case and without blanks."""
    found = []
    for given in _list(feed, options, key, 'flight numbers like ["SAS1423", "DL1865"]'):
        try:
            Designator.parse(given)
        except ValueError as error:
            raise ConfigError(f"{feed}: {key}: {error}.") from None
        found.append("".join(given.replace("-", "").split()).upper())
    return found


def airports(feed: str, options: Mapping[str, Any], key: str = "airports") -> list[str]:
    """The airports' codes that the option lists."""
    found = []
    for given in _list(feed, options, key, 'airports\' codes like ["LIS", "OPO"]'):
        if airport(given.strip()) is None:
            raise ConfigError(
                f"{feed}: {key}: {given[:40]!r} is no airport's IATA or ICAO code that is known."
            )
        found.append(given.strip().upper())
    return found


def _list(feed: str, options: Mapping[str, Any], key: str, like: str) -> list[str]:
    given = options.get(key, [])
    if not isinstance(given, list | tuple) or not all(isinstance(one, str) for one in given):
        raise ConfigError(f"{feed}: {key} is {given!r}; a list of {like} is needed.")
    if key in options and not given:
        raise ConfigError(f"{feed}: {key} is empty; name at least one, or leave the key out.")
    if len(given) > MOST_WATCHED:
        raise ConfigError(
            f"{feed}: {key} names {len(given)}; {MOST_WATCHED} at most can be watched by polls."
        )
    return list(given)

"""All feed formats, a line each. A new one needs a module or package with a `FORMAT`, a line here, and its page."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from windsock.errors import ConfigError
from windsock.feeds.format import Format
from windsock.feeds.parsing import Parsed
from windsock.feeds.polling import Poller

Parser = Callable[[bytes, datetime], Parsed]


@dataclass(frozen=True, slots=True)
class FeedFormat:
    """A format that can be read. `options` are its own keys in an operator's settings, `required` those needed."""

    name: str
    title: str
    options: tuple[str, ...] = ()
    required: tuple[str, ...] = ()

    @property
    def hooks(self) -> Format:
        """Return the `FORMAT` of its module, `windsock.feeds.<name>`."""
        found = importlib.import_module(f"windsock.feeds.{self.name}").FORMAT
        if not isinstance(found, Format):
            raise TypeError(f"windsock.feeds.{self.name}.FORMAT is {found!r}; it must be a Format.")
        return found

    @property
    def attribution(self) -> str | None:
        """Return what the provider wants shown with its data."""
        return self.hooks.attribution

    def parser(self, source: str, options: Mapping[str, Any]) -> Parser:
        """Return the parser of a feed with these options; raise ConfigError for options that it does not support."""
        hooks = self.hooks
        if hooks.poller is not None:
            hooks.poller.check(options)
        more = {} if hooks.prepared is None else hooks.prepared(options)
        return lambda data, received_at: hooks.parse(data, received_at=received_at, source=source, **more)

    def is_polled(self, options: Mapping[str, Any], url: str | None) -> bool:
        """Return whether a feed with these settings polls; otherwise it only accepts pushes, mail and files."""
        made = self.hooks.poller
        return made is not None and (url is not None or not made.needs_url) and made.wanted(options)

    def poller(self, options: Mapping[str, Any], secret: str | None, url: str | None) -> Poller | None:
        """Return the poller of a feed with these settings, or None for a feed that does not poll."""
        made = self.hooks.poller
        return made(options, secret=secret, url=url) if made and self.is_polled(options, url) else None


FORMATS: dict[str, FeedFormat] = {
    form.name: form
    for form in (
        FeedFormat("mvt", "MVT and MVA telexes (AHM 780)"),
        FeedFormat("aidx", "AIDX flight leg notifications"),
        FeedFormat("avinor", "Avinor: the airports of Norway", ("airport",), ("airport",)),
        FeedFormat("finavia", "Finavia: the airports of Finland", ("airport",)),
        FeedFormat("hongkong", "Hong Kong International Airport"),
        FeedFormat("schiphol", "Amsterdam Airport Schiphol"),
        FeedFormat("swedavia", "Swedavia: ten airports of Sweden", ("airport",), ("airport",)),
        FeedFormat("aeroapi", "FlightAware AeroAPI: polls and alerts", ("flights",)),
        FeedFormat("aerodatabox", "AeroDataBox: polls and webhooks", ("flights", "market")),
        FeedFormat("aviationstack", "aviationstack", ("flights", "airports")),
        FeedFormat("flightstats", "Cirium FlightStats Flex: polls and alerts", ("flights",)),
        FeedFormat(
            "faa",
            "FAA NAS status: ground stops, delays and closures of US airports",
        ),
        FeedFormat("ssim", "SSIM chapter 7 schedules"),
        FeedFormat("ssm", "SSM and ASM telexes"),
        FeedFormat("generic", "JSON, NDJSON or CSV, by a mapping file", ("mapping",), ("mapping",)),
    )
}


def format_named(name: str) -> FeedFormat:
    """Return the format of that name; raise ConfigError with the list of formats."""
    if name not in FORMATS:
        raise ConfigError(f"There is no feed format {name!r}. There are: {', '.join(sorted(FORMATS))}.")
    return FORMATS[name]

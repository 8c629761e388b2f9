"""The feeds there are, a line each. A new one takes a module with `parse`, a line here, and a page of documentation."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from windsock.errors import ConfigError
from windsock.feeds.parsing import Parsed

Parser = Callable[[bytes, datetime], Parsed]


@dataclass(frozen=True, slots=True)
class FeedFormat:
    """A format that can be read. `options` are its own keys in an operator's settings, `required` those needed."""

    name: str
    title: str
    options: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    attribution: str | None = None

    @property
    def module(self) -> Any:
        """The module that reads it, `windsock.feeds.<name>`."""
        return importlib.import_module(f"windsock.feeds.{self.name}")

    def parser(self, source: str, options: Mapping[str, Any]) -> Parser:
        """What reads inputs of a feed set up like this; raises ConfigError for options it cannot work with."""
        parse = self.module.parse
        prepare = getattr(self.module, "prepared", None)
        more = {} if prepare is None else prepare(options)
        return lambda data, received_at: cast(
            Parsed, parse(data, received_at=received_at, source=source, **more)
        )


FORMATS: dict[str, FeedFormat] = {
    one.name: one for one in (FeedFormat("mvt", "MVT and MVA telexes (AHM 780)"),)
}


def format_named(name: str) -> FeedFormat:
    """The format of that name; raises ConfigError that lists those there are."""
    if name not in FORMATS:
        raise ConfigError(f"There is no feed format {name!r}. There are: {', '.join(sorted(FORMATS))}.")
    return FORMATS[name]

"""What the module of a format hands to the registry: its parser and its hooks, each by its name.

A hook that the module only defines is not called; one whose name is misspelt is an error where the module is loaded.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from windsock.errors import FeedError
from windsock.feeds.parsing import Parsed
from windsock.feeds.polling import Poller


class Acknowledge(Protocol):
    """Make the answer that the sender of a push waits for, as XML."""

    def __call__(self, data: bytes, parsed: Parsed | FeedError, *, received_at: datetime) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format's contract. `parse` takes the bytes, and by name `received_at`, `source` and what `prepared` gives.

    `poller` says how its provider is asked, where it is. `prepared` checks the operator's options and makes keyword
    arguments for `parse` of them. `acknowledgement` answers a push in the format's own words. `attribution` is what the
    provider wants to be shown with its data.
    """

    parse: Callable[..., Parsed]
    poller: type[Poller] | None = None
    prepared: Callable[[Mapping[str, Any]], dict[str, Any]] | None = None
    acknowledgement: Acknowledge | None = None
    attribution: str | None = None

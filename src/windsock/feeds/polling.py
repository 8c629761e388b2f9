"""How a provider is polled: which requests, how often, and where to continue. Pure; `windsock.collect` sends them.

A feed that is polled provides a subclass of `Poller`, which is made with the operator's options and secret.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from windsock.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One GET. `headers` and `params` may hold the secret: they are never logged or kept."""

    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


class Poller:
    """The base of all pollers. `every` is the provider's etiquette in seconds: no setting makes polls more frequent."""

    every: float = 60.0
    needs_secret = False
    needs_url = (
        False  # the provider has no address of its own: without `url` the feed only accepts pushes and files
    )
    max_pages = 50  # of one poll; a provider that always names a next page must not block the feed
    conditional = (
        True  # whether the validators of the last answer (ETag, Last-Modified) are sent with the next request
    )

    def __init__(
        self, options: Mapping[str, Any], *, secret: str | None = None, url: str | None = None
    ) -> None:
        self.check(options)
        self.options, self.secret, self.url = options, secret, url

    @classmethod
    def check(cls, options: Mapping[str, Any]) -> None:
        """Raise ConfigError for options that make no valid request."""

    @classmethod
    def wanted(cls, options: Mapping[str, Any]) -> bool:
        """Return whether there is anything to poll: if a provider pushes too, options may name nothing."""
        return True

    def requests(self, cursor: str, now: datetime) -> Sequence[Request]:
        """Return the requests of a poll; `cursor` is what `cursor()` returned for the last recorded one, else empty."""
        raise NotImplementedError

    def next_page(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """Return the address of the next page of an answer, if there is one. Header names are in lower case."""
        return None

    def cursor(self, bodies: Sequence[bytes], cursor: str, now: datetime) -> str:
        """Return where to continue after these answers."""
        return cursor

    def after_refusal(self, cursor: str) -> str:
        """Return where to continue after a refused poll: by default the same requests are sent again."""
        return cursor


def two_parts(secret: str | None, *, feed: str, parts: str) -> tuple[str, str]:
    """Return both halves of a secret like "id:key"; raise ConfigError, without the secret, for anything else."""
    first, colon, second = (secret or "").partition(":")
    if not (colon and first.strip() and second.strip()):
        raise ConfigError(
            f"{feed}: its secret has two parts, {parts} with a colon between; another one was given."
        )
    return first.strip(), second.strip()

"""How a provider is asked: which requests, how often, from where to go on. Pure; `windsock.ingest` does the asking.

A feed that is polled hands over a subclass of `Poller`, which is made with the operator's options and secret.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from windsock.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One GET. `headers` and `params` may hold the secret: neither is ever logged or kept."""

    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


class Poller:
    """What polls have in common. `every` is the provider's etiquette in seconds: no setting makes it more often."""

    every: float = 60.0
    needs_secret = False
    needs_url = False  # the provider has no address of its own: without `url` the feed only takes what comes
    most_pages = 50  # of one poll; a provider that names a next page for ever must not hold us for ever
    conditional = (
        True  # whether an address is told what it answered last (ETag, Last-Modified) when it is asked again
    )

    def __init__(
        self, options: Mapping[str, Any], *, secret: str | None = None, url: str | None = None
    ) -> None:
        self.check(options)
        self.options, self.secret, self.url = options, secret, url

    @classmethod
    def check(cls, options: Mapping[str, Any]) -> None:
        """Raises ConfigError for options that the provider cannot be asked with."""

    @classmethod
    def wanted(cls, options: Mapping[str, Any]) -> bool:
        """Whether there is anything to ask: where a provider pushes too, options may name nothing to be polled."""
        return True

    def requests(self, cursor: str, now: datetime) -> Sequence[Request]:
        """What to ask now, `cursor` being what `cursor()` gave after the last poll that was recorded (else empty)."""
        raise NotImplementedError

    def next_page(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """The address of the next page of an answer, if there is one. Header names are in lower case."""
        return None

    def cursor(self, bodies: Sequence[bytes], cursor: str, now: datetime) -> str:
        """Where to go on after these answers."""
        return cursor

    def after_refusal(self, cursor: str) -> str:
        """Where to go on after a poll that was refused: by default the same is asked again."""
        return cursor


def two_parts(secret: str | None, *, feed: str, parts: str) -> tuple[str, str]:
    """Both halves of a secret like "id:key"; raises ConfigError, without the secret, if it is not so."""
    first, colon, second = (secret or "").partition(":")
    if not (colon and first.strip() and second.strip()):
        raise ConfigError(
            f"{feed}: its secret has two parts, {parts} with a colon between; another one was given."
        )
    return first.strip(), second.strip()

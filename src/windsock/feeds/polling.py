"""How a provider is asked: which requests, how often, from where to go on. Pure; `windsock.ingest` does the asking.

A feed that is polled has a class `Poller` in its module, made with the operator's options and secret.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


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
    most_pages = 50  # of one poll; a provider that names a next page for ever must not hold us for ever

    def __init__(
        self, options: Mapping[str, Any], *, secret: str | None = None, url: str | None = None
    ) -> None:
        self.options, self.secret, self.url = options, secret, url

    def requests(self, cursor: str, now: datetime) -> Sequence[Request]:
        """What to ask now, `cursor` being what `cursor()` gave after the last poll that was recorded (else empty)."""
        raise NotImplementedError

    def next_page(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """The address of the next page of an answer, if there is one. Header names are in lower case."""
        return None

    def cursor(self, bodies: Sequence[bytes], cursor: str, now: datetime) -> str:
        """Where to go on after these answers."""
        return cursor

"""Set, for each address, how large a body may be, whether a sender without credentials may send one, and whether its
answers can be large."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.urls import Resolver404, resolve
from django.utils.crypto import constant_time_compare

from windsock.access.rights import Identity
from windsock.conf import config
from windsock.errors import WindsockError

FORM_BYTES = 65_536
"""Forms of the pages and the API's small requests: names, a password, a CSRF token, a few fields."""

STRANGER_BYTES = 16_384
"""From a sender that is not authenticated yet, such as one who is signing in."""
SIGNED_BYTES = 1_048_576
"""From a sender whose signature can only be verified with the whole body."""

METRICS = "metrics"
API_SLOTS, PAGE_SLOTS = "api", "pages"
_REPORTS, _FEED, _API, _PAGE, _ELSEWHERE = "reports", "feed", "api", "page", "elsewhere"

_ALWAYS_SMALL = ("one", "api-nothing-here", "api-docs", "sign-in", "sign-in-link", "sign-out")
"""Windsock's addresses (the names of their URLs) whose answers stay small however much there is: they need no slot, so
that signing in and the state of one flight are there while lists are in demand."""

_PROBES = ("windsock.api.health.alive", "windsock.api.health.ready", "windsock.api.metrics.view")


@dataclass(frozen=True, slots=True)
class Rule:
    """An address's rule.

    `feed` and `secret` are the parts of a feed's address; `probe` is the view of a probe; `slots` names the slots
    (`api` or `pages`) in which the answer to a GET is built, None if it is always small, a stream, or not Windsock's.
    """

    kind: str
    feed: str | None = None
    secret: str | None = None
    probe: Callable[..., Any] | None = None
    signs_in: bool = False  # passwords are sent here
    slots: str | None = None

    @property
    def needs_credentials(self) -> bool:
        """Return whether everything at this address needs credentials."""
        return self.kind in (_REPORTS, _FEED, _API)

    @property
    def takes_reports(self) -> bool:
        """Return whether this is where reports are POSTed."""
        return self.kind == _REPORTS

    def admits(self, bearer: Identity | None) -> bool:
        """Return whether the bearer of a token may send a body here."""
        return bearer is not None and (bearer.may_publish or self.kind not in (_REPORTS, _FEED))

    def limit(self, elsewhere: int | None) -> int | None:
        """Return the most bytes an admitted sender may send; None where the host's project decides."""
        if self.kind in (_REPORTS, _FEED):
            return config().max_body_bytes
        return elsewhere if self.kind == _ELSEWHERE else FORM_BYTES

    def opened_by_secret(self) -> bool:
        """Return whether the address itself contains the feed's secret."""
        if self.feed is None or self.secret is None:
            return False
        from windsock.feeds.configuration import read

        try:
            feed = read(config().feeds).get(self.feed)
            ours = feed.webhook_secret() if feed is not None else None
        except WindsockError:
            return False
        return bool(ours) and constant_time_compare(self.secret, ours or "")


def unprefixed(scope: Any) -> str:
    """Return the path of an ASGI request without the prefix under which the application is served."""
    path: str = scope["path"]
    prefix = (settings.FORCE_SCRIPT_NAME or scope.get("root_path") or "").rstrip("/")
    return path.removeprefix(prefix) if prefix and path.startswith(prefix + "/") else path


def rule_for(path: str) -> Rule:
    """Return the rule of an address, given without the prefix under which the application is served."""
    return _rule(path, settings.ROOT_URLCONF)


@lru_cache(maxsize=512)
def _rule(path: str, urlconf: str) -> Rule:
    try:
        match = resolve(path, urlconf)
    except Resolver404:
        return Rule(_ELSEWHERE)
    arguments: dict[str, Any] = match.kwargs
    if match.url_name in ("feed", "feed-by-secret") and match._func_path.startswith("windsock.api.feeds."):
        return Rule(_FEED, arguments.get("name"), arguments.get("secret"))
    if match._func_path in _PROBES:
        return Rule(METRICS if match.url_name == "metrics" else _PAGE, probe=match.func)
    if "windsock-api" in match.namespaces:
        slots = None if match.url_name in _ALWAYS_SMALL else API_SLOTS
        return Rule(_REPORTS if match.url_name == "publish" else _API, slots=slots)
    if "windsock" in match.namespaces:
        slots = None if match.url_name in _ALWAYS_SMALL else PAGE_SLOTS
        return Rule(_PAGE, signs_in=match.url_name == "sign-in", slots=slots)
    if match._func_path.startswith("windsock."):
        return Rule(_PAGE)
    return Rule(_ELSEWHERE)

"""Keep Windsock's views working under the settings that host projects really have, and lend hosts its error pages."""

from collections.abc import Iterable
from typing import Any

from django.core.handlers.asgi import ASGIHandler
from django.core.signals import request_finished
from django.db import connections
from django.urls import URLPattern, URLResolver

from windsock.pages.error_pages import (
    bad_request,
    csrf_failure,
    page_not_found,
    permission_denied,
    server_error,
)

__all__ = (
    "EveryDatabase",
    "adds_windsock",
    "bad_request",
    "close_connections_after_requests",
    "csrf_failure",
    "page_not_found",
    "permission_denied",
    "server_error",
    "without_request_transactions",
)

adds_windsock = False
"""Whether this process has loaded an ASGI application made by `windsock.asgi.add_windsock`."""


class EveryDatabase(set[str]):
    """The aliases of all databases, also of those that settings add later."""

    def __contains__(self, alias: object) -> bool:
        return True


def without_request_transactions(patterns: Iterable[URLPattern | URLResolver]) -> None:
    """Take the views of these patterns out of ATOMIC_REQUESTS.

    Django refuses it for async views with a 500. The others would hold SQLite's only write lock while they wait for the
    writer of reports, which needs it; and their answers report what must be committed by then (ADR 10).
    """
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            without_request_transactions(pattern.url_patterns)
        else:
            pattern.callback._non_atomic_requests = EveryDatabase()  # type: ignore[attr-defined]


def close_connections_after_requests() -> None:
    """Have connections to databases closed at the end of each ASGI request, whatever CONN_MAX_AGE says.

    Django's ASGI handler serves each request on a thread of its own. A connection kept for the next request is never
    found again, yet stays open: PostgreSQL's hundred are used up within minutes.
    """
    request_finished.connect(_close, dispatch_uid="windsock.connections")


def _close(sender: Any, **kwargs: Any) -> None:
    if isinstance(sender, type) and issubclass(sender, ASGIHandler):
        for connection in connections.all(initialized_only=True):
            if not connection.in_atomic_block:
                connection.close()

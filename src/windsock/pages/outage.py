"""The pages while the database is away: one that says so and tries again, instead of an error with a traceback."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import URLPattern

from windsock.errors import JournalUnavailable

logger = logging.getLogger(__name__)

AWAY = (OperationalError, InterfaceError, JournalUnavailable)
"""What is raised while the database cannot be reached, is locked for long, or refuses."""

RETRY_SECONDS = 10


def said(patterns: list[URLPattern]) -> list[URLPattern]:
    """Return the patterns with views that answer 503 while the database is away."""
    for pattern in patterns:
        pattern.callback = _guarded(pattern.callback)
    return patterns


def _guarded(view: Callable[..., Any]) -> Callable[..., Any]:
    if iscoroutinefunction(view):

        @wraps(view)
        async def awaited(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            try:
                return await view(request, *args, **kwargs)
            except AWAY as error:
                return _unavailable(request, error)

        return awaited

    @wraps(view)
    def called(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return view(request, *args, **kwargs)
        except AWAY as error:
            return _unavailable(request, error)

    return called


def _unavailable(request: HttpRequest, error: Exception) -> HttpResponse:
    logger.warning("%s cannot be shown: %s", request.path, " ".join(str(error).split()))
    # Without the context processors: they ask who is signed in, which is in the database too.
    page = render_to_string("windsock/unavailable.html", {"request": request, "signing_in": True})
    response = HttpResponse(page, status=503, headers={"Retry-After": str(RETRY_SECONDS)})
    response["Cache-Control"] = "no-store"
    if request.method == "GET":
        response["Refresh"] = str(RETRY_SECONDS)
    return response

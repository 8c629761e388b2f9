"""The API's addresses: /api/v1/, its documentation, health and metrics."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, path, re_path

from windsock.api import docs, feeds, health, metrics
from windsock.api.app import api
from windsock.api.problems import HttpProblem, not_found


def _with_problems(view: Callable[..., Any]) -> Callable[..., Any]:
    """Return the view with ninja's plain-text response to a wrong method turned into a problem document."""

    @wraps(view)
    async def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponseBase = await view(request, *args, **kwargs)
        if response.status_code != 405:
            return response
        allowed = response.headers.get("Allow", "")
        return HttpProblem(
            405,
            "method_not_allowed",
            f"Method {request.method} is not allowed here; use {allowed}.",
            headers={"Allow": allowed},
            expected=allowed,
        ).response()

    return answered


def _patterns() -> list[URLPattern | URLResolver]:
    patterns, _, _ = api.urls
    for pattern in patterns:
        # ninja's own pages (the schema, the root) are synchronous and answer GET only.
        if pattern.callback is not None and iscoroutinefunction(pattern.callback):
            pattern.callback = _with_problems(pattern.callback)
        elif getattr(pattern, "name", None) == "api-root":
            pattern.callback = not_found  # ninja raises Http404 here, which is answered with a page
    return list(patterns)


api_patterns = _patterns()

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", metrics.view, name="metrics"),
    path("api/v1/docs", docs.view, name="api-docs"),
    path("api/v1/feeds/<str:name>", feeds.receive, name="feed"),
    path("api/v1/feeds/<str:name>/<str:secret>", feeds.receive, name="feed-by-secret"),
    path("api/v1/", (api_patterns, "windsock-api", "windsock-api")),
    re_path(r"^api/.*$", not_found, name="api-nothing-here"),
]

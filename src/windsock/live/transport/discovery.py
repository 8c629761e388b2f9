"""`GET /api/v1/`: where everything of this service is, for pages and programs that know only one of its addresses.

It says nothing of flights, so any site may read it: a page that is not admitted learns why.
"""

from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.templatetags.static import static
from django.urls import URLPattern, URLResolver, path, reverse

import windsock
from windsock.access.problems import HttpProblem
from windsock.conf import config
from windsock.feeds.configuration import attributions
from windsock.live.admission.origin import allowed
from windsock.wording.language import ENGLISH, LANGUAGES

MAX_AGE_SECONDS = 60
"""Long enough for all elements of a page; short enough for a change of the settings."""


def index(request: HttpRequest) -> HttpResponseBase:
    """Return paths on this host, with their prefix, and whether pages of the asking origin are admitted."""
    if request.method not in {"GET", "HEAD"}:
        text = f"{request.method} is not possible here; GET is."
        return HttpProblem(405, "method_not_allowed", text, headers={"Allow": "GET, HEAD"}).response()
    settings = config()
    origin = request.headers.get("Origin", "")
    response = JsonResponse(
        {
            "version": windsock.__version__,
            "socket": f"{request.META.get('SCRIPT_NAME', '')}/ws/flight-delay/",
            "stream": reverse("stream"),
            "openapi": reverse("windsock-api:openapi-json"),
            "names": reverse("windsock:names"),
            "home": reverse("windsock:home"),
            "board": reverse("windsock:departures", args=["_"]).removesuffix("_/departures/")
            + "{airport}/{direction}/",
            "flight": reverse("windsock:flight", args=["_"]).removesuffix("_/") + "{id}/",
            "catalogues": {
                code: static(f"windsock/locale/{code}.js") for code in LANGUAGES if code != ENGLISH
            },
            "public": settings.public_read,
            "origin_allowed": not origin
            or allowed(
                origin,
                host=request.get_host(),
                secure=request.is_secure(),
                origins=settings.allowed_origins,
            ),
            "late_minutes": settings.late_minutes,
            "attributions": attributions(settings.feeds),
        }
    )
    response["Access-Control-Allow-Origin"] = "*"
    response["Cache-Control"] = f"public, max-age={MAX_AGE_SECONDS}"
    response["Vary"] = "Origin"
    return response


urlpatterns: list[URLPattern | URLResolver] = [path("api/v1/", index, name="api-index")]

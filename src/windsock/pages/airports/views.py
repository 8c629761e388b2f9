"""The first page: which airport? And the names of codes, for browsers."""

import re

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from windsock import journal
from windsock.conf import config
from windsock.pages import layout, places
from windsock.pages.airports.choice import airport_choices
from windsock.pages.guards import readers_only

_CODES = re.compile(r"[A-Z0-9]{2,4}(,[A-Z0-9]{2,4})*")
MAX_NAMES = 300
"""Codes in one address. No board needs more at once; more would be somebody fetching the whole table."""


@require_safe
@readers_only
def home(request: HttpRequest) -> HttpResponseBase:
    """Show the airports with flights, busiest first."""
    clock = journal.current().head().clock
    now = layout.service_now(clock)
    text = request.GET.get("q", "").strip()
    return render(
        request,
        "windsock/airports/airports.html",
        {
            "home": True,
            "q": text,
            "airports": airport_choices(config().database, now, text),
            **layout.strip(clock),
            "now_local": f"{now:%H:%M} UTC",
        },
    )


@require_safe
def names(request: HttpRequest) -> HttpResponse:
    """Return names for codes: `?airports=MCO,JFK&carriers=DL`. Public reference data, so any site's board may ask."""
    asked = {}
    for kind in ("airports", "carriers"):
        text = request.GET.get(kind, "").upper()
        if text and (not _CODES.fullmatch(text) or text.count(",") >= MAX_NAMES):
            return JsonResponse(
                {"message": f"{kind} takes up to {MAX_NAMES} codes, separated by commas."}, status=400
            )
        asked[kind] = text.split(",") if text else []
    response = JsonResponse(places.names(asked["airports"], asked["carriers"]))
    response["Access-Control-Allow-Origin"] = "*"
    response["Cache-Control"] = "public, max-age=86400"
    return response

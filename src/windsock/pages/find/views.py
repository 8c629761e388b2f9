"""The first page: find a flight, an airport or a route. And the names of codes, for browsers."""

import re
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from windsock import journal
from windsock.conf import config
from windsock.pages import layout, places
from windsock.pages.find.offers import offers
from windsock.pages.guards import readers_only
from windsock.search.reading import MAX_TEXT
from windsock.search.service import search
from windsock.today import current as today

_CODES = re.compile(r"[A-Z0-9]{2,4}(,[A-Z0-9]{2,4})*")
MAX_NAMES = 300
"""Codes in one address. No board needs more at once; more would be somebody fetching the whole table."""


@require_safe
@readers_only
def find(request: HttpRequest) -> HttpResponseBase:
    """Show what the text in `?q=` finds; without one, the airports in trouble and the busiest.

    `?only=flights` leaves out airports and routes. `?part=1` returns only what is found: the page fetches it while
    somebody types, so one place words everything. A form that is sent opens the flight or airport at once if the text
    means only one.
    """
    head, standings = journal.current().standings()
    now = layout.service_now(head.clock)
    text = request.GET.get("q", "")[:MAX_TEXT].strip()
    part = "part" in request.GET
    found = search(text, now) if text else None
    if found is not None and request.GET.get("only") == "flights":
        found = msgspec.structs.replace(found, airports=(), routes=(), similar_airports=(), only_airport="")
    if found is not None and not part:
        if found.only_flight:
            return redirect(reverse("windsock:flight", args=[found.only_flight]))
        if found.only_airport:
            return redirect(reverse("windsock:departures", args=[found.only_airport]))
    context: dict[str, Any] = {"home": True, "q": text, "found": found, **layout.strip(head.clock)}
    if part:
        return render(request, "windsock/find/_found.html", context)
    everything = "all" in request.GET
    if found is None:
        table = today.current()
        counted, day = table.activity(now).airports, table.punctuality(now, config().late_minutes)
        context["offers"] = offers(counted, day, standings, now, everything=everything)
    context |= {"everything": everything, "now_local": f"{now:%H:%M} UTC"}
    return render(request, "windsock/find/find.html", context)


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

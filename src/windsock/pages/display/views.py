"""The page of a display, and the sheet that it asks for again and again."""

import hashlib
import json
import time
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from windsock import journal
from windsock.clock import system_clock
from windsock.conf import config
from windsock.feeds.configuration import attributions
from windsock.flights import airports
from windsock.flights.airports import Airport
from windsock.pages import layout
from windsock.pages.display.linking import displays_only
from windsock.pages.display.parameters import BadParameters, Parameters, parameters_of
from windsock.pages.display.sheet import TIME, directions, sheet
from windsock.wording import language
from windsock.wording.display import ROUND_SECONDS
from windsock.wording.language import gettext

_kept: dict[str, tuple[tuple[object, datetime], dict[str, Any]]] = {}
"""The newest sheet of each address: displays that show the same share one until an event or a minute changes it."""

MAX_KEPT = 200
"""Addresses whose sheets are kept: more than a large airport has."""


@require_safe
@displays_only
def display(request: HttpRequest, code: str, kind: str) -> HttpResponseBase:
    """Show a display: complete without JavaScript, which then keeps it live and turns the pages by itself."""
    airport = airports.airport(code)
    if airport is None:
        return _wrong(
            request,
            [gettext("There is no airport {code}: use an IATA code such as JFK.", code=code[:8])],
            404,
        )
    try:
        parameters = parameters_of(kind, request.GET.dict(), language.current().code)
    except BadParameters as bad:
        return _wrong(request, bad.faults, 400)
    if airport.code != code:
        target = reverse("windsock:display", args=[airport.code, kind])
        return redirect(f"{target}?{request.GET.urlencode()}" if request.GET else target)
    found, now = _sheet(request, airport, parameters)
    for panel in found["panels"]:
        # What a screen without JavaScript shows now: it reloads, and the clock turns the page.
        turn = int(time.time() % ROUND_SECONDS // panel["seconds"])
        panel["now"] = panel["languages"][0]["pages"][turn % panel["count"]]
    local = now.astimezone(airport.tz)
    response = render(
        request,
        "windsock/display/display.html",
        {
            "airport": airport,
            "parameters": parameters,
            "topics": ",".join(f"{direction}:{airport.code}" for direction in directions(parameters)),
            "sheet": found,
            "sheet_url": f"{reverse('windsock:display-sheet', args=[airport.code, kind])}?{request.GET.urlencode()}",
            "now": now,
            "now_local": f"{local:%H:%M}",
            "time": TIME,
            "attributions": attributions(config().feeds),
        },
    )
    response["Cache-Control"] = "no-store"
    return response


@require_safe
@displays_only
def display_sheet(request: HttpRequest, code: str, kind: str) -> HttpResponseBase:
    """Return the sheet of a display as JSON; 304 if it is still the one that the screen has."""
    airport = airports.airport(code)
    try:
        parameters = parameters_of(kind, request.GET.dict(), language.current().code)
    except BadParameters as bad:
        return JsonResponse({"faults": bad.faults}, status=400)
    if airport is None:
        return JsonResponse(
            {"faults": [gettext("There is no airport {code}: use an IATA code such as JFK.", code=code[:8])]},
            status=404,
        )
    found, _ = _sheet(request, airport, parameters)
    text = json.dumps(found, separators=(",", ":"), sort_keys=True)
    tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:24]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if request.headers.get("If-None-Match") == tag:
        return HttpResponse(status=304, headers=headers)
    return HttpResponse(text, content_type="application/json", headers=headers)


def _sheet(request: HttpRequest, airport: Airport, parameters: Parameters) -> tuple[dict[str, Any], datetime]:
    """Return the sheet, and the service's time. It is made again only after an event, or in the next minute."""
    head = journal.current().head()
    now = layout.service_now(head.clock, system_clock())
    name = f"{airport.code} {parameters}"
    moment = (head.position, now.replace(second=0, microsecond=0))
    kept = _kept.get(name)
    if kept is None or kept[0] != moment:
        if len(_kept) >= MAX_KEPT:
            _kept.clear()
        kept = _kept[name] = (moment, sheet(airport, parameters, now))
    return json.loads(json.dumps(kept[1])), now


def _wrong(request: HttpRequest, faults: list[str], status: int) -> HttpResponse:
    return render(request, "windsock/display/wrong.html", {"faults": faults}, status=status)

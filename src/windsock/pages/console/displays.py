"""The console's page of displays: link a screen by its code, say what it shows, see how it is, and unlink it."""

import logging
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import get_script_prefix, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from windsock.access import displays as access
from windsock.access.http import address_of
from windsock.access.limits import DISPLAY_FAILURES
from windsock.access.models import Display, DisplayLink, Token
from windsock.errors import AccessDenied
from windsock.flights import airports
from windsock.pages.console.page import number_in, operators_only, page
from windsock.pages.display.parameters import BadParameters, parameters_of
from windsock.wording.durations import ago
from windsock.wording.language import gettext

logger = logging.getLogger(__name__)

MISSING_AFTER = timedelta(minutes=2)
"""A display asks every ten seconds, and is noted every thirty: after two minutes it is off, or has no network."""

MAX_REVOKED = 20
"""Unlinked displays on the page, the last one first."""


@require_http_methods(["GET", "HEAD", "POST"])
@operators_only
def displays(request: HttpRequest) -> HttpResponseBase:
    """Show the displays and link, change or unlink one.

    POST: `do` is "link" with a `code`, or "change" or "unlink" with the number of a `display`; these with `name`,
    `airport`, `kind` and `options`, unless it unlinks.
    """
    error, number = "", number_in(request.POST.get("display"))
    if request.method == "POST":
        error = _act(request, number)
        if not error:
            return redirect(reverse("windsock:console-displays"))
    now = timezone.now()
    code = request.POST.get("code") or request.GET.get("code", "")
    waiting = _waiting(request, code, now) if code else None
    linked = Display.objects.select_related("token", "linked_by")
    context = {
        "kinds": _kinds(),
        "display_address": request.build_absolute_uri(reverse("windsock:display-home")).partition("://")[2],
        "code": code[:16],
        "screen": waiting,
        "given": request.POST if error else _proposed(waiting),
        "error": error,
        "wrong": number if error else None,
        "lines": [_line(display, now) for display in linked.filter(token__revoked_at=None)],
        "revoked": linked.exclude(token__revoked_at=None).order_by("-token__revoked_at")[:MAX_REVOKED],
    }
    return page(request, "windsock/console/displays.html", "displays", context, status=409 if error else 200)


def _act(request: HttpRequest, number: int | None) -> str:
    """Do what was asked. Return the error; "" if there is none."""
    do = request.POST.get("do")
    if do == "link":
        return _link(request)
    found = Display.objects.select_related("token").filter(pk=number or 0, token__revoked_at=None).first()
    if found is None:
        return gettext("This display is not linked.")
    if do == "unlink":
        access.revoke(found)
        logger.info("Display %s unlinked by %s", found, request.user)
        return ""
    if do != "change":
        return gettext("Choose what to do with the display.")
    name, shows = _name(request), ""
    try:
        shows = address_from(request.POST)
    except BadParameters as bad:
        return str(bad)
    if not name:
        return gettext("A display needs a name that says where it hangs.")
    Token.objects.filter(pk=found.token_id).update(name=name[:100])
    Display.objects.filter(pk=found.pk).update(shows=shows)
    logger.info("Display %s (%s) shows %s, by %s", found, name, shows, request.user)
    return ""


def _link(request: HttpRequest) -> str:
    who = f"{address_of(request)} {request.user.pk}"
    if (wait := DISPLAY_FAILURES.retry_after(who)) is not None:
        return gettext("Too many wrong codes. Try again in {seconds} seconds.", seconds=wait)
    try:
        shows = address_from(request.POST)
    except BadParameters as bad:
        return str(bad)
    name, code = _name(request), request.POST.get("code", "")
    if not name:
        return gettext("A display needs a name that says where it hangs.")
    try:
        made = access.approve(code, name=name, shows=shows, by=request.user)
    except AccessDenied:
        DISPLAY_FAILURES.count(who)
        return gettext(
            "No screen waits with this code. It was used, or it expired: read the code from the screen again."
        )
    logger.info("Display %s linked by %s, shows %s", made, request.user, shows)
    return ""


def _kinds() -> list[tuple[str, str]]:
    """Return the kinds of displays and what people call them."""
    return [
        ("departures", gettext("Departures")),
        ("arrivals", gettext("Arrivals")),
        ("both", gettext("Departures and arrivals")),
        ("gate", gettext("Gate")),
        ("belt", gettext("Baggage belts")),
        ("check-in", gettext("Check-in")),
    ]


def _name(request: HttpRequest) -> str:
    return request.POST.get("name", "").replace("\0", "").strip()  # PostgreSQL refuses NUL in a text


def address_from(form: Any) -> str:
    """Return the address of the display that a form describes, in one spelling.

    Raises:
        BadParameters: there is no such airport or kind, or an option does not exist.
    """
    code, kind = form.get("airport", "").strip().upper(), form.get("kind", "departures")
    airport = airports.airport(code)
    if airport is None:
        raise BadParameters(
            [gettext("There is no airport {code}: use an IATA code such as JFK.", code=code[:8])]
        )
    options = dict(parse_qsl(form.get("options", "").strip().lstrip("?"), keep_blank_values=True))
    parameters_of(kind, options)
    address = reverse("windsock:display", args=[airport.code, kind])
    return f"{address}?{urlencode(options, safe=',/')}" if options else address


def parts_of_address(address: str) -> dict[str, str]:
    """Return airport, kind and options of a display's address; nothing for any other."""
    path, _, options = address.partition("?")
    pieces = path.removeprefix(get_script_prefix()).strip("/").split("/")
    if len(pieces) != 3 or pieces[0] != "display":
        return {}
    return {"airport": pieces[1], "kind": pieces[2], "options": options}


def _waiting(request: HttpRequest, code: str, now: datetime) -> dict[str, Any] | None:
    """Return the screen that waits with this code. A wrong code in the address counts like a wrong one in the form."""
    who = f"{address_of(request)} {request.user.pk}"
    if DISPLAY_FAILURES.retry_after(who) is not None:
        return None
    found: DisplayLink | None = access.find(code, now)
    if found is None:
        if request.method != "POST":
            DISPLAY_FAILURES.count(who)
        return None
    return {
        "address": found.address,
        "agent": found.agent,
        "asked": ago(found.created_at, now),
        "shows": found.shows,
    }


def _proposed(waiting: dict[str, Any] | None) -> dict[str, str]:
    return parts_of_address(waiting["shows"]) if waiting else {}


def _line(display: Display, now: datetime) -> dict[str, Any]:
    missing = display.seen_at is None or now - display.seen_at > MISSING_AFTER
    return {
        "display": display,
        "missing": missing,
        "seen": ago(display.seen_at, now) if display.seen_at else "",
        **parts_of_address(display.shows),
    }

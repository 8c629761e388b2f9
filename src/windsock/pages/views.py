"""The pages: rendered whole on the server first, so that they read without JavaScript; then kept live by it."""

import re
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from windsock import journal
from windsock.clock import ReplayClock
from windsock.conf import config
from windsock.errors import WindsockError
from windsock.feeds.configuration import attributions
from windsock.flights import FlightKey, airports
from windsock.ingest import pipeline
from windsock.pages import boards, places, programmes
from windsock.pages.accounts import readers_only
from windsock.pages.story import tell
from windsock.pages.wording import Direction

_CODES = re.compile(r"[A-Z0-9]{2,4}(,[A-Z0-9]{2,4})*")
# More names than any board needs at once; more in one address would be somebody fetching the whole table.
_MOST_NAMES = 300


@require_safe
@readers_only
def home(request: HttpRequest) -> HttpResponseBase:
    """Which airport? Those with flights, busiest first."""
    clock = journal.current().head().clock
    now = boards.service_now(clock)
    text = request.GET.get("q", "").strip()
    return render(
        request,
        "windsock/home.html",
        {
            "home": True,
            "q": text,
            "airports": places.choose(config().database, now, text),
            **_clock(clock),
            "now_local": f"{now:%H:%M} UTC",
        },
    )


@require_safe
@readers_only
def board(request: HttpRequest, code: str, direction: Direction) -> HttpResponseBase:
    """Departures or arrivals of one airport around now."""
    airport = airports.airport(code)
    if airport is None:
        return _not_found(
            request,
            f"No airport {code[:8]}",
            "It takes an IATA code such as JFK, or an ICAO code such as KJFK.",
        )
    if airport.code != code:
        return redirect(reverse(f"windsock:{direction}", args=[airport.code]))
    clock = journal.current().head().clock
    now = boards.service_now(clock)
    window = boards.hours(now, request.GET.get("from"), request.GET.get("to"))
    shown = boards.flights(airport.code, direction, window)
    standing = [programme for one in boards.standings_at(airport.code) for programme in one.programmes]
    rows = boards.rows(shown, airport, direction, now, standing)
    text, show = request.GET.get("q", "").strip(), request.GET.get("show", "all")
    counts = {"all": len(rows)} | {
        group: sum(row.group == group for row in rows) for group in ("delayed", "cancelled")
    }
    if show not in counts:
        show = "all"
    visible = [row for row in rows if (show in ("all", row.group)) and boards.matching(row, text)]
    zone = airport.tz
    return render(
        request,
        "windsock/board.html",
        {
            "airport": airport,
            "direction": direction,
            "rows": visible,
            "programmes": [
                programmes.line(one, airport.tz, now) for one in programmes.shown(standing, direction, now)
            ],
            "next_id": next((row.id for row in visible if row.planned and row.planned >= now), ""),
            "standing": msgspec.to_builtins(standing),
            "names": boards.names_for(shown, airport),
            "has_gates": any(row.gate or row.terminal for row in visible),
            "q": text,
            "show": show,
            "choices": [
                (value, label, counts[value])
                for value, label in (("all", "All"), ("delayed", "Delayed"), ("cancelled", "Cancelled"))
            ],
            "since": window.since,
            "until": window.until,
            "follow": window.follow,
            "since_local": f"{window.since.astimezone(zone):%H:%M}",
            "until_local": f"{window.until.astimezone(zone):%H:%M}",
            "earlier": boards.link(window.since - boards.STEP, window.until, text, show),
            "later": boards.link(window.since, window.until + boards.STEP, text, show),
            "now": now,
            "now_local": f"{now.astimezone(zone):%H:%M}",
            "now_date": f"{now.astimezone(zone):%a} {now.astimezone(zone).day} {now.astimezone(zone):%B}",
            "late_minutes": config().late_minutes,
            "wall": "wall" in request.GET,
            "attributions": attributions(config().feeds),
            **_clock(clock),
        },
    )


@require_safe
@readers_only
def flight(request: HttpRequest, flight_id: str) -> HttpResponseBase:
    """One flight: where it stands, what happened, who said so, and why it is believed.

    `?part=1` gives only what changes: the page asks for it again after each event, so one place words everything.
    """
    try:
        key = FlightKey.parse(flight_id)
    except (WindsockError, ValueError):
        return _not_found(
            request, "No such flight", "A flight's address looks like /flights/DL1865.2015-01-02.ATL/."
        )
    if str(key) != flight_id:
        return redirect(reverse("windsock:flight", args=[str(key)]))
    record = journal.current().flight(key)
    if record is None:
        return _not_found(
            request,
            "No such flight",
            f"Nobody has reported {key.designator} of {key.date} from {key.origin}.",
        )
    head = journal.current().head()
    now = boards.service_now(head.clock)
    page = tell(
        record,
        journal.current().history(key),
        journal.current().reports(key, 500),
        now,
        pipeline().rules,
        # Names of people and programs are not for visitors of a public board.
        reporters=request.user.is_authenticated,
    )
    ends = programmes.ends(record.flight)
    standings = boards.standings_at(*ends)
    versions = dict.fromkeys(ends, 0) | {one.airport: one.version for one in standings}
    standing = [programme for one in standings for programme in one.programmes]
    context = {
        "page": page,
        "programmes": programmes.lines_for(record.flight, standing, now),
        "programme_versions": versions,
        "attributions": attributions(config().feeds),
        "direction": "departures",
        "now": now,
        "now_local": f"{now.astimezone(ZoneInfo(page.origin.zone)):%H:%M}",
        **_clock(head.clock),
    }
    template = "windsock/_flight.html" if "part" in request.GET else "windsock/flight.html"
    response = render(request, template, context)
    response["X-Flight-Version"] = str(page.version)
    return response


@require_safe
def names(request: HttpRequest) -> HttpResponse:
    """Names for codes: `?airports=MCO,JFK&carriers=DL`. Public reference data, so other sites' boards may ask too."""
    asked = {}
    for kind in ("airports", "carriers"):
        text = request.GET.get(kind, "").upper()
        if text and (not _CODES.fullmatch(text) or text.count(",") >= _MOST_NAMES):
            return JsonResponse(
                {"message": f"{kind} takes up to {_MOST_NAMES} codes with commas between."}, status=400
            )
        asked[kind] = text.split(",") if text else []
    response = JsonResponse(places.names(asked["airports"], asked["carriers"]))
    response["Access-Control-Allow-Origin"] = "*"
    response["Cache-Control"] = "public, max-age=86400"
    return response


def _clock(clock: ReplayClock | None) -> dict[str, Any]:
    if clock is None:
        return {"clock": None, "clock_speed": ""}
    return {"clock": clock, "clock_speed": f"{clock.speed:g}×" if clock.speed else "paused"}


def _not_found(request: HttpRequest, heading: str, text: str) -> HttpResponse:
    return render(request, "windsock/not_found.html", {"heading": heading, "text": text}, status=404)

"""The board page: rendered whole on the server, so that it reads without JavaScript; then kept live by it."""

import msgspec
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from windsock import journal
from windsock.conf import config
from windsock.feeds.configuration import attributions
from windsock.flights import airports
from windsock.pages import layout, places
from windsock.pages.board import rows as board_rows
from windsock.pages.board.window import STEP, link, window_of
from windsock.pages.guards import readers_only
from windsock.wording.language import gettext, message
from windsock.wording.programmes import describe_programme, relevant_programmes
from windsock.wording.times import Direction

SHOW = (("all", message("All")), ("delayed", message("Delayed")), ("cancelled", message("Cancelled")))
"""The filters of a board: their value in the address, and their label."""


@require_safe
@readers_only
def board(request: HttpRequest, code: str, direction: Direction) -> HttpResponseBase:
    """Show the departures or arrivals of one airport around now."""
    airport = airports.airport(code)
    if airport is None:
        return layout.not_found(
            request,
            gettext("No airport {code}", code=code[:8]),
            gettext("Use an IATA code such as JFK, or an ICAO code such as KJFK."),
        )
    if "wall" in request.GET:
        return redirect(reverse("windsock:display", args=[airport.code, direction]), permanent=True)
    if airport.code != code:
        return redirect(reverse(f"windsock:{direction}", args=[airport.code]))
    clock = journal.current().head().clock
    now = layout.service_now(clock)
    window = window_of(now, request.GET.get("from"), request.GET.get("to"))
    shown = board_rows.flights(airport.code, direction, window)
    programmes = [
        programme for standing in places.standings_at(airport.code) for programme in standing.programmes
    ]
    rows = board_rows.rows(shown, airport, direction, now, programmes)
    text, show = request.GET.get("q", "").strip(), request.GET.get("show", "all")
    counts = {"all": len(rows)} | {
        group: sum(row.group == group for row in rows) for group in ("delayed", "cancelled")
    }
    if show not in counts:
        show = "all"
    visible = [row for row in rows if (show in ("all", row.group)) and board_rows.matching(row, text)]
    part = board_rows.part_of(visible, request.GET.get("part"))
    zone = airport.tz
    return render(
        request,
        "windsock/board/board.html",
        {
            "airport": airport,
            "direction": direction,
            "rows": part.rows,
            "part": part,
            "part_before": link(request.GET, part=part.number - 1),
            "part_after": link(request.GET, part=part.number + 1),
            "programmes": [
                describe_programme(programme, airport.tz, now)
                for programme in relevant_programmes(programmes, direction, now)
            ],
            "next_id": next((row.id for row in visible if row.planned and row.planned >= now), ""),
            "standing": msgspec.to_builtins(programmes),
            "names": board_rows.names_for(shown, airport),
            "has_gates": any(row.gate or row.terminal or row.belt for row in rows),
            "q": text,
            "show": show,
            "choices": [(value, gettext(label), counts[value]) for value, label in SHOW],
            "since": window.since,
            "until": window.until,
            "follow": window.follow,
            "since_local": f"{window.since.astimezone(zone):%H:%M}",
            "until_local": f"{window.until.astimezone(zone):%H:%M}",
            "earlier": link(request.GET, window.since - STEP, window.until),
            "later": link(request.GET, window.since, window.until + STEP),
            "now": now,
            "now_local": f"{now.astimezone(zone):%H:%M}",
            "now_date": layout.weekday_and_date(now, zone),
            "late_minutes": config().late_minutes,
            "attributions": attributions(config().feeds),
            **layout.strip(clock),
        },
    )

"""The board page: rendered whole on the server, so that it reads without JavaScript; then kept live by it."""

from zoneinfo import ZoneInfo

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
from windsock.pages.board import choice as choices
from windsock.pages.board import rows as board_rows
from windsock.pages.board.window import STEP, day_of, link, window_of
from windsock.pages.guards import readers_only
from windsock.wording.language import gettext
from windsock.wording.programmes import describe_programme, relevant_programmes
from windsock.wording.times import Direction

UTC_ZONE = ZoneInfo("UTC")


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
    choice = choices.choice_of(request.GET)
    window = (
        day_of(now, airport.tz, ahead=int(choice.day == "tomorrow"))
        if choice.day
        else window_of(now, request.GET.get("from"), request.GET.get("to"))
    )
    programmes = [
        programme for standing in places.standings_at(airport.code) for programme in standing.programmes
    ]
    board = board_rows.board_of(
        board_rows.flights(airport.code, direction, window),
        airport,
        direction,
        now,
        programmes,
        UTC_ZONE if choice.times == "utc" else None,
    )
    found = board.found(choice)
    past = 0
    if window.follow and not choice.narrows:
        ahead = [flight for flight in found if not board.is_past(flight)]
        past = len(found) - len(ahead)
        found = found if choice.past else ahead
    part = board_rows.part_of(found, request.GET.get("part"))
    words = choices.labels()
    zone = airport.tz
    return render(
        request,
        "windsock/board/board.html",
        {
            "airport": airport,
            "direction": direction,
            "rows": board.rows(part.flights),
            "part": part,
            "part_before": link(request.GET, part=part.number - 1),
            "part_after": link(request.GET, part=part.number + 1),
            "programmes": [
                describe_programme(programme, airport.tz, now)
                for programme in relevant_programmes(programmes, direction, now)
            ],
            "next_id": board.next_of(found),
            "standing": msgspec.to_builtins(programmes),
            "names": board.names,
            "has_gates": board.has_gates(),
            "choice": choice,
            "choices": [(value, label, board.counts[value]) for value, label in words["show"].items()],
            "sorts": words["sort"].items(),
            "times": words["times"].items(),
            "order_words": choices.order_words(choice),
            "terminals": choices.terminals(board.flights, direction, choice),
            "carriers": choices.carriers(board.flights, board.names["carriers"], choice),
            "narrowed": choice.terminal or choice.carrier or choice.sort != "time" or choice.times != "local",
            "kept": [(name, request.GET[name]) for name in ("from", "to", "day") if request.GET.get(name)],
            "past": past,
            "past_link": link(request.GET, without=("past",), more={} if choice.past else {"past": "1"}),
            "day_link": link(
                request.GET, without=("from", "to", "day"), more={} if choice.day else {"day": "tomorrow"}
            ),
            "since": window.since,
            "until": window.until,
            "follow": window.follow,
            "since_local": f"{window.since.astimezone(zone):%H:%M}",
            "until_local": f"{window.until.astimezone(zone):%H:%M}",
            "earlier": link(request.GET, window.since - STEP, window.until, without=("day",)),
            "later": link(request.GET, window.since, window.until + STEP, without=("day",)),
            "now": now,
            "now_local": f"{now.astimezone(zone):%H:%M}",
            "now_date": layout.weekday_and_date(now, zone),
            "late_minutes": config().late_minutes,
            "attributions": attributions(config().feeds),
            **layout.strip(clock),
        },
    )

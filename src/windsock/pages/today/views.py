"""The page of the day, and the part of it that is fetched again while it is live."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from windsock import journal
from windsock.conf import config
from windsock.feeds.configuration import attributions
from windsock.flights.airports import Airport
from windsock.flights.punctuality import Punctuality, day_start
from windsock.pages import layout, places
from windsock.pages.guards import readers_only
from windsock.pages.today.ranking import SORTS, RankRow, few_below, rank_row, ranked
from windsock.pages.today.trend import HEIGHT, WIDTH, bars
from windsock.today import current
from windsock.wording.programmes import describe_programme, relevant_programmes
from windsock.wording.times import Direction

MAX_ROWS = 20
"""Rows of a table at first: the answer is at its top, and the whole is one link away."""


@require_safe
@readers_only
def today(request: HttpRequest) -> HttpResponseBase:
    """Show airports and carriers by how late they are today. `?part=1` returns only what changes."""
    head, standings = journal.current().standings()
    now = layout.service_now(head.clock)
    # Flights become due as time passes, so the minute is part of what the figures are as of.
    version = f'"{head.epoch}:{head.offset}:{now:%d%H%M}:{get_language()}"'
    if "part" in request.GET and request.headers.get("If-None-Match") == version:
        return HttpResponse(status=304, headers={"ETag": version})
    direction: Direction = "arrivals" if request.GET.get("way") == "arrivals" else "departures"
    sort = request.GET.get("sort", SORTS[0])
    if sort not in SORTS:
        sort = SORTS[0]
    day = current.current().punctuality(now, config().late_minutes)
    airports = ranked(_airports(day, direction, now), sort)
    carriers = ranked(_carriers(day, now), sort)
    everything = "all" in request.GET
    busiest = _busiest(airports)
    zone = busiest.tz
    start = day_start(now, zone).astimezone(zone)
    holding = []
    for standing in standings:
        tz = places.airport_or_unknown(standing.airport).tz
        both = (*relevant_programmes(standing.programmes, "departures", now),
                *relevant_programmes(standing.programmes, "arrivals", now))  # fmt: skip
        holding += [describe_programme(programme, tz, now) for programme in dict.fromkeys(both)]
    worst = airports[0] if sort == SORTS[0] and airports and not airports[0].few else None
    total = day.total
    context: dict[str, Any] = {
        "today": True,
        "total": total,
        "total_late_percent": None if total.day.late_share is None else round(100 * total.day.late_share),
        "total_bars": bars(total, start),
        "width": WIDTH,
        "height": HEIGHT,
        "worst": worst,
        "tables": [
            ("airports", airports if everything else airports[:MAX_ROWS], len(airports)),
            ("carriers", carriers if everything else carriers[:MAX_ROWS], len(carriers)),
        ],
        "direction": direction,
        "sort": sort,
        "everything": everything,
        "programmes": holding,
        "late_minutes": config().late_minutes,
        "zone": zone.key,
        "zone_city": busiest.city or busiest.name,
        "now_local": f"{now.astimezone(zone):%H:%M}",
        "date": now.astimezone(zone).date(),
        "attributions": attributions(config().feeds),
        **layout.strip(head.clock),
    }
    template = "windsock/today/_today.html" if "part" in request.GET else "windsock/today/today.html"
    response = render(request, template, context)
    response["ETag"] = version
    return response


def _airports(day: Punctuality, direction: Direction, now: datetime) -> list[RankRow]:
    few = few_below(tally for (_, way), tally in day.places.items() if way == direction)
    found = []
    for (code, way), tally in day.places.items():
        if way == direction:
            zone = places.airport_or_unknown(code).tz
            found.append(rank_row(code, places.city(code), tally, day_start(now, zone).astimezone(zone), few))
    return found


def _carriers(day: Punctuality, now: datetime) -> list[RankRow]:
    start = day_start(now, ZoneInfo("UTC"))
    few = few_below(day.carriers.values())
    return [
        rank_row(code, places.airline_name(code), tally, start, few) for code, tally in day.carriers.items()
    ]


def _busiest(airports: list[RankRow]) -> Airport:
    """Return the busiest airport, whose clock the page shows and whose hours the day's trend is labeled with."""
    busiest = max(airports, key=lambda row: (row.tally.day.planned, row.code), default=None)
    return places.airport_or_unknown(busiest.code if busiest else "UTC")

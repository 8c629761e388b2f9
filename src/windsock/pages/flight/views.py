"""The page of one flight, and the part of it that is fetched again after each event."""

from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from windsock import journal
from windsock.conf import config
from windsock.errors import WindsockError
from windsock.feeds.configuration import attributions
from windsock.flights import FlightKey
from windsock.ingest import pipeline
from windsock.pages import layout, places
from windsock.pages.flight.details import FlightDetails, flight_details
from windsock.pages.flight.related import alternatives, inbound, known_dates, other_days, recovery
from windsock.pages.guards import readers_only
from windsock.wording.language import gettext
from windsock.wording.programmes import airports_of, describe_programmes_for
from windsock.wording.status import dotted, spaced

MAX_REPORTS = 500
"""Reports that are looked through for who reported the events shown."""


@require_safe
@readers_only
def flight(request: HttpRequest, flight_id: str) -> HttpResponseBase:
    """Show one flight: where it stands, what happened, who reported it, and why it is believed.

    `?part=1` returns only what changes: the page fetches it again after each event, so one place words everything.
    """
    try:
        key = FlightKey.parse(flight_id)
    except (WindsockError, ValueError):
        return layout.not_found(
            request,
            gettext("No such flight"),
            gettext(
                "The address of a flight looks like {example}.", example="/flights/DL1865.2015-01-02.ATL/"
            ),
        )
    if str(key) != flight_id:
        return redirect(reverse("windsock:flight", args=[str(key)]))
    record = journal.current().flight(key)
    if record is None:
        return _unknown(request, key)
    head = journal.current().head()
    now = layout.service_now(head.clock)
    page = flight_details(
        record,
        journal.current().history(key),
        journal.current().reports(key, MAX_REPORTS),
        now,
        pipeline().rules,
        # Names of people and programs are not for visitors of a public board.
        reporters=request.user.is_authenticated,
    )
    late_minutes = pipeline().rules.late_minutes
    found = journal.current()
    related = {
        "inbound": inbound(found, record.flight, now, late_minutes),
        "recovery": recovery(found, record.flight, now, late_minutes),
        "days": other_days(found, record.flight, now, late_minutes),
        "alternatives": alternatives(found, record.flight, now, late_minutes)
        if record.flight.status == "cancelled"
        else [],
    }
    codes = airports_of(record.flight)
    standings = places.standings_at(*codes)
    programmes = [programme for standing in standings for programme in standing.programmes]
    context = {
        "page": page,
        "preview": _preview(page),
        "programmes": describe_programmes_for(record.flight, programmes, now),
        "programme_versions": dict.fromkeys(codes, 0)
        | {standing.airport: standing.version for standing in standings},
        "attributions": attributions(config().feeds),
        "direction": "arrivals" if page.down else "departures",
        "now": now,
        "now_local": f"{now.astimezone(ZoneInfo(page.origin.zone)):%H:%M}",
        **related,
        **layout.strip(head.clock),
    }
    template = "windsock/flight/_flight.html" if "part" in request.GET else "windsock/flight/flight.html"
    response = render(request, template, context)
    response["X-Flight-Version"] = str(page.version)
    return response


def _unknown(request: HttpRequest, key: FlightKey) -> HttpResponse:
    """Return a page that says what is not known, and on which days a flight of this number is."""
    number = spaced(str(key.designator))
    context = {
        "error": 404,
        "heading": gettext("No such flight"),
        "text": gettext(
            "No source has reported {flight} from {airport} on {date}.",
            flight=number,
            airport=key.origin,
            date=layout.day_of(key.date),
        ),
        "number": number,
        "known": known_dates(journal.current(), key),
    }
    return render(request, "windsock/flight/unknown.html", context, status=404)


def _preview(page: FlightDetails) -> str:
    """Return the line below the title in a preview of a shared link: both places with their times, and the gate."""
    ends = [f"{end.city} {end.time}" if end.at else end.city for end in page.ends]
    gate = gettext("Gate {gate}", gate=page.origin.gate) if page.origin.gate and not page.down else ""
    return dotted(" – ".join(ends), gate)

"""A flight in the reader's calendar: the page that makes and revokes an address, and the file behind the address."""

from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from windsock import journal
from windsock.access import calendars
from windsock.access.lookup.single import anonymous_identity, identity_of_user
from windsock.errors import WindsockError
from windsock.flights import FlightKey, FlightRecord
from windsock.ingest import pipeline
from windsock.pages import layout
from windsock.pages.flight.calendar_file import CalendarEntry, calendar_file
from windsock.pages.flight.details import FlightDetails, flight_details
from windsock.pages.guards import readers_only
from windsock.wording import language
from windsock.wording.language import gettext


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@readers_only
def calendar(request: HttpRequest, flight_id: str) -> HttpResponseBase:
    """Show how to put the flight into a calendar. POST: `do` is "subscribe" (show a new address once) or "revoke"."""
    record = _record(flight_id)
    if record is None:
        return layout.not_found(
            request, gettext("No such flight"), gettext("No source has reported this flight.")
        )
    file = request.build_absolute_uri(reverse("windsock:flight-calendar-file", args=[record.flight.id]))
    here = reverse("windsock:flight-calendar", args=[record.flight.id])
    address, reader = "", request.user
    if request.method == "POST" and reader.is_authenticated:
        if request.POST.get("do") == "revoke":
            calendars.revoke(reader, record.flight.id)
            return redirect(here)
        key = calendars.create(reader, record.flight.id)
        address = f"{file}?{urlencode({'key': key, 'lang': language.current().code})}"
    elif anonymous_identity() is not None and not reader.is_authenticated:
        address = (
            f"{file}?{urlencode({'lang': language.current().code})}"  # everybody may read: nothing is secret
        )
    context = {
        "page": _details(record, layout.service_now(journal.current().head().clock)),
        "address": address,
        "subscribe": f"webcal://{address.partition('://')[2]}" if address else "",
        "links": calendars.links_of(reader, record.flight.id) if reader.is_authenticated else [],
    }
    return render(request, "windsock/flight/calendar.html", context)


@require_safe
def calendar_of_flight(request: HttpRequest, flight_id: str) -> HttpResponseBase:
    """Return the flight as a calendar file, to readers and to whoever has a valid `key` for it."""
    reads = identity_of_user(request.user) is not None or anonymous_identity() is not None
    if not reads and not calendars.opens(request.GET.get("key", ""), flight_id):
        return _refused(403, gettext("This calendar address is not valid, or was revoked. Make a new one."))
    record = _record(flight_id)
    if record is None:
        return _refused(404, gettext("No source has reported this flight."))
    url = request.build_absolute_uri(reverse("windsock:flight", args=[record.flight.id]))
    now = layout.service_now(journal.current().head().clock)
    response = HttpResponse(
        calendar_file(_entry(record, flight_id, url, now)), content_type="text/calendar; charset=utf-8"
    )
    response["Content-Disposition"] = f'inline; filename="{record.flight.designator}.ics"'
    response["Cache-Control"] = "private, max-age=60"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _record(flight_id: str) -> FlightRecord | None:
    try:
        return journal.current().flight(FlightKey.parse(flight_id))
    except (WindsockError, ValueError):
        return None


def _refused(status: int, text: str) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")


def _details(record: FlightRecord, now: datetime) -> FlightDetails:
    return flight_details(record, [], [], now, pipeline().rules)


def _entry(record: FlightRecord, flight_id: str, url: str, now: datetime) -> CalendarEntry:
    flight, page = record.flight, _details(record, now)
    origin, destination = page.ends
    where = [f"{name} {value}" for name, value in origin.places]
    if origin.gate:
        where.insert(0, gettext("Gate {gate}", gate=origin.gate))
    told = [f"{page.state}. {page.why}".strip().rstrip("."), ", ".join(where), url]
    return CalendarEntry(
        # By the id in the address: the event stays the same even if the flight gets another id.
        uid=f"{flight_id}@windsock",
        sequence=flight.version,
        changed_at=flight.updated_at or now,
        day=flight.date,
        begins=origin.at,
        ends=destination.at,
        cancelled=flight.status == "cancelled",
        title=gettext(
            "{flight} {origin} to {destination}: {state}",
            flight=page.designator,
            origin=origin.city,
            destination=destination.city,
            state=page.state,
        ),
        description="\n".join(line for line in told if line),
        place=", ".join([origin.city, *where]),
        url=url,
    )

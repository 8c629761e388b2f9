"""The console's page of parked reports: an operator says which flight each is about, or drops it."""

import logging

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from windsock import journal
from windsock.collect.intake import settle
from windsock.collect.models import ParkedReport
from windsock.errors import UnknownFlight, WindsockError
from windsock.flights import Flight, FlightKey
from windsock.ingest import Rejected, record
from windsock.pages.console import number_in, operators_only, page
from windsock.pages.consolewording import Waiting, waiting

log = logging.getLogger("windsock.console")

PARKED = 25
"""So many parked reports are shown at once: each asks the journal for its candidates."""

SETTLED = 50
"""So many of those settled are shown, the last first."""


@require_http_methods(["GET", "HEAD", "POST"])
@operators_only
def parked(request: HttpRequest) -> HttpResponseBase:
    """Reports that wait for an operator, and those settled.

    POST: `report`, and `flight` (a candidate), `other` (any id), `add` (one nobody has reported), `drop` or `undo`.
    """
    number, error, given = None, "", ""
    if request.method == "POST":
        number = number_in(request.POST.get("report"))
        given = request.POST.get("other", "").strip()
        error = _settle(request, number, given)
        if not error:
            asked = request.GET.get("feed")
            return redirect(
                reverse("windsock:console-parked") + (f"?{urlencode({'feed': asked})}" if asked else "")
            )
    reports = ParkedReport.objects.order_by("-id")
    only = request.GET.get("feed", "").replace("\0", "")  # PostgreSQL takes no NUL in a text
    if only:
        reports = reports.filter(feed=only)
    open_ones = reports.filter(settled_at=None)
    shown = list(open_ones[:PARKED])
    context = {
        "only": only,
        "waiting": _waiting(shown),
        "count": open_ones.count(),
        "settled": [
            waiting(one, {})
            for one in reports.exclude(settled_at=None)
            .select_related("settled_by")
            .order_by("-settled_at")[:SETTLED]
        ],
        "wrong": number if any(one.pk == number for one in shown) else None,
        "error": error,
        "given": given,
        "addable": _new_flight(given) if error else "",
    }
    return page(request, "windsock/console_parked.html", "parked", context, status=409 if error else 200)


def _settle(request: HttpRequest, number: int | None, other: str) -> str:
    """Does what was asked with a parked report; gives what went wrong, if anything did."""
    found = ParkedReport.objects.filter(pk=number or 0).first()
    if found is None:
        return "This report is no longer there: its input was read again, or it has grown too old."
    if "undo" in request.POST:
        # Only a drop: what was recorded of a flight is in the journal, and stays there.
        undone = (
            ParkedReport.objects.filter(pk=found.pk, settled_as="")
            .exclude(settled_at=None)
            .update(settled_at=None, settled_by=None)
        )
        log.info("Parked report %s: its drop was undone by %s", found.pk, request.user)
        return "" if undone else "Only a dropped report can be taken back."
    flight_id: str | None = None
    if "drop" not in request.POST:
        flight_id = request.POST.get("flight") or request.POST.get("add") or other
        if not flight_id:
            return "Choose a flight, or write the id of another one, or drop the report."
        try:
            key = FlightKey.parse(flight_id)
        except (WindsockError, ValueError):
            return f"{flight_id[:60]!r} is no flight id. One looks like DL1865.2015-01-02.ATL."
        if "add" not in request.POST and journal.current().flight(key) is None:
            # A slip of the pen must not put a flight on the boards.
            return f"Nobody has reported {key} so far. Add it as a new flight, or correct it."
        flight_id = str(key)
    try:
        result = settle(found, flight_id, by=request.user, record=record)
    except UnknownFlight:
        return "Somebody has settled this report already."
    except WindsockError as error:
        return str(error)
    if isinstance(result, Rejected):
        return result.message
    log.info("Parked report %s: %s by %s", found.pk, flight_id or "dropped", request.user)
    return ""


def _new_flight(text: str) -> str:
    """The flight id in `text` if it is one that nobody has reported so far; "" otherwise."""
    try:
        key = FlightKey.parse(text)
    except (WindsockError, ValueError):
        return ""
    return "" if journal.current().flight(key) is not None else str(key)


def _waiting(reports: list[ParkedReport]) -> list[Waiting]:
    flights: dict[str, Flight] = {}
    for name in {name for one in reports for name in one.candidates}:
        try:
            known = journal.current().flight(FlightKey.parse(name))
        except (WindsockError, ValueError):
            continue
        if known is not None:
            flights[name] = known.flight
    return [waiting(one, flights) for one in reports]

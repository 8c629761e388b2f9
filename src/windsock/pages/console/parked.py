"""The console's page of parked reports: an operator chooses the flight of each one, or drops it."""

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
from windsock.pages.console.page import number_in, operators_only, page
from windsock.pages.console.suggestions import suggestions
from windsock.pages.console.wording import ParkedLine, candidate, parked_line
from windsock.search.service import search
from windsock.wording.language import gettext

logger = logging.getLogger(__name__)

MAX_PARKED = 25
"""Parked reports on one page: each one takes queries for its candidates."""

MAX_CHOICES = 6
"""Flights to choose from if what was typed means several."""

MAX_SETTLED = 50
"""Settled reports on the page, the last one first."""


@require_http_methods(["GET", "HEAD", "POST"])
@operators_only
def parked(request: HttpRequest) -> HttpResponseBase:
    """Show the reports that wait for an operator, and the settled ones.

    POST: `report`, and `flight` (a candidate), `other` (any id), `add` (a flight without reports), `drop` or `undo`.
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
    only = request.GET.get("feed", "").replace("\0", "")  # PostgreSQL refuses NUL in a text
    if only:
        reports = reports.filter(feed=only)
    open_ones = reports.filter(settled_at=None)
    shown = list(open_ones[:MAX_PARKED])
    context = {
        "only": only,
        "reports": _lines(shown),
        "count": open_ones.count(),
        "settled": [
            parked_line(settled, {})
            for settled in reports.exclude(settled_at=None)
            .select_related("settled_by")
            .order_by("-settled_at")[:MAX_SETTLED]
        ],
        "wrong": number if any(report.pk == number for report in shown) else None,
        "error": error,
        "given": given,
        "addable": _new_flight(given) if error else "",
        "choices": [candidate(each.id, each, local=True) for each in _found(given)] if error else [],
    }
    return page(request, "windsock/console/parked.html", "parked", context, status=409 if error else 200)


def _settle(request: HttpRequest, number: int | None, other: str) -> str:
    """Do what was asked with a parked report. Return the error; "" if there is none."""
    found = ParkedReport.objects.filter(pk=number or 0).first()
    if found is None:
        return gettext("This report is gone: its input was reprocessed, or it was too old to keep.")
    if "undo" in request.POST:
        # Only a drop: what was recorded of a flight is in the journal, and stays there.
        undone = (
            ParkedReport.objects.filter(pk=found.pk, settled_as="")
            .exclude(settled_at=None)
            .update(settled_at=None, settled_by=None)
        )
        logger.info("Parked report %s: drop undone by %s", found.pk, request.user)
        return "" if undone else gettext("Only a dropped report can be restored.")
    flight_id: str | None = None
    if "drop" not in request.POST:
        flight_id = request.POST.get("flight") or request.POST.get("add") or _meant(other)
        if not flight_id:
            return gettext("Choose a flight, enter the id of another one, or drop the report.")
        try:
            key = FlightKey.parse(flight_id)
        except (WindsockError, ValueError):
            if _found(other):
                return gettext("{text} may be any of these flights. Choose one.", text=flight_id[:60])
            return gettext(
                "{text} is not a flight id; use the form DL1865.2015-01-02.ATL.", text=repr(flight_id[:60])
            )
        if "add" not in request.POST and journal.current().flight(key) is None:
            # A typing error must not put a flight on the boards.
            return gettext(
                "No source has reported {flight}. Add it as a new flight, or correct the id.", flight=key
            )
        flight_id = str(key)
    try:
        result = settle(found, flight_id, by=request.user, record=record)
    except UnknownFlight:
        return gettext("This report has been settled already.")
    except WindsockError as error:
        return str(error)
    if isinstance(result, Rejected):
        return result.message
    logger.info("Parked report %s: %s by %s", found.pk, flight_id or "dropped", request.user)
    return ""


def _found(text: str) -> list[Flight]:
    """Return the flights that the typed text may mean, those of today first; none for a flight's id."""
    if not text or "." in text:
        return []
    found = search(text)
    hits = (*found.flights, *found.other_days)
    records = [journal.current().flight(FlightKey.parse(hit.id)) for hit in hits[:MAX_CHOICES]]
    return [record.flight for record in records if record is not None]


def _meant(text: str) -> str:
    """Return the id of the only flight that the typed text means; the text itself if it means none or several."""
    found = _found(text)
    return found[0].id if len(found) == 1 else text


def _new_flight(text: str) -> str:
    """Return the flight id in `text` if it is a flight without reports; "" otherwise."""
    try:
        key = FlightKey.parse(text)
    except (WindsockError, ValueError):
        return ""
    return "" if journal.current().flight(key) is not None else str(key)


def _lines(reports: list[ParkedReport]) -> list[ParkedLine]:
    flights: dict[str, Flight] = {}
    for name in {name for report in reports for name in report.candidates}:
        try:
            known = journal.current().flight(FlightKey.parse(name))
        except (WindsockError, ValueError):
            continue
        if known is not None:
            flights[name] = known.flight
    return [parked_line(report, flights, suggestions(journal.current(), report)) for report in reports]

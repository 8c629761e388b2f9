"""Report a delay in the browser: find the flight, say what changed, see what that does, publish it, take it back.

A preview is a GET and writes nothing, so it can be reloaded and gone back from. It carries the flight's version: if
somebody else has reported the flight meanwhile, publishing shows a new preview instead.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from windsock import journal
from windsock.access.lookup.single import identity_of_user
from windsock.access.rights import Identity, require_publish
from windsock.errors import JournalUnavailable, ReportError, WindsockError
from windsock.flights import FlightKey, FlightRecord
from windsock.ingest import Rejected, corrections, pipeline
from windsock.ingest.speaker import speaker_of
from windsock.journal.base import RawReport
from windsock.pages import layout
from windsock.pages.console.effects import context_of, effect_of, state_of, still_counts, words_of
from windsock.pages.console.page import number_in, page, publishers_only
from windsock.pages.console.report_form import Form, form_for, report_about
from windsock.search.reading import MAX_TEXT
from windsock.search.service import search
from windsock.wording.durations import ago
from windsock.wording.language import gettext
from windsock.wording.status import spaced

logger = logging.getLogger(__name__)

ENTRANCE = "console"

MAX_OWN = 10
"""Reports of one's own that the page of a flight lists, the newest first."""

MAX_REPORTS = 500
"""Reports of a flight that are looked through for them."""


@require_safe
@publishers_only
def find(request: HttpRequest) -> HttpResponseBase:
    """Find the flight to report about. A text that means only one flight opens its form at once."""
    text = request.GET.get("q", "")[:MAX_TEXT].strip()
    found = search(text) if text else None
    if found is not None and found.only_flight:
        return redirect(reverse("windsock:console-report-flight", args=[found.only_flight]))
    context = {"q": text, "found": found}
    return page(request, "windsock/console/report_find.html", "report", context)


@require_http_methods(["GET", "HEAD", "POST"])
@publishers_only
def flight(request: HttpRequest, flight_id: str) -> HttpResponseBase:
    """Show the form about one flight and, with fields in the address, the preview of the report.

    POST: `do` is "publish" with the fields and the `version` of the preview, or "undo" with the time of a `report`.
    """
    record = _record(flight_id)
    if str(record.key) != flight_id:
        return redirect(reverse("windsock:console-report-flight", args=[str(record.key)]))
    person = require_publish(identity_of_user(request.user))
    if request.method == "POST" and request.POST.get("do") == "undo":
        return _undo(request, record, person)
    given: Mapping[str, str] = request.POST if request.method == "POST" else request.GET
    now = layout.service_now(journal.current().head().clock)
    form = form_for(record.flight, given, now, context_of(record.flight))
    if request.method == "POST" and not form.faulty and form.data:
        return _publish(request, record, form, person)
    return _show(request, record, form, person)


def _record(flight_id: str) -> FlightRecord:
    try:
        key = FlightKey.parse(flight_id)
    except (WindsockError, ValueError) as error:
        raise Http404(f"{flight_id[:60]!r} is not a flight id.") from error
    record = journal.current().flight(key)
    if record is None:
        raise Http404(f"No source has reported {key}.")
    return record


def _show(
    request: HttpRequest,
    record: FlightRecord,
    form: Form,
    person: Identity,
    *,
    changed: bool = False,
    error: str = "",
    status: int = 200,
) -> HttpResponseBase:
    """Show the form, and the preview if something was typed that can be read."""
    now = layout.service_now(journal.current().head().clock)
    rules = pipeline().rules
    effect, version = None, record.flight.version
    if form.data and not form.faulty and not error:
        data = report_about(record.flight, form.data)
        previewed = corrections.preview(
            journal.current(), data, speaker_of(person, ENTRANCE), now=pipeline().now(), rules=rules
        )
        if isinstance(previewed, Rejected):
            error = _refused(form, previewed)
            status = 409
        else:
            effect, version = effect_of(previewed, now, rules.late_minutes), previewed.version
    elif form.faulty:
        status = 409
    own = _own_reports(record, person.source, now)
    flight, names = record.flight, context_of(record.flight)
    context = {
        "form": form,
        "flight": flight,
        "number": spaced(flight.designator),
        "day": flight.date,
        "origin": names.city(flight.origin),
        "destination": names.city(flight.destination) if flight.destination else "",
        "state": state_of(flight, now, rules.late_minutes),
        "effect": effect,
        "version": version,
        "changed": changed,
        "error": error,
        "own": own,
        "source": person.source,
        "published": next((mine for mine in own if mine.at == request.GET.get("published")), None),
        "undone": undone_words(request.GET.get("undone", "")),
    }
    return page(request, "windsock/console/report.html", "report", context, status=status)


def _publish(request: HttpRequest, record: FlightRecord, form: Form, person: Identity) -> HttpResponseBase:
    speaker = speaker_of(person, ENTRANCE)
    data = report_about(record.flight, form.data)
    version = number_in(request.POST.get("version"))
    try:
        result = corrections.publish(pipeline(), data, speaker, version=-1 if version is None else version)
    except corrections.FlightChanged:
        return _show(request, _record(str(record.key)), form, person, changed=True, status=409)
    except JournalUnavailable as unavailable:
        return _show(request, record, form, person, error=str(unavailable), status=503)
    if isinstance(result, Rejected):
        return _show(request, record, form, person, error=_refused(form, result), status=409)
    logger.info("%s reported by %s, version %s", record.key, request.user, result.version)
    newest = next((raw for raw in _raw_reports(record.key, person.source)), None)
    query = f"?{urlencode({'published': _name(newest)})}" if newest else ""
    return redirect(reverse("windsock:console-report-flight", args=[result.flight_id]) + query)


def _refused(form: Form, refusal: Rejected) -> str:
    """Show why a report was refused, at its field; return the text if the form has no such field, else ""."""
    words = {
        "actual_in_future": gettext("This time is still to come. Enter when it happened."),
        "implausible_time": gettext("This time is days away from the flight's day."),
        "times_out_of_order": gettext("The flight would arrive before it leaves."),
        "too_long": gettext("This text is too long."),
    }
    text = words.get(refusal.code, refusal.message)
    return "" if form.blame(refusal.field, text) else text


def _undo(request: HttpRequest, record: FlightRecord, person: Identity) -> HttpResponseBase:
    here = reverse("windsock:console-report-flight", args=[str(record.key)])
    try:
        said_at = datetime.fromisoformat(request.POST.get("report", ""))
        done = corrections.undo(pipeline(), record.key, speaker_of(person, corrections.UNDO), said_at)
    except (ValueError, ReportError):
        return redirect(f"{here}?undone=lost")
    except JournalUnavailable as unavailable:
        form = form_for(record.flight, {}, layout.service_now(None), context_of(record.flight))
        return _show(request, record, form, person, error=str(unavailable), status=503)
    if done.result is None:
        return redirect(f"{here}?undone=none")
    logger.info("%s: report of %s undone by %s", record.key, said_at, request.user)
    return redirect(f"{here}?undone={'partly' if done.kept or done.remaining else 'whole'}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnReport:
    """A report that the reader published: when, what it said, and whether it can be taken back."""

    at: str
    ago: str
    words: list[tuple[str, str]]
    undo: bool
    is_undo: bool


def _raw_reports(key: FlightKey, source: str) -> list[RawReport]:
    reports = journal.current().reports(key, MAX_REPORTS)
    return [raw for raw in reports if raw.source == source and raw.error is None]


def _name(raw: RawReport) -> str:
    """Return what names a report among those of its source about a flight: the time that counted."""
    return (raw.observed_at or raw.received_at).isoformat()


def _own_reports(record: FlightRecord, source: str, now: datetime) -> list[OwnReport]:
    found, context = [], context_of(record.flight)
    for raw in _raw_reports(record.key, source)[:MAX_OWN]:
        try:
            report = corrections.report_of(raw)
        except ReportError:
            continue
        undo = raw.entrance == corrections.UNDO
        found.append(
            OwnReport(
                at=_name(raw),
                ago=ago(raw.received_at, now),
                words=words_of(report, context),
                undo=not undo and still_counts(report, record),
                is_undo=undo,
            )
        )
    return found


def undone_words(undone: str) -> str:
    """Return what became of taking a report back."""
    texts: dict[str, Any] = {
        "whole": gettext("Taken back. The flight is believed as if the report had not been made."),
        "partly": gettext(
            "Taken back as far as possible. Where you have reported something newer, or time has passed, the "
            "flight stays as it is."
        ),
        "none": gettext(
            "There was nothing left to take back: it was undone already, or you have reported newer values."
        ),
        "lost": gettext(
            "This report is no longer kept, so it cannot be undone. Report what is true instead."
        ),
    }
    return str(texts.get(undone, ""))

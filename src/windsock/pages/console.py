"""The operator's console: how each feed does, what it sent, and the reports whose flight an operator has to name.

Only for those with the permission `windsock.operate_feeds`. What changes something is a POST and leads back by a
redirect, so that a reload repeats nothing. Secrets are not shown: only where a feed takes its own from.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.db.models import Count, Max, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from windsock.conf import config
from windsock.errors import UnknownFlight, WindsockError
from windsock.feeds.configuration import FeedSettings
from windsock.feeds.configuration import read as read_feeds
from windsock.flights import Flight, FlightKey
from windsock.ingest import Rejected, pipeline, record
from windsock.ingest.intake import Intake, settle
from windsock.ingest.models import FeedInput, FeedState, ParkedReport
from windsock.journal.models import ReportRow
from windsock.pages import boards
from windsock.pages.consolewording import Waiting, feed_line, waiting

log = logging.getLogger("windsock.console")

OPERATE = "windsock.operate_feeds"
"""The permission to pause feeds, replay their inputs and settle parked reports."""

INPUTS = 25
"""So many of a feed's inputs are shown at once, the newest first."""

PARKED = 25
"""So many parked reports are shown at once: each asks the journal for its candidates."""

SETTLED = 50
_TROUBLE = ~Q(error="") | Q(fault_count__gt=0) | Q(parked__gt=0)
# Trouble is looked for in so many of a feed's newest inputs: no index helps, and inputs may be large.
_TROUBLE_WITHIN = 1000
FAULTS = 10
"""So many faults of one input are shown before they are folded away."""

# The lag of a feed is that of its newest report; it is looked for among so many of the newest of all feeds.
_LAG_WITHIN = 2000
_SHOWN_BYTES = 2000

View = Callable[..., HttpResponseBase]


def operators_only(view: View) -> View:
    """The view for those who may operate feeds; visitors are asked to sign in, others are told what they lack."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path(), reverse("windsock:sign-in"))
        if not request.user.has_perm(OPERATE):
            return render(request, "windsock/console_forbidden.html", {"permission": OPERATE}, status=403)
        return view(request, *args, **kwargs)

    return never_cache(guarded)


@require_safe
@operators_only
def console(request: HttpRequest) -> HttpResponseBase:
    """All configured feeds, and how each stands."""
    feeds = _feeds()
    states = {state.name: state for state in FeedState.objects.filter(name__in=feeds)}
    parked = _parked()
    lags = _lags({settings.source for settings in feeds.values()})
    now = timezone.now()
    lines = [
        feed_line(
            settings, states.get(name), parked=parked.get(name, 0), lag=lags.get(settings.source), now=now
        )
        for name, settings in feeds.items()
    ]
    context = {
        "feeds": lines,
        "failing": sum(line.tone == "failing" for line in lines),
        "stale": sum(line.tone == "stale" for line in lines),
    }
    return _page(request, "windsock/console.html", "feeds", context)


@require_http_methods(["GET", "HEAD", "POST"])
@operators_only
def feed(request: HttpRequest, name: str) -> HttpResponseBase:
    """One feed: its newest inputs and their faults. POST: `do` pause or resume, or `replay` an input by its number."""
    settings = _feeds().get(name)
    if settings is None and not FeedInput.objects.filter(feed=name).exists():
        raise Http404(f"No feed {name!r} is configured.")
    error = ""
    if request.method == "POST":
        replayed, error = _operate(request, name, settings)
        if not error:
            here = reverse("windsock:console-feed", args=[name])
            return redirect(f"{here}?replayed={replayed}#input-{replayed}" if replayed else here)
    inputs = FeedInput.objects.filter(feed=name).order_by("-id").defer("body")
    only_trouble = request.GET.get("show") == "trouble"
    if only_trouble:
        newest = inputs.values_list("id", flat=True)[_TROUBLE_WITHIN : _TROUBLE_WITHIN + 1]
        inputs = inputs.filter(_TROUBLE, id__gt=next(iter(newest), 0))
    before = _number(request.GET.get("before"))
    if before is not None:
        inputs = inputs.filter(id__lt=before)
    shown = list(inputs[: INPUTS + 1])
    more, shown = len(shown) > INPUTS, shown[:INPUTS]
    unread = FeedInput.objects.filter(id__in=[one.pk for one in shown if one.error])
    starts = {one.pk: bytes(one.body)[:_SHOWN_BYTES].decode("utf-8", "replace") for one in unread}
    now = timezone.now()
    line = None
    if settings is not None:
        line = feed_line(
            settings,
            FeedState.objects.filter(name=name).first(),
            parked=_parked().get(name, 0),
            lag=_lags({settings.source}).get(settings.source),
            now=now,
        )
    context = {
        "name": name,
        "settings": settings,
        "feed": line,
        "secret_from": _secret_from(settings),
        "inputs": [
            {
                "kept": one,
                "start": starts.get(one.pk, ""),
                "faults": one.faults[:FAULTS],
                "other_faults": one.faults[FAULTS:],
                "untold": one.fault_count - len(one.faults),
            }
            for one in shown
        ],
        "only_trouble": only_trouble,
        "older": shown[-1].pk if more else None,
        "replayed": _number(request.GET.get("replayed")),
        "error": error,
    }
    return _page(request, "windsock/console_feed.html", "feeds", context, status=409 if error else 200)


@require_safe
@operators_only
def feed_input(request: HttpRequest, name: str, number: int) -> HttpResponseBase:
    """One input word for word, as plain text."""
    kept = FeedInput.objects.filter(feed=name, pk=number).first()
    if kept is None:
        raise Http404("This input is not kept, or no longer.")
    return HttpResponse(
        bytes(kept.body),
        content_type="text/plain; charset=utf-8",
        headers={"X-Content-Type-Options": "nosniff", "Content-Disposition": "inline"},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@operators_only
def parked(request: HttpRequest) -> HttpResponseBase:
    """Reports that wait for an operator, and those settled.

    POST: `report`, and `flight` (a candidate), `other` (any id), `add` (one nobody has reported), `drop` or `undo`.
    """
    number, error, given = None, "", ""
    if request.method == "POST":
        number = _number(request.POST.get("report"))
        given = request.POST.get("other", "").strip()
        error = _settle(request, number, given)
        if not error:
            asked = request.GET.get("feed")
            return redirect(
                reverse("windsock:console-parked") + (f"?{urlencode({'feed': asked})}" if asked else "")
            )
    reports = ParkedReport.objects.order_by("-id")
    only = request.GET.get("feed", "")
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
    return _page(request, "windsock/console_parked.html", "parked", context, status=409 if error else 200)


def _operate(request: HttpRequest, name: str, settings: FeedSettings | None) -> tuple[int | None, str]:
    """Does what was asked; gives the input that was read again, and what went wrong."""
    wish = request.POST.get("do")
    if wish in ("pause", "resume"):
        FeedState.objects.update_or_create(name=name, defaults={"paused": wish == "pause"})
        log.info("Feed %s: %s by %s", name, f"{wish}d", request.user)
        return None, ""
    kept = FeedInput.objects.filter(feed=name, pk=_number(request.POST.get("replay")) or 0).first()
    if kept is None:
        return None, "This input is not kept, or no longer."
    if settings is None:
        return None, f"The feed {name!r} is no longer configured, so nobody knows how to read its inputs."
    try:
        Intake(name, settings.format.parser(settings.source, settings.options), pipeline()).replay(kept)
    except WindsockError as error:
        return None, str(error)
    log.info("Feed %s: input %s was read again by %s", name, kept.pk, request.user)
    return kept.pk, ""


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
        if "add" not in request.POST and boards.journal().flight(key) is None:
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
    return "" if boards.journal().flight(key) is not None else str(key)


def _waiting(reports: list[ParkedReport]) -> list[Waiting]:
    flights: dict[str, Flight] = {}
    for name in {name for one in reports for name in one.candidates}:
        try:
            known = boards.journal().flight(FlightKey.parse(name))
        except (WindsockError, ValueError):
            continue
        if known is not None:
            flights[name] = known.flight
    return [waiting(one, flights) for one in reports]


def _feeds() -> dict[str, FeedSettings]:
    return read_feeds(config().feeds)


def _parked() -> dict[str, int]:
    counted = ParkedReport.objects.filter(settled_at=None).order_by().values_list("feed")
    return dict(counted.annotate(Count("pk")))


def _lags(sources: Iterable[str]) -> dict[str, timedelta]:
    """How long after its observation each source's newest report came."""
    reports = ReportRow.objects.using(config().database)
    newest = reports.aggregate(newest=Max("id"))["newest"] or 0
    rows = (
        reports.filter(id__gt=newest - _LAG_WITHIN, source__in=list(sources), observed_at__isnull=False)
        .order_by("id")
        .values_list("source", "received_at", "observed_at")
    )
    return {
        source: received_at - observed_at
        for source, received_at, observed_at in rows
        if observed_at is not None
    }


def _secret_from(settings: FeedSettings | None) -> str:
    if settings is None:
        return ""
    if settings.secret_env is not None:
        return f"the environment variable {settings.secret_env}"
    return "a file" if settings.secret_file is not None else ""


def _number(text: str | None) -> int | None:
    # The largest number a database takes has 19 digits; a longer one would be an error there.
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 19 else None


def _page(
    request: HttpRequest, template: str, section: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    waits = ParkedReport.objects.filter(settled_at=None).count()
    return render(request, template, {"section": section, "waits": waits, **context}, status=status)

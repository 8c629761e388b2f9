"""The operator's console: how each feed does, what it sent, and reading that again.

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
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from windsock.collect.feed_run import duty_name
from windsock.collect.intake import Intake
from windsock.collect.models import FeedInput, FeedState, ParkedReport
from windsock.conf import config
from windsock.duties.health import attended
from windsock.errors import WindsockError
from windsock.feeds.configuration import FeedSettings
from windsock.feeds.configuration import read as read_feeds
from windsock.ingest import pipeline
from windsock.ingest.wrongclock import watch as wrong_clock
from windsock.journal.models import ReportRow
from windsock.pages.consolewording import feed_line

log = logging.getLogger("windsock.console")

OPERATE = "windsock.operate_feeds"
"""The permission to pause feeds, replay their inputs and settle parked reports."""

INPUTS = 25
"""So many of a feed's inputs are shown at once, the newest first."""

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
            return redirect_to_login(request.get_full_path())
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
    parked = _waiting_by_feed()
    lags = _lags({settings.source for settings in feeds.values()})
    now = timezone.now()
    run = attended([duty_name(name) for name in feeds])
    lines = [
        feed_line(
            settings,
            states.get(name),
            parked=parked.get(name, 0),
            lag=lags.get(settings.source),
            now=now,
            attended=duty_name(name) in run,
        )
        for name, settings in feeds.items()
    ]
    context = {
        "feeds": lines,
        "failing": sum(line.tone == "failing" for line in lines),
        "stale": sum(line.tone == "stale" for line in lines),
        "clock": wrong_clock.complaint(),
    }
    return page(request, "windsock/console.html", "feeds", context)


@require_http_methods(["GET", "HEAD", "POST"])
@operators_only
def feed(request: HttpRequest, name: str) -> HttpResponseBase:
    """One feed: its newest inputs and their faults. POST: `do` pause or resume, or `replay` an input by its number."""
    settings = _feeds().get(name)
    # PostgreSQL takes no NUL in a text.
    if settings is None and ("\0" in name or not FeedInput.objects.filter(feed=name).exists()):
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
    before = number_in(request.GET.get("before"))
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
            parked=_waiting_by_feed().get(name, 0),
            lag=_lags({settings.source}).get(settings.source),
            now=now,
            attended=bool(attended([duty_name(name)])),
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
        "replayed": number_in(request.GET.get("replayed")),
        "error": error,
    }
    return page(request, "windsock/console_feed.html", "feeds", context, status=409 if error else 200)


@require_safe
@operators_only
def feed_input(request: HttpRequest, name: str, number: int) -> HttpResponseBase:
    """One input word for word, as plain text."""
    kept = FeedInput.objects.filter(pk=number).first() if number < 2**63 else None
    if kept is None or kept.feed != name:
        raise Http404("This input is not kept, or no longer.")
    return HttpResponse(
        bytes(kept.body),
        content_type="text/plain; charset=utf-8",
        headers={"X-Content-Type-Options": "nosniff", "Content-Disposition": "inline"},
    )


def _operate(request: HttpRequest, name: str, settings: FeedSettings | None) -> tuple[int | None, str]:
    """Does what was asked; gives the input that was read again, and what went wrong."""
    wish = request.POST.get("do")
    if wish in ("pause", "resume"):
        FeedState.objects.update_or_create(name=name, defaults={"paused": wish == "pause"})
        log.info("Feed %s: %s by %s", name, f"{wish}d", request.user)
        return None, ""
    kept = FeedInput.objects.filter(feed=name, pk=number_in(request.POST.get("replay")) or 0).first()
    if kept is None:
        return None, "This input is not kept, or no longer."
    if settings is None:
        return None, f"The feed {name!r} is no longer configured, so nobody knows how to read its inputs."
    try:
        intake = Intake(name, settings.format.parser(settings.source, settings.options), pipeline())
        intake.replay(kept, entrance="console", sender=f"user:{request.user.pk} {request.user}")
    except WindsockError as error:
        return None, str(error)
    log.info("Feed %s: input %s was read again by %s", name, kept.pk, request.user)
    return kept.pk, ""


def _feeds() -> dict[str, FeedSettings]:
    return read_feeds(config().feeds)


def _waiting_by_feed() -> dict[str, int]:
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


def number_in(text: str | None) -> int | None:
    """The number of a row that a form or an address names, or None."""
    # The largest number a database takes has 19 digits; a longer one would be an error there.
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 19 else None


def page(
    request: HttpRequest, template: str, section: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """A page of the console; `section` is the part it belongs to, "feeds" or "parked"."""
    waits = ParkedReport.objects.filter(settled_at=None).count()
    return render(request, template, {"section": section, "waits": waits, **context}, status=status)

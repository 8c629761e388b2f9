"""The console's pages of feeds: how each one does, what it sent, and processing an input once more."""

import logging

from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from windsock import journal
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
from windsock.journal.report_lags import report_lags
from windsock.pages import layout
from windsock.pages.console.page import allowed, number_in, operators_only, page
from windsock.pages.console.wording import clock_line, feed_line
from windsock.wording.language import gettext

logger = logging.getLogger(__name__)

MAX_INPUTS = 25
"""Inputs of a feed on one page, the newest first."""

_TROUBLE = ~Q(error="") | Q(fault_count__gt=0) | Q(parked__gt=0)
# Inputs that are searched for trouble, the newest of a feed: no index helps, and inputs may be large.
_MAX_SEARCHED = 1000
MAX_FAULTS = 10
"""Faults of one input that are shown; the others are folded away."""

# The lag of a feed is that of its newest report, which is searched for among this many of all feeds.
_MAX_SHOWN_BYTES = 2000


@require_safe
def console(request: HttpRequest) -> HttpResponseBase:
    """Open the console where its reader may do something: at the feeds or, for publishers alone, at the report."""
    user = request.user
    if user.is_authenticated and allowed(user, "publish") and not allowed(user, "operate"):
        return redirect(reverse("windsock:console-report"))
    return feeds(request)


@operators_only
def feeds(request: HttpRequest) -> HttpResponseBase:
    """Show all configured feeds and the state of each."""
    configured = _configured()
    states = {state.name: state for state in FeedState.objects.filter(name__in=configured)}
    parked = _waiting_by_feed()
    lags = report_lags(config().database, {settings.source for settings in configured.values()})
    now = layout.service_now(journal.current().head().clock)
    run = attended([duty_name(name) for name in configured])
    lines = [
        feed_line(
            settings,
            states.get(name),
            parked=parked.get(name, 0),
            lag=lags.get(settings.source),
            now=now,
            attended=duty_name(name) in run,
        )
        for name, settings in configured.items()
    ]
    context = {
        "feeds": lines,
        "failing": sum(line.tone == "failing" for line in lines),
        "stale": sum(line.tone == "stale" for line in lines),
        "clock": clock_line(wrong_clock.ahead()),
    }
    return page(request, "windsock/console/feeds.html", "feeds", context)


@require_http_methods(["GET", "HEAD", "POST"])
@operators_only
def feed(request: HttpRequest, name: str) -> HttpResponseBase:
    """Show a feed, its newest inputs and their faults.

    POST: `do` pause or resume, or `replay` an input by its number.
    """
    settings = _configured().get(name)
    # PostgreSQL refuses NUL in a text.
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
        newest = inputs.values_list("id", flat=True)[_MAX_SEARCHED : _MAX_SEARCHED + 1]
        inputs = inputs.filter(_TROUBLE, id__gt=next(iter(newest), 0))
    before = number_in(request.GET.get("before"))
    if before is not None:
        inputs = inputs.filter(id__lt=before)
    shown = list(inputs[: MAX_INPUTS + 1])
    more, shown = len(shown) > MAX_INPUTS, shown[:MAX_INPUTS]
    unread = FeedInput.objects.filter(id__in=[kept.pk for kept in shown if kept.error])
    starts = {kept.pk: bytes(kept.body)[:_MAX_SHOWN_BYTES].decode("utf-8", "replace") for kept in unread}
    now = layout.service_now(journal.current().head().clock)
    line = None
    if settings is not None:
        line = feed_line(
            settings,
            FeedState.objects.filter(name=name).first(),
            parked=_waiting_by_feed().get(name, 0),
            lag=report_lags(config().database, {settings.source}).get(settings.source),
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
                "kept": kept,
                "start": starts.get(kept.pk, ""),
                "faults": kept.faults[:MAX_FAULTS],
                "other_faults": kept.faults[MAX_FAULTS:],
                "not_kept": kept.fault_count - len(kept.faults),
            }
            for kept in shown
        ],
        "only_trouble": only_trouble,
        "older": shown[-1].pk if more else None,
        "replayed": number_in(request.GET.get("replayed")),
        "error": error,
    }
    return page(request, "windsock/console/feed.html", "feeds", context, status=409 if error else 200)


@require_safe
@operators_only
def feed_input(request: HttpRequest, name: str, number: int) -> HttpResponseBase:
    """Return one input as it was received, as plain text."""
    kept = FeedInput.objects.filter(pk=number).first() if number < 2**63 else None
    if kept is None or kept.feed != name:
        raise Http404("This input is not kept, or not kept any longer.")
    return HttpResponse(
        bytes(kept.body),
        content_type="text/plain; charset=utf-8",
        headers={"X-Content-Type-Options": "nosniff", "Content-Disposition": "inline"},
    )


def _operate(request: HttpRequest, name: str, settings: FeedSettings | None) -> tuple[int | None, str]:
    """Do what was asked. Return the input that was reprocessed, and an error."""
    action = request.POST.get("do")
    if action in ("pause", "resume"):
        FeedState.objects.update_or_create(name=name, defaults={"paused": action == "pause"})
        logger.info("Feed %s: %s by %s", name, f"{action}d", request.user)
        return None, ""
    kept = FeedInput.objects.filter(feed=name, pk=number_in(request.POST.get("replay")) or 0).first()
    if kept is None:
        return None, gettext("This input is not kept, or not kept any longer.")
    if settings is None:
        refusal = gettext(
            "The feed {name} is no longer configured, so its inputs cannot be processed.", name=name
        )
        return None, refusal
    try:
        intake = Intake(name, settings.format.parser(settings.source, settings.options), pipeline())
        intake.replay(kept, entrance="console", sender=f"user:{request.user.pk} {request.user}")
    except WindsockError as error:
        return None, str(error)
    logger.info("Feed %s: input %s reprocessed by %s", name, kept.pk, request.user)
    return kept.pk, ""


def _configured() -> dict[str, FeedSettings]:
    return read_feeds(config().feeds)


def _waiting_by_feed() -> dict[str, int]:
    counted = ParkedReport.objects.filter(settled_at=None).order_by().values_list("feed")
    return dict(counted.annotate(Count("pk")))


def _secret_from(settings: FeedSettings | None) -> str:
    if settings is None:
        return ""
    if settings.secret_env is not None:
        return gettext("the environment variable {name}", name=settings.secret_env)
    return gettext("a file") if settings.secret_file is not None else ""

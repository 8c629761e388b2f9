"""How far the newest report of each source lags behind its observation, for the console."""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Max

from windsock.journal.connection import ask
from windsock.journal.models import ReportRow

MAX_REPORTS = 2000
"""Reports looked at, newest first: a source that has none among them has been silent for long."""


def report_lags(using: str, sources: Iterable[str]) -> dict[str, timedelta]:
    """Return how long after its observation each source's newest report was received."""
    reports = ReportRow.objects.using(using)
    newest = ask(using, lambda: reports.aggregate(newest=Max("id"))["newest"]) or 0
    recent = reports.filter(
        id__gt=newest - MAX_REPORTS, source__in=list(sources), observed_at__isnull=False
    ).order_by("id")
    rows = ask(using, lambda: list(recent.values_list("source", "received_at", "observed_at")))
    return {
        source: received_at - observed_at
        for source, received_at, observed_at in rows
        if observed_at is not None
    }

"""The newest reports that people and programs handed in, with their reporters, for the console."""

from dataclasses import dataclass

from django.db.models import Max, Q

from windsock.journal.base import RawReport
from windsock.journal.connection import ask
from windsock.journal.models import ReportRow
from windsock.journal.report_rows import raw_report

MAX_LOOKED_AT = 50_000
"""Reports looked at, newest first: no index leads to a reporter, and feeds report far more than people do."""


@dataclass(frozen=True, slots=True)
class Published:
    """A report with its number in the record, by which one pages."""

    number: int
    report: RawReport


def published(
    using: str, *, reporter: str = "", text: str = "", before: int | None = None, limit: int = 50
) -> list[Published]:
    """Return the newest reports by users and tokens, the newest first.

    Args:
        reporter: Only those of this reporter, exactly ("user:7 ann").
        text: Only those whose reporter, source or flight contains this text.
        before: Only those with a smaller number: the next page.
    """
    rows = ReportRow.objects.using(using)
    newest = ask(using, lambda: rows.aggregate(newest=Max("id"))["newest"]) or 0
    found = rows.filter(id__gt=newest - MAX_LOOKED_AT).filter(
        Q(reporter__startswith="user:") | Q(reporter__startswith="token:")
    )
    if reporter:
        found = found.filter(reporter=reporter)
    if text:
        found = found.filter(
            Q(reporter__icontains=text) | Q(source__icontains=text) | Q(flight_id__istartswith=text)
        )
    if before is not None:
        found = found.filter(id__lt=before)
    shown = ask(using, lambda: list(found.order_by("-id")[:limit]))
    return [Published(row.pk, raw_report(row)) for row in shown]

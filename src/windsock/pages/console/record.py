"""The record of reports by people and programs, with their reporters and entrances; and the tokens of programs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe

from windsock import journal
from windsock.access.lookup.single import identity_of_user
from windsock.access.models import Token
from windsock.conf import config
from windsock.errors import ReportError, WindsockError
from windsock.flights import FlightKey
from windsock.ingest import corrections
from windsock.journal.published import Published, published
from windsock.pages import layout
from windsock.pages.console.effects import context_of, words_of
from windsock.pages.console.page import allowed, number_in, page, readers_of_the_record_only
from windsock.wording.changes import ChangeContext
from windsock.wording.durations import ago
from windsock.wording.status import spaced

MAX_SHOWN = 50
"""Reports on one page, the newest first."""

MAX_TOKENS = 100


@require_safe
@readers_of_the_record_only
def record(request: HttpRequest) -> HttpResponseBase:
    """Show who published what; publishers see their own reports alone. `?q=` filters, `?before=` pages."""
    person = identity_of_user(request.user)
    everything = allowed(request.user, "operate")
    text = request.GET.get("q", "").replace("\0", "").strip()[:64]
    found = published(
        config().database,
        reporter="" if everything or person is None else person.reporter,
        text=text.replace(" ", "") if any(letter.isdigit() for letter in text) else text,
        before=number_in(request.GET.get("before")),
        limit=MAX_SHOWN + 1,
    )
    now = layout.service_now(journal.current().head().clock)
    context: dict[str, Any] = {
        "q": text,
        "everything": everything,
        "lines": [_line(each, now) for each in found[:MAX_SHOWN]],
        "older": found[MAX_SHOWN - 1].number if len(found) > MAX_SHOWN else None,
    }
    if request.user.is_staff:
        tokens = Token.objects.filter(revoked_at=None, display=None).select_related("user")
        context["tokens"] = [
            {
                "token": token,
                "used": ago(token.last_used_at, timezone.now()),
                "expired": not token.is_valid(timezone.now()),
            }
            for token in tokens.order_by("-last_used_at")[:MAX_TOKENS]
        ]
    return page(request, "windsock/console/record.html", "record", context)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLine:
    """A report in words: who handed it in by which entrance, about which flight, and what it said."""

    who: str
    entrance: str
    source: str
    ago: str
    at: datetime
    flight_id: str
    number: str
    words: list[tuple[str, str]]
    error: str
    changed: bool
    undo: bool


def _line(one: Published, now: datetime) -> RecordLine:
    raw = one.report
    try:
        words = words_of(corrections.report_of(raw), _context(raw.flight_id))
    except ReportError:
        words = []
    reporter = (raw.reporter or "").partition(" ")
    return RecordLine(
        who=reporter[2] or reporter[0],
        entrance=raw.entrance or "",
        source=raw.source,
        ago=ago(raw.received_at, now),
        at=raw.received_at,
        flight_id=raw.flight_id or "",
        number=spaced((raw.flight_id or "").partition(".")[0]),
        words=words,
        error=raw.error or "",
        changed=raw.offset is not None,
        undo=raw.entrance == corrections.UNDO,
    )


def _context(flight_id: str | None) -> ChangeContext:
    """Return the clocks and names for a flight's values; UTC where the flight is gone."""
    try:
        known = journal.current().flight(FlightKey.parse(flight_id or ""))
    except (WindsockError, ValueError):
        return ChangeContext()
    return ChangeContext() if known is None else context_of(known.flight)

"""My flights: the page, its part that is fetched again, and the list that is kept with an account."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from windsock import journal
from windsock.conf import config
from windsock.flights import FlightKey
from windsock.pages import layout
from windsock.pages.guards import readers_only
from windsock.pages.mine.cards import my_flights
from windsock.watchlist import store
from windsock.watchlist.merging import MAX_ENTRIES, Entry

MAX_BODY = 64 * 1024
"""Bytes of a browser's list: MAX_ENTRIES entries take about 45 kB."""


class Sent(msgspec.Struct, frozen=True):
    """An entry as browsers send it: `since` is when the flight was last added or removed."""

    id: str
    since: datetime
    removed: bool = False


_SENT = msgspec.json.Decoder(list[Sent])


@never_cache
@require_safe
@readers_only
def mine(request: HttpRequest) -> HttpResponseBase:
    """Show the watched flights of the account; the browser adds those that only it knows.

    `?part=1&ids=A,B` returns only the cards of these flights: the page fetches them after each event, so one place
    words everything, and the server keeps no list of a visitor without an account.
    """
    part = "part" in request.GET
    if part:
        ids = [text for text in request.GET.get("ids", "").split(",") if text]
    else:
        ids = store.flights_of(request.user) if request.user.is_authenticated else []
    clock = journal.current().head().clock
    now = layout.service_now(clock)
    context: dict[str, Any] = {
        "mine": my_flights(journal.current(), ids, now, config().late_minutes),
        "now_local": f"{now:%H:%M} UTC",
        **layout.strip(clock),
    }
    return render(request, "windsock/mine/_cards.html" if part else "windsock/mine/mine.html", context)


@require_POST
@readers_only
def remove(request: HttpRequest) -> HttpResponseBase:
    """Remove a flight from the account's list, for browsers without JavaScript."""
    flight = request.POST.get("flight", "")
    if request.user.is_authenticated and is_flight_id(flight):
        store.remove(request.user, flight)
    return redirect("windsock:mine")


@never_cache
@require_POST
def synchronise(request: HttpRequest) -> HttpResponse:
    """Merge the browser's list into the account's, and return the whole of it.

    Takes and returns `[{"id", "since", "removed"}]`; entries whose id is not that of a flight are left out. Answers 401
    without a signed-in user, 400 to anything else, 413 to too much.
    """
    if not request.user.is_authenticated:
        return JsonResponse({"message": "Sign in to keep flights with an account."}, status=401)
    if int(request.headers.get("Content-Length") or 0) > MAX_BODY:
        return JsonResponse({"message": f"A list takes at most {MAX_BODY} bytes."}, status=413)
    try:
        sent = _SENT.decode(request.body)
    except (msgspec.DecodeError, ValueError) as error:
        return JsonResponse({"message": f"The list cannot be read: {error}."}, status=400)
    if len(sent) > MAX_ENTRIES:
        return JsonResponse(
            {"message": f"A list has at most {MAX_ENTRIES} entries; {len(sent)} were sent."}, status=413
        )
    if any(each.since.tzinfo is None for each in sent):
        return JsonResponse({"message": "since needs an offset, such as 2026-07-01T12:00:00Z."}, status=400)
    entries = [
        Entry(flight=each.id, since=each.since, removed=each.removed)
        for each in sent
        if is_flight_id(each.id)
    ]
    kept = store.merge_into(request.user, entries)
    return JsonResponse(
        [{"id": each.flight, "since": _spelled(each.since), "removed": each.removed} for each in kept],
        safe=False,
    )


def is_flight_id(text: str) -> bool:
    """Return whether the text is the id of a flight, spelled as Windsock does."""
    try:
        return str(FlightKey.parse(text)) == text
    except ValueError:
        return False


def _spelled(moment: datetime) -> str:
    """Return the moment as browsers write it, in milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

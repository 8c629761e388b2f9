"""What all pages of the console share: who may use them, and the frame around them.

Only users with the permission `windsock.operate_feeds` get in. Whatever changes something is a POST that answers with
a redirect, so that a reload repeats nothing. Secrets are not shown, only where a feed takes its own from.
"""

from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from windsock.collect.models import ParkedReport
from windsock.pages.guards import View

OPERATE = "windsock.operate_feeds"
"""The permission to pause feeds, reprocess their inputs and settle parked reports."""


def operators_only(view: View) -> View:
    """Let only operators of feeds use the view. Ask visitors to sign in; show others which permission they lack."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not request.user.has_perm(OPERATE):
            return render(request, "windsock/console/forbidden.html", {"permission": OPERATE}, status=403)
        return view(request, *args, **kwargs)

    return never_cache(guarded)


def number_in(text: str | None) -> int | None:
    """Return the number of a row that a form or an address names; None if it is not one."""
    # The largest number that a database accepts has 19 digits; a longer one would be an error there.
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 19 else None


def page(
    request: HttpRequest, template: str, section: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """Render a page of the console; `section` is the part it belongs to, "feeds", "parked" or "displays"."""
    waiting = ParkedReport.objects.filter(settled_at=None).count()
    return render(request, template, {"section": section, "waiting": waiting, **context}, status=status)

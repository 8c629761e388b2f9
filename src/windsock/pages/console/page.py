"""What all pages of the console share: who may use them, and the frame around them.

Each page needs one permission, and the navigation shows only what its reader may open (`access/roles.py` has the roles
that give them). Whatever changes something is a POST that answers with a redirect, so that a reload repeats nothing.
Secrets are not shown, only where a feed takes its own from.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from windsock.access.rights import PUBLISH
from windsock.access.roles import OPERATE, ROLES, WATCH
from windsock.collect.models import ParkedReport
from windsock.pages.guards import View
from windsock.wording.language import gettext

# What a reader needs one of, to look and to change something.
_TO_LOOK = {"operate": (OPERATE, WATCH), "publish": (PUBLISH,), "audit": (OPERATE, WATCH, PUBLISH)}
_TO_CHANGE = {"operate": (OPERATE,), "publish": (PUBLISH,), "audit": (PUBLISH,)}


def allowed(user: Any, part: str, *, change: bool = False) -> bool:
    """Return whether the user may look at, or change something in, this part: "operate", "publish", "audit"."""
    return any(user.has_perm(permission) for permission in (_TO_CHANGE if change else _TO_LOOK)[part])


def _only(part: str) -> Callable[[View], View]:
    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            change = request.method == "POST"
            if not allowed(request.user, part, change=change):
                return forbidden(request, (_TO_CHANGE if change else _TO_LOOK)[part][0])
            return view(request, *args, **kwargs)

        return never_cache(guarded)

    return guard


operators_only = _only("operate")
"""Let only operators use the view; watchers may look. Ask visitors to sign in; show others which role they lack."""

publishers_only = _only("publish")
"""Let only those use the view who may publish reports."""

readers_of_the_record_only = _only("audit")
"""Let those use the view who may look at the console, and those who publish; these see their own reports alone."""


def forbidden(request: HttpRequest, permission: str) -> HttpResponse:
    """Return a page with status 403 that says which permission is needed, which role gives it, and whom to ask."""
    roles = [gettext(role.name) for role in ROLES if permission in role.permissions]
    context = {"permission": permission, "role": roles[0] if roles else ""}
    return render(request, "windsock/console/forbidden.html", context, status=403)


def number_in(text: str | None) -> int | None:
    """Return the number of a row that a form or an address names; None if it is not one."""
    # The largest number that a database accepts has 19 digits; a longer one would be an error there.
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 19 else None


def page(
    request: HttpRequest, template: str, section: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """Render a page of the console; `section` is the part it belongs to: "feeds", "parked", "displays", "report"."""
    user = request.user
    frame = {
        "section": section,
        "may_look": allowed(user, "operate"),
        "may_operate": allowed(user, "operate", change=True),
        "may_publish": allowed(user, "publish"),
        "waiting": ParkedReport.objects.filter(settled_at=None).count(),
    }
    return render(request, template, frame | context, status=status)

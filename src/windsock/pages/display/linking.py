"""A screen that is not linked yet: it shows a code and waits; and who a display is when it asks."""

from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import get_script_prefix, reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from windsock.access import displays
from windsock.access.displays import COOKIE, COOKIE_SECONDS, Waiting
from windsock.access.http import address_of
from windsock.access.limits import DISPLAY_CODES
from windsock.access.lookup.single import anonymous_identity, identity_of_user
from windsock.access.models import Display
from windsock.pages.guards import View
from windsock.wording.language import gettext

RETRY_SECONDS = 30
"""After this time a linked screen with a wrong address asks what it is to show."""


def linked_display(request: HttpRequest) -> Display | None:
    """Return the display that asks, if it is linked and not revoked."""
    found = displays.of_secret(request.COOKIES.get(COOKIE, ""))
    return found if found is not None and found.token.is_valid(timezone.now()) else None


def displays_only(view: View) -> View:
    """Let linked displays and readers use the view. A screen that is neither shows its code, and never a password form.

    A linked display is noted as seen, and receives what it is to show (`Windsock-Shows`), which an operator may change.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        linked = linked_display(request)
        if linked is None and identity_of_user(request.user) is None and anonymous_identity() is None:
            if request.path.endswith(".json"):
                return JsonResponse({"faults": [gettext("This display is not linked.")]}, status=401)
            return waiting_page(request, shows=request.get_full_path())
        response = view(request, *args, **kwargs)
        if linked is not None:
            displays.seen(linked, screen=request.headers.get("Windsock-Screen", ""))
            response["Windsock-Shows"] = linked.shows
            _keep(request, response, request.COOKIES[COOKIE])
            if response.status_code in (400, 404):
                # Nobody stands there to correct the address: what the console says is tried again.
                response["Refresh"] = f"{RETRY_SECONDS}; url={reverse('windsock:display-home')}"
        return response

    return guarded


@never_cache
@require_safe
def display_home(request: HttpRequest) -> HttpResponseBase:
    """Show what this screen is linked to, or a code to link it with."""
    linked = linked_display(request)
    return waiting_page(request) if linked is None else redirect(linked.shows)


@never_cache
@require_safe
def display_link_state(request: HttpRequest) -> HttpResponseBase:
    """Tell a waiting screen whether it is linked now ("linked"), still waits, or needs a new code ("expired")."""
    secret = request.COOKIES.get(COOKIE, "")
    if linked_display(request) is not None:
        return JsonResponse({"state": "linked", "go": reverse("windsock:display-home")})
    return JsonResponse({"state": "waiting" if displays.waiting(secret) else "expired"})


def waiting_page(request: HttpRequest, shows: str = "") -> HttpResponse:
    """Return the page with the code. A screen that asks again keeps its code until it expires.

    Status 200: some players replace every page with an error status by one of their own.
    """
    secret = request.COOKIES.get(COOKIE, "")
    revoked = displays.of_secret(secret)
    found = displays.waiting(secret)
    if found is None:
        address = address_of(request)
        wait = DISPLAY_CODES.count(address)
        found = (
            None
            if wait is not None
            else displays.begin(shows=shows, address=address, agent=request.headers.get("User-Agent", ""))
        )
        if found is None:
            return _too_many(request, wait or 60)
    response = _code(request, found, revoked)
    response["Cache-Control"] = "no-store"
    _keep(request, response, found.secret)
    return response


def _code(request: HttpRequest, found: Waiting, revoked: Display | None) -> HttpResponse:
    console = request.build_absolute_uri(reverse("windsock:console-displays"))
    code = displays.spelled(found.code)
    return render(
        request,
        "windsock/display/link.html",
        {
            "code": code,
            "console": console.partition("://")[2],
            "picture": _picture(f"{console}?code={code}"),
            "revoked": revoked,
            "minutes": int(displays.CODE_LIVES.total_seconds() // 60),
        },
    )


def _picture(address: str) -> str:
    """Return the QR code of the address as SVG; "" if the extra `server` is not installed."""
    try:
        import segno
    except ImportError:
        return ""
    return str(segno.make(address, error="m", micro=False).svg_inline(omitsize=True, border=0))


def _too_many(request: HttpRequest, wait: int) -> HttpResponse:
    response = render(request, "windsock/display/busy.html", {"wait": wait}, status=429)
    response["Retry-After"] = str(wait)
    response["Refresh"] = str(wait)
    return response


def _keep(request: HttpRequest, response: HttpResponseBase, secret: str) -> None:
    response.set_cookie(
        COOKIE,
        secret,
        max_age=COOKIE_SECONDS,
        path=get_script_prefix(),
        httponly=True,
        secure=request.is_secure(),
        samesite="Lax",
    )

"""The reader's own account: a new password, and the sessions that are signed in."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from windsock.access import own_sessions, passwords
from windsock.conf import config
from windsock.pages.error_pages import too_many_sign_ins
from windsock.wording.language import gettext, ngettext


def signs_in_here() -> bool:
    """Return whether this service has its own sign-in, as the ready-made one; other hosts have pages of their own."""
    return resolve_url(settings.LOGIN_URL) == reverse("windsock:sign-in")


def own_account(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let only signed-in users see the view, and only where accounts are Windsock's affair."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not signs_in_here():
            raise Http404
        if not request.user.is_authenticated:
            return redirect_to_login(reverse("windsock:account"))
        return view(request, *args, **kwargs)

    return guarded


@never_cache
@require_safe
@own_account
def account(request: HttpRequest) -> HttpResponseBase:
    """Show the form for a new password, and where the user is signed in."""
    return _page(request, _form(request))


@sensitive_post_parameters()
@never_cache
@transaction.non_atomic_requests
async def change_password(request: HttpRequest) -> HttpResponseBase:
    """Change the password, which ends all other sessions. Attempts with a wrong old one are limited as sign-ins are."""
    if not signs_in_here():
        raise Http404
    if request.method != "POST" or not (await request.auser()).is_authenticated:
        return redirect("windsock:account")
    name = (await request.auser()).get_username()
    if (wait := await passwords.check(request, name, request.POST.get("old_password", ""))) is not None:
        return too_many_sign_ins(request, wait)
    right = getattr(request, passwords.CHECKED).right
    return await sync_to_async(_change)(request, right)


@require_POST
@own_account
def end_sessions(request: HttpRequest) -> HttpResponseBase:
    """End one other session of the user, or all others."""
    ended = own_sessions.end(request.user, request.session.session_key, request.POST.get("session") or None)
    return redirect(f"{reverse('windsock:account')}?ended={ended}")


def cannot_sign_in(request: HttpRequest) -> HttpResponseBase:
    """Show the contact of the service. It is the same for everybody, so it does not reveal who has an account."""
    if not signs_in_here():
        raise Http404
    return render(
        request, "windsock/account/cannot_sign_in.html", {"signing_in": True, "contact": config().contact}
    )


def _change(request: HttpRequest, right: bool) -> HttpResponseBase:
    form = _form(request, request.POST)
    if not right:
        form.is_valid()
        return _page(request, form, wrong=gettext("The old password is wrong."))
    if not form.is_valid():
        return _page(request, form)
    form.save()
    update_session_auth_hash(request, request.user)  # type: ignore[arg-type]
    own_sessions.end(request.user, request.session.session_key)
    return redirect(f"{reverse('windsock:account')}?changed=1")


def _form(request: HttpRequest, data: Any = None) -> Any:
    user: Any = request.user
    return SetPasswordForm(user, data)


def _page(request: HttpRequest, form: Any, *, wrong: str = "") -> HttpResponseBase:
    said = ""
    if "changed" in request.GET:
        said = gettext("Your password is changed, and all other sessions are ended.")
    elif (ended := request.GET.get("ended", "")).isdecimal() and len(ended) < 5:
        said = ngettext("{count} session ended.", "{count} sessions ended.", int(ended))
    for name in ("new_password1", "new_password2"):
        form.fields[name].widget.attrs.pop("autofocus", None)
    context = {
        "form": form,
        "wrong": wrong,
        "said": said,
        "own": True,
        "sessions": own_sessions.sessions_of(request.user, request.session.session_key),
        "listed": own_sessions.are_listed(),
    }
    status = 422 if wrong or form.errors else 200
    return render(request, "windsock/account/account.html", context, status=status)

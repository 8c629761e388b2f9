"""Signing in, by password or by a link that works once, and signing out."""

from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user_model, login, views
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from windsock.access import passwords, tickets
from windsock.access.http import address_of
from windsock.pages.account.own import signs_in_here
from windsock.pages.error_pages import too_many_sign_ins

# The ticket has proven who it is, so any backend may vouch for the session; Django's own needs no settings.
_BACKEND = "django.contrib.auth.backends.ModelBackend"
_LIMITED = "windsock.access.backends.LimitedBackend"


def _fields(form: Any) -> Any:
    for name, completion in (("username", "username"), ("password", "current-password")):
        form.fields[name].widget.attrs["autocomplete"] = completion
    return form


class SignIn(views.LoginView):
    """Sign in by name and password. Redirect users who are signed in already to where they wanted to go."""

    template_name = "windsock/account/sign_in.html"
    redirect_authenticated_user = True
    extra_context = {"signing_in": True}

    def get_default_redirect_url(self) -> str:
        """Return the choice of airports, whatever LOGIN_REDIRECT_URL the host project has for its own pages."""
        return self.next_page or reverse("windsock:home")

    def get_form(self, form_class: Any = None) -> Any:
        return _fields(super().get_form(form_class))


class SignOut(views.LogoutView):
    """End the session and its live sockets. POST only."""

    def get_default_redirect_url(self) -> str:
        return reverse("windsock:home")


_form = SignIn.as_view()


@never_cache
@transaction.non_atomic_requests
async def sign_in(request: HttpRequest) -> HttpResponseBase:
    """Show the form, or sign in. Answer 429 to too many attempts, before anything is hashed.

    Only if LOGIN_URL leads here, as in the ready-made service: other hosts have a login page, and this redirects to it.
    """
    if not signs_in_here():
        return redirect_to_login(request.GET.get("next") or reverse("windsock:home"))
    if request.method != "POST":
        return await sync_to_async(_form)(request)
    name, password = request.POST.get("username", ""), request.POST.get("password", "")
    if settings.AUTHENTICATION_BACKENDS[0] == _LIMITED:
        if (wait := await passwords.check(request, name, password)) is not None:
            return too_many_sign_ins(request, wait)
        return await sync_to_async(_form)(request)
    # A host's own backends: only they know how to check, so only the number of attempts is limited.
    address = address_of(request)
    if (wait := await sync_to_async(passwords.begin)(address, name)) is not None:
        return too_many_sign_ins(request, wait)
    response = await sync_to_async(_form)(request)
    if response.status_code == 302:
        await sync_to_async(passwords.succeeded)(address, name)
    return response


sign_out = SignOut.as_view()


@never_cache
@require_GET
def sign_in_link(request: HttpRequest, ticket: str) -> HttpResponse:
    """Sign in whoever opens the link first, and redirect to `?next=` on this site."""
    identity = tickets.redeem(ticket, "sign-in")
    user = get_user_model()._default_manager.filter(pk=identity.user_id).first() if identity else None
    if user is None:
        return render(request, "windsock/account/link_spent.html", {"signing_in": True}, status=410)
    login(request, user, backend=_BACKEND)
    target = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        target = reverse("windsock:home")
    return redirect(target)

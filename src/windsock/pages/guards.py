"""Permission to read the pages."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase

from windsock.access.lookup.single import anonymous_identity, identity_of_user

View = Callable[..., HttpResponseBase]


def readers_only(view: View) -> View:
    """Let only readers see the view: signed-in users, or anybody if PUBLIC_READ is on. Ask others to sign in."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if identity_of_user(request.user) is None and anonymous_identity() is None:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    return guarded

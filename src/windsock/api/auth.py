"""Who asks over HTTP: a bearer token, a Django session (with CSRF check when something is changed), or a visitor."""

from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf

from windsock.access.http import identity_of_bearer, identity_of_session
from windsock.access.lookup.single import anonymous_identity
from windsock.access.rights import Identity, require_publish, require_read
from windsock.api.problems import Problem
from windsock.errors import AccessDenied


class Bearer(HttpBearer):
    """`Authorization: Bearer TOKEN`. A wrong token is an error even where visitors may read."""

    # ninja's base class answers synchronously and looks at the header itself; here one hop into a thread does it all.
    async def __call__(self, request: HttpRequest) -> Identity | None:
        if request.headers.get("Authorization") is None:
            return None
        return await sync_to_async(identity_of_bearer)(request)

    async def authenticate(self, request: HttpRequest, token: str) -> Any:  # pragma: no cover
        raise NotImplementedError  # __call__ above does not come here


class Session(APIKeyCookie):
    """A Django session. Whatever changes something needs the CSRF token too (header X-CSRFToken)."""

    param_name = "sessionid"

    async def __call__(self, request: HttpRequest) -> Identity | None:
        return await sync_to_async(_identity_of_session)(request)

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:  # pragma: no cover
        raise NotImplementedError  # __call__ above does not come here


async def visitor(request: HttpRequest) -> Identity | None:
    """Anonymous readers, where WINDSOCK["PUBLIC_READ"] lets them in."""
    return anonymous_identity()


async def nobody(request: HttpRequest) -> Identity | None:
    """The last resort: says that credentials are missing."""
    raise Problem(
        401, "not_authenticated", "Nobody is signed in. Sign in, or send 'Authorization: Bearer TOKEN'."
    )


READERS = [Bearer(), Session(), visitor, nobody]
MEMBERS = [Bearer(), Session(), nobody]


def reader(request: HttpRequest) -> Identity:
    """The asker, who may read; raises AccessDenied otherwise."""
    return require_read(identity(request))


def publisher(request: HttpRequest) -> Identity:
    """The asker, who may publish; raises AccessDenied otherwise."""
    return require_publish(identity(request))


def identity(request: HttpRequest) -> Identity:
    """Who was recognised by one of the doors above."""
    found = getattr(request, "auth", None)
    if not isinstance(found, Identity):
        raise AccessDenied("Nobody is signed in.")
    return found


def _identity_of_session(request: HttpRequest) -> Identity | None:
    found = identity_of_session(request)
    if found is not None and check_csrf(request) is not None:
        raise Problem(
            403,
            "csrf_failed",
            "This request changes something and comes with a session but without its CSRF token. "
            "Send the cookie's value as header X-CSRFToken, or use a bearer token.",
        )
    return found

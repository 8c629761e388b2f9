"""Authenticate API requests by bearer token or Django session (with a CSRF check for changes), or admit a visitor."""

from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf

from windsock.access.http import identity_of_bearer, identity_of_session
from windsock.access.lookup.single import anonymous_identity
from windsock.access.rights import Identity, require_publish, require_read
from windsock.api.problems import HttpProblem
from windsock.errors import AccessDenied


class Bearer(HttpBearer):
    """`Authorization: Bearer TOKEN`. A wrong token is an error even where visitors may read."""

    # ninja's base class is synchronous and parses the header itself; here a single hop into a thread does it all.
    async def __call__(self, request: HttpRequest) -> Identity | None:
        if request.headers.get("Authorization") is None:
            return None
        return await sync_to_async(identity_of_bearer)(request)

    async def authenticate(self, request: HttpRequest, token: str) -> Any:  # pragma: no cover
        raise NotImplementedError  # __call__ above does not call it


class Session(APIKeyCookie):
    """A Django session. Requests that change something need the CSRF token too (header X-CSRFToken)."""

    param_name = "sessionid"

    async def __call__(self, request: HttpRequest) -> Identity | None:
        return await sync_to_async(_identity_of_session)(request)

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:  # pragma: no cover
        raise NotImplementedError  # __call__ above does not call it


async def visitor(request: HttpRequest) -> Identity | None:
    """Admit anonymous readers where WINDSOCK["PUBLIC_READ"] is on."""
    return anonymous_identity()


async def nobody(request: HttpRequest) -> Identity | None:
    """Refuse the request, as the last resort: credentials are missing."""
    raise HttpProblem(
        401, "not_authenticated", "Nobody is signed in. Sign in, or send 'Authorization: Bearer TOKEN'."
    )


READERS = [Bearer(), Session(), visitor, nobody]
MEMBERS = [Bearer(), Session(), nobody]


def reader(request: HttpRequest) -> Identity:
    """Return the sender's identity if it may read; raise AccessDenied otherwise."""
    return require_read(identity(request))


def publisher(request: HttpRequest) -> Identity:
    """Return the sender's identity if it may publish; raise AccessDenied otherwise."""
    return require_publish(identity(request))


def identity(request: HttpRequest) -> Identity:
    """Return the identity found by one of the authenticators above."""
    found = getattr(request, "auth", None)
    if not isinstance(found, Identity):
        raise AccessDenied("Nobody is signed in.")
    return found


def _identity_of_session(request: HttpRequest) -> Identity | None:
    found = identity_of_session(request)
    if found is not None and check_csrf(request) is not None:
        raise HttpProblem(
            403,
            "csrf_failed",
            "This request changes something, but has a session without its CSRF token. "
            "Send the cookie's value in the header X-CSRFToken, or use a bearer token.",
        )
    return found

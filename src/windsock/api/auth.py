"""Who asks over HTTP: a bearer token, a Django session (with CSRF check when something is changed), or a visitor."""

from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf

from windsock.access import tokens
from windsock.access.identity import Identity, anonymous_identity, identity_of_user
from windsock.access.limits import TOKEN_FAILURES
from windsock.access.rules import require_publish, require_read
from windsock.api.problems import Problem
from windsock.errors import AccessDenied


class Bearer(HttpBearer):
    """`Authorization: Bearer TOKEN`. A wrong token is an error even where visitors may read."""

    # ninja's base class answers synchronously and looks at the header itself; here one hop into a thread does it all.
    async def __call__(self, request: HttpRequest) -> Identity | None:
        header = request.headers.get("Authorization")
        if header is None:
            return None
        scheme, _, secret = header.partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            raise Problem(401, "not_authenticated", "The header 'Authorization' must read 'Bearer TOKEN'.")
        return await sync_to_async(_identity_of_token)(secret.strip(), request)

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


def identity_of_request(request: HttpRequest) -> Identity | None:
    """Who asks, for views outside the API (the stream); None when nobody vouches for them. Synchronous.

    Raises Problem for a wrong token.
    """
    header = request.headers.get("Authorization")
    if header is not None:
        scheme, _, secret = header.partition(" ")
        if scheme.lower() == "bearer":
            return _identity_of_token(secret.strip(), request)
    return _identity_of_session(request) or anonymous_identity()


def _identity_of_token(secret: str, request: HttpRequest) -> Identity:
    found = tokens.authenticate(secret)
    if found is not None:
        return found
    # X-Forwarded-For is whatever the client says, so it is not asked.
    wait = TOKEN_FAILURES.count(str(request.META.get("REMOTE_ADDR", "")))
    if wait is not None:
        raise Problem(
            429,
            "too_many_failures",
            f"Too many wrong tokens came from here. Try again in {wait} seconds, with a token that is valid.",
            retry_after=wait,
        )
    raise Problem(
        401,
        "invalid_token",
        "This token is unknown, revoked or expired. Make a new one: windsock token create NAME.",
    )


def _identity_of_session(request: HttpRequest) -> Identity | None:
    user = getattr(request, "user", None)
    session = getattr(request, "session", None)
    found = identity_of_user(user, session_key=getattr(session, "session_key", None))
    if found is not None and check_csrf(request) is not None:
        raise Problem(
            403,
            "csrf_failed",
            "This request changes something and comes with a session but without its CSRF token. "
            "Send the cookie's value as header X-CSRFToken, or use a bearer token.",
        )
    return found

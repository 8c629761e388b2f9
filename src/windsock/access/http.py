"""Who asks over HTTP: a bearer token, a Django session, or a visitor. Wrong tokens are counted, at every door alike."""

from django.http import HttpRequest

from windsock.access import tokens
from windsock.access.identity import Identity, anonymous_identity, identity_of_user
from windsock.access.limits import TOKEN_FAILURES
from windsock.access.problems import Problem


def identity_of_request(request: HttpRequest) -> Identity | None:
    """Who asks to read; None when nobody vouches for them. Synchronous; raises Problem for a wrong token.

    For what changes nothing: a session is believed without its CSRF token.
    """
    return identity_of_bearer(request) or identity_of_session(request) or anonymous_identity()


def identity_of_bearer(request: HttpRequest) -> Identity | None:
    """Whose token it is; None without an Authorization header.

    Raises Problem: 401 for another scheme or a wrong token, 429 with Retry-After when too many wrong ones came from
    this address.
    """
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, secret = header.partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Problem(401, "not_authenticated", "The header 'Authorization' must read 'Bearer TOKEN'.")
    found = tokens.authenticate(secret.strip())
    if found is not None:
        return found
    # X-Forwarded-For is whatever the client says, so it is not asked: behind a trusted proxy the server has put the
    # client's address here.
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


def identity_of_session(request: HttpRequest) -> Identity | None:
    """Who is signed in by the request's Django session."""
    session = getattr(request, "session", None)
    return identity_of_user(getattr(request, "user", None), session_key=getattr(session, "session_key", None))

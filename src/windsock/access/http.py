"""Identify an HTTP request's sender by bearer token or Django session. Every endpoint counts wrong tokens alike."""

from django.http import HttpRequest

from windsock.access import tokens
from windsock.access.address import network
from windsock.access.limits import TOKEN_FAILURES
from windsock.access.lookup.single import anonymous_identity, identity_of_user
from windsock.access.problems import HttpProblem
from windsock.access.rights import Identity


def address_of(request: HttpRequest) -> str:
    """Return the address by which the sender is counted; empty where the server names none (a Unix socket)."""
    return network(str(request.META.get("REMOTE_ADDR", ""))) or ""


def identity_of_request(request: HttpRequest) -> Identity | None:
    """Return who wants to read; None without valid credentials. Synchronous; raise HttpProblem for a wrong token.

    Only for requests that change nothing: it accepts a session without its CSRF token.
    """
    return identity_of_bearer(request) or identity_of_session(request) or anonymous_identity()


def identity_of_bearer(request: HttpRequest) -> Identity | None:
    """Return whose token it is; None without an Authorization header.

    Raises:
        HttpProblem: 401 for another scheme or a wrong token; 429 with Retry-After after too many wrong ones from this
            address.
    """
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, secret = header.partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise HttpProblem(401, "not_authenticated", "The header 'Authorization' must read 'Bearer TOKEN'.")
    found = tokens.authenticate(secret.strip())
    if found is not None:
        return found
    # A client can put anything in X-Forwarded-For, so it is ignored: behind a trusted proxy, the server has put the
    # client's address here.
    wait = TOKEN_FAILURES.count(address_of(request))
    if wait is not None:
        raise HttpProblem(
            429,
            "too_many_failures",
            f"Too many wrong tokens came from your address. Try again in {wait} seconds with a valid token.",
            retry_after=wait,
        )
    raise HttpProblem(
        401,
        "invalid_token",
        "This token is unknown, revoked or expired. Make a new one: windsock token create NAME.",
    )


def identity_of_session(request: HttpRequest) -> Identity | None:
    """Return who is signed in by the request's Django session."""
    session = getattr(request, "session", None)
    return identity_of_user(getattr(request, "user", None), session_key=getattr(session, "session_key", None))

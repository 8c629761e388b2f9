"""Read cookies, such as the key of Django's session, from the raw headers of an ASGI scope, as Django finds them."""

from collections.abc import Iterable

from django.conf import settings
from django.http import parse_cookie


def session_key(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Return the session key that Django would find in these headers; None where there is none.

    Quoted values and repeated names are read as Django reads them, so that a socket or a body belongs to the session of
    the page that sent it. Several Cookie headers, as HTTP/2 allows, are one (RFC 9113, section 8.2.3).
    """
    return cookie(headers, settings.SESSION_COOKIE_NAME)


def cookie(headers: Iterable[tuple[bytes, bytes]], name: str) -> str | None:
    """Return the value of the cookie that Django would find in these headers; None where there is none."""
    lines = [value for header, value in headers if header.lower() == b"cookie"]
    text = b"; ".join(lines).decode("latin-1")
    if name not in text:
        return None  # most clients with a token: nothing to parse
    return parse_cookie(text).get(name) or None

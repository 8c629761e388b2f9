"""Which web pages may open a socket here: exactly those of this host, and of the origins the configuration names."""

from collections.abc import Iterable
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


def normal(origin: str) -> tuple[str, str, int] | None:
    """(scheme, host, port) of an origin as browsers send it; None for `null` and whatever is not one."""
    try:
        parts = urlsplit(origin.strip())
        if parts.scheme not in _PORTS or not parts.hostname or parts.path or parts.query or parts.username:
            return None
        return parts.scheme, parts.hostname.lower(), parts.port or _PORTS[parts.scheme]
    except ValueError:
        return None


def allowed(origin: str, *, host: str, secure: bool, origins: Iterable[str]) -> bool:
    """Whether a page of this origin may open a socket.

    Yes for the service's own origin (the request's `host`, which the caller has checked against ALLOWED_HOSTS) and for
    the listed ones, compared exactly: scheme, host and port. Where TLS ends in front of us (`secure` False), the own
    host's https page is our own too; an http page never opens a secure socket.
    """
    asked = normal(origin)
    if asked is None:
        return False
    if any(normal(known) == asked for known in origins):
        return True
    schemes = ("https",) if secure else ("http", "https")
    return any(normal(f"{scheme}://{host}") == asked for scheme in schemes)

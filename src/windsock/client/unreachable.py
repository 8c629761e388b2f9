"""Why a service cannot be reached, in words for people: the proxy that the environment names, TLS, nobody there."""

import re
import ssl
import urllib.request
from urllib.parse import urlsplit

from windsock.errors import NotReachable

PROXY_CURE = (
    "It comes from an environment variable such as HTTPS_PROXY or ALL_PROXY: correct it, "
    "or name the host in NO_PROXY."
)

_SCHEMES = {
    "ws": ("ws", "socks", "https", "http"),
    "wss": ("wss", "socks", "https"),
    "http": ("http",),
    "https": ("https",),
}
"""The environment variables that name a proxy, in the order of websockets and urllib."""


def proxy_for(url: str) -> str | None:
    """Return the proxy through which a connection to `url` goes, without its password; None if there is none."""
    parts = urlsplit(url)
    if not parts.hostname or urllib.request.proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    proxies = urllib.request.getproxies()
    found = next((proxies[name] for name in _SCHEMES.get(parts.scheme, ()) if proxies.get(name)), None)
    return None if found is None else without_password(found)


def without_password(proxy: str) -> str:
    """Return the proxy's address with its user and password left out."""
    return re.sub(r"//[^/]*@", "//…@", proxy)


def unreachable(error: Exception, url: str) -> NotReachable:
    """Return the exception for an address where a connection failed with `error`, with what to do about it."""
    cause = getattr(error, "strerror", None) or str(error) or type(error).__name__
    if isinstance(error, ssl.SSLError):
        reason = getattr(error, "reason", None) or cause
        return NotReachable(
            f"The TLS connection to {url} failed: {reason}. Check the certificate and the host name; a service "
            "without TLS is reached by ws:// or http://."
        )
    proxy = proxy_for(url)
    if proxy is not None:
        return NotReachable(f"{url} was not reached through the proxy {proxy!r}: {cause}. {PROXY_CURE}")
    if isinstance(error, TimeoutError):
        return NotReachable(
            f"{url} did not answer in time. Is the address right, and a service running there?"
        )
    if isinstance(error, ConnectionRefusedError):
        return NotReachable(
            f"Nobody listens at {url}. Start a service with `windsock demo` or `windsock serve`."
        )
    return NotReachable(f"{url} cannot be reached: {cause}. Check the address.")

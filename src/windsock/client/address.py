"""The addresses of a Windsock service, from whichever one the user has."""

from urllib.parse import urlsplit, urlunsplit

from windsock.errors import ClientError

SOCKET_PATH = "/ws/flight-delay/"
_SCHEMES = {"ws": "http", "wss": "https", "http": "http", "https": "https"}


def socket_url(url: str) -> str:
    """Where the live socket is; `url` may be the service's web address or the socket's own.

    Raises ClientError when it is an address of neither kind.
    """
    scheme, host, path = _parts(url)
    socket_path = path if path.endswith(SOCKET_PATH) else path.rstrip("/") + SOCKET_PATH
    return urlunsplit(("wss" if scheme == "https" else "ws", host, socket_path, "", ""))


def api_url(url: str, path: str) -> str:
    """Return the address of `path` (such as `/api/v1/reports`) at the same service."""
    scheme, host, base = _parts(url)
    return urlunsplit((scheme, host, base.removesuffix(SOCKET_PATH).rstrip("/") + path, "", ""))


def _parts(url: str) -> tuple[str, str, str]:
    parts = urlsplit(url if "://" in url else f"ws://{url}")
    if parts.scheme not in _SCHEMES or not parts.netloc:
        raise ClientError(f"{url!r} is not the address of a service. Write it like ws://127.0.0.1:8000.")
    if parts.username or parts.password or parts.query:
        raise ClientError(
            f"{parts.hostname}: an address with secrets or parameters ends in logs. Use the token instead."
        )
    return _SCHEMES[parts.scheme], parts.netloc, parts.path

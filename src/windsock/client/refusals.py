"""What a failed handshake means, in words for people."""

import ssl

import websockets

from windsock.client.answers import ended
from windsock.errors import ClientError, NotReachable, WindsockError
from windsock.protocol.client_outputs import Stopped


def handshake_failure(error: Exception, url: str) -> WindsockError:
    """The exception for a connection that did not come about: who should do what."""
    match error:
        case websockets.InvalidStatus():
            status = error.response.status_code
            if status < 500 and status not in (408, 425, 429):
                why = f"HTTP {status} {error.response.reason_phrase} from {url}"
                return ended(Stopped(status, why)) or ClientError(why)
            return NotReachable(
                f"{url} answered HTTP {status}: the service is there, but not ready. Try again soon."
            )
        case websockets.InvalidProxy():
            return ClientError(
                f"The proxy {error.proxy!r} cannot be used: {error.msg}. It comes from an environment variable such as "
                "HTTPS_PROXY or ALL_PROXY: correct it, or name the host in NO_PROXY."
            )
        case websockets.ProxyError():
            return NotReachable(
                f"The proxy in front of {url} did not connect: {error}. It comes from an environment variable such as "
                "HTTPS_PROXY or ALL_PROXY: check it, or name the host in NO_PROXY."
            )
        case ImportError():
            return ClientError(
                f"The connection to {url} needs a package that is not installed ({error}). A SOCKS proxy in ALL_PROXY "
                "needs python-socks: pip install 'python-socks[asyncio]', or name the host in NO_PROXY."
            )
        case ssl.SSLError():
            cause = getattr(error, "reason", None) or error
            return NotReachable(
                f"The TLS connection to {url} failed: {cause}. Check the certificate and the host name; a service "
                "without TLS is reached by ws:// or http://."
            )
        case TimeoutError():
            return NotReachable(
                f"{url} did not answer in time. Is the address right, and a service running there?"
            )
        case ConnectionRefusedError():
            return NotReachable(
                f"Nobody listens at {url}. Start a service with `windsock demo` or `windsock serve`."
            )
        case OSError():
            return NotReachable(f"{url} cannot be reached: {error.strerror or error}.")
        case websockets.WebSocketException():
            return NotReachable(f"{url} does not speak WebSocket: {error}. Check the address.")
        case _:
            return ClientError(
                f"The connection to {url} failed unexpectedly: {type(error).__name__}: {error}."
            )


def retry_after(error: websockets.InvalidStatus) -> float:
    """The seconds of the answer's Retry-After; 0 where there is none in seconds."""
    value = error.response.headers.get("Retry-After", "")
    return min(float(value), 300.0) if value.isascii() and value.isdigit() else 0.0

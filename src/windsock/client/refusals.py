"""What a failed handshake means, in words for people."""

import websockets

from windsock.client.answers import ended
from windsock.client.unreachable import PROXY_CURE, unreachable, without_password
from windsock.errors import ClientError, NotReachable, WindsockError
from windsock.protocol.client_outputs import Stopped


def handshake_failure(error: Exception, url: str) -> WindsockError:
    """Return the exception for a connection that was refused, with what to do about it."""
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
                f"The proxy {without_password(error.proxy)!r} cannot be used: {error.msg}. {PROXY_CURE}"
            )
        case websockets.ProxyError():
            return NotReachable(f"The proxy in front of {url} did not connect: {error}. {PROXY_CURE}")
        case ImportError():
            return ClientError(
                f"The connection to {url} needs a package that is not installed ({error}). A SOCKS proxy in ALL_PROXY "
                "needs python-socks: pip install 'python-socks[asyncio]', or name the host in NO_PROXY."
            )
        case OSError():
            return unreachable(error, url)
        case websockets.WebSocketException():
            return NotReachable(f"{url} does not speak WebSocket: {error}. Check the address.")
        case _:
            return ClientError(
                f"The connection to {url} failed unexpectedly: {type(error).__name__}: {error}."
            )


def retry_after(error: websockets.InvalidStatus) -> float:
    """Return the seconds of the answer's Retry-After; 0 where there is none in seconds."""
    value = error.response.headers.get("Retry-After", "")
    return min(float(value), 300.0) if value.isascii() and value.isdigit() else 0.0

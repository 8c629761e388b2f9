"""What a failed handshake means, in words for people."""

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
        case _:
            return NotReachable(f"{url} does not speak WebSocket: {error}. Check the address.")


def retry_after(error: websockets.InvalidStatus) -> float:
    """The seconds of the answer's Retry-After; 0 where there is none in seconds."""
    value = error.response.headers.get("Retry-After", "")
    return min(float(value), 300.0) if value.isascii() and value.isdigit() else 0.0

"""Connect to a real server as a patient client: one that is busy asks to come again, and so this does. No Django here.

A server whose event loop is late by a second refuses newcomers (`windsock.live.admission.overload`). On a machine that
other tests load, any server may be late, whatever the test is about.
"""

import time
from http.client import HTTPResponse
from typing import Any

from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from windsock.protocol.close_reasons import SERVER_OVERLOADED

BUSY = SERVER_OVERLOADED.encode()
WAIT_SECONDS = 90.0
PAUSE_SECONDS = 0.5


def dial(url: str, **options: Any) -> ClientConnection:
    """Open a WebSocket with the options of `websockets.sync.client.connect`.

    Without its keepalive: a test that reads one connection after another leaves the pongs of the others unread.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return connect(url, **{"open_timeout": WAIT_SECONDS, "ping_interval": None, **options})
        except InvalidStatus as refused:
            if BUSY not in (refused.response.body or b"") or time.monotonic() > deadline:
                raise
        time.sleep(PAUSE_SECONDS)


def is_busy(response: HTTPResponse) -> bool:
    """Whether this answer asks to come again, because the server is late. Reads the body of a refusal only."""
    return response.status == 503 and BUSY in response.read()

"""The target of a replay that plays its day to another Windsock server, through its REST API."""

import http.client
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from windsock.clock import ReplayClock
from windsock.errors import AccessDenied, ClientError
from windsock.flights.report import Report
from windsock.replay.player import ReplayResult

# Well below the server's limit for one body, and small enough that an answer comes within a second.
BATCH = 500
TIMEOUT_SECONDS = 30
# A server that restarts is back within this time; beyond it, somebody should know.
PATIENCE_SECONDS = 60.0


class OverHttp:
    """A replay's listener that posts the reports of each moment. The server's clock and overdue watch are not affected.

    One kept-alive connection. A repeated report changes nothing, so a failed request is sent again.
    """

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ClientError(
                f"{url!r} is not the address of a server; use one such as http://127.0.0.1:8000."
            )
        self._url = url
        self._parts = parts
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._connection: http.client.HTTPConnection | None = None

    def record(self, reports: Sequence[Report], at: datetime) -> ReplayResult:
        """Post the reports; return when the server has them on disk.

        Raises:
            ClientError: The server cannot be reached.
        """
        outcome = ReplayResult()
        for begin in range(0, len(reports), BATCH):
            part = reports[begin : begin + BATCH]
            # Without their source: a token reports as its own, whatever the day's reports were made from.
            said = [
                {name: value for name, value in msgspec.to_builtins(report).items() if name != "source"}
                for report in part
            ]
            for result in self._post(msgspec.json.encode(said)):
                if "error" in result:
                    flight = part[result["index"]].flight
                    outcome.refused.append(f"{flight} {at:%H:%M}: {result['error']['message']}")
                elif result["changes"]:
                    outcome.events += 1
        return outcome

    def minute(self, at: datetime) -> int:
        """Nothing: the server watches for overdue flights itself."""
        return 0

    def show_clock(self, clock: ReplayClock) -> None:
        """Nothing: the server's time is its own."""

    def _post(self, body: bytes) -> list[dict[str, Any]]:
        give_up = time.monotonic() + PATIENCE_SECONDS
        pause = 0.2
        while True:
            try:
                status, reason, answer = self._once(body)
            except (OSError, http.client.HTTPException) as error:
                self._connection = None
                if time.monotonic() > give_up:
                    raise ClientError(
                        f"{self._url} cannot be reached ({error}). Is the server running?"
                    ) from error
            else:
                if status in (200, 207, 422) and isinstance(answer.get("results"), list):
                    results: list[dict[str, Any]] = answer["results"]
                    return results
                detail = answer.get("detail", reason)
                if status in (401, 403):
                    raise AccessDenied(
                        f"{self._url} refuses: {detail} (make a token with: windsock token create)"
                    )
                if status not in (429, 502, 503, 504):
                    raise ClientError(f"{self._url} answered {status}: {detail}")
                if time.monotonic() > give_up:
                    raise ClientError(f"{self._url} has been refusing for a minute: {status} {detail}")
            time.sleep(pause)
            pause = min(pause * 2, 5.0)

    def _once(self, body: bytes) -> tuple[int, str, dict[str, Any]]:
        if self._connection is None:
            kind = (
                http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
            )
            self._connection = kind(self._parts.hostname or "", self._parts.port, timeout=TIMEOUT_SECONDS)
        self._connection.request(
            "POST", f"{self._parts.path.rstrip('/')}/api/v1/reports", body, self._headers
        )
        response = self._connection.getresponse()
        content = response.read()
        try:
            answer = msgspec.json.decode(content)
        except msgspec.DecodeError:
            answer = {}
        return response.status, response.reason, answer if isinstance(answer, dict) else {}

"""A service that runs somewhere: asked over HTTP and by the handshake of its socket, as its clients ask it."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any

from windsock.cli.diagnosis.finding import Finding
from windsock.errors import AccessDenied, WindsockError

TIMEOUT_SECONDS = 10.0
"""/readyz answers within three seconds even if a database is frozen; the rest is for slow networks."""

QUIET_TOPIC = "registration:0"
"""A topic without flights: the handshake is tried without fetching a board."""


def examine(url: str, token: str | None) -> Iterator[Finding]:
    """Yield what the service at the address says of itself; stop if nobody answers there."""
    from windsock.client.address import api_url

    try:
        began = time.monotonic()
        status, _ = _get(api_url(url, "/healthz"), token)
    except WindsockError as error:
        yield Finding(
            "service", "wrong", str(error), "Correct WINDSOCK_URL or --url, or start the service there."
        )
        return
    if status != 200:
        yield Finding(
            "service",
            "wrong",
            f"{url} answered HTTP {status} to /healthz",
            "Is this the address of a Windsock?",
        )
        return
    milliseconds = (time.monotonic() - began) * 1000
    yield Finding("service", "ok", f"{url} answers in {milliseconds:.0f} ms{_version(url, token)}")
    _, ready = _get(api_url(url, "/readyz"), token)
    yield _readiness(ready)
    yield from _feeds(ready.get("feeds"))
    yield _rights(url, token)
    yield _socket(url, token)


def _get(url: str, token: str | None) -> tuple[int, dict[str, Any]]:
    """Return status and JSON object of the answer; {} if it is not one. Raises NotReachable."""
    from windsock.client.unreachable import unreachable

    headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    try:
        request = urllib.request.Request(url, headers=headers)
        with urllib.request.build_opener().open(request, timeout=TIMEOUT_SECONDS) as response:
            return response.status, _object(response.read())
    except urllib.error.HTTPError as error:
        return error.code, _object(error.read())
    except (OSError, ValueError) as error:
        cause = error.reason if isinstance(error, urllib.error.URLError) else error
        raise unreachable(cause if isinstance(cause, Exception) else error, url) from None


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _version(url: str, token: str | None) -> str:
    from windsock.client.address import api_url

    _, document = _get(api_url(url, "/api/v1/openapi.json"), token)
    info = document.get("info")
    return f"; windsock {info.get('version')}" if isinstance(info, dict) and info.get("version") else ""


def _readiness(ready: Mapping[str, Any]) -> Finding:
    status = ready.get("status")
    checks, warnings = ready.get("checks") or {}, ready.get("warnings") or {}
    wrong = [f"{name}: {said}" for name, said in checks.items() if said != "ok"]
    if status == "ready":
        return Finding("service ready", "ok", f"ready: {', '.join(checks)}")
    if status == "degraded":
        said = "; ".join(f"{name}: {text}" for name, text in warnings.items())
        return Finding(
            "service ready", "warning", f"degraded: {said}", "Run `windsock doctor` on its machine."
        )
    said = "; ".join(wrong) or "it does not say why"
    return Finding("service ready", "wrong", f"not ready: {said}", "Run `windsock doctor` on its machine.")


def _feeds(feeds: object) -> Iterator[Finding]:
    if not isinstance(feeds, dict) or not feeds:
        return
    bad = {name: feed for name, feed in feeds.items() if feed.get("stale") or feed.get("failures")}
    said = ", ".join(
        f"{name} {feed.get('state')}"
        + (", silent for too long" if feed.get("stale") else "")
        + (f", {feed['failures']} failures" if feed.get("failures") else "")
        + (f", {feed['parked']} parked" if feed.get("parked") else "")
        for name, feed in feeds.items()
    )
    cure = "See its console, or `windsock feed list` on its machine." if bad else ""
    yield Finding("service feeds", "warning" if bad else "ok", said, cure)


def _rights(url: str, token: str | None) -> Finding:
    from windsock.client.address import api_url

    status, answer = _get(api_url(url, "/api/v1/flights?limit=1"), token)
    who = "this token" if token else "anybody, without a token,"
    if status == 200:
        return Finding("service access", "ok", f"{who} may read")
    said = str(answer.get("detail") or f"HTTP {status}")
    cure = "Give a token by WINDSOCK_TOKEN; make one with: windsock token create NAME"
    return Finding("service access", "wrong", said, cure)


def _socket(url: str, token: str | None) -> Finding:
    import asyncio  # late: `windsock --help` should not wait for it

    from windsock.client import connect

    async def handshake() -> float:
        began = time.monotonic()
        async with connect(url, topics=[QUIET_TOPIC], token=token):
            return time.monotonic() - began

    try:
        seconds = asyncio.run(asyncio.wait_for(handshake(), TIMEOUT_SECONDS))
    except AccessDenied as error:
        return Finding("service socket", "wrong", str(error), "Give a token by WINDSOCK_TOKEN.")
    except TimeoutError:
        found = f"no live updates within {TIMEOUT_SECONDS:.0f} s"
        return Finding("service socket", "wrong", found, "Does a proxy pass on the Upgrade header of /ws/?")
    except WindsockError as error:
        return Finding(
            "service socket", "wrong", str(error), "Does a proxy pass on the Upgrade header of /ws/?"
        )
    return Finding("service socket", "ok", f"live {seconds * 1000:.0f} ms after the handshake began")

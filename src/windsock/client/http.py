"""The few HTTP calls a client needs, by the standard library: reading, publishing, tickets to extend a session."""

import http.client
import json
import urllib.error
import urllib.request
from typing import Any

from windsock.client.address import api_url
from windsock.client.unreachable import unreachable
from windsock.errors import (
    AccessDenied,
    AmbiguousFlight,
    ClientError,
    InvalidReport,
    UnknownFlight,
)


def get(url: str, path: str, *, token: str | None, timeout: float = 30.0) -> dict[str, Any]:
    """Return the answer to GET `path` (such as `/api/v1/flights?limit=1`) at the service. Blocks.

    Raises AccessDenied when the token does not allow it, NotReachable, ClientError for every other refusal.
    """
    headers = {"Accept": "application/json"}
    return _send(urllib.request.Request(api_url(url, path), headers=headers), token, timeout, scope="read")


def publish(url: str, report: dict[str, Any], *, token: str | None, timeout: float = 30.0) -> dict[str, Any]:
    """Publish one report at the service; return its outcome: `position`, `flight`, `version`, `changes`.

    Raises a ReportError when the report was refused, AccessDenied when the token does not allow it, NotReachable.
    Blocks; the report is durable when it returns.
    """
    answer = _post(api_url(url, "/api/v1/reports"), report, token, timeout)
    results = answer.get("results") or [answer]
    result: dict[str, Any] = results[0]
    if "error" in result:
        raise _refused(result["error"])
    return result


def ticket(url: str, *, token: str, timeout: float = 30.0) -> str:
    """Return a fresh single-use ticket for the token's owner. Raises like `publish`. Blocks."""
    return str(_post(api_url(url, "/api/v1/tickets"), {}, token, timeout)["ticket"])


def _post(url: str, body: dict[str, Any], token: str | None, timeout: float) -> dict[str, Any]:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method="POST")
    return _send(request, token, timeout, scope="publish")


def _send(
    request: urllib.request.Request, token: str | None, timeout: float, *, scope: str
) -> dict[str, Any]:
    url = request.full_url
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        # An opener of our own: urlopen would keep that of its first call, proxies included, for the whole process.
        with urllib.request.build_opener().open(request, timeout=timeout) as response:
            return _object(response.read(), url)
    except urllib.error.HTTPError as error:
        raise _problem(error, url, scope) from None
    except (urllib.error.URLError, TimeoutError, http.client.HTTPException, OSError, ValueError) as error:
        cause = error.reason if isinstance(error, urllib.error.URLError) else error
        raise unreachable(cause if isinstance(cause, Exception) else error, url) from None


def _object(body: bytes, url: str) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise ClientError(f"The answer of {url} is not that of a Windsock service. Check the address.")
    return answer


def _problem(error: urllib.error.HTTPError, url: str, scope: str) -> Exception:
    try:
        document = json.loads(error.read())
    except (ValueError, OSError):
        document = None
    if not isinstance(document, dict):
        document = {}
    detail = str(document.get("detail") or f"{url} answered HTTP {error.code} {error.reason}.")
    if error.code == 403 and document.get("field") == "source":
        return _refused({**document, "message": detail})
    if error.code in (401, 403):
        advice = f" Give a token with the scope {scope!r} (`windsock token create NAME --scope {scope}`)."
        return AccessDenied(detail if "token create" in detail else detail + advice)
    if error.code in (400, 409, 422):
        return _refused({**document, "message": detail, "code": document.get("code", "invalid_report")})
    if error.code == 404 and "detail" not in document:
        return ClientError(f"There is no Windsock at {url} (HTTP 404). Check the address.")
    return ClientError(detail)


def _refused(error: dict[str, Any]) -> Exception:
    code = str(error.get("code", InvalidReport.code))
    kind = {AmbiguousFlight.code: AmbiguousFlight, UnknownFlight.code: UnknownFlight}.get(code, InvalidReport)
    return kind(
        str(error.get("message", "The report was refused.")),
        code=code,
        field=error.get("field"),
        value=error.get("value"),
        expected=error.get("expected"),
        candidates=error.get("candidates") or (),
    )

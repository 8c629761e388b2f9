"""Send errors as RFC 9457 problem documents: one shape for everything that can go wrong over HTTP.

Members: the RFC's `type`, `title`, `status`, `detail`; `code` (stable, for programs), and where they help `field`,
`value`, `expected`, `candidates`, `line`, `column`.
"""

from http import HTTPStatus
from typing import Any

import msgspec
from django.http import HttpResponse
from django.utils.cache import patch_vary_headers

MEDIA_TYPE = "application/problem+json"

MAX_QUOTED = 200
"""A value is quoted back so that people recognize what they sent; that must not return megabytes."""


class HttpProblem(Exception):
    """An error response. Raised anywhere below the API, sent as a problem document."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        retry_after: int | None = None,
        headers: dict[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})
        if retry_after is not None:
            self.headers["Retry-After"] = str(retry_after)
        self.members = {name: value for name, value in members.items() if value is not None}

    def document(self) -> dict[str, Any]:
        """Return the problem document as JSON-able data."""
        return {
            "type": f"urn:windsock:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            **self.members,
        }

    def response(self) -> HttpResponse:
        """Return the HTTP response. It is never cached: the next try may succeed."""
        answer = HttpResponse(
            msgspec.json.encode(self.document()),
            status=self.status,
            content_type=MEDIA_TYPE,
            headers=self.headers,
        )
        answer.headers.setdefault("Cache-Control", "no-store")
        if self.status == HTTPStatus.UNAUTHORIZED:
            answer.headers["WWW-Authenticate"] = 'Bearer realm="windsock"'
        patch_vary_headers(answer, ["Authorization", "Cookie"])
        return answer


def quoted(value: object) -> Any:
    """Return `value` ready for a response: JSON-able, and truncated when it is long."""
    try:
        plain = msgspec.to_builtins(value)
        text = msgspec.json.encode(plain)
    except (TypeError, ValueError, OverflowError, RecursionError):
        plain, text = repr(value), repr(value).encode()
    if len(text) <= MAX_QUOTED:
        return plain
    shown = plain if isinstance(plain, str) else text.decode(errors="replace")
    return f"{shown[:MAX_QUOTED]}…"

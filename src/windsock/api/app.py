"""The API itself: django-ninja with our own errors, documentation page and OpenAPI document."""

import logging
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema

import windsock
from windsock.access.rights import Identity
from windsock.api import events, flights, programmes, reports, search, tickets
from windsock.api.openapi_document import complete
from windsock.api.problems import HttpProblem, quoted
from windsock.errors import AccessDenied, JournalError, ProtocolError, ReportError

logger = logging.getLogger(__name__)

RETRY_AFTER = 2
"""A busy or restarting database is usually back within seconds."""


class WindsockAPI(NinjaAPI):
    """Version 1 of the API."""

    def get_openapi_schema(self, *, path_prefix: str | None = None, path_params: Any = None) -> OpenAPISchema:
        """Return the document, completed with the wire's schemas and every response."""
        prefix = self.get_root_path(path_params or {}) if path_prefix is None else path_prefix
        document = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        complete(document, "/" + prefix.strip("/") + "/")
        return document


api = WindsockAPI(
    title="Windsock",
    version=windsock.__version__,
    description="Live flight-delay updates. Errors are RFC 9457 problem documents; times are UTC.",
    urls_namespace="windsock-api",
    docs_url=None,  # our own page (windsock.api.docs) needs neither scripts nor a CDN
)
for _router in (
    reports.router,
    flights.router,
    search.router,
    events.router,
    programmes.router,
    tickets.router,
):
    api.add_router("", _router)


@api.exception_handler(HttpProblem)
def _problem(request: HttpRequest, error: HttpProblem) -> HttpResponse:
    return error.response()


@api.exception_handler(AccessDenied)
def _denied(request: HttpRequest, error: AccessDenied) -> HttpResponse:
    known = isinstance(getattr(request, "auth", None), Identity) and not request.auth.is_anonymous  # type: ignore[attr-defined]
    return HttpProblem(
        403 if known else 401, "forbidden" if known else "not_authenticated", str(error)
    ).response()


@api.exception_handler(JournalError)
def _journal(request: HttpRequest, error: JournalError) -> HttpResponse:
    text = f"{error} Nothing from this request was recorded." if request.method == "POST" else str(error)
    return HttpProblem(503, "journal_unavailable", text, retry_after=RETRY_AFTER).response()


@api.exception_handler(OperationalError)
@api.exception_handler(InterfaceError)
def _database(request: HttpRequest, error: Exception) -> HttpResponse:
    # Raised while authenticating or reading, before a report was handed over: nothing was recorded.
    text = "The database is not responding. Nothing from this request was recorded; try again."
    return HttpProblem(503, "database_unavailable", text, retry_after=RETRY_AFTER).response()


@api.exception_handler(ReportError)
def _report(request: HttpRequest, error: ReportError) -> HttpResponse:
    return HttpProblem(
        422,
        error.code,
        error.message,
        field=error.field,
        value=quoted(error.value),
        expected=error.expected,
        candidates=list(error.candidates) or None,
    ).response()


@api.exception_handler(ProtocolError)
def _protocol(request: HttpRequest, error: ProtocolError) -> HttpResponse:
    return HttpProblem(422, error.code, error.message).response()


@api.exception_handler(ValidationError)
def _validation(request: HttpRequest, error: ValidationError) -> HttpResponse:
    first = error.errors[0]
    place = [str(part) for part in first.get("loc", ())]
    field = place[-1] if place else None
    given = request.GET.get(field or "") if place[:1] == ["query"] else None
    detail = f"{field}: {first.get('msg', 'not valid')}" if field else str(first.get("msg", "not valid"))
    return HttpProblem(
        422, "invalid_parameter", f"{detail}.", field=field, value=quoted(given), expected=first.get("msg")
    ).response()


@api.exception_handler(Http404)
def _missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return HttpProblem(404, "not_found", str(error) or f"{request.path} does not exist.").response()


@api.exception_handler(Exception)
def _unexpected(request: HttpRequest, error: Exception) -> HttpResponse:
    # Our own fault: log it in full here, and send the client a single sentence.
    logger.error("%s %s failed", request.method, request.path, exc_info=error)
    return HttpProblem(
        500,
        "internal_error",
        "Internal error: Windsock could not handle this request. Its log has the cause.",
    ).response()


@api.exception_handler(HttpError)
def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
    code = {401: "not_authenticated", 403: "forbidden", 429: "too_many_requests"}.get(
        error.status_code, "http_error"
    )
    return HttpProblem(error.status_code, code, str(error)).response()

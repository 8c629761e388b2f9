"""POST /reports: record what sources report, durably, with a result per report."""

from collections.abc import Iterable
from typing import Any

import msgspec
from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from ninja import Router

from windsock.access.rights import Identity
from windsock.api import openapi
from windsock.api.auth import MEMBERS, publisher
from windsock.api.bodies import Malformed, ReportBatch, batch
from windsock.api.metrics import count_reports
from windsock.api.problems import HttpProblem, quoted
from windsock.conf import config
from windsock.errors import JournalUnavailable
from windsock.ingest import Recorded, Rejected, arecord
from windsock.ingest.speaker import REFUSALS, speaker_of

router = Router(tags=["reports"])


@router.post(
    "/reports",
    auth=MEMBERS,
    operation_id="publish_reports",
    summary="Publish reports",
    openapi_extra=openapi.operation(
        {
            200: ("Every report was recorded durably.", "ReportResults"),
            207: ("Some reports were recorded; each of the others has an error.", "ReportResults"),
        },
        [400, 401, 403, 413, 415, 422, 429, 503],
        body=openapi.REPORTS_BODY,
    ),
)
async def publish(request: HttpRequest) -> HttpResponse:
    """Record one report, a list of them, or one per line (NDJSON). The response follows the commit.

    Each report has its own result, in the order given: its position in the journal and what it changed, or its error.
    The valid reports of a batch are recorded even if others are rejected. Requires the permission to publish.
    """
    asker = publisher(request)
    given = await sync_to_async(batch, thread_sensitive=True)(request, config().max_body_bytes)
    return await record_all(given, asker)


async def record_all(given: ReportBatch, asker: Identity) -> HttpResponse:
    """Record the reports of a body and respond; raise JournalUnavailable if none could be recorded because of it."""
    objects = [(index, item) for index, item in enumerate(given.items) if isinstance(item, dict)]
    outcomes: list[Recorded | Rejected] = (
        await arecord([item for _, item in objects], source=asker.source, speaker=speaker_of(asker, "rest"))
        if objects
        else []
    )
    results: list[dict[str, Any]] = [_not_an_object(index, item) for index, item in enumerate(given.items)]
    for (index, _), outcome in zip(objects, outcomes, strict=True):
        results[index] = _result(index, outcome, asker.may_read)
    return _answer(given, results)


def _answer(given: ReportBatch, results: list[dict[str, Any]]) -> HttpResponse:
    rejected = sum("error" in result for result in results)
    count_reports(len(results) - rejected, rejected)
    document: dict[str, Any] = {"recorded": len(results) - rejected, "rejected": rejected, "results": results}
    if rejected < len(results):
        return HttpResponse(
            msgspec.json.encode(document),
            status=207 if rejected else 200,
            content_type="application/json",
            headers={"Cache-Control": "no-store"},
        )
    if all(result["error"].get("retryable") for result in results):
        raise JournalUnavailable(results[0]["error"]["message"])
    first = results[0]["error"]
    detail = (
        first["message"]
        if len(results) == 1
        else f"None of the {len(results)} reports was recorded; each result has its error."
    )
    code = first["code"] if len(results) == 1 else "no_report_taken"
    about: dict[str, Any] = (
        {name: first.get(name) for name in ("field", "value", "expected", "candidates")}
        if given.single
        else {}
    )
    # A report that the sender may not make is not malformed.
    status = 403 if all(result["error"]["code"] in REFUSALS for result in results) else 422
    return HttpProblem(status, code, detail, **(about | document)).response()


def _result(index: int, outcome: Recorded | Rejected, may_read: bool) -> dict[str, Any]:
    if isinstance(outcome, Recorded):
        # A sender who may not read learns what kind of thing changed, not the flight's old and new values.
        changes: Any = outcome.changes
        if not may_read:
            changes = [{"kind": change.kind, "field": change.field} for change in outcome.changes]
        return {
            "index": index,
            "position": str(outcome.position),
            "flight": outcome.flight_id,
            "version": outcome.version,
            "changes": changes,
        }
    failure = _error(
        index,
        outcome.code,
        outcome.message,
        outcome.field,
        outcome.value,
        outcome.expected,
        outcome.candidates,
    )
    if outcome.retryable:
        failure["error"]["retryable"] = True
    return failure


def _not_an_object(index: int, item: object) -> dict[str, Any]:
    if isinstance(item, Malformed):
        message = f"This line is not valid JSON: {item.message}."
        failure = _error(index, "malformed_json", message, None, item.value, "one JSON object per line")
        failure["error"] |= {"line": item.line, "column": item.column}
        return failure
    kind = {list: "a list", str: "a string", bool: "a boolean", type(None): "null"}.get(
        type(item), "a number"
    )
    message = f"A report must be a JSON object; this is {kind}."
    return _error(index, "not_an_object", message, None, item, 'an object such as {"flight": "DL1865", …}')


def _error(
    index: int,
    code: str,
    message: str,
    field: str | None,
    value: object,
    expected: str | None,
    candidates: Iterable[str] = (),
) -> dict[str, Any]:
    return {
        "index": index,
        "error": {
            "index": index,
            "code": code,
            "field": field,
            "value": quoted(value),
            "expected": expected,
            "message": message,
            "candidates": list(candidates),
        },
    }

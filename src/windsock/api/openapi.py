"""The OpenAPI document: every response of every operation, with schemas made from the wire's own structs."""

from collections.abc import Iterable, Mapping
from typing import Any

PROBLEMS = {
    400: "The body is not valid JSON; `line` and `column` locate the error.",
    401: "Nobody is signed in, or the token is not valid.",
    403: "The sender may not do this, or the CSRF token is missing.",
    404: "Not found.",
    405: "The method is not allowed; `Allow` lists those that are.",
    410: "The position is no longer in the journal: start again from the flights.",
    413: "The body is too large, or contains too many reports.",
    415: "The content type is not supported.",
    422: "Well-formed, but not valid: see `field`, `value` and `expected`.",
    429: "Too many failed attempts; wait for Retry-After seconds.",
    503: "The journal is not responding. Nothing was recorded; try again after Retry-After seconds.",
}

_RETRY_AFTER = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}
}


def reference(name: str) -> dict[str, str]:
    """Return a reference to one of `schemas()`."""
    return {"$ref": f"#/components/schemas/{name}"}


def operation(
    answers: Mapping[int, tuple[str, str]], problems: Iterable[int], body: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Describe what ninja cannot know of an operation: its responses (status → text, schema), problems and raw body."""
    responses: dict[int, Any] = {}
    for status, (text, schema) in answers.items():
        responses[status] = {
            "description": text,
            "content": {"application/json": {"schema": reference(schema)}},
        }
    # A request refused with 422 as a whole also carries the result of each report.
    responses.update({int(status): answer for status, answer in problem_answers(problems).items()})
    extra: dict[str, Any] = {"responses": responses}
    if body is not None:
        extra["requestBody"] = body
    return extra


def problem_answers(statuses: Iterable[int]) -> dict[str, Any]:
    """Return the responses with these statuses: problem documents."""
    answers: dict[str, Any] = {}
    for status in statuses:
        answers[str(status)] = {
            "description": PROBLEMS[status],
            "content": {"application/problem+json": {"schema": reference("Problem")}},
        }
        if status in (429, 503):
            answers[str(status)]["headers"] = _RETRY_AFTER
    return answers


_EXAMPLE = {
    "flight": "DL1865",
    "date": "2015-01-02",
    "origin": "ATL",
    "departure": {"estimated": "2015-01-02T14:30:00Z"},
    "delay_reasons": [{"scheme": "ahm730", "code": "93"}],
}

REPORTS_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "oneOf": [reference("Report"), {"type": "array", "items": reference("Report"), "minItems": 1}]
            },
            "example": _EXAMPLE,
        },
        "application/x-ndjson": {
            "schema": {"type": "string", "description": "One report per line, each a JSON object."},
            "example": '{"flight":"DL1865","date":"2015-01-02","origin":"ATL","cancelled":true}\n',
        },
    },
}


def schemas() -> dict[str, Any]:
    """Return every schema by name. Those of flights, reports and events are what msgspec reads and writes."""
    import msgspec

    from windsock.flights import Change, Flight, Report
    from windsock.flights.programmes import Standing
    from windsock.protocol.messages import Event, Programmes
    from windsock.search.results import Found

    _, wire = msgspec.json.schema_components(
        [Flight, Report, Change, Event, Standing, Programmes, Found],
        ref_template="#/components/schemas/{name}",
    )
    text, whole = {"type": "string"}, {"type": "integer"}
    nullable_text = {"type": ["string", "null"]}
    problem = {
        "type": "object",
        "description": "RFC 9457. `code` is stable and meant for programs, `detail` for people.",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": text,
            "title": text,
            "status": whole,
            "detail": text,
            "code": text,
            "field": text,
            "value": {},
            "expected": text,
            "candidates": {"type": "array", "items": text},
            "line": whole,
            "column": whole,
            "results": {"type": "array", "items": reference("ReportResult")},
        },
    }
    recorded = {
        "type": "object",
        "required": ["index", "position", "flight", "version", "changes"],
        "properties": {
            "index": whole,
            "position": {
                "type": "string",
                "description": "The position of its event; of the newest earlier event where nothing changed.",
            },
            "flight": {"type": "string", "description": "The flight's id."},
            "version": whole,
            "changes": {
                "type": "array",
                "items": reference("Change"),
                "description": "Empty if the report contained nothing new.",
            },
        },
    }
    rejected = {
        "type": "object",
        "required": ["index", "error"],
        "properties": {
            "index": whole,
            "error": {
                "type": "object",
                "required": ["index", "code", "field", "value", "expected", "message", "candidates"],
                "properties": {
                    "index": whole,
                    "code": text,
                    "field": {**nullable_text, "description": "A dotted path into the report."},
                    "value": {"description": "The value that was given."},
                    "expected": {**nullable_text, "description": "What a valid value looks like."},
                    "message": text,
                    "candidates": {
                        "type": "array",
                        "items": text,
                        "description": "Flights that the report may refer to.",
                    },
                    "line": whole,
                    "column": whole,
                    "retryable": {
                        "type": "boolean",
                        "description": "True: the report is fine, but the journal was not available. Send it again.",
                    },
                },
            },
        },
    }
    return {
        **wire,
        "Problem": problem,
        "ReportResult": {"oneOf": [reference("RecordedReport"), reference("RejectedReport")]},
        "RecordedReport": recorded,
        "RejectedReport": rejected,
        "ReportResults": _object(
            recorded=whole, rejected=whole, results={"type": "array", "items": reference("ReportResult")}
        ),
        "Flights": _object(flights={"type": "array", "items": reference("Flight")}, next=nullable_text),
        "FlightWithProvenance": _object(flight=reference("Flight"), provenance={"type": "object"}),
        "History": _object(
            events={"type": "array", "items": reference("Event")}, complete={"type": "boolean"}
        ),
        "Events": _object(
            events={"type": "array", "items": {"oneOf": [reference("Event"), reference("Programmes")]}},
            position=text,
            head=text,
            more={"type": "boolean"},
        ),
        "Standings": _object(standings={"type": "array", "items": reference("Standing")}, position=text),
        "Ticket": _object(ticket=text, expires_in=whole, subprotocol=text),
    }


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}

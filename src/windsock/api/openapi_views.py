"""The OpenAPI descriptions of endpoints that are plain views: the stream, the feeds' endpoints, health and metrics."""

from typing import Any

from windsock.api.openapi import problem_answers, reference

_TEXT = {"type": "string"}
_WHOLE = {"type": "integer"}

STREAM: dict[str, Any] = {
    "get": {
        "operationId": "stream",
        "summary": "Follow the journal live",
        "description": "Server-Sent Events with the same messages as the WebSocket. `id:` is the position; a reconnect "
        "with `Last-Event-ID` resumes there.",
        "tags": ["events"],
        "parameters": [
            {
                "in": "query",
                "name": "topics",
                "required": False,
                "schema": {"type": "string", "default": "all"},
                "description": "Comma-separated, such as `departures:JFK,carrier:DL`.",
            },
            {
                "in": "header",
                "name": "Last-Event-ID",
                "required": False,
                "schema": {"type": "string"},
                "description": "The position to resume after.",
            },
        ],
        "responses": {
            "200": {
                "description": "The stream.",
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
            },
            **problem_answers((401, 403, 422, 429, 503)),
        },
        "security": [{"Bearer": []}, {"Session": []}],
    }
}

INDEX: dict[str, Any] = {
    "get": {
        "operationId": "index",
        "summary": "Find the service's addresses",
        "description": "Paths on this host, with their prefix, and whether pages of the asking origin are admitted.",
        "tags": ["access"],
        "parameters": [],
        "responses": {
            "200": {
                "description": "The addresses.",
                "content": {"application/json": {"schema": reference("Index")}},
            },
        },
        "security": [{}],
    }
}

_FEED_NAME = {
    "in": "path",
    "name": "name",
    "required": True,
    "schema": {"type": "string", "examples": ["ops-telex"]},
    "description": "The feed's configured name.",
}
_FEED_SECRET = {
    "in": "path",
    "name": "secret",
    "required": True,
    "schema": _TEXT,
    "description": "The feed's secret, for providers that can send neither a token nor a signature.",
}


def _feed(
    operation_id: str, parameters: list[dict[str, Any]], security: list[dict[str, Any]]
) -> dict[str, Any]:
    taken = {
        "application/json": {"schema": reference("FeedInputResult")},
        "application/xml": {"schema": _TEXT},
    }
    return {
        "post": {
            "operationId": operation_id,
            "summary": "Send input to a feed",
            "description": "The body is in the feed's own format: a telex, an AIDX message, a provider's alert. "
            "The response follows the commit. An AIDX message gets AIDX's own acknowledgement, in XML.",
            "tags": ["feeds"],
            "parameters": parameters,
            "requestBody": {
                "required": True,
                "content": {
                    kind: {"schema": {"type": "string", "format": "binary"}}
                    for kind in ("application/octet-stream",)
                },
            },
            "responses": {
                "200": {"description": "The whole input was read.", "content": taken},
                "207": {"description": "Parts could not be read; `faults` lists them.", "content": taken},
                **problem_answers((401, 403, 404, 405, 413, 415, 422, 429, 503)),
            },
            "security": security,
        }
    }


def _watched(
    operation_id: str, summary: str, answers: dict[str, Any], security: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "get": {
            "operationId": operation_id,
            "summary": summary,
            "description": "For monitoring.",
            "tags": ["health"],
            "parameters": [],
            "responses": answers,
            "security": security,
        }
    }


def _json(description: str, schema: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": reference(schema)}}}


def paths(prefix: str) -> dict[str, Any]:
    """Return the path items, where the API is mounted at `prefix` ("/api/v1/") and health beside it."""
    root = prefix.removesuffix("api/v1/")
    by_token: list[dict[str, Any]] = [{"Bearer": []}, {}]
    return {
        prefix: INDEX,
        f"{prefix}stream": STREAM,
        f"{prefix}feeds/{{name}}": _feed("send_feed_input", [_FEED_NAME], by_token),
        f"{prefix}feeds/{{name}}/{{secret}}": _feed(
            "send_feed_input_by_secret", [_FEED_NAME, _FEED_SECRET], [{}]
        ),
        f"{root}healthz": _watched(
            "healthz",
            "Check that the process responds",
            {"200": _json("The process responds.", "Alive")},
            [],
        ),
        f"{root}readyz": _watched(
            "readyz",
            "Check that this process can serve requests",
            {
                "200": _json("Every check passed.", "Readiness"),
                "503": _json("A check failed: send no requests to this process.", "Readiness"),
            },
            [],
        ),
        f"{root}metrics": _watched(
            "metrics",
            "Get metrics for Prometheus",
            {
                "200": {
                    "description": "Metrics in the Prometheus text format.",
                    "content": {"text/plain": {"schema": _TEXT}},
                },
                **problem_answers((401, 429)),
            },
            [{}, {"Bearer": []}],
        ),
    }


def schemas() -> dict[str, Any]:
    """Return the schemas of these endpoints' responses, by name."""
    fault = {
        "type": "object",
        "required": ["where", "message"],
        "properties": {"where": _TEXT, "message": _TEXT},
    }
    paths = ("socket", "stream", "openapi", "names", "home", "board", "flight")
    return {
        "Index": {
            "type": "object",
            "required": [
                *paths,
                "version",
                "catalogues",
                "public",
                "origin_allowed",
                "late_minutes",
                "attributions",
            ],
            "properties": {
                "version": _TEXT,
                **{key: {**_TEXT, "description": "A path on this host."} for key in paths},
                "catalogues": {"type": "object", "additionalProperties": _TEXT},
                "public": {"type": "boolean", "description": "Whether anybody may read."},
                "origin_allowed": {"type": "boolean"},
                "late_minutes": _WHOLE,
                "attributions": {"type": "array", "items": _TEXT},
            },
        },
        "FeedInputResult": {
            "type": "object",
            "required": ["input", "recorded", "changed", "parked", "faults", "fault_count"],
            "properties": {
                "input": {
                    "type": ["integer", "null"],
                    "description": "The id of the stored input.",
                },
                "recorded": {**_WHOLE, "description": "Reports recorded."},
                "changed": {**_WHOLE, "description": "Reports that changed a flight."},
                "parked": {**_WHOLE, "description": "Reports whose flight is unclear, left to an operator."},
                "faults": {"type": "array", "items": fault, "description": "The first 20 faults."},
                "fault_count": _WHOLE,
            },
        },
        "Alive": {"type": "object", "required": ["status"], "properties": {"status": {"const": "alive"}}},
        "Readiness": {
            "type": "object",
            "required": ["status", "checks"],
            "properties": {
                "status": {
                    "enum": ["ready", "degraded", "not ready"],
                    "description": "Degraded: fit for requests, but something needs attention (see warnings).",
                },
                "checks": {
                    "type": "object",
                    "additionalProperties": _TEXT,
                    "description": "Each check with 'ok' or what is wrong.",
                },
                "warnings": {
                    "type": "object",
                    "additionalProperties": _TEXT,
                    "description": "What needs attention; does not affect the status code. Absent if there is nothing.",
                },
            },
            "description": "Other members describe parts of the service for people; they do not affect the status.",
        },
    }

"""The OpenAPI document against the API: whatever schemathesis thinks of, every answer is one of those declared."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from windsock.access import tokens
from windsock.ingest import stop

REPORT = {
    "flight": "DL1865",
    "date": "2015-01-02",
    "origin": "ATL",
    "departure": {"scheduled": "2015-01-02T13:55:00Z"},
}


@pytest.fixture
def secret(transactional_db: None) -> Iterator[str]:
    """A token that may read and publish, and one flight to read about."""
    _, secret = tokens.create(None, "schemathesis", ["read", "publish"])
    answer = Client().post(
        "/api/v1/reports",
        json.dumps(REPORT),
        "application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert answer.status_code == 200, answer.content
    yield secret
    stop()


@pytest.fixture
def described(secret: str) -> Any:
    """The API as its own document describes it. The endless stream is tested where it lives."""
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", WSGIHandler()).exclude(path_regex="stream$")


OPERATIONS = (
    "POST /api/v1/reports",
    "POST /api/v1/tickets",
    "GET /api/v1/flights",
    "GET /api/v1/flights/{flight_id}",
    "GET /api/v1/flights/{flight_id}/history",
    "GET /api/v1/events",
    "GET /api/v1/programmes",
)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.name.lower())
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_answer_is_declared(described: Any, secret: str, name: str, mode: GenerationMode) -> None:
    method, path = name.split(" ")

    @given(case=described[path][method].as_strategy(generation_mode=mode))
    @settings(
        max_examples=30,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def holds(case: Any) -> None:
        cache.clear()  # else the many wrong tokens that are tried come to 429, as they should
        case.call_and_validate(
            headers={"Authorization": f"Bearer {secret}"},
            # What is well-formed may still be refused: airports exist or not, times follow each other.
            excluded_checks=[positive_data_acceptance],
        )

    holds()


def document() -> dict[str, Any]:
    answer = Client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    result: dict[str, Any] = answer.json()
    return result


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document()["paths"].items():
        for method, details in methods.items():
            yield f"{method.upper()} {path}", details


def test_every_operation_declares_what_may_be_refused() -> None:
    assert {name for name, _ in operations()} == {*OPERATIONS, "GET /api/v1/stream"}
    for name, details in operations():
        declared = set(details["responses"])
        assert {"401", "403", "429", "503"} <= declared, name
        if name.startswith("POST /api/v1/reports"):
            assert {"200", "207", "400", "413", "415", "422"} <= declared
        if "{flight_id}" in name:
            assert "404" in declared
        if name == "GET /api/v1/events":
            assert "410" in declared


def test_every_error_is_a_problem_document() -> None:
    for name, details in operations():
        for status, answer in details["responses"].items():
            if status >= "4":
                assert list(answer["content"]) == ["application/problem+json"], (name, status)


def test_every_reference_leads_somewhere() -> None:
    whole = document()
    text = json.dumps(whole)
    names = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names <= set(whole["components"]["schemas"])


def test_the_schemas_are_the_wires_own() -> None:
    import msgspec

    from windsock.flights import Flight

    fields = set(document()["components"]["schemas"]["Flight"]["properties"])
    assert fields == {field.encode_name for field in msgspec.structs.fields(Flight)}

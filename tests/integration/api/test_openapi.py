"""The OpenAPI document against the API: whatever schemathesis thinks of, every answer is one of those declared."""

import importlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client
from hypothesis import HealthCheck, given, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
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
    "GET /api/v1/search",
    "GET /api/v1/events",
    "GET /api/v1/programmes",
    "GET /api/v1/search",
    "POST /api/v1/feeds/{name}",
    "POST /api/v1/feeds/{name}/{secret}",
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
)

WATCHED = ("GET /healthz", "GET /readyz", "GET /metrics")
"""Not part of the API proper: they have answers of their own."""


# An operation without parameters cannot be given a wrong one, and any text is a feed's name, any bytes its input.
NEVER_WRONG = (*WATCHED, *(name for name in OPERATIONS if "/feeds/" in name))
TRIALS = [
    (name, mode)
    for name in OPERATIONS
    for mode in GenerationMode
    if mode is not GenerationMode.NEGATIVE or name not in NEVER_WRONG
]


@pytest.mark.parametrize(("name", "mode"), TRIALS, ids=lambda value: getattr(value, "name", value))
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
    assert {name for name, _ in operations()} == {*OPERATIONS, "GET /api/v1/", "GET /api/v1/stream"}
    for name, details in operations():
        if name in (*WATCHED, "GET /api/v1/"):
            continue
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
            if status >= "4" and name != "GET /readyz":
                assert list(answer["content"]) == ["application/problem+json"], (name, status)


def test_the_document_is_valid_openapi() -> None:
    found = [
        f"{error.json_path}: {error.message}" for error in OpenAPIV31SpecValidator(document()).iter_errors()
    ]
    assert not found, "\n".join(found)


def _routes(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern).removeprefix("^")
        if hasattr(pattern, "url_patterns"):
            yield from _routes(pattern.url_patterns, route)
        else:
            yield "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)


def test_every_endpoint_is_in_the_document() -> None:
    from windsock import urls

    # Pages for people, the document itself, and the answer to addresses that do not exist.
    apart = ("/api/v1/docs", "/api/v1/openapi.json", "/api/.*$", "/api/")
    served = {
        route
        for route in _routes(urls.urlpatterns)
        if route.startswith(("/api/", "/healthz", "/readyz", "/metrics")) and route not in apart
    }
    assert served == {name.partition(" ")[2] for name, _ in operations()}


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A client that openapi-python-client makes from the document."""
    folder = tmp_path_factory.mktemp("generated")
    (folder / "openapi.json").write_text(json.dumps(document()))
    # Formatting what is generated is left out: it takes a program on the path.
    (folder / "config.yml").write_text("post_hooks: []\n")
    command = ["generate", "--path", "openapi.json", "--config", "config.yml", "--output-path", "client"]
    done = subprocess.run(
        [Path(sys.executable).with_name("openapi-python-client"), *command],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    # What it cannot read it leaves out and says so: one body in lines is all that may be.
    said = done.stdout + done.stderr
    left_out = re.findall(r"^WARNING parsing (.*)$", said, flags=re.MULTILINE)
    assert left_out == ["POST /api/v1/reports within reports."], said
    sys.path.insert(0, str(folder / "client"))
    yield folder
    sys.path.remove(str(folder / "client"))


def test_a_generated_client_publishes_and_reads(generated: Path, secret: str) -> None:
    import httpx

    client_module = importlib.import_module("windsock_client")
    api = {
        name: importlib.import_module(f"windsock_client.api.{name}")
        for name in ("flights.get_flight", "flights.list_flights", "reports.publish_reports", "health.readyz")
    }
    models = importlib.import_module("windsock_client.models")
    client = client_module.AuthenticatedClient(
        base_url="http://testserver",
        token=secret,
        httpx_args={"transport": httpx.WSGITransport(app=WSGIHandler())},
    )

    report = models.Report.from_dict({**REPORT, "departure": {"gate": "B14"}})
    answer = api["reports.publish_reports"].sync(client=client, body=report)
    assert answer.recorded == 1
    assert answer.results[0].flight == "DL1865.2015-01-02.ATL"

    found = api["flights.list_flights"].sync(client=client, airport="ATL")
    assert [flight.departure.gate for flight in found.flights] == ["B14"]
    one = api["flights.get_flight"].sync("DL1865.2015-01-02.ATL", client=client)
    assert one.flight.designator == "DL1865"
    missing = api["flights.get_flight"].sync("DL1866.2015-01-02.ATL", client=client)
    assert (missing.status, missing.code) == (404, "unknown_flight")
    assert api["health.readyz"].sync_detailed(client=client).status_code in (200, 503)


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

"""The short way of reports with a bearer token: the same answers as Django's own way, and rights that end in time."""

import json
import subprocess
import sys
import time
from typing import Any

import pytest

from tests.running_service import Answer, RunningService

FLIGHT = {"flight": "DL1865", "date": "2015-01-02", "origin": "ATL", "destination": "MCO"}
# What the short way does not take, so Django answers: the same media type, spelled out.
LONG_WAY = "application/json; charset=utf-8"


def publish(service: RunningService, body: object, content_type: str, who: str | None = "feed") -> Answer:
    text = body if isinstance(body, str) else json.dumps(body)
    return service.ask("POST", "/api/v1/reports", text, {"Content-Type": content_type}, who=who)


def without_places(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer but for what differs from one publication to the next."""
    for result in answer.get("results", []):
        result.pop("position", None)
        result.pop("version", None)
    return answer


@pytest.mark.parametrize(
    "body",
    [
        FLIGHT,
        [FLIGHT, FLIGHT | {"origin": "XXX"}, 7],
        FLIGHT | {"origin": "XXX"},
        [],
        "{",
        "[1, 2",
        FLIGHT | {"departure": {"scheduled": "2015-01-02T13:55:00Z"}, "unheard_of": 1},
    ],
)
def test_both_ways_give_the_same_answer(service: RunningService, body: object) -> None:
    publish(service, FLIGHT, "application/json")
    short, long = publish(service, body, "application/json"), publish(service, body, LONG_WAY)
    assert short.status == long.status
    assert without_places(short.data) == without_places(long.data)
    for name in (
        "content-type",
        "cache-control",
        "x-content-type-options",
        "referrer-policy",
        "x-frame-options",
    ):
        assert short.headers.get(name) == long.headers.get(name), name


def test_lines_are_taken_too(service: RunningService) -> None:
    lines = "\n".join(json.dumps(FLIGHT | {"flight": f"DL{number}"}) for number in (11, 12, 13))
    answer = publish(service, lines, "application/x-ndjson")
    assert (answer.status, answer.data["recorded"]) == (200, 3)


def test_what_is_recorded_the_short_way_names_its_bearer_as_source(service: RunningService) -> None:
    publish(service, FLIGHT | {"flight": "DL14"}, "application/json")
    told = service.get("/api/v1/flights/DL14.2015-01-02.ATL").data
    assert told["provenance"]["destination"]["believed"] == "feed"


@pytest.mark.parametrize(("who", "status"), [("reader", 403), (None, 401)])
def test_who_may_not_publish_is_told_so(service: RunningService, who: str | None, status: int) -> None:
    answer = publish(service, FLIGHT, "application/json", who)
    assert answer.status == status
    assert answer.data["code"] in ("forbidden", "not_authenticated")


def test_a_wrong_token_is_refused(service: RunningService) -> None:
    answer = service.ask(
        "POST",
        "/api/v1/reports",
        json.dumps(FLIGHT),
        {"Content-Type": "application/json", "Authorization": "Bearer wsk_nonsense"},
        who=None,
    )
    assert (answer.status, answer.data["code"]) == (401, "invalid_token")


REVOKE = """
import django
django.setup()
from windsock.access import tokens
print(tokens.revoke(tokens.find("feed")[0]))
"""


def test_a_token_revoked_by_another_process_records_nothing_two_seconds_later(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    service = RunningService.prepare(tmp_path_factory.mktemp("revoked"))
    service.start()
    try:
        assert publish(service, FLIGHT, "application/json").status == 200
        revoked = subprocess.run(
            [sys.executable, "-c", REVOKE],
            env=service.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert revoked.stdout.strip() == "True"
        ended = time.monotonic()
        while (answer := publish(service, FLIGHT, "application/json")).status == 200:
            assert time.monotonic() - ended < 2 + 4  # the rest is for a machine that other tests load
        assert (answer.status, answer.data["code"]) == (401, "invalid_token")
    finally:
        service.stop()

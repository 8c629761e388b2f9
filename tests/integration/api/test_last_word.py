"""Of undated reports sent together the last word counts, at each entrance of a real service, and after a restart."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.dial import dial
from tests.running_service import RunningService, wait_until

FLIGHT = {"flight": "DL1865", "date": "2015-01-02", "origin": "ATL"}
# The greater value, by which ties were once decided, comes first.
WORDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "gate": ({"departure": {"gate": "B9"}}, {"departure": {"gate": "B10"}}),
    "estimate": (
        {"departure": {"estimated": "2015-01-02T16:00:00Z"}},
        {"departure": {"estimated": "2015-01-02T15:30:00Z"}},
    ),
    "cancelled": ({"cancelled": True}, {"cancelled": False}),
}


def as_json(service: RunningService, reports: list[dict[str, Any]]) -> None:
    assert service.post(reports).status == 200


def as_ndjson(service: RunningService, reports: list[dict[str, Any]]) -> None:
    lines = "\n".join(map(json.dumps, reports))
    answer = service.ask("POST", "/api/v1/reports", lines, {"Content-Type": "application/x-ndjson"})
    assert answer.status == 200


def on_one_socket(service: RunningService, reports: list[dict[str, Any]]) -> None:
    with dial(
        f"ws://127.0.0.1:{service.port}/ws/flight-delay/",
        subprotocols=["windsock.v1.json"],  # type: ignore[list-item]
        additional_headers={"Authorization": f"Bearer {service.tokens['publisher']}"},
    ) as socket:
        for number, report in enumerate(reports):
            socket.send(json.dumps({"type": "report", "id": number, "report": report}))
        answered = 0
        while answered < len(reports):
            told = json.loads(socket.recv(90))
            assert told["type"] != "error", told
            answered += told["type"] == "recorded"


def over_a_restart(service: RunningService, reports: list[dict[str, Any]]) -> None:
    for report in reports[:-1]:
        as_json(service, [report])
    service.stop()
    service.start()
    as_json(service, reports[-1:])


ENTRANCES: list[Callable[[RunningService, list[dict[str, Any]]], None]] = [
    as_json,
    as_ndjson,
    on_one_socket,
    over_a_restart,
]


def left(service: RunningService, flight: str) -> Any:
    found = service.get(f"/api/v1/flights/{flight}.2015-01-02.ATL")
    assert found.status == 200
    return found.data["flight"]


@pytest.mark.parametrize("entrance", ENTRANCES, ids=lambda entrance: entrance.__name__)
def test_the_last_word_counts(
    service: RunningService, entrance: Callable[[RunningService, list[dict[str, Any]]], None]
) -> None:
    number = 100 * (1 + ENTRANCES.index(entrance))
    reports, expected = [], {}
    for place, words in enumerate(WORDS.values()):
        for turn in range(10):
            flight = f"DL{number + 10 * place + turn}"
            said = [FLIGHT | word | {"flight": flight} for word in (words * 2 if turn % 2 else words)]
            reports += said
            expected[flight] = said[-1]
    if entrance is over_a_restart:
        reports = reports[:2]
        expected = {reports[-1]["flight"]: reports[-1]}
    entrance(service, reports)
    wait_until(lambda: service.get("/healthz", who=None).status == 200, 20, "the service")
    for flight, last in expected.items():
        believed = left(service, flight)
        if "cancelled" in last:
            assert believed["cancelled"] is last["cancelled"]
        else:
            ((name, value),) = last["departure"].items()
            assert believed["departure"][name] == value, flight

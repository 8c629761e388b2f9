"""Reading over HTTP from a real server: flights, their history, the journal; who may; what watches over us."""

import json
from typing import Any

import pytest

from tests.integration.api.test_reports import GOOD, problem
from tests.running_service import RunningService


@pytest.fixture(scope="module", autouse=True)
def a_day(service: RunningService) -> None:
    """Seven flights: five depart from Atlanta on the quarter hours, one arrives there, one is of another carrier."""
    reports: list[dict[str, Any]] = [
        GOOD
        | {
            "flight": f"DL20{number}",
            "departure": {"scheduled": f"2015-01-02T14:{15 * (number % 4):02d}:00Z"},
            "arrival": {"scheduled": "2015-01-02T17:00:00Z"},
        }
        for number in range(4)
    ]
    reports.append(
        {
            "flight": "AA300",
            "date": "2015-01-02",
            "origin": "ATL",
            "departure": {"scheduled": "2015-01-02T20:00:00Z"},
        }
    )
    reports.append(
        GOOD
        | {
            "flight": "DL210",
            "origin": "MCO",
            "destination": "ATL",
            "departure": {"scheduled": "2015-01-02T11:00:00Z"},
            "arrival": {"scheduled": "2015-01-02T12:30:00Z"},
        }
    )
    answer = service.post(reports)
    assert answer.status == 200, answer.body
    service.post({"flight": "DL200", "date": "2015-01-02", "origin": "ATL", "departure": {"gate": "B12"}})


def designators(service: RunningService, query: str) -> list[str]:
    answer = service.get(f"/api/v1/flights?{query}")
    assert answer.status == 200, answer.body
    return [flight["designator"] for flight in answer.data["flights"]]


def test_a_board_is_in_the_order_of_its_times(service: RunningService) -> None:
    assert designators(service, "airport=ATL&direction=departures") == [
        "DL200",
        "DL201",
        "DL202",
        "DL203",
        "AA300",
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("airport=KATL&direction=arrivals", ["DL210"]),
        ("carrier=AAL&date=2015-01-02", ["AA300"]),
        ("q=DL20&limit=2", ["DL200", "DL201"]),
        ("date=2015-01-03", []),
    ],
)
def test_flights_are_found(service: RunningService, query: str, expected: list[str]) -> None:
    assert designators(service, query) == expected


def test_pages_follow_each_other_without_hole_or_repetition(service: RunningService) -> None:
    seen: list[str] = []
    after = ""
    while True:
        page = service.get(f"/api/v1/flights?airport=ATL&limit=2{after}").data
        seen += [flight["designator"] for flight in page["flights"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert len(seen) == len(set(seen)) == 6


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("airport=QQQ", "airport"),
        ("carrier=D-L", "carrier"),
        ("date=2015-02-30", "date"),
        ("direction=up", "direction"),
        ("limit=0", "limit"),
        ("limit=many", "limit"),
        ("after=here", "after"),
    ],
)
def test_a_wrong_parameter_is_named(service: RunningService, query: str, field: str) -> None:
    answer = service.get(f"/api/v1/flights?{query}")
    document = problem(answer, 422, answer.data["code"])
    assert document["field"] == field
    assert document["expected"]


def test_a_flight_has_its_grounds_and_its_history(service: RunningService) -> None:
    flight = service.get("/api/v1/flights/DL200.2015-01-02.ATL").data
    assert flight["flight"]["departure"]["gate"] == "B12"
    assert flight["provenance"]["departure.gate"]["believed"] == "operations"
    history = service.get("/api/v1/flights/DL200.2015-01-02.ATL/history").data
    assert [event["flight"]["version"] for event in history["events"]] == [1, 2]
    assert history["complete"] is True
    assert {"type", "position", "flight", "changes", "recorded_at"} == set(history["events"][0])


def test_an_icao_designator_leads_to_the_same_flight(service: RunningService) -> None:
    assert service.get("/api/v1/flights/DAL200.2015-01-02.ATL").data["flight"]["designator"] == "DL200"


def test_an_unknown_flight_is_404_and_an_impossible_id_is_422(service: RunningService) -> None:
    problem(service.get("/api/v1/flights/DL999.2015-01-02.ATL"), 404, "unknown_flight")
    document = problem(service.get("/api/v1/flights/nonsense"), 422, "invalid_flight_id")
    assert document["field"] == "flight_id"


def test_the_journal_is_read_to_its_end_without_a_hole(service: RunningService) -> None:
    offsets: list[int] = []
    after = ""
    while True:
        page = service.get(f"/api/v1/events?limit=3{after}").data
        offsets += [int(event["position"].rpartition(":")[2]) for event in page["events"]]
        after = f"&after={page['position']}"
        if not page["more"]:
            break
    assert offsets == list(range(1, len(offsets) + 1))
    assert page["position"] == page["head"]
    assert service.get(f"/api/v1/events?{after}").data["events"] == []


def test_the_journal_is_read_by_topic(service: RunningService) -> None:
    page = service.get("/api/v1/events?topics=carrier:AA,departures:MCO").data
    assert [event["flight"]["designator"] for event in page["events"]] == ["AA300", "DL210"]
    assert page["position"] == page["head"], "what the topics do not pick has been looked at too"


def test_a_position_of_another_journal_is_gone(service: RunningService) -> None:
    document = problem(service.get("/api/v1/events?after=another:1"), 410, "position_unknown")
    assert document["head"] == service.get("/api/v1/events").data["head"]
    ahead = document["head"].rpartition(":")[0] + ":999999"
    problem(service.get(f"/api/v1/events?after={ahead}"), 410, "position_unknown")


@pytest.mark.parametrize("query", ["after=nonsense", "topics=nonsense", "topics=departures:QQQ", "topics=,"])
def test_a_wrong_position_or_topic_says_what_would_be_right(service: RunningService, query: str) -> None:
    answer = service.get(f"/api/v1/events?{query}")
    assert problem(answer, 422, answer.data["code"])["expected"]


@pytest.mark.parametrize(
    "path", ["/api/v1/flights", "/api/v1/flights/DL200.2015-01-02.ATL", "/api/v1/events"]
)
def test_without_credentials_nothing_is_told(service: RunningService, path: str) -> None:
    problem(service.get(path, who=None), 401, "not_authenticated")


def test_a_wrong_token_is_told_so(service: RunningService) -> None:
    answer = service.ask("GET", "/api/v1/flights", headers={"Authorization": "Bearer wrong"}, who=None)
    problem(answer, 401, "invalid_token")
    answer = service.ask("GET", "/api/v1/flights", headers={"Authorization": "Basic eDp4"}, who=None)
    problem(answer, 401, "not_authenticated")


def test_a_ticket_is_given_to_members_only(service: RunningService) -> None:
    answer = service.ask("POST", "/api/v1/tickets", who="reader")
    assert answer.status == 201
    assert answer.data["subprotocol"] == f"windsock.ticket.{answer.data['ticket']}"
    assert answer.headers["cache-control"] == "no-store"
    problem(service.ask("POST", "/api/v1/tickets", who=None), 401, "not_authenticated")


def test_a_wrong_method_and_a_wrong_address_are_problems_too(service: RunningService) -> None:
    answer = service.ask("DELETE", "/api/v1/flights")
    problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET"
    for path in ("/api/v1/nothing/here", "/api/", "/api/v2/", "/api/v2/flights"):
        problem(service.get(path), 404, "no_such_address")
        problem(service.ask("POST", path), 404, "no_such_address")


def test_the_process_and_its_readiness_are_told_to_everybody(service: RunningService) -> None:
    assert service.get("/healthz", who=None).data == {"status": "alive"}
    ready = service.get("/readyz", who=None)
    assert ready.status == 200
    assert {"database", "migrations", "journal"} <= set(ready.data["checks"])


def test_metrics_say_where_the_journal_stands(service: RunningService) -> None:
    head = int(service.get("/api/v1/events").data["head"].rpartition(":")[2])
    metrics = service.get("/metrics", who=None)
    assert f"windsock_journal_head_offset {float(head)}" in metrics.body.decode()
    proxied = service.ask("GET", "/metrics", headers={"X-Forwarded-For": "198.51.100.7"}, who=None)
    problem(proxied, 401, "not_authenticated")


def test_the_documentation_is_a_page_without_scripts(service: RunningService) -> None:
    page = service.get("/api/v1/docs", who=None)
    assert page.status == 200
    text = page.body.decode()
    assert "<script" not in text
    assert "//cdn" not in text
    assert "/api/v1/reports" in text
    assert service.get("/static/windsock/api-docs.css", who=None).status == 200
    assert json.loads(service.get("/api/v1/openapi.json", who=None).body)["openapi"].startswith("3.1")


def test_security_headers_are_sent(service: RunningService) -> None:
    headers = service.get("/sign-in/", who=None).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"


def test_the_old_id_of_a_codeshare_answers_with_the_flight_it_turned_out_to_be(
    service: RunningService,
) -> None:
    leg = {"date": "2015-02-02", "origin": "BOS", "departure": {"scheduled": "2015-02-02T14:00:00Z"}}
    assert service.post({"flight": "AF8800", **leg}).status == 200
    assert service.post({"flight": "DL880", "codeshares": ["AF8800"], **leg}).status == 200
    answers = [service.get(f"/api/v1/flights/{name}.2015-02-02.BOS") for name in ("AF8800", "DL880")]
    assert [answer.status for answer in answers] == [200, 200]
    old, new = (answer.data.get("flight", answer.data) for answer in answers)
    assert (
        old == new and old["id"] == "DL880.2015-02-02.BOS" and old["former_ids"] == ["AF8800.2015-02-02.BOS"]
    )
    assert service.get("/flights/AF8800.2015-02-02.BOS/").status in (200, 301, 302)

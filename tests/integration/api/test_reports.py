"""POST /reports against a real server: what is recorded, what is refused and how, and that the service goes on."""

import json
from typing import Any

import pytest

from tests.running_service import Answer, RunningService

GOOD = {
    "flight": "DL1865",
    "date": "2015-01-02",
    "origin": "ATL",
    "destination": "MCO",
    "departure": {"scheduled": "2015-01-02T13:55:00Z"},
    "arrival": {"scheduled": "2015-01-02T15:25:00Z"},
}


def problem(answer: Answer, status: int, code: str) -> dict[str, Any]:
    """The answer's problem document, checked to be one."""
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.data
    assert document["status"] == status
    assert document["code"] == code
    assert document["type"] == f"urn:windsock:problem:{code}"
    assert document["title"]
    assert document["detail"]
    return document


def test_one_report_is_recorded_with_position_flight_and_changes(service: RunningService) -> None:
    answer = service.post(GOOD | {"flight": "DL100"})
    assert answer.status == 200, answer.body
    [result] = answer.data["results"]
    assert result["flight"] == "DL100.2015-01-02.ATL"
    assert result["version"] == 1
    assert result["position"].rpartition(":")[2].isdigit()
    assert result["changes"][0]["kind"] == "flight.added"
    found = service.get("/api/v1/flights/DL100.2015-01-02.ATL")
    assert found.status == 200
    assert found.data["flight"]["departure"]["scheduled"] == "2015-01-02T13:55:00Z"


def test_the_same_report_again_is_recorded_and_changes_nothing(service: RunningService) -> None:
    first = service.post(GOOD | {"flight": "DL101"}).data["results"][0]
    again = service.post(GOOD | {"flight": "DL101"}).data["results"][0]
    assert again["changes"] == []
    assert again["version"] == first["version"]


def test_who_does_not_name_a_source_is_the_source(service: RunningService) -> None:
    service.post(GOOD | {"flight": "DL102"})
    grounds = service.get("/api/v1/flights/DL102.2015-01-02.ATL").data["provenance"]
    assert grounds["destination"]["believed"] == "operations"


def test_of_a_list_the_good_ones_are_kept_and_each_has_its_result(service: RunningService) -> None:
    answer = service.post([GOOD | {"flight": "DL110"}, GOOD | {"flight": "DL111", "origin": "QQQ"}, 7])
    assert answer.status == 207
    assert (answer.data["recorded"], answer.data["rejected"]) == (1, 2)
    good, unknown, number = answer.data["results"]
    assert (good["index"], good["flight"]) == (0, "DL110.2015-01-02.ATL")
    assert (unknown["error"]["index"], unknown["error"]["field"], unknown["error"]["value"]) == (
        1,
        "origin",
        "QQQ",
    )
    assert (number["error"]["index"], number["error"]["code"]) == (2, "not_an_object")
    assert service.get("/api/v1/flights/DL110.2015-01-02.ATL").status == 200


def test_ndjson_is_one_report_per_line_and_a_broken_line_costs_only_itself(service: RunningService) -> None:
    lines = [
        json.dumps(GOOD | {"flight": "DL120"}),
        '{"flight": "DL121", nonsense}',
        "",
        json.dumps(GOOD | {"flight": "DL122"}),
    ]
    answer = service.ask(
        "POST", "/api/v1/reports", "\n".join(lines), {"Content-Type": "application/x-ndjson; charset=utf-8"}
    )
    assert answer.status == 207
    first, broken, third = answer.data["results"]
    assert first["flight"] == "DL120.2015-01-02.ATL"
    assert third["flight"] == "DL122.2015-01-02.ATL"
    assert (broken["error"]["code"], broken["error"]["line"], broken["error"]["column"]) == (
        "malformed_json",
        2,
        21,
    )


def test_none_taken_of_several_is_422_with_every_result(service: RunningService) -> None:
    document = problem(service.post([{}, {"flight": "?"}]), 422, "no_report_taken")
    assert document["rejected"] == 2
    assert [result["error"]["index"] for result in document["results"]] == [0, 1]


# --- Bad input: each its own clear error ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "line", "column"),
    [
        (b'{"flight": "DL1865",\n  "date" 2015}', 2, 10),
        (b'{"flight": ', 1, 12),
        (b"", 1, 1),
        (b'{"flight": "\xff"}', 1, 13),
        (b"[" * 100_000, 1, 1),
    ],
    ids=["a missing colon", "cut off", "empty", "not UTF-8", "nested beyond reason"],
)
def test_malformed_json_says_line_and_column(
    service: RunningService, body: bytes, line: int, column: int
) -> None:
    answer = service.ask("POST", "/api/v1/reports", body, {"Content-Type": "application/json"})
    document = problem(answer, 400, "malformed_json")
    assert (document["line"], document["column"]) == (line, column), document["detail"]


@pytest.mark.parametrize(
    ("change", "code", "field", "value"),
    [
        ({"origin": "QQQ"}, None, "origin", "QQQ"),
        ({"date": "2015-02-30"}, None, "date", "2015-02-30"),
        ({"gate": "B12"}, None, "gate", None),
        ({"departure": {"scheduled": 17}}, None, "departure.scheduled", 17),
        ({"cancelled": "yes"}, None, "cancelled", "yes"),
        ({"origin": "JFK", "date": "2015-03-08", "departure": {"scheduled": "2015-03-08T02:30:00"}}, None,
         "departure.scheduled", "2015-03-08T02:30:00"),
    ],
    ids=["unknown airport", "impossible date", "unknown field", "wrong type", "not a truth", "DST gap"],
)  # fmt: skip
def test_a_wrong_report_says_field_value_and_what_would_be_right(
    service: RunningService, change: dict[str, Any], code: str | None, field: str, value: Any
) -> None:
    answer = service.post(GOOD | change)
    assert answer.status == 422, answer.body
    document = problem(answer, 422, answer.data["code"])
    assert document["field"] == field
    if value is not None:
        assert document["value"] == value
    assert document["expected"]
    assert document["detail"] == document["results"][0]["error"]["message"]


def test_each_kind_of_wrong_report_has_an_error_text_of_its_own(service: RunningService) -> None:
    wrong = [
        GOOD | {"origin": "QQQ"},
        GOOD | {"date": "2015-02-30"},
        GOOD | {"gate": "B12"},
        GOOD | {"departure": {"scheduled": 17}},
        GOOD | {"origin": "JFK", "date": "2015-03-08", "departure": {"scheduled": "2015-03-08T02:30:00"}},
        {"date": "2015-01-02"},
    ]
    messages = [result["error"]["message"] for result in service.post(wrong).data["results"]]
    assert len(set(messages)) == len(wrong)


def test_an_ambiguous_flight_comes_back_with_its_candidates(service: RunningService) -> None:
    for origin, destination in (("ATL", "MCO"), ("MCO", "SJU")):
        made = service.post(
            {
                "flight": "DL1900",
                "date": "2015-01-02",
                "origin": origin,
                "destination": destination,
                "departure": {"gate": "1"},
            }
        )
        assert made.status == 200, made.body
    document = problem(
        service.post({"flight": "DL1900", "date": "2015-01-02", "departure": {"gate": "2"}}),
        422,
        "ambiguous_flight",
    )
    assert document["candidates"] == ["DL1900.2015-01-02.ATL", "DL1900.2015-01-02.MCO"]


def test_ten_megabytes_are_refused_before_they_are_sent(service: RunningService) -> None:
    connection = service.connection()
    connection.putrequest("POST", "/api/v1/reports")
    connection.putheader("Authorization", f"Bearer {service.tokens['publisher']}")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(10_000_000))
    connection.endheaders()
    response = connection.getresponse()  # not one byte of the body was sent
    document = json.loads(response.read())
    assert (response.status, document["code"], document["value"]) == (413, "body_too_large", 10_000_000)
    connection.close()


def test_ten_megabytes_without_a_length_are_refused_on_the_way(service: RunningService) -> None:
    connection = service.connection()
    connection.putrequest("POST", "/api/v1/reports")
    connection.putheader("Authorization", f"Bearer {service.tokens['publisher']}")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    chunk = b"[" + b" " * 99_999
    try:
        for _ in range(100):
            connection.send(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        connection.send(b"0\r\n\r\n")
    except OSError:
        pass  # the server hung up while we were still talking, as it may
    response = connection.getresponse()
    assert response.status == 413
    assert json.loads(response.read())["code"] == "body_too_large"
    connection.close()


@pytest.mark.parametrize(
    "content_type", ["text/csv", "application/x-www-form-urlencoded", "application/json; charset=latin-1", ""]
)
def test_another_content_type_is_415_and_says_which_are_taken(
    service: RunningService, content_type: str
) -> None:
    answer = service.ask("POST", "/api/v1/reports", b"x", {"Content-Type": content_type})
    assert "application/x-ndjson" in problem(answer, 415, "unsupported_media_type")["expected"]


def test_an_empty_list_is_an_error_not_a_success(service: RunningService) -> None:
    problem(service.post([]), 422, "no_reports")


def test_more_reports_than_one_request_may_hold(service: RunningService) -> None:
    document = problem(service.post([{}] * 10_001), 413, "too_many_reports")
    assert document["value"] == 10_001


# --- Who may ----------------------------------------------------------------------------------------------------------


def test_nobody_is_401_and_a_reader_is_403_and_nothing_is_recorded(service: RunningService) -> None:
    before = service.get("/api/v1/events?limit=1000").data["head"]
    assert "www-authenticate" in service.post(GOOD | {"flight": "DL130"}, who=None).headers
    problem(service.post(GOOD | {"flight": "DL130"}, who=None), 401, "not_authenticated")
    document = problem(service.post(GOOD | {"flight": "DL130"}, who="reader"), 403, "forbidden")
    assert "publish" in document["detail"]
    assert service.get("/api/v1/events?limit=1000").data["head"] == before


def test_a_token_that_only_publishes_may_not_read(service: RunningService) -> None:
    assert service.post(GOOD | {"flight": "DL131"}, who="feed").status == 200
    problem(service.get("/api/v1/flights", who="feed"), 403, "forbidden")


def test_after_all_of_this_the_service_still_records(service: RunningService) -> None:
    assert service.post(GOOD | {"flight": "DL199"}).status == 200
    assert service.get("/readyz", who=None).data["status"] == "ready"

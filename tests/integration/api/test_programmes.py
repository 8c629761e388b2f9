"""GET /programmes: what stands at airports, for whoever may read, and how to follow it from there."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from windsock.flights.programmes import Programme, ProgrammeList
from windsock.ingest import pipeline, record
from windsock.ingest.programmes import record_programmes

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 7, 6, 2, 16, tzinfo=UTC)
STOP = Programme(airport="JFK", kind="ground_stop", source="faa", observed_at=NOW, reason="thunderstorms")
CLOSED = Programme(airport="EWR", kind="closure", source="faa", observed_at=NOW)


@pytest.fixture
def ada(client: Client) -> Client:
    client.force_login(get_user_model().objects.create_user("ada", password="x"))
    return client


@pytest.fixture(autouse=True)
def a_stormy_evening() -> None:
    pipeline().journal.reset()
    told(STOP, CLOSED)


def told(*programmes: Programme, at: datetime = NOW) -> None:
    record_programmes(pipeline(), ProgrammeList(source="faa", observed_at=at, programmes=programmes))


def get(client: Client, path: str) -> Any:
    response = client.get(f"/api/v1/{path}")
    assert response.status_code == 200, response.content
    return response.json()


def test_all_airports_with_programmes_are_told_as_of_a_position(ada: Client) -> None:
    answer = get(ada, "programmes")
    assert [one["airport"] for one in answer["standings"]] == ["EWR", "JFK"]
    assert answer["standings"][1]["programmes"][0]["reason"] == "thunderstorms"
    assert answer["position"] == str(pipeline().journal.head().position)


def test_an_airport_is_asked_for_by_either_of_its_codes(ada: Client) -> None:
    for code in ("JFK", "kjfk"):
        assert [one["airport"] for one in get(ada, f"programmes?airport={code}")["standings"]] == ["JFK"]
    assert get(ada, "programmes?airport=BOS")["standings"] == []


def test_what_has_ended_is_told_no_more(ada: Client) -> None:
    told(CLOSED, at=NOW.replace(minute=30))
    assert [one["airport"] for one in get(ada, "programmes")["standings"]] == ["EWR"]


def test_an_airport_that_nobody_knows_is_refused(ada: Client) -> None:
    response = ada.get("/api/v1/programmes?airport=QQQQ")
    assert (response.status_code, response.json()["code"]) == (422, "unknown_airport")


def test_nobody_is_told_without_the_right_to_read(client: Client) -> None:
    assert client.get("/api/v1/programmes").status_code == 401


def test_they_are_followed_by_their_topic_and_are_not_among_all(ada: Client) -> None:
    start = get(ada, "programmes")["position"]
    record(
        [
            {
                "flight": "DL1865",
                "date": "2026-07-06",
                "origin": "JFK",
                "source": "test",
                "departure": {"scheduled": "2026-07-06T04:00:00Z"},
            }
        ],
        received_at=NOW,
    )
    told(CLOSED, at=NOW.replace(minute=30))
    ended = get(ada, f"events?after={start}&topics=programmes:JFK")
    assert [(one["type"], one["changes"][0]["kind"]) for one in ended["events"]] == [
        ("programmes", "programme.ended")
    ]
    everything = get(ada, f"events?after={start}")
    assert [one["type"] for one in everything["events"]] == ["event"]
    assert everything["position"] == everything["head"]

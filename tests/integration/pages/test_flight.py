"""The page of a flight as the server renders it."""

from datetime import timedelta

import msgspec
import pytest
from django.test import Client

from tests.integration.pages.snowy_day import DELAYS, NOW, at, programmes, tell, text
from windsock.ingest import Recorded, record

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("snowy_day")]


def test_the_flight_page_shows_what_happened_and_why_it_is_believed(ada: Client) -> None:
    page = text(ada, "/flights/DL1865.2013-02-08.JFK/")

    for words in ("35 min late", "late inbound aircraft", "Departure 35 min late", "First report", "operations",
                  "the only source", "Delta Air Lines", "8 February 2013"):  # fmt: skip
        assert words in page, words


def test_the_part_of_the_flight_page_that_changes_says_its_version(ada: Client) -> None:
    response = ada.get("/flights/DL1865.2013-02-08.JFK/?part=1")

    assert response["X-Flight-Version"] == "2"
    assert b"<html" not in response.content


@pytest.mark.parametrize(
    "path", ["/flights/DL9.2013-02-08.JFK/", "/flights/nonsense/", "/flights/%3Cscript%3E/"]
)
def test_an_unknown_flight_is_not_found_politely(ada: Client, path: str) -> None:
    response = ada.get(path)

    assert response.status_code == 404
    assert b"No such flight" in response.content


def test_repeated_overdue_events_are_one_entry(ada: Client) -> None:
    for minutes in (50, 65, 80):
        report = {
            "flight": "DL1865",
            "date": "2013-02-08",
            "origin": "JFK",
            "departure_overdue_minutes": minutes,
        }
        now = NOW + timedelta(minutes=60 + minutes)
        report["observed_at"] = f"{now:%Y-%m-%dT%H:%M:%SZ}"
        results = record([report], source="windsock.overdue", received_at=now, trusted=True)
        assert isinstance(results[0], Recorded), results

    page = ada.get("/flights/DL1865.2013-02-08.JFK/").context["page"]

    assert [entry.what for entry in page.timeline if entry.overdue] == [
        "Departure overdue: at least 1 h 20 min late (inferred)"
    ]
    assert page.timeline[0].more == ["updated 3 times since 12:10"]


def test_a_flight_page_shows_what_holds_it_up_at_either_end(ada: Client) -> None:
    stop = msgspec.structs.replace(
        DELAYS, airport="MCO", kind="ground_stop", ends_at=NOW + timedelta(hours=1)
    )
    elsewhere = msgspec.structs.replace(DELAYS, airport="ATL", kind="closure")
    arrivals = msgspec.structs.replace(DELAYS, kind="arrival_delay")
    programmes(DELAYS, stop, elsewhere, arrivals)
    page = text(ada, "/flights/B6711.2013-02-08.JFK/")
    assert "Departures from JFK are late" in page
    assert "Ground stop: flights to MCO are held at their origins until 11:20" in page
    assert "closed" not in page
    assert "Arrivals at JFK" not in page
    assert "Ground stop" in text(ada, "/flights/B6711.2013-02-08.JFK/?part=1")


def test_a_flight_in_the_air_is_held_by_no_programme_on_the_ground(ada: Client) -> None:
    programmes(DELAYS, msgspec.structs.replace(DELAYS, airport="MCO", kind="ground_stop"))
    tell(flight="B6711", takeoff={"actual": at(-6)}, departure={"actual": at(-12)})
    page = text(ada, "/flights/B6711.2013-02-08.JFK/")
    assert "Departures from JFK" not in page
    assert "Ground stop" not in page

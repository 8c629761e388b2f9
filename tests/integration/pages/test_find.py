"""The first page without JavaScript: what it offers, what it finds, where Enter leads; and names of codes."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.test.utils import override_settings

from tests.integration.pages.snowy_day import DELAYS, at, programmes, tell, text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("snowy_day")]


def found(client: Client, typed: str) -> Any:
    return client.get("/", {"q": typed, "part": "1"}).context["found"]


def test_airports_with_flights_are_offered_busiest_first(ada: Client) -> None:
    offers = ada.get("/").context["offers"]

    assert next((place.code, place.departures, place.arrivals) for place in offers.busiest) == ("JFK", 3, 1)
    assert offers.in_trouble == ()


def test_airports_under_a_programme_are_offered_first(ada: Client) -> None:
    programmes(DELAYS)

    offers = ada.get("/").context["offers"]

    assert [place.code for place in offers.in_trouble] == ["JFK"]
    assert "JFK" not in [place.code for place in offers.busiest]
    assert "Departures from JFK are late" in text(ada, "/")


@pytest.mark.parametrize("typed", ["dl 1865", "DL-1865", "delta 1865", "DAL1865", "dl1865."])
def test_a_flight_number_in_any_spelling_opens_its_only_flight(ada: Client, typed: str) -> None:
    response = ada.get("/", {"q": typed})

    assert (response.status_code, response["Location"]) == (302, "/flights/DL1865.2013-02-08.JFK/")


def test_a_codeshare_finds_the_flight_and_is_named_first(ada: Client) -> None:
    (hit,) = found(ada, "ba 1511").flights

    assert (hit.id, hit.searched_as, hit.number) == ("AA181.2013-02-08.JFK", "BA 1511", "AA 181")
    assert hit.state == "Cancelled"


def test_each_flight_has_its_state_in_the_words_of_the_board(ada: Client) -> None:
    (hit,) = found(ada, "DL1865").flights

    assert (hit.state, hit.local, hit.local_expected) == ("35 min late", "11:20", "11:55")
    assert (hit.origin_place, hit.destination_place) == ("New York JFK", "Atlanta")


def test_a_code_opens_its_airport_and_a_city_its_only_one(ada: Client) -> None:
    for typed in ("jfk", "KJFK"):
        assert ada.get("/", {"q": typed})["Location"] == "/airports/JFK/departures/"
    assert ada.get("/", {"q": "orlando"})["Location"] == "/airports/MCO/departures/"


@pytest.mark.parametrize("typed", ["JFK LAX", "jfk-lax", "New York to Los Angeles", "from jfk to lax"])
def test_a_route_finds_its_flights(ada: Client, typed: str) -> None:
    result = found(ada, typed)

    assert [hit.id for hit in result.flights] == ["AA181.2013-02-08.JFK"]
    assert [(route.origin, route.destination) for route in result.routes] == [("JFK", "LAX")]


def test_legs_and_other_days_of_one_number_are_listed_and_none_is_opened_for_the_reader(ada: Client) -> None:
    tell(flight="DL1865", origin="ATL", destination="MIA", departure={"scheduled": at(300)})
    tell(flight="DL1865", date="2013-02-07", departure={"scheduled": at(60 - 1440), "actual": at(70 - 1440)})

    result = found(ada, "dl1865")
    page = text(ada, "/?q=dl1865")

    assert [hit.origin for hit in result.flights] == ["JFK", "ATL"]
    assert [str(hit.date) for hit in result.other_days] == ["2013-02-07"]
    assert result.only_flight == ""
    assert "Flights today" in page
    assert "Thu 7 Feb" in page


def test_a_number_that_does_not_fly_today_says_when_it_is_known(ada: Client) -> None:
    tell(flight="LH400", date="2013-01-02", origin="FRA", departure={"scheduled": "2013-01-02T09:00:00Z"})

    page = text(ada, "/?q=lh400&part=1")

    assert "LH 400 does not fly today. It is known for 2 January 2013 only." in page
    assert "/flights/LH400.2013-01-02.FRA/" in page


def test_what_is_not_found_says_what_is_near(ada: Client) -> None:
    assert "No flight DL 1856 is known." in text(ada, "/?q=dl1856")
    assert "DL 1865" in text(ada, "/?q=dl1856")
    assert [place.code for place in found(ada, "oralndo").similar_airports] == ["MCO"]
    assert "Nothing found for “zzzzz”" in text(ada, "/?q=zzzzz")


def test_what_is_typed_is_shown_as_text(ada: Client) -> None:
    assert "<script>alert" not in text(ada, "/?q=<script>alert(1)</script>")


def test_nothing_is_found_by_whoever_may_not_read(client: Client, settings: Any) -> None:
    for path in ("/?q=DL1865", "/?q=DL1865&part=1"):
        response = client.get(path)
        assert response.status_code == 302
        assert "/sign-in/" in response["Location"]
    assert client.get("/api/v1/search?q=DL1865").status_code == 401
    with override_settings(WINDSOCK={**getattr(settings, "WINDSOCK", {}), "PUBLIC_READ": True}):
        assert len(client.get("/api/v1/search?q=DL1865").json()["flights"]) == 1


def test_programs_find_what_people_find(ada: Client) -> None:
    result = ada.get("/api/v1/search", {"q": "delta 1865"}).json()

    assert result["only_flight"] == "DL1865.2013-02-08.JFK"
    assert [flight["state"] for flight in result["flights"]] == ["35 min late"]
    assert ada.get("/api/v1/search").status_code == 422
    assert ada.get("/api/v1/search", {"q": "x" * 65}).status_code == 422


def test_every_page_can_be_searched(ada: Client) -> None:
    for path in ("/airports/JFK/departures/", "/flights/DL1865.2013-02-08.JFK/", "/today/"):
        assert 'role="search"' in text(ada, path)
        assert 'data-find="seek-found"' in text(ada, path)


def test_names_are_public_and_bounded(client: Client) -> None:
    response = client.get("/names.json?airports=mco,JFK,QQQ&carriers=DL")

    assert response.json()["airports"] == {"MCO": "Orlando", "JFK": "New York JFK"}
    assert response.json()["zones"]["JFK"] == str(ZoneInfo("America/New_York"))
    assert response["Access-Control-Allow-Origin"] == "*"
    assert client.get("/names.json?airports=" + ",".join(["JFK"] * 400)).status_code == 400
    assert client.get("/names.json?airports=<b>").status_code == 400

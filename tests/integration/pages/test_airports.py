"""The choice of airports, and the public names of codes."""

from zoneinfo import ZoneInfo

import pytest
from django.test import Client

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("snowy_day")]


def test_airports_with_flights_can_be_chosen_busiest_first(ada: Client) -> None:
    found = ada.get("/").context["airports"]

    assert (found[0].code, found[0].departures, found[0].arrivals) == ("JFK", 3, 1)
    # Atlanta and Los Angeles have no flight whose time there is known, so their boards would be empty.
    assert {place.code for place in found} == {"JFK", "MCO", "ORD"}
    assert [place.code for place in ada.get("/?q=orl").context["airports"]] == ["MCO"]


def test_names_are_public_and_bounded(client: Client) -> None:
    response = client.get("/names.json?airports=mco,JFK,QQQ&carriers=DL")

    assert response.json()["airports"] == {"MCO": "Orlando", "JFK": "New York JFK"}
    assert response.json()["zones"]["JFK"] == str(ZoneInfo("America/New_York"))
    assert response["Access-Control-Allow-Origin"] == "*"
    assert client.get("/names.json?airports=" + ",".join(["JFK"] * 400)).status_code == 400
    assert client.get("/names.json?airports=<b>").status_code == 400

"""The board as the server renders it: complete without JavaScript."""

import msgspec
import pytest
from django.test import Client

from tests.integration.pages.snowy_day import BOARD, DELAYS, at, programmes, tell, text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("snowy_day")]


def test_the_board_is_complete_without_javascript(ada: Client) -> None:
    page = text(ada, BOARD)

    for words in (
        "Orlando",
        "35 min late",
        "late inbound aircraft",
        "Cancelled",
        "BA 1511",
        "11:20",
        "Terminal 5",
    ):
        assert words in page
    assert page.index("B6 711") < page.index("DL 1865") < page.index("AA 181")
    assert "Replay" in page
    assert "8 February 2013, New York" in page
    assert "10:20" in page


def test_the_board_of_arrivals_is_in_local_time(ada: Client) -> None:
    page = text(ada, "/airports/JFK/arrivals/")

    assert "Chicago" in page
    assert "11:40" in page


@pytest.mark.parametrize(
    ("query", "shown"),
    [("q=orlando", ["B6 711"]), ("q=BA1511", ["AA 181"]), ("q=delta", ["DL 1865"]), ("show=delayed", ["DL 1865"]),
     ("show=cancelled", ["AA 181"]), ("show=nonsense", ["AA 181", "B6 711", "DL 1865"]), ("q=zzz", [])],
)  # fmt: skip
def test_the_board_is_searched_and_filtered(ada: Client, query: str, shown: list[str]) -> None:
    response = ada.get(f"{BOARD}?{query}")

    assert sorted(row.flight for row in response.context["rows"]) == shown


@pytest.mark.parametrize(
    ("query", "shown"),
    [("from=2013-02-08T16:15Z&to=2013-02-08T17:00Z", 2), ("from=nonsense", 3), ("to=2013-02-08T12:00Z", 0),
     ("from=2013-02-08T11:15:00-05:00", 2)],
)  # fmt: skip
def test_the_hours_shown_can_be_chosen(ada: Client, query: str, shown: int) -> None:
    response = ada.get(f"{BOARD}?{query}")

    # An overdue flight would stay; these are in the future of the service's clock, so only the window decides.
    assert len([row for row in response.context["rows"] if row.planned >= response.context["since"]]) == shown


def test_an_airport_has_one_address(ada: Client) -> None:
    assert ada.get("/airports/KJFK/departures/")["Location"] == BOARD
    assert ada.get("/airports/jfk/departures/")["Location"] == BOARD
    assert ada.get("/airports/NOPE/departures/").status_code == 404


def test_a_board_shows_what_holds_up_its_airport_and_explains_late_flights_by_it(ada: Client) -> None:
    tell(flight="B6711", departure={"estimated": at(80)}, delay_reasons=[])
    programmes(DELAYS)
    page = text(ada, BOARD)
    assert "Departures from JFK are late" in page
    assert 'source: <bdi data-f="source">FAA</bdi>' in page
    assert "departure delays at JFK: snow" in page
    assert "late inbound aircraft" in page, "a flight with a reason of its own keeps it"
    assert "Departures from JFK are late" not in text(ada, "/airports/JFK/arrivals/")


def test_a_board_of_an_airport_without_programmes_shows_no_list_of_them(ada: Client) -> None:
    programmes(DELAYS, msgspec.structs.replace(DELAYS, kind="closure", only_for="general aviation"))
    programmes_of_atlanta = text(ada, "/airports/ATL/departures/")
    assert 'data-programmes aria-label="Restrictions at this airport" hidden' in programmes_of_atlanta
    assert "JFK is closed" not in text(ada, BOARD)

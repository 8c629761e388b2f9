"""The pages as the server renders them: complete without JavaScript, and only for those who may read."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.test.utils import override_settings

from windsock.access import tickets
from windsock.clock import ReplayClock
from windsock.flights.programmes import Programme, ProgrammeList
from windsock.ingest import Recorded, pipeline, record
from windsock.ingest.programmes import record_programmes
from windsock.journal.database import DatabaseJournal

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2013, 2, 8, 15, 20, tzinfo=UTC)  # 10:20 in New York
BOARD = "/airports/JFK/departures/"


@pytest.fixture(autouse=True)
def a_snowy_day() -> None:
    """A paused replay of 8 February 2013 with three flights from JFK and one to it."""
    journal = DatabaseJournal()
    journal.reset()
    journal.set_clock(
        ReplayClock(label="8 February 2013, New York", simulated_at=NOW, real_at=datetime.now(UTC), speed=0)
    )
    tell(
        flight="B6711",
        destination="MCO",
        departure={"scheduled": at(40), "gate": "22", "terminal": "5"},
        arrival={"scheduled": at(210)},
    )
    tell(flight="DL1865", destination="ATL", departure={"scheduled": at(60)})
    tell(flight="DL1865", departure={"estimated": at(95)}, delay_reasons=[{"scheme": "ahm730", "code": "93"}])
    tell(
        flight="AA181",
        destination="LAX",
        departure={"scheduled": at(90)},
        cancelled=True,
        codeshares=["BA1511"],
    )
    tell(
        flight="UA703",
        origin="ORD",
        destination="JFK",
        departure={"scheduled": at(-60)},
        arrival={"scheduled": at(80)},
    )


def at(minutes: int) -> str:
    return f"{NOW + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"


def tell(**report: Any) -> None:
    whole = {"date": "2013-02-08", "origin": "JFK", "observed_at": at(-5), **report}
    for result in record([whole], source="operations", received_at=NOW):
        assert isinstance(result, Recorded), result


@pytest.fixture
def ada(client: Client) -> Client:
    client.force_login(get_user_model().objects.create_user("ada", password="x"))
    return client


def text(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, (path, response.status_code)
    return " ".join(response.content.decode().split())


def test_a_visitor_is_asked_to_sign_in_and_comes_back(client: Client) -> None:
    response = client.get(BOARD)

    assert response.status_code == 302
    assert response["Location"] == f"/sign-in/?next={BOARD}"
    get_user_model().objects.create_user("ada", password="x")
    response = client.post("/sign-in/", {"username": "ada", "password": "x", "next": BOARD})
    assert response["Location"] == BOARD


def test_with_public_read_anybody_may_look(client: Client, settings: Any) -> None:
    with override_settings(WINDSOCK={**getattr(settings, "WINDSOCK", {}), "PUBLIC_READ": True}):
        assert "Departures" in text(client, BOARD)


def test_pages_with_flights_name_the_providers_of_the_enabled_feeds(client: Client, settings: Any) -> None:
    feeds = {
        "bergen": {"format": "avinor", "airport": "BGO"},
        "oslo": {"format": "avinor", "airport": "OSL"},
        "arlanda": {"format": "swedavia", "airport": "ARN", "enabled": False},
        "telexes": {"format": "mvt"},
    }
    with override_settings(WINDSOCK={**settings.WINDSOCK, "PUBLIC_READ": True, "FEEDS": feeds}):
        for page in (text(client, BOARD), text(client, "/flights/DL1865.2013-02-08.JFK/")):
            assert page.count("Flight data from Avinor") == 1
            assert "Swedavia" not in page


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


def test_airports_with_flights_can_be_chosen_busiest_first(ada: Client) -> None:
    found = ada.get("/").context["airports"]

    assert (found[0].code, found[0].departures, found[0].arrivals) == ("JFK", 3, 1)
    # Atlanta and Los Angeles have no flight whose time there is known, so their boards would be empty.
    assert {place.code for place in found} == {"JFK", "MCO", "ORD"}
    assert [place.code for place in ada.get("/?q=orl").context["airports"]] == ["MCO"]


def test_the_flight_page_tells_the_story_and_the_grounds(ada: Client) -> None:
    page = text(ada, "/flights/DL1865.2013-02-08.JFK/")

    for words in ("35 min late", "late inbound aircraft", "Leaves 35 min late", "First heard of", "operations",
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


def test_a_text_from_a_source_is_shown_as_text(ada: Client) -> None:
    tell(
        flight="DL1865", delay_reasons=[{"scheme": "text", "code": "x", "text": "<script>alert(1)</script>"}]
    )

    page = text(ada, BOARD) + text(ada, "/flights/DL1865.2013-02-08.JFK/")

    assert "<script>alert" not in page


def test_a_sign_in_link_works_once_and_leads_only_to_this_site(client: Client) -> None:
    user = get_user_model().objects.create_user("ada", password="x")
    link = f"/sign-in/link/{tickets.issue(user, 'sign-in')}?next=https://evil.example/"

    assert client.get(link)["Location"] == "/"
    assert client.get(link).status_code == 410
    assert client.get(BOARD).status_code == 200


def test_a_socket_ticket_is_no_sign_in_link(client: Client) -> None:
    user = get_user_model().objects.create_user("ada", password="x")

    assert client.get(f"/sign-in/link/{tickets.issue(user, 'socket')}").status_code == 410


def test_signing_out_needs_a_post(ada: Client) -> None:
    assert ada.get("/sign-out/").status_code == 405
    assert ada.post("/sign-out/")["Location"] == "/"
    assert ada.get(BOARD).status_code == 302


def test_names_are_public_and_bounded(client: Client) -> None:
    response = client.get("/names.json?airports=mco,JFK,QQQ&carriers=DL")

    assert response.json()["airports"] == {"MCO": "Orlando", "JFK": "New York"}
    assert response.json()["zones"]["JFK"] == str(ZoneInfo("America/New_York"))
    assert response["Access-Control-Allow-Origin"] == "*"
    assert client.get("/names.json?airports=" + ",".join(["JFK"] * 400)).status_code == 400
    assert client.get("/names.json?airports=<b>").status_code == 400


@pytest.mark.parametrize("path", ["/", "/sign-in/", BOARD, "/flights/DL1865.2013-02-08.JFK/"])
def test_no_page_needs_inline_scripts_or_styles(ada: Client, path: str) -> None:
    page = ada.get(path, follow=True).content.decode()

    assert "<style" not in page
    assert " style=" not in page
    assert " onclick=" not in page
    assert all(' src="' in tag or "application/json" in tag for tag in page.split("<script")[1:])


def test_an_overdue_flights_steps_are_told_as_one(ada: Client) -> None:
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

    story = ada.get("/flights/DL1865.2013-02-08.JFK/").context["page"]

    assert [entry.what for entry in story.timeline if entry.overdue] == [
        "Departure overdue: at least 1 h 20 min late (inferred)"
    ]
    assert story.timeline[0].more == ["told 3 times since 12:10, as time went by"]


# --- Programmes of airports -------------------------------------------------------------------------------------------

PROGRAMME = Programme(airport="JFK", kind="departure_delay", source="faa", observed_at=NOW, reason="WX:snow")


def programmes(*listed: Programme) -> None:
    record_programmes(pipeline(), ProgrammeList(source="faa", observed_at=NOW, programmes=listed))


def test_a_board_tells_what_holds_up_its_airport_and_explains_late_flights_by_it(ada: Client) -> None:
    tell(flight="B6711", departure={"estimated": at(80)}, delay_reasons=[])
    programmes(PROGRAMME)
    page = text(ada, BOARD)
    assert "Departures from JFK are late" in page
    assert 'told by <span data-f="said">FAA</span>' in page
    assert "departure delays at JFK: snow" in page
    assert "late inbound aircraft" in page, "who has a reason of its own keeps it"
    assert "Departures from JFK are late" not in text(ada, "/airports/JFK/arrivals/")


def test_a_board_of_an_airport_without_programmes_shows_no_list_of_them(ada: Client) -> None:
    programmes(PROGRAMME, msgspec.structs.replace(PROGRAMME, kind="closure", only_for="general aviation"))
    programmes_of_atlanta = text(ada, "/airports/ATL/departures/")
    assert 'data-programmes aria-label="What holds up this airport" hidden' in programmes_of_atlanta
    assert "JFK is closed" not in text(ada, BOARD)


def test_a_flight_tells_what_holds_it_up_at_either_end(ada: Client) -> None:
    stop = msgspec.structs.replace(
        PROGRAMME, airport="MCO", kind="ground_stop", ends_at=NOW + timedelta(hours=1)
    )
    elsewhere = msgspec.structs.replace(PROGRAMME, airport="ATL", kind="closure")
    arrivals = msgspec.structs.replace(PROGRAMME, kind="arrival_delay")
    programmes(PROGRAMME, stop, elsewhere, arrivals)
    page = text(ada, "/flights/B6711.2013-02-08.JFK/")
    assert "Departures from JFK are late" in page
    assert "Ground stop: no flights leave for MCO until 11:20" in page
    assert "closed" not in page
    assert "Arrivals at JFK" not in page
    assert "Ground stop" in text(ada, "/flights/B6711.2013-02-08.JFK/?part=1")


def test_a_flight_in_the_air_is_held_by_no_programme_on_the_ground(ada: Client) -> None:
    programmes(PROGRAMME, msgspec.structs.replace(PROGRAMME, airport="MCO", kind="ground_stop"))
    tell(flight="B6711", takeoff={"actual": at(-6)}, departure={"actual": at(-12)})
    page = text(ada, "/flights/B6711.2013-02-08.JFK/")
    assert "Departures from JFK" not in page
    assert "Ground stop" not in page

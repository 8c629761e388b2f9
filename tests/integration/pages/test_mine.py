"""My flights: the cards, the list of the account, and who may have one."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from tests.integration.pages.snowy_day import at, tell, text
from windsock.watchlist import store
from windsock.watchlist.merging import MAX_ENTRIES, Entry

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("snowy_day")]

DL, B6, AA, UA = (
    "DL1865.2013-02-08.JFK",
    "B6711.2013-02-08.JFK",
    "AA181.2013-02-08.JFK",
    "UA703.2013-02-08.ORD",
)


def cards(client: Client, *ids: str) -> Any:
    return client.get("/mine/", {"part": "1", "ids": ",".join(ids)}).context["mine"]


def send(client: Client, *entries: dict[str, Any], **more: Any) -> Any:
    return client.post("/mine/list.json", json.dumps(entries), content_type="application/json", **more)


def entry(flight: str, minutes: int = 0, removed: bool = False) -> dict[str, Any]:
    since = timezone.now() - timedelta(hours=1) + timedelta(minutes=minutes)
    return {"id": flight, "since": since.isoformat(), "removed": removed}


def test_the_part_shows_the_flights_asked_for_by_urgency(ada: Client) -> None:
    mine = cards(ada, UA, B6, AA, DL, "nonsense", DL)

    # UA 703 has no word of its departure an hour ago; it arrives where the others leave.
    assert {card.number for trip in mine.ahead for card, _ in trip.cards} == {
        "UA 703",
        "AA 181",
        "DL 1865",
        "B6 711",
    }
    assert mine.count == 4
    page = text(ada, f"/mine/?part=1&ids={DL},{B6}")
    assert "35 min late" in page and "Terminal 5" in page and ">22<" in page


def test_a_trip_says_its_connection(ada: Client) -> None:
    tell(
        flight="DL9",
        origin="ATL",
        destination="MCO",
        departure={"scheduled": at(260)},
        arrival={"scheduled": at(350)},
    )
    tell(flight="DL1865", arrival={"scheduled": at(200), "estimated": at(235)})

    (trip,) = cards(ada, DL, "DL9.2013-02-08.ATL").ahead

    assert [card.number for card, _ in trip.cards] == ["DL 1865", "DL 9"]
    assert trip.cards[0][1].words == "Connection in Atlanta: 25 min, was 1 h"
    assert trip.cards[0][1].trouble == "short"


def test_a_flight_with_a_former_id_is_followed_and_an_unknown_one_is_said(ada: Client) -> None:
    leg = {"departure": {"scheduled": at(60)}, "destination": "BOS"}
    tell(flight="AF8800", **leg)
    tell(flight="DL880", codeshares=["AF8800"], **leg)

    mine = cards(ada, "AF8800.2013-02-08.JFK", "DL1866.2013-01-02.JFK")

    ((card, _),) = mine.ahead[0].cards
    assert (card.asked, card.id) == ("AF8800.2013-02-08.JFK", "DL880.2013-02-08.JFK")

    assert [flight.number for flight in mine.unknown] == ["DL 1866"]
    assert "nothing is known of it, or no longer" in text(ada, "/mine/?part=1&ids=DL1866.2013-01-02.JFK")


def test_the_empty_state_says_how_to_begin(ada: Client) -> None:
    assert "Type a flight number above" in text(ada, "/mine/")


def test_two_browsers_end_with_the_same_list_without_loss(ada: Client) -> None:
    phone = send(ada, entry(DL, 1), entry(B6, 2)).json()
    laptop = send(ada, entry(AA, 3), entry(B6, 4, removed=True)).json()
    again = send(ada, *phone).json()

    assert laptop == again
    assert {each["id"]: each["removed"] for each in again} == {DL: False, B6: True, AA: False}
    assert [card.number for trip in ada.get("/mine/").context["mine"].ahead for card, _ in trip.cards] == [
        "AA 181",
        "DL 1865",
    ]


def test_what_a_browser_sends_comes_back_as_it_was_sent(ada: Client) -> None:
    sent = {"id": DL, "since": "2013-02-08T15:20:00.123Z", "removed": False}

    assert send(ada, sent).json() == [sent]


def test_a_clock_that_is_fast_does_not_win_for_ever(ada: Client) -> None:
    send(ada, {"id": DL, "since": "2999-01-01T00:00:00Z", "removed": False})
    user = get_user_model().objects.get(username="ada")
    store.remove(user, DL, timezone.now() + timedelta(seconds=1))

    assert store.flights_of(user) == []


def test_a_list_is_only_its_users(ada: Client, settings: Any) -> None:
    settings.WINDSOCK = {**settings.WINDSOCK, "PUBLIC_READ": True}
    send(ada, entry(DL))
    visitor, bob = Client(), Client()
    bob.force_login(get_user_model().objects.create_user("bob", password="x"))

    assert send(visitor, entry(B6)).status_code == 401
    assert send(bob).json() == []
    assert bob.post("/mine/remove/", {"flight": DL}).status_code == 302
    assert [each["id"] for each in send(ada).json()] == [DL]
    assert DL not in text(visitor, "/mine/")
    assert "JavaScript" in text(visitor, "/mine/")


def test_the_page_is_for_readers(client: Client) -> None:
    assert client.get("/mine/")["Location"] == "/sign-in/?next=/mine/"
    assert client.get(f"/mine/?part=1&ids={DL}").status_code == 302


def test_the_list_is_protected_from_other_sites() -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(get_user_model().objects.create_user("ada", password="x"))

    assert send(strict, entry(DL)).status_code == 403


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ("{", 400, "cannot be read"),
        ('{"id": 1}', 400, "array"),
        (f'[{{"id": "{DL}", "since": "2013-02-08T15:20:00"}}]', 400, "offset"),
        (f'[{{"id": "{DL}", "since": "today"}}]', 400, "cannot be read"),
        (
            "[" + ",".join([f'{{"id":"{DL}","since":"2013-02-08T15:20:00Z"}}'] * (MAX_ENTRIES + 1)) + "]",
            413,
            "at most",
        ),
        ("x" * 70_000, 413, "at most"),
    ],
)
def test_what_is_not_a_list_is_said(ada: Client, body: str, status: int, said: str) -> None:
    response = ada.post("/mine/list.json", body, content_type="application/json")

    assert response.status_code == status
    assert said in response.json()["message"]


def test_ids_that_are_not_of_flights_are_left_out(ada: Client) -> None:
    assert [
        each["id"] for each in send(ada, entry("x" * 2000), entry("dl1865.2013-02-08.jfk"), entry(DL)).json()
    ] == [DL]


def test_without_javascript_an_account_shows_its_list_and_removes_from_it(ada: Client) -> None:
    user = get_user_model().objects.get(username="ada")
    store.merge_into(user, [Entry(flight=DL, since=timezone.now())])
    assert DL in text(ada, "/mine/")

    assert ada.post("/mine/remove/", {"flight": DL})["Location"] == "/mine/"
    assert DL not in text(ada, "/mine/")

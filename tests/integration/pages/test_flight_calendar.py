"""The calendar of a flight: who may fetch it, until when, and that it follows the flight."""

import re
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.test.utils import override_settings

from tests.integration.pages.snowy_day import at, tell
from windsock.access import calendars
from windsock.access.models import CalendarLink

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("snowy_day")]

FLIGHT = "B6711.2013-02-08.JFK"
FILE, PAGE = f"/flights/{FLIGHT}/calendar.ics", f"/flights/{FLIGHT}/calendar/"


def address(ada: Client) -> str:
    """Make an address on the page; return its path with the key."""
    page = ada.post(PAGE, {"do": "subscribe"}).content.decode()
    found = re.search(r'value="http://testserver([^"]+)"', page)
    assert found is not None
    assert 'href="webcal://testserver/flights/' in page
    return found[1].replace("&amp;", "&")


def line(data: bytes, name: str) -> str:
    text = data.decode().replace("\r\n ", "")
    return next(each.partition(":")[2] for each in text.split("\r\n") if each.startswith(f"{name}:"))


def test_an_address_follows_the_flight_without_a_session(ada: Client, client: Client) -> None:
    path = address(ada)
    program = Client()

    first = program.get(path)
    assert first["Content-Type"] == "text/calendar; charset=utf-8"
    assert line(first.content, "DTSTART") == "20130208T160000Z"
    tell(flight="B6711", departure={"estimated": at(75), "gate": "24"})
    second = program.get(path)
    tell(flight="B6711", cancelled=True)
    third = program.get(path)

    assert line(second.content, "DTSTART") == "20130208T163500Z"
    assert "Gate 24" in line(second.content, "LOCATION")
    answers = [each.content for each in (first, second, third)]
    assert len({line(each, "UID") for each in answers}) == 1
    sequences = [int(line(each, "SEQUENCE")) for each in answers]
    assert sequences == sorted(set(sequences))
    assert line(third.content, "STATUS") == "CANCELLED"


def test_without_a_valid_key_nothing_is_given(ada: Client) -> None:
    path = address(ada)
    other = path.replace("B6711", "DL1865")
    for wrong in (FILE, f"{FILE}?key=wsc_x", path[:-12] + "0" * 8 + path[-4:], other):
        assert Client().get(wrong).status_code == 403, wrong
    assert Client().get(PAGE).status_code == 302
    assert Client().post(PAGE, {"do": "subscribe"}).status_code == 302


def test_a_revoked_address_and_that_of_a_reader_who_may_not_read_open_nothing(ada: Client) -> None:
    path = address(ada)
    assert Client().get(path).status_code == 200
    get_user_model().objects.update(is_active=False)
    assert Client().get(path).status_code == 403
    get_user_model().objects.update(is_active=True)
    assert Client().get(path).status_code == 200
    assert "1 calendar address of this flight is in use" in ada.get(PAGE).content.decode()
    assert ada.post(PAGE, {"do": "revoke"}).status_code == 302
    assert Client().get(path).status_code == 403
    path = address(ada)
    get_user_model().objects.all().delete()
    assert Client().get(path).status_code == 403


def test_only_the_hash_is_kept_and_old_addresses_make_room(ada: Client) -> None:
    user = get_user_model().objects.get()
    made = [calendars.create(user, FLIGHT) for _ in range(calendars.MAX_LINKS + 2)]
    assert [calendars.opens(secret, FLIGHT) for secret in made] == [False] * 2 + [True] * calendars.MAX_LINKS
    assert not set(made) & set(CalendarLink.objects.values_list("digest", flat=True))


def test_on_a_public_board_everybody_subscribes_without_a_key(settings: Any) -> None:
    with override_settings(WINDSOCK={**settings.WINDSOCK, "PUBLIC_READ": True}):
        page = Client().get(PAGE).content.decode()
        assert "key=" not in page
        assert "webcal://testserver" in page
        assert Client().get(FILE).status_code == 200
        assert Client().get("/flights/DL9.2013-02-08.JFK/calendar.ics").status_code == 404
        assert Client().get("/flights/nonsense/calendar/").status_code == 404

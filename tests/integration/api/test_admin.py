"""The admin: flights, events and reports to look at, tokens to make and revoke."""

import re
from collections.abc import Iterator

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from windsock.access import tokens
from windsock.access.models import Token
from windsock.ingest import Recorded, record, stop

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def ended() -> Iterator[None]:
    yield
    stop()


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("root"))
    return client


@pytest.fixture
def flight() -> str:
    [made, _] = record(
        [
            {
                "flight": "DL1865",
                "date": "2015-01-02",
                "origin": "ATL",
                "source": "airline",
                "departure": {"scheduled": "2015-01-02T13:55:00Z", "gate": "<B12>"},
            },
            {"flight": "DL1865", "date": "2015-01-02", "origin": "QQQ", "source": "airline"},
        ]
    )
    assert isinstance(made, Recorded)
    return made.flight_id


@pytest.mark.parametrize("page", ["flightrow", "eventrow", "reportrow", "token"])
def test_every_list_opens_and_searches(admin: Client, flight: str, page: str) -> None:
    tokens.create(None, "x")
    answer = admin.get(f"/admin/windsock/{page}/")
    assert answer.status_code == 200
    assert b'id="result_list"' in answer.content
    assert admin.get(f"/admin/windsock/{page}/?q=DL1865").status_code == 200


def test_a_flight_shows_its_beliefs_with_their_grounds_escaped(admin: Client, flight: str) -> None:
    text = admin.get(f"/admin/windsock/flightrow/{flight}/change/").content.decode()
    assert "departure.gate" in text
    assert "<b>airline</b>" in text
    assert "flight.added" in text
    assert "<B12>" not in text
    assert "&lt;B12&gt;" in text


@pytest.mark.parametrize("page", ["flightrow", "eventrow", "reportrow"])
def test_what_was_believed_told_and_said_cannot_be_edited(admin: Client, flight: str, page: str) -> None:
    assert admin.get(f"/admin/windsock/{page}/add/").status_code == 403
    from windsock.journal.models import EventRow, FlightRow, ReportRow

    row = {"flightrow": FlightRow, "eventrow": EventRow, "reportrow": ReportRow}[page].objects.first()
    assert row is not None
    key = str(row.pk)
    assert admin.post(f"/admin/windsock/{page}/{key}/change/", {"status": "arrived"}).status_code == 403
    assert admin.post(f"/admin/windsock/{page}/{key}/delete/", {"post": "yes"}).status_code == 403


def test_a_new_tokens_secret_is_shown_once_and_opens(admin: Client) -> None:
    answer = admin.post(
        "/admin/windsock/token/add/",
        {"name": "displays", "scopes": ["read", "publish"], "user": ""},
        follow=True,
    )
    shown = re.search(r"<code>(wsk_[^<]+)</code>", answer.content.decode())
    assert shown is not None, answer.content.decode()[-3000:]
    identity = tokens.authenticate(shown[1])
    assert identity is not None
    assert identity.may_publish
    token = Token.objects.get()
    again = admin.get(f"/admin/windsock/token/{token.pk}/change/").content.decode()
    assert shown[1] not in again
    assert token.prefix in again


def test_a_tokens_scopes_cannot_grow_afterwards(admin: Client) -> None:
    token, _ = tokens.create(None, "board", ["read"])
    admin.post(
        f"/admin/windsock/token/{token.pk}/change/",
        {"name": "renamed", "scopes": ["publish"], "user": "1"},
        follow=True,
    )
    token.refresh_from_db()
    assert (token.name, token.scopes, token.user_id) == ("renamed", ["read"], None)


def test_tokens_are_revoked_not_deleted(admin: Client) -> None:
    token, secret = tokens.create(None, "lost")
    answer = admin.post(
        "/admin/windsock/token/", {"action": "revoke", "_selected_action": [str(token.pk)]}, follow=True
    )
    assert b"1 revoked" in answer.content
    assert tokens.authenticate(secret) is None
    assert admin.post(f"/admin/windsock/token/{token.pk}/delete/", {"post": "yes"}).status_code == 403
    assert b"lost" in admin.get("/admin/windsock/token/?validity=revoked").content

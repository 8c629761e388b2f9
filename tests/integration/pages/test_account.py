"""Signing in and out, by password and by a link that works once."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from tests.integration.pages.snowy_day import BOARD
from windsock.access import tickets

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("snowy_day")]


def test_a_visitor_is_asked_to_sign_in_and_comes_back(client: Client) -> None:
    response = client.get(BOARD)

    assert response.status_code == 302
    assert response["Location"] == f"/sign-in/?next={BOARD}"
    get_user_model().objects.create_user("ada", password="x")
    response = client.post("/sign-in/", {"username": "ada", "password": "x", "next": BOARD})
    assert response["Location"] == BOARD


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

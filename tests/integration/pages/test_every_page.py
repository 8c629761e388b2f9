"""What holds for every page."""

import re
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.test.utils import override_settings

from tests.integration.pages.snowy_day import BOARD, tell, text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("snowy_day")]


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


def test_a_text_from_a_source_is_shown_as_text(ada: Client) -> None:
    tell(
        flight="DL1865", delay_reasons=[{"scheme": "text", "code": "x", "text": "<script>alert(1)</script>"}]
    )

    page = text(ada, BOARD) + text(ada, "/flights/DL1865.2013-02-08.JFK/")

    assert "<script>alert" not in page


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/mine/",
        "/account/",
        "/sign-in/help/",
        "/sign-in/",
        "/display/",
        "/display/JFK/both/",
        BOARD,
        "/flights/DL1865.2013-02-08.JFK/",
    ],
)
def test_no_page_needs_inline_scripts_or_styles(ada: Client, path: str) -> None:
    page = ada.get(path, follow=True).content.decode()

    assert "<style" not in page
    assert " style=" not in page
    assert " onclick=" not in page
    assert all(' src="' in tag or "application/json" in tag for tag in page.split("<script")[1:])


@pytest.mark.parametrize(
    ("permissions", "staff", "shown"),
    [
        ((), False, {"Your account", "API for programs"}),
        (("operate_feeds",), False, {"Your account", "API for programs", "Console"}),
        (("view_feedstate",), False, {"Your account", "API for programs", "Console"}),
        ((), True, {"Your account", "API for programs", "Administration"}),
    ],
)
def test_the_foot_leads_to_what_the_reader_may_open(
    client: Client, permissions: tuple[str, ...], staff: bool, shown: set[str]
) -> None:
    user = get_user_model().objects.create_user("foot", is_staff=staff)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    foot = client.get(BOARD).content.decode().partition('class="more"')[2].partition("</nav>")[0]
    links = {name: address for address, name in re.findall(r'<a href="([^"]+)">([^<]+)</a>', foot)}
    assert links.keys() == shown
    assert {name: client.get(address).status_code for name, address in links.items()} == dict.fromkeys(
        links, 200
    )


@pytest.mark.parametrize("path", ["/", BOARD, "/flights/DL1865.2013-02-08.JFK/", "/today/"])
def test_a_link_to_a_page_is_previewed_with_its_title_and_description(ada: Client, path: str) -> None:
    page = ada.get(path).content.decode()
    for name, said in (
        ("title", r"<title>([^<]+)</title>"),
        ("description", r'name="description" content="([^"]+)"'),
    ):
        found = re.findall(said, page)
        assert len(found) == 1
        assert f'<meta property="og:{name}" content="{found[0].removesuffix(" · Windsock")}">' in page
        assert len(found[0]) > 10

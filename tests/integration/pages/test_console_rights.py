"""Who may open what in the console: every address, every role."""

import importlib
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.urls import get_resolver

from windsock.access.roles import ROLES

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("snowy_day")]

REPORT = "/console/report/DL1865.2013-02-08.JFK/"
GET = {
    # address: who may look; the others get 403, and visitors are sent to the sign-in
    "/console/": {"viewers", "operators"},
    "/console/parked/": {"viewers", "operators"},
    "/console/displays/": {"viewers", "operators"},
    "/console/feeds/none/": {"viewers", "operators"},
    "/console/feeds/none/inputs/1/": {"viewers", "operators"},
    "/console/record/": {"viewers", "publishers", "operators"},
    "/console/report/": {"publishers", "operators"},
    REPORT: {"publishers", "operators"},
}
POST = {
    "/console/parked/": {"operators"},
    "/console/displays/": {"operators"},
    "/console/feeds/none/": {"operators"},
    REPORT: {"publishers", "operators"},
}


@pytest.fixture(autouse=True)
def _roles() -> None:
    make_roles()


def make_roles() -> None:
    migration = importlib.import_module("windsock.migrations.0014_roles")
    with connection.schema_editor() as editor:
        migration.make_roles(apps, editor)


def signed_in(role: str) -> Client:
    user = get_user_model().objects.create_user(role)
    if role != "nobody":
        user.groups.add(Group.objects.get(name=f"Windsock {role}"))
    client = Client()
    client.force_login(user)
    return client


def pages() -> set[str]:
    """The addresses of the console, as patterns."""
    found: set[str] = set()

    def walk(patterns: Any, before: str) -> None:
        for pattern in patterns:
            route = before + str(pattern.pattern)
            if hasattr(pattern, "url_patterns"):
                walk(pattern.url_patterns, route)
            elif route.startswith("console/"):
                found.add(route)

    walk(get_resolver().url_patterns, "")
    return found


@pytest.mark.parametrize("role", ["nobody", "viewers", "publishers", "operators"])
def test_every_address_is_open_to_its_roles_alone(role: str) -> None:
    client = signed_in(role)
    assert len(pages()) == len(GET), "an address of the console is missing in the table"
    for path, roles in GET.items():
        status = client.get(path).status_code
        if path == "/console/" and role == "publishers":
            assert status == 302  # to where they can do something
        else:
            assert (status == 403) == (role not in roles), (path, status)
        assert Client().get(path)["Location"].startswith("/sign-in/")
    for path, roles in POST.items():
        status = client.post(path, {"do": "nothing"}).status_code
        assert (status == 403) == (role not in roles), (path, status)
        assert Client().post(path)["Location"].startswith("/sign-in/")


def test_the_navigation_shows_only_what_one_may_open() -> None:
    def sections(role: str, path: str) -> set[str]:
        nav = signed_in(role).get(path).content.decode().partition("<nav")[2].partition("</nav>")[0]
        return {
            name for name in ("Report<", "Feeds", "Parked", "Displays", "Who reported") if f">{name}" in nav
        }

    assert sections("viewers", "/console/") == {"Feeds", "Parked", "Displays", "Who reported"}
    assert sections("publishers", "/console/report/") == {"Report<", "Who reported"}
    assert sections("operators", "/console/") == {"Report<", "Feeds", "Parked", "Displays", "Who reported"}


def test_a_refusal_says_which_group_is_missing() -> None:
    refused = signed_in("viewers").get("/console/report/").content.decode()
    assert "windsock.publish" in refused
    assert "Windsock publishers" in refused


def test_the_roles_are_those_of_the_migration_and_making_them_again_changes_nothing() -> None:
    Group.objects.get(name="Windsock viewers").permissions.clear()
    made = Group.objects.create(name="Others")

    make_roles()

    for role in ROLES:
        permissions = Group.objects.get(name=role.name).permissions.all()
        assert {f"windsock.{one.codename}" for one in permissions} == set(role.permissions)
    assert made.permissions.count() == 0

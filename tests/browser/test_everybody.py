"""For everybody: no serious accessibility violation on any page in either theme, and nothing wider than a phone."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.running_service import RunningService

PAGES = [
    "/",
    "/?q=b6",
    "/today/",
    "/mine/",
    "/sign-in/help/",
    "/account/",
    "/sign-in/",
    "/airports/JFK/departures/",
    "/airports/JFK/arrivals/",
    "/display/JFK/departures/?rows=7",
    "/display/",
]

TOO_WIDE = """width => [...document.querySelectorAll("body *")]
    .filter((element) => element.getBoundingClientRect().right > width)
    .map((element) => element.outerHTML.slice(0, 90))"""


def pages(service: RunningService) -> list[str]:
    found = service.get("/api/v1/flights?airport=JFK&direction=departures").data["flights"]
    flights = [f"/flights/{found[place]['id']}/" for place in (2, 3)]  # late, and cancelled
    return [*PAGES, *flights, f"{flights[0]}calendar/"]


def settled(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")


@pytest.fixture
def service(shared_service: RunningService) -> RunningService:
    return shared_service


def test_the_board_stays_a_table_for_those_who_hear_it_on_a_phone(visit: Visit) -> None:
    page = visit("/airports/JFK/departures/", viewport={"width": 360, "height": 780})

    table = page.get_by_role("table")
    expect(table.get_by_role("row")).to_have_count(6)
    expect(table.get_by_role("columnheader", name="Status")).to_have_count(1)
    expect(table.get_by_role("rowheader")).to_have_count(5)


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_no_page_has_a_serious_accessibility_violation(
    service: RunningService, visit: Visit, scheme: Any
) -> None:
    page = visit("/", color_scheme=scheme)
    found = []
    for path in pages(service):
        if path == "/sign-in/":
            page.context.clear_cookies()
        page.goto(service.url + path)
        if page.url.partition("?")[0].endswith("/sign-in/") and path != "/sign-in/":
            page.get_by_label("User name").fill("ada")
            page.get_by_label("Password").fill("x")
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url(lambda url: "/sign-in/" not in url)
        settled(page)
        for violation in Axe().run(page).response["violations"]:
            if violation["impact"] in ("serious", "critical"):
                found.append((path, violation["id"], [node["html"][:120] for node in violation["nodes"][:3]]))

    assert found == []


@pytest.mark.parametrize("width", [360, 390, 768])
def test_nothing_scrolls_sideways(service: RunningService, visit: Visit, width: int) -> None:
    page = visit("/", viewport={"width": width, "height": 780})
    for path in pages(service):
        page.goto(service.url + path)
        settled(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (
            path,
            page.evaluate(TOO_WIDE, width),
        )


def test_the_theme_is_chosen_and_remembered(service: RunningService, visit: Visit) -> None:
    page = visit("/", color_scheme="light")
    light = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")

    page.get_by_role("button", name="Dark theme").click()
    dark = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    page.reload()

    assert light != dark
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == dark
    expect(page.get_by_role("button", name="Light theme")).to_be_visible()

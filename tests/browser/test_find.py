"""The search field as a combobox: what a keyboard and a screen reader meet."""

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.running_service import RunningService

UNNAMED = """() => [...document.querySelectorAll("#seek-found [role=option]")]
    .filter((option) => !option.textContent.trim()).length"""


def test_a_flight_is_found_by_keyboard_alone_from_every_page(service: RunningService, visit: Visit) -> None:
    page = visit("/airports/JFK/departures/")

    page.keyboard.press("/")
    # Scoped: a page may have menus, whose items are options too.
    field, found = page.locator("#seek"), page.locator("#seek-found")
    options = found.get_by_role("option")
    expect(field).to_have_role("combobox")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-expanded", "false")

    # Stale answers are dropped: only what is found for the last text stays.
    page.keyboard.type("b6 2")
    page.keyboard.type("00")
    expect(options).to_have_count(1)
    expect(field).to_have_attribute("aria-expanded", "true")
    assert page.evaluate(UNNAMED) == 0

    page.keyboard.press("ArrowDown")
    option = found.get_by_role("option", selected=True)
    expect(option).to_contain_text("B6 200")
    expect(field).to_have_attribute("aria-activedescendant", str(option.get_attribute("id")))
    expect(field).to_be_focused()
    serious = [one["id"] for one in Axe().run(page).response["violations"] if one["impact"] != "minor"]
    assert serious == []

    page.keyboard.press("ArrowDown")  # beyond the last one lies the field
    expect(found.get_by_role("option", selected=True)).to_have_count(0)
    page.keyboard.press("Enter")  # the server opens the only hit
    page.wait_for_url("**/flights/B6200.*/")

    # The first page: what is found takes the place of what is offered; Esc brings that back.
    page.goto(service.url + "/")
    expect(page.get_by_role("heading", name="Last visited")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("orlando")
    expect(page.locator("#found").get_by_role("option", name="Orlando")).to_have_count(2)
    expect(page.get_by_role("heading", name="Last visited")).to_be_hidden()
    assert page.url.endswith("?q=orlando")
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Last visited")).to_be_visible()
    assert page.url.endswith("/")

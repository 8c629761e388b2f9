"""My flights in a browser: added by number, kept, seen to change, removed and put back; level with another browser."""

import time

from playwright.sync_api import Page, expect

from tests.browser.conftest import WAIT_SECONDS, Visit, flight, minutes
from tests.running_service import RunningService


def wait_until(page: Page, condition: str) -> None:
    """Wait until the function returns true in the page (whose policy forbids playwright's own way to wait for that)."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, condition
        page.wait_for_timeout(100)


def test_flights_are_added_kept_and_followed(service: RunningService, visit: Visit) -> None:
    page = visit("/mine/")
    expect(page.get_by_text("No flights yet")).to_be_visible()

    # Enter takes the only hit; a click one of several.
    page.locator("#add").fill("b6 100")
    page.locator("#add").press("Enter")
    card = page.locator("[data-card]", has_text="B6 100")
    expect(card).to_contain_text("Terminal 5")
    page.locator("#add").fill("b6")
    page.locator("#add-found").get_by_role("option", name="B6 400").click()
    expect(page.locator("[data-card] h2 bdi")).to_have_text(["B6 400", "B6 100"])  # the cancelled one first
    expect(page.locator("[data-mine-count]")).to_have_text("2")

    # What is looked at is seen; what changes then is said, live and until the next look.
    wait_until(
        page, "() => Object.keys(JSON.parse(localStorage['windsock.flights.seen'] ?? '{}')).length === 2"
    )
    service.post([flight(100, leaves_in=30, departure={"gate": "7", "estimated": minutes(50)})])
    expect(card.locator("[data-since]")).to_have_text("Since you looked: gate 5 → 7, 20 min later")

    # Another browser of the same account has them, too; what it removes is removed here.
    other = visit("/mine/", viewport={"width": 390, "height": 844})
    expect(other.locator("[data-card]")).to_have_count(2)
    other.get_by_role("button", name="Remove B6 400").click()
    expect(other.locator("[data-card]")).to_have_count(1)
    other.get_by_role("button", name="Undo").click()
    expect(other.locator("[data-card]")).to_have_count(2)
    other.get_by_role("button", name="Remove B6 400").click()
    expect(other.locator("[data-card]")).to_have_count(1)
    other.wait_for_load_state("networkidle")
    page.reload()
    expect(page.locator("[data-card] h2 bdi")).to_have_text(["B6 100"])


def test_a_browser_that_keeps_nothing_says_so(visit: Visit) -> None:
    page = visit("/mine/")
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new Error('full'); }; }")

    page.locator("#add").fill("b6 100")
    page.locator("#add").press("Enter")

    expect(page.get_by_text("This browser keeps nothing")).to_be_visible()
    expect(page.locator("[data-card]")).to_have_count(0)

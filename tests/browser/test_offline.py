"""A page without a network says so within a second, and is live again soon after it is back."""

from playwright.sync_api import expect

from tests.browser.conftest import Complaints, Visit, flight, minutes
from tests.running_service import RunningService

# Collected in the page, so that a busy machine does not make the answer late: when the event came, and when the words.
WATCH = """() => {
  const said = document.querySelector('[data-link-text]');
  addEventListener('offline', () => { window.went = performance.now(); }, true);
  new MutationObserver(() => {
    if (said.textContent.startsWith('Offline since')) window.said ??= performance.now();
  }).observe(said, { childList: true, characterData: true, subtree: true });
}"""


def test_offline_is_said_at_once_and_what_was_missed_comes_back(
    service: RunningService, visit: Visit, complaints: Complaints
) -> None:
    page = visit("/airports/JFK/departures/")
    link, root = page.locator("[data-link-text]"), page.locator("html")
    expect(link).to_have_text("Live")
    page.evaluate(WATCH)

    page.context.set_offline(True)
    expect(link).to_contain_text("Offline since")
    expect(root).to_have_attribute("data-link", "offline")
    expect(page.locator("[data-link-ago]")).to_contain_text("last contact")
    page.wait_for_function("window.went !== undefined")
    assert page.evaluate("window.said - window.went") <= 1000
    assert service.post([flight(100, leaves_in=30, departure={"estimated": minutes(75)})]).status == 200

    page.context.set_offline(False)
    expect(link).to_have_text("Live")
    expect(page.locator('tr[data-flight^="B6100."] .state')).to_contain_text("45 min late")
    complaints.forgive("ERR_INTERNET_DISCONNECTED", "WebSocket")


def test_times_are_grey_and_a_band_says_so_after_two_minutes_without_contact(
    service: RunningService, visit: Visit, complaints: Complaints
) -> None:
    page = visit("/airports/JFK/departures/")
    expect(page.locator("[data-link-text]")).to_have_text("Live")
    band, time = page.locator("[data-stale-band]"), page.locator("tr[data-tone=late] .exp").first
    before = time.evaluate("time => getComputedStyle(time).color")
    expect(band).to_have_text("")

    page.context.set_offline(True)
    # The page's clock goes two minutes ahead; its timers go on.
    page.evaluate("() => { const now = Date.now; Date.now = () => now() + 121000; }")
    expect(band).to_contain_text("The times shown may have changed.")
    assert time.evaluate("time => getComputedStyle(time).color") != before

    page.context.set_offline(False)
    expect(band).to_have_text("")
    complaints.forgive("ERR_INTERNET_DISCONNECTED", "WebSocket")

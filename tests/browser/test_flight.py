"""The page of a flight in a browser: it follows the flight with few changes, and keeps the reader's place."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit, flight, minutes
from tests.running_service import RunningService

MAX_MUTATIONS = 12
"""Of one event: the gate, in the sign and in the fact, its marks, and a line of the timeline."""

OBSERVE = """() => {
  window.mutations = 0;
  new MutationObserver((found) => { window.mutations += found.length; })
    .observe(document.getElementById("flight"),
      {subtree: true, childList: true, characterData: true, attributes: true});
}"""


def opened(visit: Visit, service: RunningService) -> Page:
    found = service.get("/api/v1/flights?airport=JFK&direction=departures&q=B6100").data["flights"]
    page = visit(f"/flights/{found[0]['id']}/", viewport={"width": 390, "height": 844})
    expect(page.locator("html")).to_have_attribute("data-link", "live")
    return page


def test_an_event_changes_little_and_keeps_the_place_of_the_reader(
    service: RunningService, visit: Visit
) -> None:
    page = opened(visit, service)
    fact = page.locator("details[id='fact-departure.gate']")
    fact.locator("summary").click()
    fact.locator("summary").focus()
    page.evaluate(OBSERVE)

    service.post(flight(100, leaves_in=30, departure={"gate": "7", "terminal": "5"}))

    gate = page.locator(".spot .gate")
    expect(gate).to_have_text("7")
    expect(gate).to_have_attribute("data-from", "5")
    expect(page.locator(".timeline li").first).to_contain_text("Gate 5 → 7")
    expect(fact).to_have_attribute("open", "")
    expect(fact.locator("summary")).to_be_focused()
    expect(fact.locator(".words")).to_contain_text("the only source")
    assert page.evaluate("window.mutations") <= MAX_MUTATIONS


def test_watching_sharing_and_the_clock(service: RunningService, visit: Visit) -> None:
    page = opened(visit, service)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("delete Navigator.prototype.share")
    watching = page.get_by_role("button", name="Watch this flight")
    watching.click()
    expect(page.get_by_role("button", name="Watching")).to_have_attribute("aria-pressed", "true")
    kept = page.evaluate("JSON.parse(localStorage.getItem('windsock.flights'))")
    assert [each["id"] for each in kept] == [page.locator("#flight").get_attribute("data-flight")]
    page.reload()
    page.get_by_role("button", name="Watching").click()
    # What was removed is remembered, so that another device does not bring it back.
    left = page.evaluate("JSON.parse(localStorage.getItem('windsock.flights'))")
    assert [each["removed"] for each in left] == [True]

    page.evaluate("delete Navigator.prototype.share")
    page.get_by_role("button", name="Share").click()
    expect(page.get_by_role("button", name="Link copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").endswith(page.url)

    big = page.locator(".way .big bdi").first
    local = big.inner_text()
    big.click()
    expect(big).to_have_text(f"{minutes(30)[11:16]}Z")
    button = page.locator("[data-do=times]")
    expect(button).to_have_text("UTC")
    button.click()
    button.click()
    expect(big).to_contain_text("in ")
    button.click()
    expect(big).to_have_text(local)


ANY_TREES = """async (address) => {
  const { patch } = await import(address);
  let seed = 7;
  const luck = (limit) => (seed = (seed * 16807) % 2147483647) % limit;
  const tree = (depth) => {
    const element = document.createElement(["div", "p", "details"][luck(3)]);
    if (luck(3) === 0) element.dataset.key = String(luck(5));
    if (luck(3) === 0) element.className = ["late", "news", "late news"][luck(3)];
    if (luck(4) === 0) element.setAttribute("title", String(luck(3)));
    for (let count = depth ? luck(5) : 0; count > 0; count--) {
      element.append(luck(3) ? tree(depth - 1) : document.createTextNode(`text ${luck(4)}`));
    }
    element.normalize();
    return element;
  };
  const wrap = (child) => { const root = document.createElement("div"); root.append(child); return root; };
  let again = 0;
  for (let turn = 0; turn < 500; turn++) {
    const before = wrap(tree(4)), after = wrap(tree(4)), wanted = after.innerHTML;
    patch(before, after);
    if (before.innerHTML !== wanted) return `${before.innerHTML} is not ${wanted}`;
    const observer = new MutationObserver(() => {});
    observer.observe(before, {subtree: true, childList: true, characterData: true, attributes: true});
    patch(before, after);
    again += observer.takeRecords().length;
    observer.disconnect();
  }
  return again;
}"""


def test_a_patched_part_is_equal_to_the_fresh_one_and_patching_again_changes_nothing(
    service: RunningService, visit: Visit
) -> None:
    page = opened(visit, service)
    address = page.evaluate(
        "[...document.querySelectorAll('[href],[src]')].map((e) => e.href || e.src)"
        ".find((each) => /patch[^/]*[.]js$/.test(each)) ?? ''"
    )
    assert page.evaluate(ANY_TREES, address or "/static/windsock/patch.js") == 0

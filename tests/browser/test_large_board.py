"""A board of more than 200 rows: the row under the eye stays, and an event touches its own row only."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit, flight, minutes
from tests.running_service import RunningService
from tests.services import wait_until

BOARD = "/airports/JFK/departures/"
FLIGHTS = 300
FIRST = 1000

WATCH = """() => { window.seen = [];
  new MutationObserver((records) => { for (const record of records) window.seen.push(
    `${record.type} ${record.attributeName} ${record.target.closest?.('tr')?.dataset.flight ?? ''}`); })
    .observe(document.querySelector('table.board'),
      { subtree: true, attributes: true, childList: true, characterData: true }); }"""
# The flight in the middle of the screen, and where its row is.
EYE = """() => { const row = document.elementFromPoint(300, innerHeight / 2).closest('tr');
  return [row.dataset.flight, row.getBoundingClientRect().top]; }"""
TOP = "(id) => document.querySelector(`tr[data-flight='${id}']`).getBoundingClientRect().top"


@pytest.fixture(scope="module")
def large(shared_service: RunningService) -> RunningService:
    reports = [
        flight(FIRST + number, leaves_in=15 + number, departure={"gate": f"A{number}"})
        for number in range(FLIGHTS)
    ]
    assert shared_service.post(reports).status == 200
    return shared_service


@pytest.fixture
def service(large: RunningService) -> RunningService:
    """The tests share it in this order: the last one changes how many flights there are."""
    return large


def live(page: Page) -> None:
    expect(page.locator("[data-link-text]")).to_have_text("Live")
    expect(page.locator("table.board")).to_have_attribute("aria-rowcount", str(FLIGHTS + 5 + 1))


def rows(page: Page) -> int:
    return page.locator("tr[data-flight]").count()


def test_without_javascript_links_lead_to_every_flight(service: RunningService, visit: Visit) -> None:
    page = visit(BOARD, java_script_enabled=False)
    found: list[str] = []
    while True:
        found += page.locator("tr[data-flight]").evaluate_all("rows => rows.map(row => row.dataset.flight)")
        more = page.get_by_role("link", name="More flights")
        if not more.count():
            break
        more.click()
    assert len(found) == len(set(found)) == FLIGHTS + 5


def test_an_event_touches_the_row_of_its_own_flight_and_little_of_that(
    service: RunningService, visit: Visit
) -> None:
    page = visit(BOARD)
    live(page)
    page.wait_for_timeout(1500)  # until the rows have their numbers
    page.evaluate(WATCH)

    late = flight(FIRST + 1, leaves_in=16, departure={"estimated": minutes(56)})
    assert service.post(late).status == 200
    row = page.locator(f'tr[data-flight^="B6{FIRST + 1}."]')
    expect(row.locator(".state")).to_contain_text("40 min late")

    def faded() -> bool:
        return (
            row.evaluate("row => !row.className.includes('fresh') && !row.className.includes('fading')")
            is True
        )

    wait_until(faded, 40, "the end of the row's mark")
    seen = page.evaluate("window.seen")
    mine = [record for record in seen if f"B6{FIRST + 1}." in record]
    # A minute may have passed meanwhile, which changes the ages of updates.
    others = [record for record in seen if record not in mine and "childList" not in record]
    assert not others
    assert 5 <= len(mine) <= 12, mine


def test_a_large_board_holds_the_rows_around_the_viewport_and_keeps_the_readers_place(
    service: RunningService, visit: Visit
) -> None:
    page = visit(BOARD)
    live(page)
    assert rows(page) < 100
    right = "(at) => document.querySelector(at).getBoundingClientRect().right"
    edge = page.evaluate(right, "table.board")

    # Every flight is reached by scrolling, with its number for screen readers, in columns that stay.
    page.locator("tr[data-flight] a").nth(1).focus()
    page.evaluate("scrollTo(0, document.querySelector('table.board').offsetHeight / 2)")
    expect(page.locator(f'tr[data-flight^="B6{FIRST + FLIGHTS // 2}."]')).to_have_count(1)
    assert page.evaluate(right, "table.board thead th:last-child") == edge
    assert page.evaluate("document.activeElement.closest('tr') !== null")  # the focused row did not leave
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    last = page.locator(f'tr[data-flight^="B6{FIRST + FLIGHTS - 1}."]')
    expect(last).to_have_count(1)
    expect(last).to_have_attribute("aria-rowindex", str(FLIGHTS + 5 + 1))

    # Rows leave and enter above: what one reads stays where it is.
    page.evaluate("document.activeElement.blur(); scrollTo(0, 8000)")
    page.wait_for_timeout(300)
    eye, top = page.evaluate(EYE)
    gone = [
        flight(FIRST + number, leaves_in=15 + number, departure={"actual": minutes(-90)})
        for number in range(4)
    ]
    assert service.post([*gone, flight(7000, leaves_in=16)]).status == 200
    expect(page.locator("table.board")).to_have_attribute("aria-rowcount", str(FLIGHTS + 5 + 1 - 4 + 1))
    assert abs(page.evaluate(TOP, eye) - top) < 1

    # Printed, it is whole.
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert rows(page) == FLIGHTS + 5 - 4 + 1
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert rows(page) < 100

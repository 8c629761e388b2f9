"""What readers choose on a board, with and without JavaScript: earlier flights, filters, order, times, keys."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit, began, flight, minutes
from tests.running_service import RunningService

BOARD = "/airports/JFK/departures/"
SHIFTS = """() => { window.shifted = [];
  const named = ({ node, previousRect: was, currentRect: is }) => `${node?.nodeName} ${was.y} → ${is.y}`;
  new PerformanceObserver((list) => {
    for (const { value, sources } of list.getEntries()) window.shifted.push([value, sources.map(named)]);
  }).observe({ type: "layout-shift" }); }"""


def seed(service: RunningService) -> None:
    reports = [
        flight(10, leaves_in=-29, departure={"actual": minutes(-28)}),
        flight(20, leaves_in=-20, departure={"actual": minutes(-20)}),
        flight(150, leaves_in=-60, departure={"estimated": minutes(45), "terminal": "4"}),
        flight(170, leaves_in=-25),
    ]
    assert service.post(reports).status == 200


def order(page: Page) -> list[int]:
    names = page.locator("tr[data-flight]").evaluate_all("rows => rows.map(row => row.dataset.flight)")
    return [int(re.sub(r"^B6(\d+)\..*", r"\1", name)) for name in names]


def live(page: Page) -> None:
    expect(page.locator("[data-link-text]")).to_have_text("Live")


@pytest.mark.parametrize("script", [True, False], ids=["live", "without JavaScript"])
def test_a_board_begins_now_and_every_choice_is_in_its_address(
    service: RunningService, visit: Visit, script: bool
) -> None:
    seed(service)
    page = visit(BOARD, java_script_enabled=script)
    if script:
        live(page)
    # Flights that have left stand behind a link; a late one, and one without news, have not left: they are here.
    assert order(page) == [150, 170, 500, 100, 200, 300, 400]
    page.get_by_role("link", name="2 earlier flights").click()
    expect(page.get_by_role("link", name="Hide earlier flights")).to_be_visible()
    assert order(page) == [150, 10, 170, 20, 500, 100, 200, 300, 400]

    for query, expected in (
        ("show=waiting", [150, 170, 300]),
        ("terminal=4", [150]),
        ("carrier=DL", []),
        ("sort=expected", [10, 170, 20, 500, 100, 150, 200, 400, 300]),
        ("sort=delay&show=delayed", [150, 300, 170]),
        ("day=tomorrow&q=nothing", []),
        ("sort=nonsense&show=x&times=y&part=-4", [150, 170, 500, 100, 200, 300, 400]),
    ):
        page.goto(f"{service.url}{BOARD}?{query}")
        if script:
            live(page)
        expect(page.locator("tr[data-flight]")).to_have_count(len(expected))
        assert order(page) == expected, query
    page.goto(f"{service.url}{BOARD}?day=today&q=B6100")
    expect(page.locator("tr[data-flight]")).to_have_count(1)
    page.goto(f"{service.url}{BOARD}?times=utc&q=B6100")
    expect(page.locator("tr[data-flight] .sched")).to_have_text(minutes(30)[11:16])


def test_a_changed_row_says_from_what_to_what_and_keys_move_between_rows(
    service: RunningService, visit: Visit
) -> None:
    page = visit(BOARD)
    live(page)
    row = page.locator('tr[data-flight^="B6100."]')
    planned = row.locator(".sched").inner_text()
    service.post(flight(100, leaves_in=30, departure={"estimated": minutes(75), "gate": "7"}))
    expect(row.locator(".change")).to_have_text(re.compile(rf"{planned} → \d\d:\d\d · 5 → 7"))

    focused = "document.activeElement.closest('tr')?.dataset.flight.split('.')[0]"
    page.keyboard.press("n")
    assert page.evaluate(focused) == "B6100"  # the next one by the plan
    page.keyboard.press("ArrowDown")
    assert page.evaluate(focused) == "B6200"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert page.evaluate(focused) == "B6500"
    page.keyboard.press("ArrowUp")
    assert page.evaluate(focused) == "B6500"

    # A tap on a time gives all of them in another way; the address keeps it.
    row.locator(".c-time").click()
    expect(page).to_have_url(re.compile("times=own"))
    row.locator(".c-time").click()
    expect(page).to_have_url(re.compile("times=utc"))
    expect(row.locator(".sched")).to_have_text(minutes(30)[11:16])
    row.locator(".c-time").click()
    expect(row.locator(".exp")).to_have_text(re.compile("in 1 h|in 7. min"))

    # The number that was searched for is the first of the other numbers.
    page.get_by_role("searchbox", name="Search this board").fill("AF3652")
    page.locator('tr[data-flight^="B6200."]').get_by_text("AF 3652").wait_for()
    page.locator('tr[data-flight^="B6200."] a').focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/flights/**")


def test_the_lists_of_choices_grow_and_keys_and_the_caption_say_what_is_chosen(
    service: RunningService, visit: Visit
) -> None:
    page = visit(f"{BOARD}?sort=expected", timezone_id="Asia/Tokyo")
    live(page)
    caption = page.locator("table.board caption")
    expect(caption).to_contain_text("Sorted by: Expected time. Times: Local time.")
    assert not page.locator("[name=terminal] option[value='9'], [name=carrier] option[value=UA]").count()
    new = flight(1, leaves_in=40, departure={"terminal": "9"}) | {"flight": "UA1"}
    assert service.post(new).status == 200
    expect(page.locator("[name=terminal] option", has_text="9")).to_have_count(1)
    expect(page.locator("[name=carrier] option[value=UA]")).to_have_text("United Airlines")

    page.keyboard.press("t")
    expect(caption).to_contain_text("Times: My time zone.")
    leaves = (began() + timedelta(minutes=30)).astimezone(ZoneInfo("Asia/Tokyo"))
    expect(page.locator('tr[data-flight^="B6100."] .sched')).to_have_text(f"{leaves:%H:%M}")

    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()


def test_rows_that_leave_do_not_shift_the_page_of_a_reader_who_has_not_scrolled(
    service: RunningService, visit: Visit
) -> None:
    assert service.post([flight(number, leaves_in=-25 + number) for number in range(1, 30)]).status == 200
    page = visit(BOARD)
    live(page)
    rows = page.locator("tr[data-flight]")
    expect(rows).to_have_count(34)
    page.evaluate(SHIFTS)
    for number in range(1, 5):
        left = flight(number, leaves_in=-25 + number, departure={"actual": minutes(-24 + number)})
        assert service.post(left).status == 200
        expect(page.locator(f'tr[data-flight^="B6{number}."]')).to_have_count(0)
        page.wait_for_timeout(600)  # the rows glide, and the observer is told
    shifted = page.evaluate("window.shifted")
    assert sum(value for value, _ in shifted) < 0.05, shifted

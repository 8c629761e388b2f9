"""The board in a real browser: it moves by itself, and it misses nothing when the service is killed under it."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Complaints, Visit, flight, minutes, sign_in_link
from tests.running_service import RunningService
from tests.services import wait_until

BOARD = "/airports/JFK/departures/"


def row(page: Page, number: int) -> Locator:
    return page.locator(f'tr[data-flight^="B6{number}."]')


def live(page: Page) -> None:
    expect(page.locator("[data-link-text]")).to_have_text("Live")


def mark(page: Page) -> None:
    """A reload would lose this."""
    page.evaluate("window.neverReloaded = true")


def never_reloaded(page: Page) -> bool:
    return bool(page.evaluate("window.neverReloaded === true"))


def late(number: int, leaves_in: int, by: int) -> dict[str, object]:
    report = flight(number, leaves_in=leaves_in, departure={"estimated": minutes(leaves_in + by)})
    return {**report, "delay_reasons": [{"scheme": "ahm730", "code": "93"}]}


def test_a_delay_published_through_the_api_changes_the_row_without_a_reload(
    service: RunningService, visit: Visit
) -> None:
    page = visit(BOARD)
    live(page)
    mark(page)
    expect(row(page, 100).locator(".state")).to_have_text("Scheduled")

    answer = service.post(late(100, 30, 35))

    assert answer.status == 200, answer.body
    expect(row(page, 100)).to_have_class(re.compile(r"\bfresh\b"))  # first: it lasts a few seconds
    expect(row(page, 100).locator(".state")).to_have_text("35 min late")
    expect(row(page, 100).locator(".why")).to_have_text("late inbound aircraft")
    expect(page.locator("[data-announce]")).to_contain_text("B6 100 Orlando: 35 min late")
    expect(page.locator("[data-count=delayed]")).to_have_text("2")
    assert never_reloaded(page)


def test_a_new_flight_appears_in_its_place_and_a_cancelled_one_says_so(
    service: RunningService, visit: Visit
) -> None:
    page = visit(BOARD)
    live(page)

    service.post([flight(700, leaves_in=45), {**flight(200, leaves_in=60), "cancelled": True}])

    expect(row(page, 200).locator(".state")).to_have_text("Cancelled")
    expect(row(page, 700)).to_have_count(1)
    order = page.locator("tbody tr").evaluate_all("rows => rows.map(row => row.dataset.flight.split('.')[0])")
    assert order == ["B6500", "B6100", "B6700", "B6200", "B6300", "B6400"]


def test_the_page_resumes_without_a_missed_change_after_the_server_was_killed(
    service: RunningService, visit: Visit, complaints: Complaints
) -> None:
    page = visit(BOARD)
    live(page)
    mark(page)
    service.post(late(100, 30, 20))
    expect(row(page, 100).locator(".state")).to_have_text("20 min late")

    service.kill()
    expect(page.locator("[data-link-text]")).not_to_have_text("Live")
    service.start()
    # Before the page is back, and after.
    service.post([late(100, 30, 50), late(200, 60, 25)])
    live(page)
    service.post(late(300, 90, 75))

    expect(row(page, 100).locator(".state")).to_have_text("50 min late")
    expect(row(page, 200).locator(".state")).to_have_text("25 min late")
    expect(row(page, 300).locator(".state")).to_have_text("1 h 15 min late")
    assert never_reloaded(page)
    complaints.forgive("WebSocket connection", "ERR_CONNECTION_REFUSED")


def test_the_server_and_the_browser_render_a_row_alike(service: RunningService, visit: Visit) -> None:
    texts = (
        "rows => rows.map(row => [row.dataset.flight, row.dataset.tone, row.dataset.group, row.innerText])"
    )
    plain = visit(BOARD, java_script_enabled=False)
    page = visit(BOARD)
    live(page)
    page.wait_for_timeout(500)

    def rows(of: Page) -> list[list[str]]:
        found: list[list[str]] = of.locator("tbody tr").evaluate_all(texts)
        return found

    def alike() -> bool:
        plain.reload()  # a row also shows how long ago it was heard of
        return rows(page) == rows(plain)

    wait_until(alike, 20, f"equal rows: {rows(page)} and {rows(plain)}")
    assert len(rows(plain)) == 5


def test_the_board_is_searched_and_filtered_and_the_choice_survives_a_reload(visit: Visit) -> None:
    page = visit(BOARD)
    live(page)

    for typed in ("af36", "AF 036", "af-36"):
        page.get_by_role("searchbox").fill(typed)
        expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("searchbox").fill("")
    page.get_by_role("radio", name="Cancelled").check()
    expect(page.locator("tbody tr")).to_have_count(1)

    page.reload()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(row(page, 400).locator(".state")).to_have_text("Cancelled")


def test_the_flight_page_tells_what_happened_and_who_said_so(service: RunningService, visit: Visit) -> None:
    page = visit(BOARD)
    row(page, 100).get_by_role("link").click()
    page.wait_for_url("**/flights/**")
    live(page)
    mark(page)

    service.post(late(100, 30, 35))

    expect(page.locator(".verdict")).to_contain_text("35 min late")
    expect(page.locator(".timeline li").first).to_contain_text("Departure 35 min late")
    expect(page.locator(".timeline li").first).to_contain_text("operations")
    expect(page.locator(".belief")).to_contain_text("the only source")
    assert never_reloaded(page)


def test_a_sign_in_link_works_once(service: RunningService, visit: Visit, complaints: Complaints) -> None:
    page = visit("/sign-in/")
    link = sign_in_link(service, BOARD)

    page.goto(link)
    page.wait_for_url(f"**{BOARD}")
    page.goto(link)
    expect(page.get_by_role("heading")).to_have_text("This link is used up")
    complaints.forgive("410")


def test_without_signing_in_there_is_only_the_way_to_sign_in(service: RunningService, visit: Visit) -> None:
    page = visit("/")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Password")).to_be_visible()  # it is done: leaving the page earlier would end it

    page.goto(service.url + BOARD)
    assert "/sign-in/" in page.url
    page.get_by_label("User name").fill("ada")
    page.get_by_label("Password").fill("x")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"**{BOARD}")
    live(page)


def test_another_site_shows_a_live_board_with_one_element(service: RunningService, visit: Visit) -> None:
    page = visit("/")
    page.evaluate(
        """async () => {
            await import("/static/windsock/windsock.js");
            const board = document.createElement("flight-board");
            board.setAttribute("airport", "JFK");
            document.body.append(board);
        }"""
    )
    board = page.locator("flight-board")
    expect(board.locator("tbody tr")).to_have_count(5)

    service.post(late(100, 30, 35))

    expect(board.locator("tbody")).to_contain_text("35 min late")
    expect(board.locator("caption")).to_have_text("Departures from New York JFK")

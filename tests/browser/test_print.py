"""A board on paper: all its rows, black on white, 25 to 40 of them on a page, in columns that stay apart."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Visit, flight
from tests.browser.test_widths import FAULTS, longest
from tests.running_service import RunningService

FLIGHTS = 400
PAPER = {"width": 718, "height": 1040}
"""A4 less its margins, in CSS pixels."""


def test_a_printed_board_takes_few_pages_and_keeps_its_columns_apart(
    service: RunningService, visit: Visit
) -> None:
    longest(service)
    more = [
        flight(1000 + number, leaves_in=15 + number % 300, departure={"gate": f"A{number}"})
        for number in range(FLIGHTS)
    ]
    assert service.post(more).status == 200
    page = visit("/airports/JFK/departures/?lang=en", viewport=PAPER, color_scheme="dark")
    expect(page.locator("[data-link-text]")).to_have_text("Live")
    expect(page.locator("table.board")).to_have_attribute("aria-rowcount", re.compile(r"^4\d\d$"))
    pages = len(re.findall(rb"/Type\s*/Page\b(?!s)", page.pdf(format="A4")))

    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    rows = page.locator("tr[data-flight]").count()
    assert rows > FLIGHTS
    assert rows / 40 <= pages <= rows / 25 + 1, f"{rows} rows on {pages} pages"
    assert page.evaluate(FAULTS) == []
    look = page.evaluate(
        """() => [getComputedStyle(document.body).color, getComputedStyle(document.documentElement).backgroundColor,
          getComputedStyle(document.querySelector('.board thead')).display,
          getComputedStyle(document.querySelector('.clock'), '::before').content]"""
    )
    assert look == ["rgb(0, 0, 0)", "rgb(255, 255, 255)", "table-header-group", '"As of "']

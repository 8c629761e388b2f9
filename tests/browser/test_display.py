"""Displays in Chromium: legible from afar, live, honest about a lost connection, and linked without a password."""

import subprocess
import sys
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Complaints, Visit, flight
from tests.running_service import RunningService

DISPLAY = "/display/JFK/departures/"

OPERATE = """
import sys, django
django.setup()
from windsock.access import displays
from windsock.access.models import Display
deed, *given = sys.argv[1:]
if deed == "link":
    displays.approve(given[0], name="Hall B", shows="/display/JFK/departures/", by=None)
elif deed == "change":
    Display.objects.update(shows="/display/JFK/arrivals/?rows=9")
else:
    displays.revoke(Display.objects.get())
"""

MEASURE = """() => {
    const cell = document.querySelector("tbody .c-flight bdi"), style = getComputedStyle(cell);
    const pen = document.createElement("canvas").getContext("2d");
    pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    const rows = [...document.querySelectorAll("tbody tr")].map((row) => row.getBoundingClientRect());
    return {
        rows: rows.length,
        x: pen.measureText("x").actualBoundingBoxAscent / innerHeight,
        head: Math.min(...rows.map((row) => row.top)) / innerHeight,
        foot: Math.max(...rows.map((row) => row.bottom)) - innerHeight,
        focusable: document.querySelectorAll("a[href], button, input, [tabindex]").length,
        cursor: getComputedStyle(document.body).cursor,
        crossed: [...document.querySelectorAll("tbody td, tbody th")].flatMap((one) => {
            const next = one.nextElementSibling, text = document.createRange();
            text.selectNodeContents(one);
            const over = next && text.getBoundingClientRect().right > next.getBoundingClientRect().left + 1;
            return over ? [one.textContent] : [];
        }),
    };
}"""


def operate(service: RunningService, *deed: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OPERATE, *deed], env=service.environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def fill(service: RunningService) -> None:
    """Fourteen flights of terminal 8 in the next hour, with the longest names and gates that there are."""
    reports = []
    for number in range(14):
        report: dict[str, Any] = flight(
            2900 + number, leaves_in=20 + number, departure={"gate": f"B{30 + number}", "terminal": "8"}
        )
        report["destination"] = ("XNA", "DCA", "MCO", "SFO")[number % 4]
        reports.append(report)
    assert service.post(reports).status == 200


def test_fourteen_rows_are_read_from_afar_none_is_cut_and_arabic_is_mirrored(
    service: RunningService, visit: Visit
) -> None:
    fill(service)
    page = visit(f"{DISPLAY}?terminal=8", viewport={"width": 1920, "height": 1080})
    for width, height in ((1920, 1080), (3840, 2160)):
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("document.fonts.ready")

        found = page.evaluate(MEASURE)

        assert found["rows"] == 14
        assert found["x"] >= 0.03
        assert found["head"] <= 0.12 + 3 / height  # the picture moves by up to two pixels
        assert found["foot"] <= 3
        assert found["crossed"] == []
        assert found["focusable"] == 0
        assert found["cursor"] == "none"

    page.goto(f"{service.url}{DISPLAY}?lang=ar")
    expect(page.locator("[data-panel]")).to_have_css("direction", "rtl")


def test_a_change_turns_over_and_a_lost_connection_is_seen_from_afar(
    service: RunningService, visit: Visit, complaints: Complaints
) -> None:
    page = visit("/sign-in/")
    page.clock.install()
    page.goto(service.url + DISPLAY)
    row = page.get_by_role("row").filter(has_text="B6 200")
    expect(row).to_be_visible()
    service.post([flight(200, leaves_in=60, departure={"gate": "B31"})])
    expect(row.locator(".c-where bdi")).to_have_text("B31")
    expect(row).to_have_class("fresh")
    band = page.locator("[data-band]")
    expect(band).to_be_hidden()

    page.context.set_offline(True)
    page.clock.run_for(65_000)
    expect(band).to_contain_text("No connection. Last news at ")
    assert band.bounding_box()["height"] >= 0.09 * 800  # type: ignore[index]
    expect(row).to_be_visible()
    page.clock.fast_forward(10 * 60_000)
    page.clock.run_for(1000)
    expect(page.get_by_text("Please ask the staff")).to_be_visible()
    expect(row).to_be_hidden()

    page.context.set_offline(False)
    page.clock.run_for(15_000)
    expect(page.get_by_text("Please ask the staff")).to_be_hidden()
    expect(band).to_be_hidden()
    expect(page.locator("tbody tr").first).to_be_visible()
    complaints.forgive("Failed to load resource", "WebSocket")


def test_a_screen_is_linked_follows_the_operator_and_is_unlinked(
    browser: Browser, service: RunningService, complaints: Complaints
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page: Page = context.new_page()
    complaints.watch(page)
    page.goto(service.url + "/display/")
    code = page.locator(".code").inner_text()
    expect(page.get_by_role("img", name="QR code of the address")).to_be_visible()

    operate(service, "link", code)
    expect(page.get_by_role("heading", name="Departures")).to_be_visible()
    assert context.cookies()[0]["httpOnly"]
    operate(service, "change")
    expect(page.get_by_role("heading", name="Arrivals")).to_be_visible()
    operate(service, "unlink")
    expect(page.get_by_role("heading", name="This display was unlinked")).to_be_visible()

    assert page.locator(".code").inner_text() != code
    assert "password" not in page.content().lower()
    context.close()
    complaints.forgive("401", "WebSocket")  # of the sheet, when the display was unlinked

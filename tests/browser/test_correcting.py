"""Correct a wrong delay in a real browser, and take the correction back."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect

from tests.browser.conftest import Visit, flight, minutes
from tests.browser.test_everybody import settled
from tests.running_service import RunningService

PUBLISHER = """
import django
django.setup()
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
get_user_model().objects.get(username="ada").groups.add(Group.objects.get(name="Windsock publishers"))
"""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RunningService]:
    """A service with a flight that is said to be 35 minutes late; ada is a publisher, by her group."""
    service = RunningService.prepare(tmp_path)
    subprocess.run([sys.executable, "-c", PUBLISHER], env=service.environment, check=True)
    service.start()
    late = flight(300, leaves_in=90, departure={"estimated": minutes(125)})
    assert service.post([late]).status == 200
    yield service
    service.stop()


def test_a_wrong_delay_is_corrected_and_the_correction_undone(service: RunningService, visit: Visit) -> None:
    page = visit("/console/report/", viewport={"width": 390, "height": 844})
    page.get_by_role("searchbox", name="Flight number").fill("B6 300")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("textbox", name="New departure time").fill("+50")
    page.get_by_role("button", name="Preview").click()
    preview = page.get_by_role("region", name="Preview")
    expect(preview).to_contain_text("35 min late")
    expect(preview.get_by_role("listitem").first).to_contain_text("50 min late")
    settled(page)
    found = Axe().run(page).response["violations"]
    assert [violation["id"] for violation in found if violation["impact"] in ("serious", "critical")] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    preview.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("status").filter(has_text="Published.")).to_be_visible()
    page.get_by_role("link", name="The flight's page").click()
    expect(page.get_by_text("50 min late").first).to_be_visible()

    page.get_by_role("link", name="Correct this flight").click()
    page.get_by_role("button", name="Undo").first.click()
    expect(page.get_by_role("status").filter(has_text="Taken back.")).to_be_visible()
    expect(page.locator(".verdict")).to_contain_text("35 min late")

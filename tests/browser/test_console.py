"""The operator's console in a real browser: what waits is settled, and the pages are for everybody."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect

from tests.browser.conftest import Visit, began
from tests.browser.test_everybody import TOO_WIDE, settled
from tests.running_service import RunningService
from tests.services import wait_until

OPERATOR = """
import django
django.setup()
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
ada = get_user_model().objects.get(username="ada")
ada.user_permissions.add(Permission.objects.get(codename="operate_feeds"))
"""
PAGES = ("/console/", "/console/feeds/telex/", "/console/parked/")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RunningService]:
    """A service with a feed of telexes, one of which is not clear and one not readable; ada operates it."""
    (tmp_path / "feeds.toml").write_text(
        '[telex]\nformat = "mvt"\n\n[oslo]\nformat = "avinor"\nairport = "OSL"\nenabled = false\n'
    )
    service = RunningService.prepare(tmp_path)
    subprocess.run([sys.executable, "-c", OPERATOR], env=service.environment, check=True)
    service.start()
    today = began()
    flight = {"flight": "WF588", "date": f"{today:%Y-%m-%d}", "origin": "BGO", "destination": "ABZ"}
    assert service.post([flight | {"departure": {"scheduled": f"{today:%Y-%m-%d}T00:30:00Z"}}]).status == 200
    for body in (f"MVT\nWF9/{today:%d}.LNWDE.ABZ\nED{today:%d}2359\nZZ WHAT IS THIS\n", "HELLO ALL\n"):
        service.ask("POST", "/api/v1/feeds/telex", body, {"Content-Type": "text/plain"}, who="publisher")
    waiting = f"MVT\nWF588/{today:%d}.LNWDE.ABZ\nAA{today:%d}0001/{today:%d}0004\n"
    service.ask("POST", "/api/v1/feeds/telex", waiting.replace("588", "77"), {}, who="publisher")
    yield service
    service.stop()


def test_an_operator_says_which_flight_is_meant_and_the_report_is_recorded(
    service: RunningService, visit: Visit
) -> None:
    page = visit("/console/parked/")
    today = f"{began():%Y-%m-%d}"
    card = page.get_by_role("region", name="WF 77")
    card.get_by_label("The flight").fill(f"WF588.{today}.BGO")
    card.get_by_role("button", name="Use this flight").click()

    expect(page.get_by_text(f"WF588.{today}.BGO")).to_be_visible()

    def flight() -> Any:
        return service.get(f"/api/v1/flights/WF588.{today}.BGO").data["flight"]

    wait_until(lambda: flight()["status"] == "arrived", 10, "the report is recorded")
    assert flight()["registration"] == "LNWDE"


def test_a_feed_is_paused_and_its_trouble_is_shown_with_the_raw_input(
    service: RunningService, visit: Visit
) -> None:
    page = visit("/console/")
    page.get_by_role("link", name="telex").first.click()
    expect(page.get_by_text("ZZ WHAT IS THIS", exact=True)).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    refused = service.ask("POST", "/api/v1/feeds/telex", "MVT\n", {}, who="publisher")
    assert refused.data["code"] == "feed_paused"


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_the_console_is_for_everybody(service: RunningService, visit: Visit, scheme: str) -> None:
    page = visit("/console/", color_scheme=scheme, viewport={"width": 360, "height": 780})
    found = []
    for path in PAGES:
        page.goto(service.url + path)
        settled(page)
        for violation in Axe().run(page).response["violations"]:
            if violation["impact"] in ("serious", "critical"):
                found.append((path, violation["id"], [node["html"][:120] for node in violation["nodes"][:3]]))
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, (
            path,
            page.evaluate(TOO_WIDE, 360),
        )
    assert found == []

"""Programmes of airports in a real browser: reported by another process, they appear and go without a reload."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import Visit, flight, minutes
from tests.browser.test_board import live, mark, never_reloaded, row
from tests.running_service import RunningService

DELAY = (
    "<Delay_type><Arrival_Departure_Delay_List><Delay><ARPT>JFK</ARPT><Reason>WX:Snow</Reason>"
    '<Arrival_Departure Type="Departure"><Min>31 minutes</Min><Max>45 minutes</Max></Arrival_Departure>'
    "</Delay></Arrival_Departure_Delay_List></Delay_type>"
)


def told(service: RunningService, *sections: str, minutes_ago: int = 0) -> None:
    """The FAA's document of then, taken in by a process of its own."""
    (service.folder / "feeds.toml").write_text('[faa]\nformat = "faa"\nenabled = false\n')
    at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    stamp = f"{at:%a %b} {at.day} {at:%H:%M:%S %Y} GMT"
    root = "AIRPORT_STATUS_INFORMATION"
    document = f"<{root}><Update_Time>{stamp}</Update_Time>{''.join(sections)}</{root}>"
    windsock = Path(sys.executable).with_name("windsock")
    taken = subprocess.run(
        [str(windsock), "feed", "take", "faa", "--data", str(service.folder)],
        env=service.environment,
        input=document,
        capture_output=True,
        text=True,
        check=False,
    )
    assert taken.returncode == 0, taken.stdout + taken.stderr


def test_a_board_tells_what_holds_up_its_airport_while_it_does(service: RunningService, visit: Visit) -> None:
    service.post(flight(100, leaves_in=30, departure={"estimated": minutes(65)}))
    page = visit("/airports/JFK/departures/")
    live(page)
    mark(page)
    lines = page.locator("[data-programmes]")
    expect(lines).to_be_hidden()
    expect(row(page, 100).locator(".why")).to_have_text("")

    told(service, DELAY, minutes_ago=1)

    expect(lines.locator("b")).to_have_text("Departures from JFK are 31 min to 45 min late")
    expect(lines).to_contain_text("Snow")
    expect(lines).to_contain_text("FAA")
    expect(row(page, 100).locator(".why")).to_have_text("departure delays at JFK: Snow")
    expect(page.locator("[data-announce]")).to_contain_text(
        "Departures from JFK are 31 min to 45 min late, Snow"
    )

    told(service)

    expect(lines).to_be_hidden()
    expect(row(page, 100).locator(".why")).to_have_text("")
    assert never_reloaded(page)


def test_a_flight_tells_what_holds_it_up_and_a_board_opened_then_knows_it_at_once(
    service: RunningService, visit: Visit
) -> None:
    date = flight(100, leaves_in=30)["date"]
    page = visit(f"/flights/B6100.{date}.JFK/")
    live(page)
    mark(page)
    expect(page.locator(".programmes")).to_have_count(0)

    told(service, DELAY)

    expect(page.locator(".programmes b")).to_have_text("Departures from JFK are 31 min to 45 min late")
    assert never_reloaded(page)
    without = visit("/airports/JFK/departures/", java_script_enabled=False)
    expect(without.locator(".programmes b")).to_have_text("Departures from JFK are 31 min to 45 min late")


def test_the_element_on_another_site_explains_late_flights_too(service: RunningService, visit: Visit) -> None:
    service.post(flight(100, leaves_in=30, departure={"estimated": minutes(65)}))
    page = visit("/")
    page.evaluate(
        """async () => {
            await import("/static/windsock/windsock.js");
            const board = document.createElement("flight-board");
            board.setAttribute("airport", "JFK");
            document.body.append(board);
        }"""
    )
    rows = page.locator("flight-board tbody")
    expect(rows).to_contain_text("35 min late")

    told(service, DELAY)

    expect(rows).to_contain_text("departure delays at JFK: Snow")

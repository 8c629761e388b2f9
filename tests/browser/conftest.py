"""A real Chromium on a real service: its own process and SQLite file, killed and started again where a test says so."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.running_service import RunningService

NEW_YORK = ZoneInfo("America/New_York")
# Software rendering, no sandbox (tests may run as root), and no calls home.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
LINK = """
import sys, django
django.setup()
from django.contrib.auth import get_user_model
from windsock.access import tickets
print(tickets.sign_in_link(get_user_model().objects.get(username="ada"), sys.argv[1], next_path=sys.argv[2]))
"""

Visit = Callable[..., Page]

WAIT_SECONDS = 60.0
"""The deadline of every wait for the browser: a machine that other tests load may need seconds for a page."""
expect.set_options(timeout=WAIT_SECONDS * 1000)

_began = datetime.now(UTC)


def began() -> datetime:
    """The minute in which this test (or its module, with a shared service) began: all reports mean the same times."""
    return _began.replace(second=0, microsecond=0)


def _begin() -> None:
    global _began
    _began = datetime.now(UTC)


@pytest.fixture(autouse=True)
def _now(request: pytest.FixtureRequest) -> None:
    if "shared_service" not in request.fixturenames:
        _begin()


def minutes(number: int) -> str:
    """The moment this many minutes after the test began, as reports write times."""
    return f"{began() + timedelta(minutes=number):%Y-%m-%dT%H:%M:%SZ}"


def flight(number: int, *, leaves_in: int, **more: Any) -> dict[str, Any]:
    """A report about B6 `number` from JFK to Orlando that leaves in so many minutes."""
    date = (began() + timedelta(minutes=leaves_in)).astimezone(NEW_YORK).date()
    departure = {"scheduled": minutes(leaves_in), **more.pop("departure", {})}
    return {
        "flight": f"B6{number}",
        "date": str(date),
        "origin": "JFK",
        "destination": "MCO",
        "departure": departure,
        "arrival": {"scheduled": minutes(leaves_in + 170)},
        "source": "operations",
        **more,
    }


@contextmanager
def serving(folder: Path) -> Iterator[RunningService]:
    """A running service with a handful of flights at JFK."""
    service = RunningService.prepare(folder)
    service.start()
    late = [{"scheme": "ahm730", "code": "93"}]
    seeds = [
        flight(100, leaves_in=30, departure={"gate": "5", "terminal": "5"}),
        flight(200, leaves_in=60, codeshares=["AF3652"]),
        flight(300, leaves_in=90, departure={"estimated": minutes(130)}, delay_reasons=late),
        flight(400, leaves_in=120, cancelled=True),
        flight(500, leaves_in=-10, departure={"actual": minutes(-8)}),
        {
            **flight(600, leaves_in=40),
            "origin": "MCO",
            "destination": "JFK",
            "date": flight(1, leaves_in=40)["date"],
        },
    ]
    try:
        answer = service.post(seeds)
        assert answer.status == 200, answer.body
        yield service
    finally:
        service.stop()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RunningService]:
    """A service of this test's own, with a handful of flights at JFK; `shared_service` if the test only reads."""
    with serving(tmp_path) as service:
        yield service


@pytest.fixture(scope="module")
def shared_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """Such a service for all tests of a module, which names it `service`; they begin at the same moment."""
    _begin()
    with serving(tmp_path_factory.mktemp("service")) as service:
        yield service


# Ends with this folder's tests: while playwright's synchronous API is open, no asyncio test can run in this thread.
@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


class Complaints(list[str]):
    """What the browser's console complained of; `expect` forgives the failures of a service that is down."""

    def watch(self, page: Page) -> None:
        page.on("console", lambda message: self.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.append(str(error)))

    def forgive(self, *parts: str) -> None:
        self[:] = [text for text in self if not any(part in text for part in parts)]


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """Empty at the end of each test: no script failed, nothing was refused by the content security policy."""
    found = Complaints()
    yield found
    assert found == []


@pytest.fixture
def visit(browser: Browser, service: RunningService, complaints: Complaints) -> Iterator[Visit]:
    """Open a page of the service as ada, who is signed in; options are those of a browser context."""
    contexts: list[BrowserContext] = []

    def open_page(path: str, **options: Any) -> Page:
        context = browser.new_context(
            viewport=options.pop("viewport", {"width": 1280, "height": 800}), **options
        )
        contexts.append(context)
        context.set_default_timeout(WAIT_SECONDS * 1000)
        cookie = {"name": "sessionid", "value": service.tokens["session"], "url": service.url}
        context.add_cookies([cookie])  # type: ignore[list-item]
        page = context.new_page()
        complaints.watch(page)
        page.goto(service.url + path)
        return page

    yield open_page
    for context in contexts:
        context.close()


def sign_in_link(service: RunningService, path: str) -> str:
    """A link that signs ada in once and leads to `path`."""
    made = subprocess.run(
        [sys.executable, "-c", LINK, service.url, path],
        env=service.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return made.stdout.strip()

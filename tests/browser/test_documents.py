"""README, the embedding guide and javascript.md, followed to the letter up to a row seen changing in Chromium."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.documents import ROOT, Block, Reader, blocks

README = [block for block in blocks(ROOT / "README.md") if block.section == "… write Django"]
JAVASCRIPT = blocks(ROOT / "docs" / "reference" / "javascript.md")
ELEMENTS = blocks(ROOT / "docs" / "how-to" / "elements.md")
EMBED = blocks(ROOT / "docs" / "how-to" / "embed.md")
BOARD = "http://127.0.0.1:8000/airports/KEF/departures/"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    page.failures = failures = []  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.on("response", lambda answer: failures.append(answer.url) if answer.status >= 400 else None)
    yield page
    context.close()


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    folder = tmp_path / "project"
    folder.mkdir()
    with Reader(folder) as reader:
        yield reader


def until(found: list[Block], words: str) -> int:
    """The place of the block that contains these words."""
    return next(place for place, block in enumerate(found) if words in block.text)


def sees_the_delay_appear(page: Page, reader: Reader, delay: list[Block]) -> None:
    """The open, empty board shows the flight by itself once the example was run, and its change as well."""
    page.goto(BOARD)
    expect(page.locator("html[data-link=live]")).to_be_attached(timeout=30_000)
    row = page.locator("tr[data-flight^='FI306.']")
    expect(row).to_have_count(0)
    for block in delay:
        reader.follow(block)
    expect(row).to_contain_text("35 min")
    script = reader.folder / "delay.py"
    script.write_text(
        script.read_text().replace('"departure_delay_minutes": 35', '"departure_delay_minutes": 50')
    )
    reader.follow(delay[-1])
    expect(row).to_contain_text("50 min")
    assert not [url for url in page.failures if "favicon" not in url]  # type: ignore[attr-defined]


def sees_flights_in_a_page_of_its_own(page: Page) -> None:
    page.goto("http://127.0.0.1:8000/our-flights/")
    for element in ("flight-board", "flight-status"):
        expect(page.locator(element)).to_have_attribute("data-state", "live")
        expect(page.locator(f"{element} [part=state]")).to_contain_text("50 min")
    assert not [url for url in page.failures if "favicon" not in url]  # type: ignore[attr-defined]


def test_the_readmes_django_project_shows_a_delay_as_it_happens(page: Page, reader: Reader) -> None:
    reader.type("django-admin startproject mysite .")
    first = until(README, "delay_minutes")
    for block in README[:first]:
        reader.follow(block)

    sees_the_delay_appear(page, reader, README[first:])


def test_the_embedding_guide_leads_to_a_live_board_in_development_and_in_production(
    page: Page, reader: Reader
) -> None:
    first, served = until(EMBED, "delay_minutes"), until(EMBED, "STATIC_ROOT")
    for block in EMBED[:first]:
        reader.follow(block)
        if "manage.py check" in block.text:
            # That nobody runs the duties yet is said, and right: `runserver` does not.
            assert set(re.findall(r"\((\w+\.\w\d+)\)", reader.type("python manage.py check"))) <= {
                "windsock.W010"
            }
    sees_the_delay_appear(page, reader, EMBED[first:served])
    sees_flights_in_a_page_of_its_own(page)

    (reader.folder / "db.sqlite3").unlink()
    for block in EMBED[served:]:
        if "collectstatic" in block.text:
            reader.type("python manage.py migrate --verbosity 0")
        reader.follow(block)
    reader.follow(EMBED[first])  # the example as it is printed
    sees_the_delay_appear(page, reader, EMBED[first:served])
    sees_flights_in_a_page_of_its_own(page)


def test_the_javascript_pages_examples_follow_a_service_from_another_origin(
    page: Page, reader: Reader
) -> None:
    for block in [*JAVASCRIPT, *ELEMENTS]:
        reader.follow(block)
    # Another origin than the service's, as the page says; the service names it.
    own = "http://127.0.0.1:8765"
    service = "windsock demo --speed 600"
    reader.type(f"export PUBLIC_READ=1 ALLOWED_ORIGINS={own}")
    reader.type(service)
    reader.type("python -m http.server 8765 --bind 127.0.0.1")

    page.goto(f"{own}/delays.html")
    expect(page.locator("#delays li").first).to_contain_text(":")
    page.goto(f"{own}/elements.html")
    expect(page.locator("flight-board tbody tr").first).to_be_visible(timeout=60_000)
    expect(page.locator("flight-status")).to_have_attribute("data-state", re.compile("live|empty"))
    assert not [url for url in page.failures if "favicon" not in url]  # type: ignore[attr-defined]

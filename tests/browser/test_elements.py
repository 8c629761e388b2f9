"""`<flight-board>` and `<flight-status>` in pages of another site: what they show, in every state, at every width."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import WAIT_SECONDS, Complaints, flight, minutes
from tests.running_service import RunningService
from tests.services import free_port

PREFIX = "/delays"
MODULE = "static/windsock/board.min.js"


class Site:
    """Another site, on an origin of its own: pages by their path."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        pages = self.pages

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = pages.get(self.path, "").encode()
                self.send_response(200 if body else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", free_port()), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.server.shutdown()
    site.server.server_close()


@pytest.fixture(scope="module")
def below_prefix(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service below /delays that anybody may read, and whose flights the other site may show."""
    service = RunningService.prepare(
        tmp_path_factory.mktemp("elements"), SCRIPT_NAME=PREFIX, PUBLIC_READ="1", ALLOWED_ORIGINS=site.url
    )
    service.start()
    seeds = [
        flight(100, leaves_in=30, departure={"gate": "B31", "terminal": "5"}),
        flight(200, leaves_in=60, codeshares=["AF3652"]),
        flight(300, leaves_in=90, departure={"estimated": minutes(130)}),
        flight(400, leaves_in=120, cancelled=True),
        {**flight(500, leaves_in=50), "destination": "XNA"},
    ]
    assert service.post(seeds).status == 200
    yield service
    service.stop()


Show = Callable[..., Page]


@pytest.fixture
def show(
    browser: Browser, site: Site, below_prefix: RunningService, complaints: Complaints
) -> Iterator[Show]:
    """Open a page of the other site with this in its body."""
    contexts = []

    def open_page(body: str, *, head: str = "", module: str = MODULE, **options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(WAIT_SECONDS * 1000)
        site.pages["/"] = (
            f'<!doctype html><html lang="en"><head><title>Another site</title><link rel="icon" href="data:,">{head}'
            f'<script type="module" src="{below_prefix.url}{PREFIX}/{module}"></script></head><body>'
            f"<main><h1>Another site</h1>{body}</main></body></html>"
        )
        page = context.new_page()
        complaints.watch(page)
        page.goto(site.url + "/")
        return page

    yield open_page
    for context in contexts:
        context.close()


def late(service: RunningService, number: int, leaves_in: int, by: int) -> None:
    report = flight(number, leaves_in=leaves_in, departure={"estimated": minutes(leaves_in + by)})
    assert service.post([report]).status == 200


def test_a_board_below_a_prefix_finds_its_service_by_itself_and_is_live(
    show: Show, below_prefix: RunningService
) -> None:
    page = show('<flight-board airport="JFK"></flight-board>')
    board = page.locator("flight-board")
    expect(board).to_have_attribute("data-state", "live")
    expect(board.locator("tbody tr")).to_have_count(5)
    expect(board.locator("caption")).to_have_text("Departures from New York JFK")
    expect(board.locator("[part=status]")).to_have_attribute("aria-live", "polite")
    expect(board.locator("[part=updated]")).to_contain_text("As of")
    link = board.locator("[part=link]").get_attribute("href")
    assert link == f"{below_prefix.url}{PREFIX}/airports/JFK/departures/"
    assert below_prefix.get(link.removeprefix(below_prefix.url), who=None).status == 200
    href = board.locator("[part=flight]").first.get_attribute("href")
    assert href and below_prefix.get(href.removeprefix(below_prefix.url), who=None).status == 200

    late(below_prefix, 200, 60, 35)

    expect(board.locator("tbody")).to_contain_text("35 min late")
    expect(board.locator("[data-announce]")).to_contain_text("35 min late")


def test_every_state_is_said(show: Show, complaints: Complaints) -> None:
    page = show(
        '<flight-board id="unknown" airport="QQQ"></flight-board>'
        '<flight-board id="empty" airport="SFO" direction="arrivals"></flight-board>'
        '<flight-board id="missing"></flight-board>'
        '<flight-board id="elsewhere" airport="JFK" service="/nothing/"></flight-board>'
        '<flight-board id="nowhere" airport="JFK" service="http://127.0.0.1:1"></flight-board>'
        '<flight-status id="nothing" number="B6 999"></flight-status>'
        '<flight-board id="short" airport="JFK" rows="2" columns="time place status" lang="de"></flight-board>'
    )
    for name, state, words in (
        ("unknown", "unknown", "No airport has the code QQQ."),
        ("empty", "empty", "No arrivals in the next 6 hours"),
        ("missing", "refused", "airport such as JFK"),
        ("elsewhere", "refused", "No Windsock service answers there"),
        ("nowhere", "connecting", "No answer yet from http://127.0.0.1:1/"),
        ("nothing", "empty", "Nothing is known of flight B6 999"),
    ):
        expect(page.locator(f"#{name}")).to_have_attribute("data-state", state)
        expect(page.locator(f"#{name} [part=status]")).to_contain_text(words)
    short = page.locator("#short")
    expect(short.locator("tbody tr")).to_have_count(2)
    expect(short.locator("thead th")).to_have_count(3)
    expect(short.locator("thead th").first).to_have_text("Planmäßig")
    complaints.forgive("404", "CORS", "ERR_")


def test_a_page_that_is_not_admitted_is_told_so(
    show: Show, below_prefix: RunningService, complaints: Complaints
) -> None:
    page = show("")
    page.goto(page.url.replace("127.0.0.1", "localhost"))
    page.set_content(
        f'<script type="module" src="{below_prefix.url}{PREFIX}/{MODULE}"></script>'
        '<flight-board airport="JFK"></flight-board>'
    )
    expect(page.locator("flight-board [part=status]")).to_contain_text(
        "does not admit pages of http://localhost"
    )
    expect(page.locator("flight-board")).to_have_attribute("data-state", "refused")
    complaints.forgive("favicon", "404")


def test_a_flight_is_shown_by_number_and_by_id(show: Show, below_prefix: RunningService) -> None:
    found = below_prefix.get(f"{PREFIX}/api/v1/flights?airport=JFK&direction=departures").data["flights"]
    known = next(each["id"] for each in found if each["designator"] == "B6100")
    page = show(
        f'<flight-status id="one" flight="{known}"></flight-status>'
        '<flight-status id="two" number="b6 300"></flight-status>'
    )
    expect(page.locator("#one")).to_contain_text("B31")
    expect(page.locator("#one")).to_contain_text("Orlando")
    expect(page.locator("#two [part=state]")).to_contain_text("40 min late")
    late(below_prefix, 300, 90, 75)
    expect(page.locator("#two [part=state]")).to_contain_text("1 h 15 min late")


def test_a_lost_network_is_said_at_once_and_old_times_are_marked(show: Show, complaints: Complaints) -> None:
    page = show('<flight-board airport="JFK"></flight-board>')
    board = page.locator("flight-board")
    expect(board).to_have_attribute("data-state", "live")
    page.context.set_offline(True)
    expect(board).to_have_attribute("data-state", "offline")
    expect(board.locator("[part=status]")).to_contain_text("Offline since")
    expect(board.locator("tbody tr")).not_to_have_count(0)
    page.evaluate("document.querySelector('flight-board').client.heardAt -= 180_000")
    expect(board).to_have_attribute("data-state", "stale")
    expect(board.locator("[part=status]")).to_contain_text("may be out of date")
    page.context.set_offline(False)
    expect(board).to_have_attribute("data-state", "live")
    complaints.forgive("ERR_INTERNET_DISCONNECTED")


def test_where_sockets_are_refused_the_stream_takes_their_place(
    show: Show, below_prefix: RunningService
) -> None:
    page = show("")
    page.add_init_script(
        """window.WebSocket = class extends EventTarget {
            constructor() { super(); setTimeout(() => {
                const event = new CloseEvent("close", { code: 1006 });
                this.dispatchEvent(event); this.onclose?.(event); }); }
            close() {} send() {}
        };"""
    )
    page = page
    page.reload()
    page.evaluate("document.querySelector('main').innerHTML = '<flight-board airport=JFK></flight-board>'")
    board = page.locator("flight-board")
    expect(board).to_have_attribute("data-state", "live")
    late(below_prefix, 100, 30, 55)
    expect(board.locator("tbody")).to_contain_text("55 min late")


WIDER = """() => {
    const found = [], root = document.querySelector("flight-board").shadowRoot, box = root.host.getBoundingClientRect();
    for (const each of root.querySelectorAll("[part=frame] *:not(.unseen, thead, thead *)")) {
        const { left, right, width } = each.getBoundingClientRect();
        if (width && (right > box.right + 1 || left < box.left - 1)) found.push(each.outerHTML.slice(0, 80));
    }
    return found;
}"""
OVERLAPS = """() => {
    const found = [];
    const boxOf = (cell) => {
        const range = document.createRange();
        range.selectNodeContents(cell);
        return { text: cell.textContent, box: range.getBoundingClientRect() };
    };
    for (const row of document.querySelector("flight-board").shadowRoot.querySelectorAll("tbody tr")) {
        const boxes = [...row.children].map(boxOf).filter(({ box }) => box.width);
        boxes.forEach((one, i) => boxes.slice(i + 1).forEach((other) => {
            const a = one.box, b = other.box;
            const beside = a.left >= b.right - 1 || b.left >= a.right - 1;
            const apart = beside || a.top >= b.bottom - 1 || b.top >= a.bottom - 1;
            if (!apart) found.push([one.text, other.text]);
        }));
    }
    return found;
}"""


def test_a_board_is_never_wider_than_its_box(show: Show, tmp_path: Path) -> None:
    page = show('<div id="box"><flight-board airport="JFK"></flight-board></div>')
    expect(page.locator("flight-board tbody")).to_contain_text("Fayetteville")
    for width in (280, 320, 360, 390, 479, 480, 560, 700, 1000):
        page.evaluate("width => { document.querySelector('#box').style.width = width + 'px'; }", width)
        assert page.evaluate(WIDER) == [], width
        assert page.evaluate(OVERLAPS) == [], width


@pytest.mark.parametrize(
    "style",
    [
        "background: #101418; color: #eee",
        "background: #fff; color: #222",
        "background: #123a6b; color: oklch(0.98 0 0)",
    ],
)
def test_a_board_is_readable_on_any_ground_without_a_color_scheme(show: Show, style: str) -> None:
    page = show(
        '<flight-board airport="JFK"></flight-board><flight-status number="B6 400"></flight-status>',
        head=f"<style>body {{ {style} }}</style>",
    )
    expect(page.locator("flight-board tbody tr")).to_have_count(5)
    expect(page.locator("flight-status")).to_contain_text("Cancelled")
    found = Axe().run(page).response["violations"]
    serious = [each for each in found if each["impact"] in ("serious", "critical")]
    assert [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in serious] == []

"""Photograph every page, from the demo stopped at a fixed moment: the same pictures on each run, except of displays,
whose pages turn with the real clock.

    make screenshots                                            # all of them
    python -m tools.screenshots --only departures --lang en     # some
    python -m tools.screenshots --readme                        # the two that README shows

Every page on phone and desktop, light and dark, in English and Arabic. Writes PNG files into docs/images/pages/, which
is not committed (`--to` names another folder). Needs Chromium: the system's, or that of
`python -m playwright install chromium`.
"""

import argparse
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from windsock.cli.day import LoadedDay, load
from windsock.cli.demo_guide import flight_to_watch
from windsock.replay.days import DAYS
from windsock.replay.past_flights import PastFlight

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "images" / "pages"
README = ROOT / "docs" / "images"

STILL = 0.001
"""The replay starts at this speed and is paused at once: so its clock shows the moment that was asked for."""

START_SECONDS = 120
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
SIZES = {"phone": (390, 844), "desktop": (1440, 900)}
SCHEMES = ("light", "dark")
LANGUAGES = ("en", "ar")
README_HEIGHT = 800


@dataclass(frozen=True, slots=True)
class Shot:
    """A page to photograph: its name, its path, whether it needs a reader who is signed in, and its HTTP status."""

    name: str
    path: str
    signed_in: bool = True
    status: int = 200


def shots(day: LoadedDay, at: str) -> list[Shot]:
    """Return the pages in the order of a reader's way through them."""
    hub, now = day.hub, day.at(at)
    flights = {
        "flight-late": flight_to_watch(day, now),
        "flight-cancelled": _first(day, lambda row: row.cancelled and row.scheduled_out > now),
        "flight-diverted": day.staging.diverted if day.staging else None,
        "flight-reinstated": day.staging.reinstated if day.staging else None,
        "flight-inbound": _first_inbound(
            day, lambda row: bool(row.out and row.in_ and row.out < now < row.in_)
        ),
    }
    return [
        Shot("find", "/"),
        Shot("departures", f"/airports/{hub}/departures/"),
        Shot("arrivals", f"/airports/{hub}/arrivals/"),
        Shot("display", f"/display/{hub}/departures/"),
        Shot("display-arrivals", f"/display/{hub}/arrivals/"),
        *(Shot(name, f"/flights/{row.key}/") for name, row in flights.items() if row is not None),
        Shot("today", "/today/"),
        Shot("mine", "/mine/"),
        Shot("console", "/console/"),
        Shot("console-report", "/console/report/"),
        Shot("console-parked", "/console/parked/"),
        Shot("console-displays", "/console/displays/"),
        Shot("sign-in", "/sign-in/", signed_in=False),
        Shot("not-found", "/airports/XQX/departures/", status=404),
    ]


def _first(day: LoadedDay, fits: Callable[[PastFlight], object]) -> PastFlight | None:
    rows = [row for row in day.rows if row.origin == day.hub and fits(row)]
    return min(rows, key=lambda row: (row.scheduled_out, row.key), default=None)


def _first_inbound(day: LoadedDay, fits: Callable[[PastFlight], object]) -> PastFlight | None:
    rows = [
        row for row in (day.staging.rows if day.staging else ()) if row.destination == day.hub and fits(row)
    ]
    return min(rows, key=lambda row: (row.scheduled_out, row.key), default=None)


@contextmanager
def demo(day: str, at: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Run a demo of that day, paused at that moment; yield its address and a sign-in link."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "windsock.cli.main", "demo", "--day", day, "--at", at]
    command += ["--speed", str(STILL), "--port", str(port), "--data", str(folder)]
    log = folder / "demo.log"
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        link = _wait(lambda: re.search(r"http://\S+/sign-in/link/\S+", log.read_text()), process, log).group()
        address = f"http://127.0.0.1:{port}"
        _wait(lambda: _answers(f"{address}/healthz"), process, log)
        process.send_signal(signal.SIGUSR1)
        yield address, link
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(ready: Callable[[], Any], process: "subprocess.Popen[bytes]", log: Path) -> Any:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if found := ready():
            return found
        if process.poll() is not None:
            sys.exit(f"The demo ended before it was ready:\n{log.read_text()}")
        time.sleep(0.05)
    sys.exit(f"The demo was not ready within {START_SECONDS} s:\n{log.read_text()}")


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@contextmanager
def chromium() -> Iterator[Any]:
    """Yield a browser; end with one clear sentence if there is none."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ModuleNotFoundError:
        sys.exit("The screenshots need playwright: bin/setup dev")
    system = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=system, args=ARGUMENTS)
        except Error as error:
            sys.exit(
                "There is no Chromium that starts. Install one: python -m playwright install chromium\n"
                f"({str(error).strip().splitlines()[0]})"
            )
        try:
            yield browser
        finally:
            browser.close()


class Photographer:
    """Opens pages as one reader and saves what is seen."""

    def __init__(self, browser: Any, address: str, link: str) -> None:
        self._browser, self._address = browser, address
        context = browser.new_context()
        context.new_page().goto(link)
        self._signed_in = context.storage_state()
        context.close()

    def take(self, shot: Shot, path: Path, *, size: tuple[int, int], scheme: str, language: str) -> bool:
        """Save a picture of the first screen of a page; return False if this version does not have the page."""
        context = self._browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            locale=language,
            timezone_id="America/New_York",
            reduced_motion="reduce",
            has_touch=size[0] < 600,
            storage_state=self._signed_in if shot.signed_in else None,
        )
        try:
            page = context.new_page()
            response = page.goto(f"{self._address}{shot.path}")
            if response is None or response.status != shot.status:
                return False
            _settle(page)
            path.parent.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=path, animations="disabled", caret="hide")
            return True
        finally:
            context.close()


_QUIET = """quiet => new Promise(done => {
  let timer = setTimeout(done, quiet);
  new MutationObserver(() => { clearTimeout(timer); timer = setTimeout(done, quiet); })
    .observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
})"""
QUIET_MILLISECONDS = 700


def _settle(page: Any) -> None:
    """Wait until the fonts are there, the page is live and nothing has changed for a moment."""
    page.evaluate("document.fonts.ready.then(() => true)")
    live = page.locator("[data-live]")
    if live.count():
        page.wait_for_function(
            "[...document.querySelectorAll('[data-live]')].every(one => one.dataset.live !== 'connecting')"
        )
    page.evaluate(_QUIET, QUIET_MILLISECONDS)


def main() -> None:
    """Take the pictures that the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--to", type=Path, default=PAGES, help="folder (default: docs/images/pages)")
    parser.add_argument("--day", choices=sorted(DAYS), default="storm")
    parser.add_argument("--at", metavar="HH:MM", help="local time (default: when the day is at its worst)")
    parser.add_argument("--only", metavar="TEXT", default="", help="only pages with this in their name")
    parser.add_argument("--size", choices=SIZES, action="append", help="default: both")
    parser.add_argument("--scheme", choices=SCHEMES, action="append", help="default: both")
    parser.add_argument("--lang", metavar="CODE", action="append", help=f"default: {' and '.join(LANGUAGES)}")
    parser.add_argument("--readme", action="store_true", help="only the pictures that README shows")
    given = parser.parse_args()
    at = given.at or DAYS[given.day].worst
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    day = load(given.day, staged=True)
    wanted = [shot for shot in shots(day, at) if given.only in shot.name]
    if not wanted:
        sys.exit(
            f"No page is called {given.only!r}. There are: {', '.join(shot.name for shot in shots(day, at))}"
        )
    with (
        tempfile.TemporaryDirectory() as folder,
        chromium() as browser,
        demo(given.day, at, Path(folder)) as (address, link),
    ):
        photographer = Photographer(browser, address, link)
        if given.readme:
            _readme(photographer, day)
            return
        taken, missing = 0, set()
        for shot in wanted:
            for size in given.size or SIZES:
                for scheme in given.scheme or SCHEMES:
                    for language in given.lang or LANGUAGES:
                        path = given.to / f"{shot.name}-{size}-{scheme}-{language}.png"
                        if not photographer.take(
                            shot, path, size=SIZES[size], scheme=scheme, language=language
                        ):
                            missing.add(shot.name)
                            continue
                        taken += 1
                        print(f"\r{taken} pictures, {path.name:<60}", end="", file=sys.stderr, flush=True)
    print(f"\r{taken} pictures in {given.to}{'':<60}", file=sys.stderr)
    if missing:
        print(f"This version has no page for: {', '.join(sorted(missing))}", file=sys.stderr)


def _readme(photographer: Photographer, day: LoadedDay) -> None:
    board = Shot("board", f"/airports/{day.hub}/departures/")
    for scheme in SCHEMES:
        path = README / f"board-{scheme}.png"
        if not photographer.take(board, path, size=(1280, README_HEIGHT), scheme=scheme, language="en"):
            sys.exit(f"{board.path} cannot be opened.")
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()

"""Print what a display costs the box behind the screen: processor time under a stream of updates, and heap over hours.

Run: python bench/displays.py [--rate 20] [--minutes 2] [--rows 400] [--url URL --session KEY]

A real `windsock serve` with that many departures at one airport, a stream of gate changes, and one display of them in
Chromium, software rendering, 1920×1080. Every minute one line: the share of one core that the page's main thread
used, and the heap after a collection. The run fails if the aims are missed, so it can be a nightly job.

- A night with real time: `python bench/displays.py --minutes 480`.
- A simulated day at 60×: start `windsock demo --speed 60`, then `python bench/displays.py --url http://127.0.0.1:8000
  --session KEY --minutes 24` with the cookie `sessionid` of the signed-in browser.
"""

import argparse
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import CDPSession, sync_playwright  # noqa: E402

from bench.pages import Publisher  # noqa: E402
from tests import services  # noqa: E402
from tests.running_service import RunningService  # noqa: E402

MAX_CPU = 5.0
"""Percent of one core, on average: a television's processor is slow, and has a picture to decode as well."""

MAX_GROWTH = 1.25
"""How much larger than after the first minute the heap may be at the end: noise, not a leak."""


@contextmanager
def streaming(publisher: Publisher, rate: float) -> Iterator[None]:
    """Publish at this rate until the block ends."""
    ended = threading.Event()

    def stream() -> None:
        while not ended.is_set():
            publisher.stream(rate, 2)

    thread = threading.Thread(target=stream, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(30)


def metrics(devtools: CDPSession) -> dict[str, float]:
    """The page's own counters, after a collection."""
    devtools.send("HeapProfiler.collectGarbage")
    found: Any = devtools.send("Performance.getMetrics")["metrics"]
    return {one["name"]: one["value"] for one in found} | {"At": time.monotonic()}


def watch(url: str, session: str, path: str, minutes: float) -> bool:
    """Show a display for that long and print its costs; return whether they keep the aims."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=services.chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        context = browser.new_context(viewport={"width": 1920, "height": 1080})
        context.add_cookies([{"name": "sessionid", "value": session, "url": url}])
        page = context.new_page()
        page.goto(url + path)
        devtools = context.new_cdp_session(page)
        # Processor time, so that other work on this machine is not counted.
        devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.wait_for_timeout(10_000)
        first = last = metrics(devtools)
        heaps: list[float] = []
        print("| minute | main thread | heap | nodes | listeners |\n| --- | --- | --- | --- | --- |")
        ends = time.monotonic() + minutes * 60
        while time.monotonic() < ends:
            page.wait_for_timeout(min(60_000, max(1000, (ends - time.monotonic()) * 1000)))
            now = metrics(devtools)
            share = 100 * (now["TaskDuration"] - last["TaskDuration"]) / (now["At"] - last["At"])
            heaps.append(now["JSHeapUsedSize"] / 1e6)
            print(
                f"| {len(heaps)} | {share:.1f} % | {heaps[-1]:.2f} MB | {now['Nodes']:.0f} "
                f"| {now['JSEventListeners']:.0f} |",
                flush=True,
            )
            last = now
        browser.close()
    average = 100 * (last["TaskDuration"] - first["TaskDuration"]) / (last["At"] - first["At"])
    growth = heaps[-1] / heaps[0]
    print(
        f"\nmain thread {average:.1f} % of a core (≤ {MAX_CPU:.0f} %), heap × {growth:.2f} (≤ {MAX_GROWTH})"
    )
    return average <= MAX_CPU and growth <= MAX_GROWTH


def main() -> int:
    """Run the bench; return 1 if an aim is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rate", type=float, default=20)
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--url", default="")
    parser.add_argument("--session", default="")
    given = parser.parse_args()
    if given.url:
        return 0 if watch(given.url, given.session, "/display/JFK/departures/", given.minutes) else 1
    folder = Path(tempfile.mkdtemp(prefix="windsock-displays-"))
    try:
        service = RunningService.prepare(folder)
        service.start()
        try:
            publisher = Publisher(service, given.rows)
            publisher.fill()
            with streaming(publisher, given.rate):
                kept = watch(
                    service.url, service.tokens["session"], "/display/LHR/departures/", given.minutes
                )
        finally:
            service.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())

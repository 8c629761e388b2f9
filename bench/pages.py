"""Print what a reader of a large board waits for: bytes, first paint, frames and keys under a stream of updates.

Run: python bench/pages.py [--rows 1500] [--runs 5] [--rate 50] [--seconds 10] [--quiet-seconds 60]
         [--only load,updates,…]

A real `windsock serve` on a free port with that many departures at one airport, and a real Chromium on it through
playwright, software rendering. Each figure stands beside its aim. The service, the browser and the publisher share
the cores of this machine, so a busy machine is named in the last line.

- load: medians of `runs` visits with an empty cache; bytes on the wire without the socket's.
- mutations: DOM mutations inside the table, from one event until its mark has gone.
- updates: gate changes at a steady rate, one report each, all over the board; frames and the main thread meanwhile.
- keys: from the key to the frame that shows its effect, without and with updates.
- paint: from the commit of an event (its `recorded_at`) to the frame that shows it.
- quiet: layout shift outside of input, and how far the row under the reader's eye moves, while rows leave and change.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright  # noqa: E402

from tests import services  # noqa: E402
from tests.running_service import RunningService  # noqa: E402

BOARD = "/airports/LHR/departures/"
PLACES = ("JFK", "CDG", "FRA", "AMS", "MAD", "OSL", "DUB", "GVA", "XNA", "SIN")
CARRIERS = ("BA", "VS", "LH", "AF", "LX", "AA", "UA", "IB")
PARTS = ("load", "mutations", "updates", "keys", "paint", "quiet")
BUSY = 1.5
"""A load average from which the figures say more about the machine than about the pages."""

WATCH = Path(__file__).with_name("pages.js")


class Publisher:
    """One kept-alive connection that reports gate changes of the bench's flights."""

    def __init__(self, service: RunningService, rows: int) -> None:
        self._service, self._rows = service, rows
        self._began = datetime.now(UTC).replace(second=0, microsecond=0)
        self._connection = HTTPConnection("127.0.0.1", service.port, timeout=60)
        self._turn = 0
        self._used = time.monotonic()

    def report(self, number: int, **departure: Any) -> dict[str, Any]:
        """A report about the flight `number` of 0 … rows; they leave evenly over the next six hours."""
        leaves = self._began + timedelta(seconds=60 * (number * 358 // self._rows - 10))
        scheduled = f"{leaves:%Y-%m-%dT%H:%M:%SZ}"
        if leaves < self._began:
            departure = {"actual": scheduled, **departure}
        return {
            "flight": f"{CARRIERS[number % len(CARRIERS)]}{number + 1}",
            "date": f"{leaves:%Y-%m-%d}",
            "origin": "LHR",
            "destination": PLACES[number % len(PLACES)],
            "departure": {"scheduled": scheduled, **departure},
            "source": "operations",
        }

    def post(self, reports: list[dict[str, Any]]) -> None:
        """Publish them; every one must be recorded."""
        head = {
            "Authorization": f"Bearer {self._service.tokens['publisher']}",
            "Content-Type": "application/json",
        }
        if time.monotonic() - self._used > 3:
            self._connection.close()  # the server closes an idle connection; http.client then opens another
        self._used = time.monotonic()
        self._connection.request("POST", "/api/v1/reports", json.dumps(reports), head)
        response = self._connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise SystemExit(f"The service refused a report: {response.status} {body[:300]!r}")

    def fill(self) -> None:
        """Publish every flight: a third with a gate, some codeshares, some late."""
        for first in range(0, self._rows, 250):
            batch = []
            for number in range(first, min(first + 250, self._rows)):
                more: dict[str, Any] = {"gate": f"A{number % 40}", "terminal": "5"} if number % 3 == 0 else {}
                report = self.report(number, **more)
                if number % 7 == 0:
                    report["codeshares"] = [f"QF{3000 + number}"]
                batch.append(report)
            self.post(batch)

    def stream(self, rate: float, seconds: float) -> int:
        """Publish gate changes all over the board at a steady rate; return how many."""
        due = time.perf_counter()
        end, sent = due + seconds, 0
        while due < end:
            time.sleep(max(0.0, due - time.perf_counter()))
            self._turn += 1
            self.post([self.report(self._turn * 37 % self._rows, gate=f"C{self._turn}", estimated=None)])
            sent, due = sent + 1, max(due + 1 / rate, time.perf_counter() - 0.2)
        return sent


def figure(name: str, value: str, aim: str = "") -> None:
    """Print one line of the table."""
    print(f"| {name} | {value} | {aim} |", flush=True)


def median(values: list[float]) -> float:
    """The median, or 0 of nothing."""
    return statistics.median(values) if values else 0.0


def part(values: list[float], share: float) -> float:
    """The value that this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


class Visits:
    """Opens the board in contexts of their own, with an empty cache, signed in."""

    def __init__(self, browser: Browser, service: RunningService) -> None:
        self._browser, self._service = browser, service

    @contextmanager
    def page(self) -> Iterator[tuple[Page, CDPSession]]:
        """A page that has not loaded anything yet."""
        context = self._browser.new_context(viewport={"width": 1440, "height": 900})
        context.add_cookies(
            [{"name": "sessionid", "value": self._service.tokens["session"], "url": self._service.url}]
        )
        page = context.new_page()
        page.add_init_script(path=WATCH)
        try:
            yield page, context.new_cdp_session(page)
        finally:
            context.close()

    @contextmanager
    def live(self) -> Iterator[tuple[Page, CDPSession]]:
        """A board that is live, and has been for a moment."""
        with self.page() as (page, devtools):
            self.goto(page)
            page.wait_for_timeout(1500)
            yield page, devtools

    def goto(self, page: Page) -> None:
        """Go to the board and wait until it is live."""
        page.goto(self._service.url + BOARD)
        ends = time.monotonic() + 60
        while not page.evaluate(
            "bench.live"
        ):  # wait_for_function needs eval, which the page's policy refuses
            if time.monotonic() > ends:
                raise SystemExit("The board did not become live within a minute.")
            page.wait_for_timeout(20)


def measure_load(visits: Visits, runs: int) -> None:
    """The time to the first paint and to a live board, and the bytes that it takes."""
    times: dict[str, list[float]] = {"ttfb": [], "fcp": [], "dom": [], "live": []}
    sizes: dict[str, int] = {}
    requests = 0
    for run in range(runs + 1):
        with visits.page() as (page, devtools):
            kinds: dict[str, str] = {}
            sizes, requests = {}, 0

            def answered(event: Any, kinds: dict[str, str] = kinds) -> None:
                kinds[event["requestId"]] = event["type"]

            def finished(event: Any, kinds: dict[str, str] = kinds, sizes: dict[str, int] = sizes) -> None:
                kind = kinds.get(event["requestId"], "Other")
                sizes[kind] = sizes.get(kind, 0) + int(event["encodedDataLength"])

            devtools.send("Network.enable")
            devtools.on("Network.responseReceived", answered)
            devtools.on("Network.loadingFinished", finished)
            visits.goto(page)
            page.wait_for_timeout(700)
            found = page.evaluate("bench.loaded()")
            requests = len(kinds)
            if run:  # the first warms the server
                for name, seen in times.items():
                    seen.append(found[name])
    figure("time to the first byte", f"{median(times['ttfb']):.0f} ms")
    figure("first contentful paint", f"{median(times['fcp']):.0f} ms", "≤ 700 ms")
    figure("DOMContentLoaded", f"{median(times['dom']):.0f} ms")
    figure("usable: live, snapshot drawn", f"{median(times['live']):.0f} ms", "≤ 1,200 ms")
    wire = {kind: size / 1000 for kind, size in sizes.items()}
    named = ", ".join(f"{kind.lower()} {size:.1f}" for kind, size in sorted(wire.items()))
    counted = sum(wire.get(kind, 0) for kind in ("Document", "Script", "Stylesheet", "Font"))
    figure("bytes on the wire, HTML + JS + CSS + fonts", f"{counted:.1f} kB ({named})", "≤ 150 kB")
    figure("requests", str(requests))
    figure("elements, rows in the DOM", f"{found['elements']:,}, {found['rows']:,}")


def on_screen(page: Page) -> list[int]:
    """The numbers of the bench's flights whose rows are in the viewport."""
    return [int(name) - 1 for name in page.evaluate("bench.onScreen()")]


def measure_mutations(visits: Visits, publisher: Publisher) -> None:
    """DOM mutations for each event, and without any."""
    with visits.live() as (page, _):
        page.evaluate("scrollTo(0, 5000)")  # past the flights that have left
        page.wait_for_timeout(1500)
        shown = on_screen(page)
        page.evaluate("bench.countMutations()")
        page.wait_for_timeout(5000)
        idle = page.evaluate("bench.records.splice(0).length")
        counts = []
        for turn in range(3):
            publisher.post(
                [publisher.report(shown[3 + turn], estimated=publisher.report(120)["departure"]["scheduled"])]
            )
            page.wait_for_timeout(11_000)  # until the mark of the changed row has faded
            counts.append(page.evaluate("bench.records.splice(0).length"))
    figure("mutations in the table, 5 s without an event", str(idle))
    figure("mutations for a new estimate, with its mark", f"{max(counts)}", "≤ 12")


def measure_updates(visits: Visits, publisher: Publisher, rate: float, seconds: float) -> None:
    """Frames and the main thread while updates stream in."""
    with visits.live() as (page, devtools):
        devtools.send("Performance.enable")

        def busy() -> tuple[float, float]:
            found = {m["name"]: m["value"] for m in devtools.send("Performance.getMetrics")["metrics"]}
            return found["TaskDuration"], found["Timestamp"]

        page.evaluate("bench.countFrames()")
        page.wait_for_timeout(3000)
        idle = page.evaluate("bench.frames") / 3
        page.evaluate("bench.countFrames()")
        sent: list[int] = []
        stream = threading.Thread(target=lambda: sent.append(publisher.stream(rate, seconds)))
        before, begun = busy()
        stream.start()
        page.wait_for_timeout(seconds * 1000)
        frames, longest = page.evaluate("[bench.frames, Math.max(0, ...bench.long)]")
        after, ended = busy()
        stream.join()
    took = ended - begun
    figure(f"frames/s at {sent[0] / seconds:.0f} updates/s (idle {idle:.0f})", f"{frames / took:.0f}", "≥ 50")
    figure("main thread busy meanwhile", f"{(after - before) / took:.0%}", "≤ 30 %")
    figure("longest task meanwhile", f"{longest:.0f} ms")


def measure_keys(visits: Visits, publisher: Publisher, rate: float) -> None:
    """The wait for a key in the search field."""
    for name, updating in (("", False), (f", at {rate:.0f} updates/s", True)):
        with visits.live() as (page, _):
            page.evaluate("bench.countKeys()")
            page.focus("[name=q]")
            stream = threading.Thread(target=publisher.stream, args=(rate, 8.0))
            if updating:
                stream.start()
            for word in ("new york", "ba 1", "ams"):
                for key in word:
                    page.keyboard.press("Space" if key == " " else key)
                    page.wait_for_timeout(60)
                for _ in word:
                    page.keyboard.press("Backspace")
                    page.wait_for_timeout(60)
            page.wait_for_timeout(500)
            keys = page.evaluate("bench.keys")
            if updating:
                stream.join()
        figure(
            f"key → paint, p50 / p95{name}", f"{median(keys):.0f} / {part(keys, 0.95):.0f} ms", "≤ 50 ms p95"
        )


def measure_paint(visits: Visits, publisher: Publisher) -> None:
    """From the commit of an event to the frame that shows it."""
    gates = [f"P{turn}" for turn in range(100)]
    with visits.live() as (page, _):
        page.evaluate("(gates) => bench.awaitGates(gates)", gates)
        shown = on_screen(page)
        for turn, gate in enumerate(gates):
            publisher.post([publisher.report(shown[turn % len(shown)], gate=gate)])
            page.wait_for_timeout(50)
        page.wait_for_timeout(1000)
        waits = list(page.evaluate("bench.painted").values())
    figure(
        f"commit → paint, p50 / p99 of {len(waits)} events",
        f"{median(waits):.0f} / {part(waits, 0.99):.0f} ms",
        "≤ 100 ms p99",
    )


def measure_quiet(visits: Visits, publisher: Publisher, seconds: float) -> None:
    """Layout shift and the row under the eye while flights leave above it and change around it."""
    with visits.live() as (page, _):
        page.evaluate("scrollTo(0, 6000)")
        page.wait_for_timeout(1000)
        page.evaluate("bench.watchRow()")
        ends = time.monotonic() + seconds
        turn = 0
        while time.monotonic() < ends:
            turn += 1
            gone = publisher.report(
                turn % 60, actual=f"{publisher._began - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
            )
            new = publisher.report(40 + turn % 20)
            new["flight"] = f"KL{1000 + turn}"
            publisher.post([gone, new] if turn % 3 == 0 else [gone])
            page.wait_for_timeout(1000)
        shift, moved = page.evaluate("[bench.shift, bench.moved]")
    figure(f"layout shift in {seconds:.0f} s, scrolled, rows leave and enter above", f"{shift:.3f}", "≤ 0.05")
    figure("the row under the eye moved at most", f"{moved:.1f} px", "0 px")


def main() -> None:
    """Run the bench and print its table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1500)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--quiet-seconds", type=float, default=60)
    parser.add_argument(
        "--only", default=",".join(PARTS), help="parts, separated by commas: " + ", ".join(PARTS)
    )
    options = parser.parse_args()
    parts = options.only.split(",")
    if wrong := [name for name in parts if name not in PARTS]:
        parser.error(f"there is no part {wrong[0]}; the parts are {', '.join(PARTS)}")
    chromium = services.chromium()
    if chromium is None:
        raise SystemExit("Chromium is not installed; Debian: apt-get install chromium")
    folder = Path(tempfile.mkdtemp(prefix="windsock-bench-"))
    service = RunningService.prepare(folder)
    service.start()
    try:
        publisher = Publisher(service, options.rows)
        publisher.fill()
        load = [os.getloadavg()[0]]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
            )
            visits = Visits(browser, service)
            print(f"| {options.rows:,} rows | measured | aim |\n|---|---|---|")
            if "load" in parts:
                measure_load(visits, options.runs)
            if "mutations" in parts:
                measure_mutations(visits, publisher)
            if "updates" in parts:
                measure_updates(visits, publisher, options.rate, options.seconds)
            if "keys" in parts:
                measure_keys(visits, publisher, options.rate)
            if "paint" in parts:
                measure_paint(visits, publisher)
            if "quiet" in parts:
                measure_quiet(visits, publisher, options.quiet_seconds)
            browser.close()
        load.append(os.getloadavg()[0])
        # The bench itself keeps one core busy, so only the load before it tells of others.
        busy = "; the machine was busy with other work, so times say little" if load[0] > BUSY else ""
        print(
            f"\nMeasured {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, load average {load[0]:.1f} before and "
            f"{load[1]:.1f} after{busy}."
        )
    finally:
        service.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

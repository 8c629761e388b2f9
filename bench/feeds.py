"""Prints how fast the feeds' parsers are: messages a second on one core, and microseconds for each.

Run: python bench/feeds.py [--runs 5] [--day storm] [--only MVT,AIDX] [--profile MVT]

The messages are the flights of a shipped day, made anew as each feed would have told them. Processor time, so that what
else runs matters less; the median of the runs. A message is what stands in the column beside it.
"""

import argparse
import cProfile
import os
import pstats
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests import feed_messages  # noqa: E402
from tests.unit.feeds import inputs  # noqa: E402
from windsock.feeds import aeroapi, aidx, avinor, hongkong, mvt, ssim  # noqa: E402
from windsock.feeds.parsing import Parsed  # noqa: E402
from windsock.replay import bts  # noqa: E402
from windsock.replay.days import DAYS  # noqa: E402
from windsock.replay.past_flights import PastFlight  # noqa: E402
from windsock.replay.script import script  # noqa: E402

RUNS = 5
PAGE = 15  # AeroAPI's records to a page
# Whole boards come in one document; a day's departures of a large airport are some 300.
BOARD = 300


# The formats that whole days are made for; those of the registry besides them are measured by the input of their tests.
MADE = {"mvt", "aidx", "avinor", "hongkong", "aeroapi", "ssim"}
REPEATED = 2000


@dataclass(frozen=True)
class Scene:
    """Something to read: how often at once, what one message is, and the work, which gives how many were read."""

    name: str
    message: str
    work: Callable[[], int]


def parsing(parse: Callable[[bytes], Parsed], inputs: list[bytes]) -> int:
    """How many statements the inputs gave; a fault means that the bench measures the wrong thing."""
    told = 0
    for data in inputs:
        parsed = parse(data)
        if parsed.faults:
            raise SystemExit(f"The made input has a fault: {parsed.faults[0]}. Mend tests/feed_messages.py.")
        told += len(parsed.statements)
    return told


def repeated(given: inputs.Input) -> Scene:
    """The scene of a format that no day is made for: the input of its tests, over and over."""
    said = [given.read(data) for data in given.bodies]
    each = sum(
        len(parsed.statements) or len(parsed.programmes.programmes if parsed.programmes else ())
        for parsed in said
    )
    times = -(-REPEATED // max(each, 1))

    def work() -> int:
        for _ in range(times):
            for data in given.bodies:
                given.read(data)
        return times * each

    return Scene(str(given), "what its tests' input says", work)


def parts(rows: list[PastFlight], size: int) -> list[list[PastFlight]]:
    return [rows[begin : begin + size] for begin in range(0, len(rows), size)]


def scenes(path: Path) -> list[Scene]:
    every = inputs.of_every_format()
    rows = [found for found in bts.read(path) if isinstance(found, PastFlight)]
    end = max(row.in_ or row.scheduled_out for row in rows).astimezone(UTC) + timedelta(hours=1)
    by_origin = [
        list(found) for _, found in groupby(sorted(rows, key=lambda row: row.origin), lambda row: row.origin)
    ]
    days = {row.scheduled_out.date() for row in rows}

    def scene(name: str, message: str, module: Callable[..., Parsed], inputs: list[bytes]) -> Scene:
        return Scene(name, message, partial(parsing, partial(module, received_at=end), inputs))

    made = [
        scene("MVT", "telex", mvt.parse, [data for row in rows for _, data in feed_messages.telexes(row)]),
        scene(
            "AIDX",
            "notice of one leg",
            aidx.parse,
            [data for row in rows for _, data in feed_messages.notices(row)],
        ),
        scene(
            "Avinor",
            f"flight on a board of up to {BOARD}",
            avinor.parse,
            [feed_messages.avinor_board(part, end) for found in by_origin for part in parts(found, BOARD)],
        ),
        scene(
            "Hong Kong",
            f"flight in a day of {BOARD}",
            hongkong.parse,
            [feed_messages.hong_kong_day(part) for part in parts(rows, BOARD)],
        ),
        scene(
            "AeroAPI",
            f"flight on a page of {PAGE}",
            aeroapi.parse,
            [feed_messages.aeroapi_page(part) for part in parts(rows, PAGE)],
        ),
        scene(
            "SSIM",
            "flight record, one day each",
            partial(ssim.parse, first=min(days), last=max(days)),
            [feed_messages.ssim_file(rows)],
        ),
        Scene("BTS", "line, with its gzip", lambda: sum(1 for _ in bts.read(path))),
        Scene("BTS, cut", "report of a day's script", lambda: len(script(rows))),
    ]
    return [*made, *(repeated(given) for given in every if given.format not in MADE)]


def measured(scene: Scene, runs: int) -> tuple[int, float]:
    """How many messages, and the median of the seconds for all of them. One run before warms tables and caches."""
    count = scene.work()
    took = []
    for _ in range(runs):
        begun = time.process_time()
        scene.work()
        took.append(time.process_time() - begun)
    return count, statistics.median(took)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--runs", type=int, default=RUNS)
    arguments.add_argument("--day", choices=sorted(DAYS), default="storm")
    arguments.add_argument("--only", default="", help="names of feeds, with commas between them")
    arguments.add_argument("--profile", action="store_true", help="where the time goes, after each row")
    chosen = arguments.parse_args()
    only = {name.strip().lower() for name in chosen.only.split(",") if name.strip()}
    found = scenes(DAYS[chosen.day].path)
    if unknown := only - {scene.name.lower() for scene in found}:
        raise SystemExit(
            f"no such feed: {', '.join(sorted(unknown))}. There are {', '.join(s.name for s in found)}."
        )

    print("| feed | a message is | messages | messages/s | µs each |\n|---|---|---|---|---|")
    before = os.getloadavg()[0]
    for scene in found:
        if only and scene.name.lower() not in only:
            continue
        count, seconds = measured(scene, chosen.runs)
        print(
            f"| {scene.name} | {scene.message} | {count:,} | {count / seconds:,.0f} | {seconds / count * 1e6:.0f} |",
            flush=True,
        )
        if chosen.profile:
            profile = cProfile.Profile()
            profile.runcall(scene.work)
            pstats.Stats(profile).sort_stats("tottime").print_stats(25)
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    print(
        f"\nMedian of {chosen.runs} runs. Measured {now}, load average {before:.1f} to {os.getloadavg()[0]:.1f}."
    )


if __name__ == "__main__":
    main()

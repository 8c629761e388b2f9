"""Throws damaged input at the feeds' parsers, and stops at the first that they do not endure.

    python tools/fuzz_feeds.py mvt --seconds 60               led by coverage, with atheris
    python tools/fuzz_feeds.py mvt --seconds 60 --hypothesis  without it: fixtures damaged by chance
    python tools/fuzz_feeds.py all --seconds 60               one after the other
    python tools/fuzz_feeds.py mvt --file var/fuzz/crash-…    once more what was found

A parser endures when nothing but FeedError is raised, within SECONDS_EACH of processor time; when every fault names a
line or a path and every statement its place; and when all that it gives can be encoded. It begins with the fixtures of
tests/unit/feeds. What is found is written into var/fuzz; make it a test beside the others before it is mended.

atheris is no part of the environment: `.venv/bin/python -m pip install atheris`. It is built for some Pythons on Linux
only (its page on PyPI says which); elsewhere use --hypothesis.
"""

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOUND = ROOT / "var" / "fuzz"
sys.path.insert(0, str(ROOT))

SECONDS_EACH = 2.0
"""Inputs are small; a parser that needs so long for one is not linear (a telex takes 50 µs, instrumented 1 ms)."""
MAX_LENGTH = 8192
"""Several times the longest fixture: long enough to repeat things, short enough for thousands of inputs a second."""
EXAMPLES = 500
"""Hypothesis keeps what it tried in memory, so it is begun anew after so many."""
WORD = re.compile(rb"[A-Za-z0-9:.+-]+")
EXTREMES = (
    b"9999-12-31", b"0001-01-01", b"9999-12-31T23:59:59Z", b"0001-01-01T00:00:00+14:00", b"9999-12-31T23:59-12:00",
    b"31DEC99", b"29FEB27", b"00XXX00", b"2400", b"2359", b"312359", b"00000", b"99999999", b"-99999999", b"1e308",
    b"9999999999999999999999", b"1/2/9999999999999999999999", b"nan", b"", b"0", b"9", b"Z", b"+1400", b"-1200",
)  # fmt: skip
"""Where calendars, clocks and numbers end: what adds to these may overflow."""


@dataclass(frozen=True)
class Target:
    """A parser: `read` gives its statements' places and texts, and its faults."""

    read: Callable[[bytes], tuple[list[tuple[str, str]], Iterable[Any]]]
    seeds: list[bytes]


def targets() -> dict[str, Target]:
    """All parsers by name. Imported here, so that atheris can instrument what is imported."""
    from tests.unit.feeds import inputs, on_time_files
    from windsock.feeds import aidx
    from windsock.feeds.parsing import Fault
    from windsock.replay import bts

    def parsed(given: inputs.Input) -> Target:
        def read(data: bytes) -> tuple[list[tuple[str, str]], Iterable[Any]]:
            found = given.read(data)
            if given.format == "aidx":
                aidx.acknowledgement(data, found, received_at=given.now)
                aidx.rotations(data)
            return [(statement.where, statement.raw) for statement in found.statements], found.faults

        return Target(read, list(given.bodies))

    def rows(data: bytes) -> tuple[list[tuple[str, str]], Iterable[Any]]:
        return [], [found for found in bts.read(data) if isinstance(found, Fault)]

    forms = [on_time_files.TRANSTATS, on_time_files.DOWNLOAD, on_time_files.DOT, on_time_files.DATAEXPO]
    # Every format of the registry, whose inputs the tests have; past days are no format and come beside them.
    return {str(given): parsed(given) for given in inputs.of_every_format()} | {
        "bts": Target(rows, [form.encode() for form in forms])
    }


def endures(target: Target, data: bytes) -> None:
    """Raise what the parser raises, or AssertionError where it does not keep what is promised."""
    from windsock.errors import FeedError
    from windsock.feeds.parsing import MAX_RAW

    begun = time.process_time()
    try:
        statements, faults = target.read(data)
    except FeedError as error:
        str(error).encode()
        statements, faults = [], []
    took = time.process_time() - begun
    assert took < SECONDS_EACH, f"{len(data)} bytes took {took:.1f} s"
    for where, raw in statements:
        assert where, "a statement does not say where it stands"
        raw.encode()
    for fault in faults:
        assert fault.line is not None or fault.path, f"a fault names neither line nor path: {fault}"
        assert len(fault.raw) <= MAX_RAW, f"a fault keeps {len(fault.raw)} characters: {fault}"
        f"{fault}{fault.raw}".encode()


def by_chance(name: str, seconds: float) -> int:
    """Fixtures damaged by Hypothesis until the time is over; how many inputs that were."""
    from hypothesis import HealthCheck, Phase, given, seed, settings
    from hypothesis import strategies as st

    from tests.unit.feeds import jsonbodies
    from tests.unit.feeds.damage import damaged

    @st.composite
    def exchanged(draw: st.DrawFn, good: bytes) -> bytes:
        """`good` with a few of its words replaced by others of it, or by those that end calendars and numbers."""
        words = [(found.start(), found.end()) for found in WORD.finditer(good)]
        chosen = draw(st.lists(st.sampled_from(words), min_size=1, max_size=4, unique=True))
        others = st.sampled_from([*EXTREMES, *(good[start:end] for start, end in words)])
        data = good
        for start, end in sorted(chosen, reverse=True):
            data = data[:start] + draw(others) + data[end:]
        return data

    target = targets()[name]
    tried = 0
    # Whatever happens to the bytes of JSON, it is mostly no JSON then: so values are exchanged as well.
    bodies = [json.loads(good) for good in target.seeds if good[:1] in (b"{", b"[") and b"\n{" not in good]
    inputs = st.one_of(
        [
            st.binary(max_size=400),
            *(damaged(good) for good in target.seeds),
            *(jsonbodies.damaged(body) for body in bodies),
            *(exchanged(good) for good in target.seeds),
        ]
    )
    phases = (Phase.generate, Phase.shrink)
    end = time.monotonic() + seconds
    while time.monotonic() < end:

        @seed(random.getrandbits(64))
        @settings(max_examples=EXAMPLES, deadline=None, database=None, phases=phases,
                  suppress_health_check=list(HealthCheck))  # fmt: skip
        @given(inputs)
        def trial(data: bytes) -> None:
            nonlocal tried
            tried += 1
            try:
                endures(target, data)
            except BaseException:
                # Written at each failure, so that the last one is the smallest.
                FOUND.mkdir(parents=True, exist_ok=True)
                (FOUND / f"crash-{name}-hypothesis").write_bytes(data)
                raise

        trial()
    return tried


def by_coverage(name: str, seconds: int) -> None:
    """Run atheris in this process, which ends with it."""
    import atheris

    with atheris.instrument_imports(include=["windsock.feeds", "windsock.flights"]):
        target = targets()[name]
    from tests.unit.feeds.damage import PIECES

    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus"
        corpus.mkdir()
        for index, data in enumerate(target.seeds):
            (corpus / f"seed-{index}").write_bytes(data)
        words = {word for data in target.seeds for word in re.findall(rb'[\w"<>.:/-]{2,40}', data)} | {
            *PIECES,
            *filter(None, EXTREMES),
        }
        lines = ("".join(f"\\x{byte:02x}" for byte in word[:60]) for word in sorted(words))
        (Path(folder) / "words").write_text("".join(f'"{line}"\n' for line in lines))
        options = [
            f"-max_total_time={seconds}",
            f"-max_len={MAX_LENGTH}",
            f"-dict={folder}/words",
            f"-artifact_prefix={FOUND}/{name}-",
            "-timeout=30",
            "-print_final_stats=1",
        ]
        atheris.Setup([sys.argv[0], *options, str(corpus)], partial(endures, target))
        atheris.Fuzz()


def coverage_told(name: str, seconds: int) -> str:
    """Run atheris in a process of its own and return its summary; exit with its output if it found anything."""
    command = [sys.executable, __file__, name, "--seconds", str(seconds), "--here"]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    log = done.stderr + done.stdout  # the exception is in the latter
    if done.returncode:
        # Without the lines for each module and for each input that reached something new.
        said = "\n".join(line for line in log.splitlines() if not line.startswith(("#", "INFO:")))
        raise SystemExit(f"{said[-6000:]}\n{name}: atheris found something; the input is in {FOUND}.")
    tried = re.findall(r"number_of_executed_units: (\d+)", log)
    covered = re.findall(r"cov: (\d+) ft: (\d+)", log)
    edges = f", {int(covered[0][0]):,} to {int(covered[-1][0]):,} branches" if covered else ""
    return f"{int(tried[-1]):,} inputs{edges}" if tried else "it did not say how many inputs"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("feed", help="a parser's name, or all")
    arguments.add_argument("--seconds", type=int, default=60, help="for each parser")
    arguments.add_argument("--hypothesis", action="store_true", help="by chance, without atheris")
    arguments.add_argument("--file", type=Path, help="read this once instead")
    arguments.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    chosen = arguments.parse_args()
    if chosen.here:
        return by_coverage(chosen.feed, chosen.seconds)
    known = targets()
    names = list(known) if chosen.feed == "all" else [chosen.feed]
    if names[0] not in known:
        raise SystemExit(f"no parser is called {chosen.feed!r}. There are {', '.join(known)}, and all.")
    if chosen.file:
        return endures(known[names[0]], chosen.file.read_bytes())
    if not chosen.hypothesis and find_spec("atheris") is None:
        raise SystemExit(
            f"atheris is not installed: {sys.executable} -m pip install atheris. Or add --hypothesis, which is there."
        )
    FOUND.mkdir(parents=True, exist_ok=True)
    for name in names:
        for data in known[name].seeds:
            endures(known[name], data)
        if chosen.hypothesis:
            told = f"{by_chance(name, chosen.seconds):,} inputs"
        else:
            told = coverage_told(name, chosen.seconds)
        way = "hypothesis" if chosen.hypothesis else "atheris"
        print(f"{name}: {way}, {chosen.seconds} s, {told}, nothing found", flush=True)


if __name__ == "__main__":
    main()

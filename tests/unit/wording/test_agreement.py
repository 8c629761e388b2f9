"""The browser shows of any flight at any time exactly what the server shows."""

import json
import random
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from tests.unit.wording.days import moments
from tests.unit.wording.generated import random_moments
from windsock.flights import Flight
from windsock.pages.board.choice import is_past
from windsock.wording.board import board_row, in_window
from windsock.wording.presenter import NamedViewpoint, facts_of, present
from windsock.wording.times import Direction

NODE = shutil.which("node")
ZONE = "America/New_York"
NAMES: dict[str, dict[str, str]] = {
    "airports": {"JFK": "New York JFK", "LGA": "New York LaGuardia", "MCO": "Orlando", "ATL": "Atlanta"},
    "carriers": {"DL": "Delta Air Lines", "B6": "JetBlue Airways"},
}
RENAMED = {"delay": "delay_minutes", "minutesLeft": "minutes_left", "delayMinutes": "delay_minutes"}


@pytest.mark.skipif(NODE is None, reason="node is not installed: the JavaScript tests need node 20 or newer")
@pytest.mark.parametrize("source", ["storm", "snow", "generated"])
def test_python_and_javascript_show_the_same(source: str) -> None:
    chance = random.Random(source)
    found = random_moments(1000) if source == "generated" else chance.sample(moments(source), 600)
    cases = list(_cases(found, chance))

    answers = _ask_node(cases)

    assert len(answers) == len(cases) >= 600
    for case, (flight, view), answer in zip(cases, _views(cases), answers, strict=True):
        where = f"{flight.id} {case['direction']} at {case['now']}"
        shown = _plain(asdict(present(flight, view)))
        assert _plain(answer["shown"]) == shown, where
        row = {
            key: value for key, value in _plain(asdict(board_row(flight, view))).items() if key != "heard_ago"
        }
        assert {key: _plain(answer["row"])[key] for key in row} == row, where
        around = view.now - timedelta(minutes=30), view.now + timedelta(hours=6)
        facts = facts_of(flight, view)
        assert answer["past"] == is_past(flight, facts, view.direction, view.now), where
        agreed = (facts.group, facts.waiting, facts.delay_minutes)
        assert agreed == (row["group"], row["waiting"], row["delay_minutes"]), where
        assert answer["window"] == in_window(flight, view.direction, *around), where


def _cases(found: Sequence[tuple[Flight, datetime]], chance: random.Random) -> Iterator[dict[str, Any]]:
    for flight, now in found:
        direction: Direction = chance.choice(["departures", "arrivals"])
        yield {
            "flight": msgspec.to_builtins(flight),
            "direction": direction,
            "airport": flight.origin if direction == "departures" else flight.destination or "",
            "zone": ZONE,
            "now": now.isoformat(),
            "because": chance.choice(["", "ground stop at JFK"]),
        }


def _views(cases: Sequence[dict[str, Any]]) -> Iterator[tuple[Flight, NamedViewpoint]]:
    for case in cases:
        yield (
            msgspec.convert(case["flight"], Flight),
            NamedViewpoint(
                direction=case["direction"],
                airport=case["airport"],
                zone=ZoneInfo(ZONE),
                now=datetime.fromisoformat(case["now"]),
                because=case["because"],
                **NAMES,
            ),
        )


def _ask_node(cases: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    assert NODE is not None
    done = subprocess.run(
        [NODE, str(Path(__file__).parents[2] / "js" / "present.mjs")],
        input=json.dumps({"names": NAMES, "cases": cases}),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def _plain(value: Any) -> Any:
    """Return the value with moments as milliseconds and Python's names, to compare both sides."""
    if isinstance(value, dict):
        return {RENAMED.get(key, key): _plain(item) for key, item in value.items()}
    if isinstance(value, datetime):
        return value.timestamp() * 1000
    if isinstance(value, str) and len(value) > 18 and value[10:11] == "T":
        return datetime.fromisoformat(value).timestamp() * 1000
    return value

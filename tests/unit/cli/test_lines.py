"""Flights and programmes as lines of the terminal."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from windsock.cli.lines import programmes_line, remark
from windsock.flights import Flight
from windsock.flights.programmes import Programme, ProgrammeChange, Standing

SHARED = json.loads((Path(__file__).parents[2] / "js" / "wording.json").read_text("utf-8"))
NOW = datetime(2026, 7, 6, 2, 16, tzinfo=UTC)


def test_a_change_of_programmes_is_one_line_with_place_end_and_reason() -> None:
    stop = Programme(
        airport="JFK",
        kind="ground_stop",
        source="faa",
        observed_at=NOW,
        reason="thunderstorms",
        ends_at=NOW.replace(hour=4),
    )
    standing = Standing(airport="JFK", version=1, updated_at=NOW, programmes=(stop,))
    changes = [ProgrammeChange(kind="programme.started", programme=stop)]
    assert programmes_line(standing, changes) == (
        "02:16:00Z JFK     Ground stop: flights to JFK are held at their origins until 00:16 +1 (thunderstorms)"
    )


@pytest.mark.parametrize("given", SHARED["cases"], ids=lambda given: given["name"])
def test_the_terminal_uses_the_words_of_the_board(given: dict[str, Any]) -> None:
    flight = msgspec.convert(given["flight"], Flight)
    row = given["row"]
    words = " · ".join(filter(None, (row["state"], row["why"])))
    now = datetime.fromisoformat(given.get("now", SHARED["now"]))

    assert remark(flight, given["direction"], now, given["airport"]) == words
